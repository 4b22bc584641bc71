"""Looks keep the order of nature: thicker is never brighter; what is said to have no effect has none."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from app.texts import LANGUAGES, catalogue
from imaging.look import CONFLICTS, LOOKS, PALETTES, Enhancement, Look, Mode, Penetration, Strip, conflict_in
from imaging.phantom.physics import belt_beam
from imaging.pyramid import Pyramid
from imaging.render import Viewport, picture_of, render
from imaging.scan import Generator, View
from imaging.tone import paint_table
from tests.imaging.inputs import bag_view, noise_view

GAINS = (Penetration.STANDARD, Penetration.LOW, Penetration.HIGH, Penetration.SUPER, Penetration.SLICE)


def wedge(material: str) -> View:
    """A wedge of 0 to a high attenuation of 6, without noise, by the simulated belt at 160 kV."""
    beam = belt_beam()
    thickness = np.linspace(0, 6 / float(beam.attenuate(beam.basis.of(material)[None] * 5.0)[0, 1]) * 5.0, 500)
    transmission = beam.transmit((thickness[:, None] * beam.basis.of(material)).astype(np.float32))
    low, high = (np.repeat(np.rint(57000 * transmission[None, :, i]), 9, axis=0).astype(np.uint16) for i in range(2))
    return View(high=high, low=low, air_high=57000, air_low=57000)


@pytest.mark.parametrize("material", ["PE", "water", "Al", "steel"])
@pytest.mark.parametrize("penetration", GAINS)
def test_thicker_is_never_brighter_under_any_penetration(material: str, penetration: Penetration) -> None:
    for absorption in (-0.7, 0.0, 0.7):
        look = Look(mode=Mode.GREY, penetration=penetration, absorption=absorption)
        shown = picture_of(wedge(material), look)[4, :, 0].astype(int)
        assert (np.diff(shown) <= 0).all()
        assert shown[0] > shown[-1]


@pytest.mark.parametrize("strip", Strip)
@pytest.mark.parametrize("palette", [*PALETTES, "grey"])
def test_no_strip_or_palette_turns_the_order_of_brightness(strip: Strip, palette: str) -> None:
    for highlight in (None, 7, 9):
        for is_inverse in (False, True):
            table = paint_table(palette, strip, highlight, is_inverse).view(np.uint32).reshape(256, 256)
            sign = -1 if is_inverse else 1
            for shift in (0, 8, 16):
                channel = ((table >> np.uint32(shift)) & np.uint32(255)).astype(int)
                assert (sign * np.diff(channel, axis=1) >= 0).all()


@pytest.mark.parametrize("strip", [strip for strip in Strip if strip is not Strip.NONE])
def test_a_stripped_wedge_never_vanishes_and_never_brightens(strip: Strip) -> None:
    for material in ("PE", "Al", "steel"):
        shown = picture_of(Pyramid.of(wedge(material), Generator(160)), Look(strip=strip)).astype(int)[4, 60:400]
        assert shown.min(axis=1).max() < 250


PARTS: dict[str, dict[str, Any]] = {
    **{palette: {"palette": palette} for palette in PALETTES[1:]},
    **{str(strip): {"strip": strip} for strip in Strip if strip is not Strip.NONE},
    **{f"penetration_{each}": {"penetration": each} for each in Penetration if each is not Penetration.STANDARD},
    **{str(each): {"enhancement": each} for each in Enhancement if each is not Enhancement.NONE},
    "grey": {"mode": Mode.GREY},
    "inverse": {"inverse": True},
    "highlight": {"highlight": 7},
    "absorption": {"absorption": 0.5},
    "gamma": {"gamma": 1.5},
    "window": {"window_width": 0.5},
}


def test_two_parts_conflict_exactly_where_one_of_them_changes_nothing() -> None:
    pyramid = Pyramid.of(bag_view())
    alone = {name: picture_of(pyramid, Look(**part)) for name, part in PARTS.items()}
    for one, other in itertools.combinations(PARTS, 2):
        if PARTS[one].keys() & PARTS[other].keys():
            continue
        both = Look(**PARTS[one], **PARTS[other])
        shown = picture_of(pyramid, both)
        is_idle = any(np.array_equal(shown, alone[name]) for name in (one, other))
        found = conflict_in(both)
        assert is_idle or found in (None, "log_over_penetration"), (one, other)
        assert found is not None or not is_idle, (one, other)


def test_conflicts_have_their_words_and_named_looks_have_none() -> None:
    assert not any(conflict_in(look) for look in LOOKS.values())
    for language in LANGUAGES:
        assert all(f"look.conflict.{key}" in catalogue(language) for key in CONFLICTS)


@pytest.mark.parametrize("name", ["edge", "super", "local"])
def test_filters_in_several_threads_do_not_mix_their_pictures(name: str) -> None:
    pyramids = [Pyramid.of(noise_view(300 + 40 * n, 400 + 30 * n, seed=n)) for n in range(3)]
    viewport = Viewport(150, 150, 0.9, 240, 200)
    alone = [render(pyramid, viewport, LOOKS[name]) for pyramid in pyramids]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda n: render(pyramids[n % 3], viewport, LOOKS[name]), range(30)))
    for n, picture in enumerate(together):
        assert np.array_equal(picture, alone[n % 3])
