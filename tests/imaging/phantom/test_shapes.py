"""Ray intervals against what geometry says by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phantom.bodies import Aspect, Heap, Wire, merge
from imaging.phantom.physics import belt_basis
from imaging.phantom.rays import Parallel
from imaging.phantom.shapes import Form, Shadow, Shape, ball, box, project_solid, random_turn, rod, turned

STILL = np.eye(3)
PIXEL = Parallel(1.0)


def _mm(shadow: Shadow, material: str) -> np.ndarray:
    """Thickness of a picture that holds one material only."""
    coefficients = belt_basis().of(material).astype(float)
    return shadow.tau @ coefficients / (coefficients @ coefficients)


def _at(shadow: Shadow, mm_map: np.ndarray, x: float, y: float, mm_per_px: float = 1.0) -> float:
    return float(mm_map[int(np.floor(y / mm_per_px)) - shadow.top_px, int(np.floor(x / mm_per_px)) - shadow.left_px])


def test_chords_of_a_ball() -> None:
    shadow = project_solid([ball("water", (40, 40, 40))], STILL, PIXEL, belt_basis())
    mm = _mm(shadow, "water")
    for x in (0.0, 12.0, 30.0):
        assert _at(shadow, mm, x, 0) == pytest.approx(2 * np.sqrt(1600 - (x + 0.5) ** 2 - 0.25), rel=0.005)
    assert _at(shadow, mm, 40.5, 0) == 0


def test_walls_of_a_tube_are_exact() -> None:
    tube = [rod("glass", 30, 100, axis="y"), rod(None, 27, 90, axis="y")]
    shadow = project_solid(tube, STILL, PIXEL, belt_basis())
    mm = _mm(shadow, "glass")
    assert _at(shadow, mm, 0, 0) == pytest.approx(2 * 3, abs=0.02)
    assert _at(shadow, mm, 0, 47) == pytest.approx(60, abs=0.1)


def test_last_shape_wins_and_air_takes_away() -> None:
    nested = [box("PE", (60, 60, 60)), box("steel", (20, 20, 20)), box(None, (20, 20, 8))]
    shadow = project_solid(nested, STILL, PIXEL, belt_basis())
    basis = belt_basis()
    middle = shadow.tau[-shadow.top_px, -shadow.left_px]
    np.testing.assert_allclose(middle, 40 * basis.of("PE") + 12 * basis.of("steel"), rtol=1e-4, atol=1e-4)


def test_half_space_cuts_a_wedge() -> None:
    wedge = Shape(Form.BOX, "Al", (50, 50, 10), cuts=(((0.0, 0.0, 1.0), 0.0),))
    shadow = project_solid([wedge], STILL, PIXEL, belt_basis())
    assert _at(shadow, _mm(shadow, "Al"), 0, 0) == pytest.approx(10, rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    form=st.sampled_from(list(Form)),
    half=st.tuples(*(st.floats(6, 40),) * 3),
    mm_per_px=st.sampled_from([0.8, 1.0, 1.6]),
)
def test_volume_does_not_depend_on_rotation(
    seed: int, form: Form, half: tuple[float, float, float], mm_per_px: float
) -> None:
    turn = random_turn(np.random.default_rng(seed))
    shadow = project_solid([Shape(form, "water", half)], turn, Parallel(mm_per_px), belt_basis())
    cube = 8 * half[0] * half[1] * half[2]
    volume = cube * {Form.BOX: 1.0, Form.BALL: np.pi / 6, Form.ROD: np.pi / 4}[form]
    assert _mm(shadow, "water").sum() * mm_per_px**2 == pytest.approx(volume, rel=0.03)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_crowded_tiles_are_the_same_as_few(seed: int) -> None:
    """Quartering by the number of shapes must not show: many far-off shapes change nothing in the middle."""
    turn = random_turn(np.random.default_rng(seed))
    alone = project_solid([ball("steel", (20, 20, 20)), rod(None, 8, 60, axis="x")], turn, PIXEL, belt_basis())
    ring = [box("PE", (4, 4, 4), (300 * np.cos(a), 300 * np.sin(a), 0), turned()) for a in np.linspace(0, 6, 24)]
    crowd = project_solid(
        [*ring, ball("steel", (20, 20, 20)), rod(None, 8, 60, axis="x")], STILL @ turn, PIXEL, belt_basis()
    )
    top, left = alone.top_px - crowd.top_px, alone.left_px - crowd.left_px
    rows, cols = alone.mask.shape
    inside = crowd.tau[top : top + rows, left : left + cols]
    assert alone.tau.sum() == pytest.approx(inside.sum(), rel=0.05)


def test_rotations_are_rotations() -> None:
    rng = np.random.default_rng(3)
    for turn in (turned(0.3, -0.8, 2.0), random_turn(rng), *(aspect.turn for aspect in Aspect)):
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.parametrize("mm_per_px", [0.8, 1.0, 1.6])
def test_heap_keeps_its_matter_from_above_and_from_the_side(mm_per_px: float) -> None:
    height = np.zeros((60, 90), np.float32)
    height[10:50, 20:80] = 24
    heap = Heap("sugar", height)
    for aspect in Aspect:
        shadow = heap.project(STILL, aspect, mm_per_px, belt_basis())
        assert _mm(shadow, "sugar").sum() * mm_per_px**2 == pytest.approx(height.sum(), rel=0.05)


@pytest.mark.parametrize("mm_per_px", [0.8, 1.6])
def test_wire_keeps_its_matter_however_thin(mm_per_px: float) -> None:
    points = np.stack([np.linspace(0, 100, 50), np.linspace(0, 60, 50), np.zeros(50)], axis=1)
    shadow = Wire(points, (("Cu", 0.4),)).project(STILL, Aspect.TOP, mm_per_px, belt_basis())
    volume = np.pi * 0.4**2 * np.hypot(100, 60)
    assert _mm(shadow, "Cu").sum() * mm_per_px**2 == pytest.approx(volume, rel=0.35)


def test_merged_shadows_share_an_origin() -> None:
    basis = belt_basis()
    parts = [project_solid([box("PE", (10, 10, 10), at)], STILL, PIXEL, basis) for at in ((0, 0, 0), (40, 20, 0))]
    together = merge(parts)
    assert together.tau.sum() == pytest.approx(sum(p.tau.sum() for p in parts), rel=1e-5)
    assert together.mask[20 - together.top_px, 40 - together.left_px]
    assert together.mask[-together.top_px, -together.left_px]
    assert not together.mask[10 - together.top_px, 20 - together.left_px]
