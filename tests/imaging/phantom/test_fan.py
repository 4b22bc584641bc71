"""Fans against what geometry says by hand, against marching along rays, and against parallel rays from far away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phantom.bodies import Aspect, Body, Heap, Solid, Wire
from imaging.phantom.cast import Stand, cast_body
from imaging.phantom.fan import CORNER_TUNNEL, Fan, FanPicture
from imaging.phantom.physics import belt_basis
from imaging.phantom.shapes import Form, Matrix, Shadow, Shape, ball, box, random_turn, rod, turned

STILL = np.eye(3)
FOCUS_MM = 500.0
LINE = Fan((0.0, -FOCUS_MM), ((-800.0, 500.0), (800.0, 500.0)), 1600)
"""Right under the belt, a line of 1 mm elements twice as far away as the belt: pixels of 0.5 mm there."""
CORNER = CORNER_TUNNEL.fans[0]


def _cast(
    body: Body, fan: Fan, at: tuple[float, float, float], turn: Matrix = STILL, mm_per_col: float = 1.0
) -> Shadow:
    return cast_body(body, Stand(np.array(at), 1.0, turn, STILL), FanPicture(fan, mm_per_col), belt_basis())


def _mm(shadow: Shadow, material: str) -> np.ndarray:
    """Thickness of a picture that holds one material only."""
    coefficients = belt_basis().of(material).astype(float)
    return shadow.tau @ coefficients / (coefficients @ coefficients)


def _one(shape: Shape) -> Body:
    return Body((Solid((shape,)),))


@pytest.mark.parametrize("fan", [LINE, *CORNER_TUNNEL.fans])
@settings(max_examples=30, deadline=None)
@given(row=st.floats(0.01, 599.9), far=st.floats(-300, 400))
def test_rays_come_back_to_their_rows(fan: Fan, row: float, far: float) -> None:
    """At any place before the focus, which is 390 mm or more behind the foot of the ray."""
    foot, way = fan.aim(np.array([row]))
    assert fan.rows_of(foot + far * way)[0] == pytest.approx(row, abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1)


@pytest.mark.parametrize("fan", [LINE, *CORNER_TUNNEL.fans])
def test_size_of_a_pixel_is_that_across_the_ray(fan: Fan) -> None:
    for place in np.array([(0.0, 0.0), (-150.0, 60.0), (180.0, 330.0)]):
        way = (place - fan.focus) / np.linalg.norm(place - fan.focus)
        across = np.array([-way[1], way[0]]) * 0.01
        first, last = fan.rows_of(np.stack([place - across, place + across]))
        assert fan.mm_per_row(place[None])[0] == pytest.approx(0.02 / abs(last - first), rel=1e-5)


def test_twice_as_far_is_twice_as_large_a_pixel() -> None:
    near, far = LINE.mm_per_row(np.array([(0.0, 0.0), (0.0, FOCUS_MM)]))
    assert near == pytest.approx(0.5)
    assert far == pytest.approx(2 * near)


def test_the_whole_tunnel_is_in_the_fan() -> None:
    half, height = CORNER_TUNNEL.width_mm / 2, CORNER_TUNNEL.height_mm
    for fan in CORNER_TUNNEL.fans:
        rows = fan.rows_of(np.array([(-half, 0.0), (half, 0.0), (half, height), (-half, height)]))
        assert rows.min() > 0
        assert rows.max() < fan.elements


@pytest.mark.parametrize(
    "detector",
    [((-10.0, 5.0), (10.0, 5.0), (-10.0, 6.0)), ((10.0, 5.0), (20.0, 10.0)), ((-9.0, 5.0), (9.0, 5.0), (0.0, -9.0))],
    ids=["turns back", "end on", "all round"],
)
def test_a_detector_must_lie_in_one_sweep(detector: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="one sweep"):
        Fan((0.0, 0.0), detector, 100)


@pytest.mark.parametrize("z", [0.0, 100.0, 300.0])
@pytest.mark.parametrize("y", [0.0, 150.0])
def test_a_ball_has_its_chord_and_the_width_of_its_tangents(y: float, z: float) -> None:
    radius = 40.0
    shadow = _cast(_one(ball("water", (radius,) * 3)), LINE, (100.0, y, z))
    mm = _mm(shadow, "water")
    assert mm.max() == pytest.approx(2 * radius, rel=0.005)
    aim, half = np.arctan2(y, FOCUS_MM + z), np.arcsin(radius / np.hypot(y, FOCUS_MM + z))
    wide = 1000 * (np.tan(aim + half) - np.tan(aim - half))
    middle = mm[:, 100 - shadow.left_px]
    assert (middle > 0).sum() == pytest.approx(wide, rel=0.01, abs=1.5)
    assert (mm > 0).any(axis=0).sum() == pytest.approx(2 * radius, abs=1.5), "nothing is enlarged along the belt"


def test_a_box_shows_its_faces_at_their_heights_and_slant_rays_are_longer() -> None:
    """120 mm wide from 60 to 140 mm beside the middle, 80 high: near faces are larger than far ones."""
    shadow = _cast(_one(box("PE", (50, 80, 80))), LINE, (50.0, 100.0, 140.0))
    thickness = _mm(shadow, "PE")[:, 50 - shadow.left_px]
    rows = shadow.top_px + np.arange(len(thickness)) + 0.5 - 800
    near_z, far_z = FOCUS_MM + 100, FOCUS_MM + 180
    first, last = 1000 * 60 / far_z, 1000 * 140 / near_z
    seen = rows[thickness > 0]
    assert seen.min() == pytest.approx(first, abs=1)
    assert seen.max() == pytest.approx(last, abs=1)
    through = (rows > 1000 * 60 / near_z + 1) & (rows < 1000 * 140 / far_z - 1)
    np.testing.assert_allclose(thickness[through], 80 * np.hypot(1, rows[through] / 1000), rtol=1e-3)
    beside = (rows > last - 25) & (rows < last - 2)
    lean = rows[beside] / 1000
    np.testing.assert_allclose(thickness[beside], (140 / lean - near_z) * np.hypot(1, lean), rtol=0.02)


def _march(shape: Shape, turn: Matrix, at: np.ndarray, foot: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Chords of the rays over x = 3, by asking at many points of each whether they lie in the shape."""
    step = 0.05
    reach = np.arange(-700, 700, step)
    across = foot[:, None] + reach[:, None] * way[:, None]
    points = np.concatenate([np.full((*across.shape[:2], 1), 3.0), across], axis=2) - at
    own = points @ turn.astype(np.float64) / np.array(shape.half)
    if shape.form is Form.BOX:
        inside = (np.abs(own) <= 1).all(axis=2)
    else:
        inside = (own[..., : 3 if shape.form is Form.BALL else 2] ** 2).sum(axis=2) <= 1
        inside &= np.abs(own[..., 2]) <= 1
    for normal, offset in shape.cuts:
        inside &= (own * np.array(shape.half)) @ np.array(normal) <= offset
    return inside.sum(axis=1) * step


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("fan", [LINE, CORNER], ids=["line", "corner"])
def test_path_lengths_are_those_of_marching_along_the_rays(form: Form, fan: Fan) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        turn = random_turn(rng)
        half = tuple(rng.uniform(15, 60, 3).tolist())
        cut = ((0.6, 0.0, 0.8), float(rng.uniform(-5, 20)))
        shape = Shape(form, "water", half, cuts=(cut,) if seed else ())
        at = np.array([0.0, rng.uniform(-150, 150), rng.uniform(60, 300)])
        picture = FanPicture(fan, 1.0)
        rows = np.linspace(*fan.rows_of(at[1:] + np.array([(-70, 0), (70, 0)])), 12)
        moved = shape.moved(turn, at, 1.0)
        enter, leave = moved.cross(picture.rays(np.array([3.0]), rows), STILL)
        np.testing.assert_allclose(
            np.maximum(leave - enter, 0)[:, 0], _march(shape, turn, at, *fan.aim(rows)), atol=0.11
        )


