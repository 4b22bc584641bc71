"""Parcels packed again: the same matter, another place; a change that can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.phantom.library import FreshObjects
from imaging.phantom.packing import LEAST_CHANGE, Packing, alter, lay, masses, pack, shake, throw_anew


@pytest.fixture(scope="module")
def packing() -> Packing:
    return pack(np.random.default_rng(4), FreshObjects())


def test_turning_a_parcel_keeps_its_matter(packing: Packing) -> None:
    straight, turned = lay(packing, 2.0).tau[0], lay(packing, 2.0, 33.0).tau[0]
    assert turned.sum() == pytest.approx(straight.sum(), rel=0.02)
    assert straight[:10].max() == 0, "there is air round it"


def test_shaking_moves_little_and_throwing_moves_all(packing: Packing) -> None:
    rng = np.random.default_rng(5)
    width, height = packing.room_mm
    near, far = (
        [
            np.hypot((a.at[0] - b.at[0]) * width, (a.at[1] - b.at[1]) * height)
            for a, b in zip(packing.pieces, other.pieces, strict=True)
        ]
        for other in (shake(rng, packing, 5.0), throw_anew(rng, packing))
    )
    assert max(near) < 40
    assert np.median(far) > np.median(near)
    assert all(a.item is b.item for a, b in zip(packing.pieces, shake(rng, packing, 5.0).pieces, strict=True))


def test_an_alteration_is_one_piece_and_large_enough(packing: Packing) -> None:
    rng = np.random.default_rng(6)
    for _ in range(3):
        altered = alter(rng, packing, FreshObjects())
        assert altered is not None
        same = {id(piece.item) for piece in packing.pieces} & {id(piece.item) for piece in altered.pieces}
        assert len(same) == len(packing.pieces) - 1
        gone = next(place for place, piece in enumerate(packing.pieces) if id(piece.item) not in same)
        added = sum(masses(altered)) - sum(masses(packing)) + masses(packing)[gone]
        assert abs(masses(packing)[gone] - added) >= LEAST_CHANGE * sum(masses(packing)) * 0.99
