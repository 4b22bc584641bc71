"""What a picture weighs: slabs of known mass from the physics tables, and rows of like objects."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.content import measure_content
from imaging.material import MaterialClass
from imaging.phantom.physics import belt_basis, belt_beam
from imaging.scan import Generator, View

AIR = 60_000.0
BELT = Generator(kv=160.0)


def slab(*pieces: tuple[str, float, tuple[slice, slice]], mm_per_px: float = 1.0) -> View:
    """A noise-free view of 200 by 300 px with so many mm of a material in each place."""
    basis, beam = belt_basis(), belt_beam(160.0)
    tau = np.zeros((200, 300, 4), np.float32)
    for material, thickness_mm, place in pieces:
        tau[place] += basis.of(material) * np.float32(thickness_mm)
    counts = np.rint(beam.transmit(tau) * AIR).astype(np.uint16)
    return View(
        low=counts[..., 0].copy(), high=counts[..., 1].copy(), mm_per_row=mm_per_px, mm_per_col=mm_per_px,
        air_low=AIR, air_high=AIR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("material", "thickness_mm", "kind"),
    [
        ("PE", 20, "organic_g"), ("PE", 120, "organic_g"), ("water", 50, "organic_g"), ("sugar", 60, "organic_g"),
        ("cotton", 150, "organic_g"), ("Al", 10, "mixed_g"), ("Al", 30, "mixed_g"), ("glass", 12, "mixed_g"),
        ("steel", 2, "metal_g"), ("steel", 8, "metal_g"),
    ],
)  # fmt: skip
def test_a_slab_weighs_what_it_weighs_within_a_sixth(material: str, thickness_mm: float, kind: str) -> None:
    place = (slice(50, 150), slice(100, 200))
    content = measure_content(slab((material, thickness_mm, place)), BELT)
    assert content is not None
    true_g = thickness_mm / 10 * 100 * belt_basis().densities[material]
    assert content.mass_g == pytest.approx(true_g, rel=1 / 6)
    assert getattr(content, kind) > 0.8 * content.mass_g


def test_heavier_metals_are_taken_for_steel_and_come_out_too_heavy() -> None:
    content = measure_content(slab(("Cu", 2, (slice(50, 150), slice(100, 200)))), BELT)
    assert content is not None
    assert 1.1 < content.metal_g / (0.2 * 100 * 8.96) < 1.5


def test_mass_goes_with_the_square_of_the_pixel() -> None:
    place = (slice(50, 150), slice(100, 200))
    small = measure_content(slab(("water", 50, place)), BELT)
    large = measure_content(slab(("water", 50, place), mm_per_px=2.0), BELT)
    assert small is not None
    assert large is not None
    assert large.mass_g == pytest.approx(4 * small.mass_g)


def test_like_objects_are_counted_and_others_are_not() -> None:
    blocks = [("Al", 25.0, (slice(60, 90), slice(20 + 45 * n, 40 + 45 * n))) for n in range(6)]
    odd = ("steel", 6.0, (slice(130, 180), slice(100, 110)))
    content = measure_content(slab(("cotton", 30, (slice(20, 190), slice(5, 295))), *blocks, odd), BELT)
    assert content is not None
    assert content.like_objects == 6
    assert content.like_material is MaterialClass.MIXED
    assert measure_content(slab(odd), BELT).like_objects == 0  # type: ignore[union-attr]


def test_what_lets_nothing_through_counts_as_dark_and_at_least_as_steel() -> None:
    content = measure_content(slab(("steel", 80, (slice(50, 150), slice(100, 200)))), BELT)
    assert content is not None
    assert content.dark_cm2 == pytest.approx(100, rel=0.1)
    assert 0.2 * 8 * 100 * 7.87 < content.metal_g < 8 * 100 * 7.87


def test_an_empty_belt_weighs_nothing_and_other_pictures_are_not_weighed() -> None:
    empty = slab()
    assert measure_content(empty, BELT).mass_g < 1  # type: ignore[union-attr]
    assert measure_content(View(high=empty.high, mm_per_row=1.0, mm_per_col=1.0)) is None
    assert measure_content(View(high=empty.high, low=empty.low)) is None
    assert measure_content(slab(), Generator(kv=6000.0)) is None