def _heap() -> Heap:
    height = np.zeros((70, 90), np.float32)
    height[10:60, 20:80] = 24
    height[30:40, 30:60] = 41
    return Heap("sugar", height, (10.0, -5.0, 3.0))


def _wire(tilt: float = 0.3) -> Wire:
    along = np.linspace(-60, 60, 50)
    return Wire(np.stack([along, along * 0.7, along * tilt], axis=1), (("Cu", 0.8), ("PVC", 2.0)))


PARTS = {
    "ball": Solid((ball("sugar", (30, 20, 25)),)),
    "tube": Solid((rod("glass", 30, 100, axis="y"), rod(None, 27, 90, axis="y"))),
    "heap": _heap(),
    "wire": _wire(),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("aspect", list(Aspect))
def test_from_far_away_a_fan_is_parallel(name: str, aspect: Aspect) -> None:
    far = 1e6
    if aspect is Aspect.TOP:
        fan = Fan((0.0, -far), ((-200.0, 300.0), (200.0, 300.0)), 400)
    else:
        fan = Fan((-far, 0.0), ((300.0, 200.0), (300.0, -200.0)), 400)
    body = Body((PARTS[name],))
    cast = _cast(body, fan, (200.0, 0.0, 0.0))
    flat = body.project(STILL, aspect, 1.0, belt_basis())
    whole = [np.zeros((400, 400, 4)) for _ in range(2)]
    for picture, shadow, corner in ((whole[0], cast, 0), (whole[1], flat, 200)):
        rows, cols = shadow.mask.shape
        top, left = shadow.top_px + corner, shadow.left_px + corner
        picture[top : top + rows, left : left + cols] = shadow.tau
    assert np.corrcoef(whole[0].ravel(), whole[1].ravel())[0, 1] > 0.99
    if name != "wire":
        assert whole[0].sum() == pytest.approx(whole[1].sum(), rel=0.01), "parallel wires hold more than they should"


VOLUMES = {"ball": np.pi * 4 / 3 * 30 * 20 * 25, "heap": float(_heap().height.sum())}


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.parametrize("place", [(0.0, 20.0), (-180.0, 40.0), (200.0, 300.0)])
@pytest.mark.parametrize("fan", [LINE, *CORNER_TUNNEL.fans], ids=["line", "below", "aside"])
def test_matter_is_kept(name: str, place: tuple[float, float], fan: Fan) -> None:
    """Thickness times what a pixel covers at each ray's way through is the volume, near the focus and far from it."""
    shadow = _cast(Body((PARTS[name],)), fan, (100.0, *place), mm_per_col=1.3)
    y, z = (place[0] - 5, place[1] + 3 + 13) if name == "heap" else place
    foot, way = fan.aim(shadow.top_px + np.arange(shadow.mask.shape[0]) + 0.5)
    beside = ((np.array([y, z]) - foot) * way).sum(axis=1)[:, None] * way + foot
    covered = fan.mm_per_row(beside)[:, None] * 1.3
    assert (_mm(shadow, "sugar") * covered).sum() == pytest.approx(VOLUMES[name], rel=0.01)


@pytest.mark.parametrize("z", [0.0, 300.0])
def test_wires_keep_their_matter(z: float) -> None:
    wire = Wire(_wire().points, (("Cu", 1.5),))
    shadow = _cast(Body((wire,)), LINE, (100.0, 0.0, z))
    length = float(np.linalg.norm(wire.points[-1] - wire.points[0]))
    drawn = _mm(shadow, "Cu").sum() * float(LINE.mm_per_row(np.array([[0.0, z]]))[0])
    assert drawn == pytest.approx(np.pi * 1.5**2 * length, rel=0.02)


def test_heaps_turn_and_are_mirrored_as_solids_are() -> None:
    """A heap that is a box, put down at an angle, grown and mirrored, is that box."""
    heap = Heap("sugar", np.full((40, 80), 25, np.float32), (30.0, 10.0, 0.0))
    block = _one(box("sugar", (80, 40, 25), (30, 10, 12.5)))
    spin = turned(z=0.6) @ np.diag([-1.0, 1, 1])
    stand = Stand(np.array([150.0, 20.0, 40.0]), 1.2, spin, spin)
    cast, solid = (cast_body(body, stand, FanPicture(CORNER, 1.0), belt_basis()) for body in (Body((heap,)), block))
    assert _mm(cast, "sugar").sum() == pytest.approx(_mm(solid, "sugar").sum(), rel=0.01)
    assert _mm(cast, "sugar").max() == pytest.approx(_mm(solid, "sugar").max(), rel=0.02)
    np.testing.assert_allclose(_box_of(cast), _box_of(solid), atol=2)


def _box_of(shadow: Shadow) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(_mm(shadow, "sugar") > 1)
    left, top = shadow.left_px, shadow.top_px
    return int(xs.min()) + left, int(ys.min()) + top, int(xs.max()) + left, int(ys.max()) + top
