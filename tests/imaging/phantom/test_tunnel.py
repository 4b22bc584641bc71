"""Parcels in a tunnel's fans: truth that fits the pictures, the belt alike in both views, what the scan says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.files import native
from imaging.phantom import simulate_parcel
from imaging.phantom.bodies import Aspect, Body, Solid, Wire
from imaging.phantom.cast import Stand, cast_body, cast_thing, compose_in_tunnel, look_through
from imaging.phantom.fan import CORNER_TUNNEL, Fan, FanPicture, Tunnel
from imaging.phantom.library import FreshObjects, Item
from imaging.phantom.objects import BENIGN, THREATS
from imaging.phantom.physics import belt_basis
from imaging.phantom.scene import Scene, compose_parcel
from imaging.phantom.shapes import box
from imaging.phantom.thing import Thing, Way
from imaging.probe import distance_mm
from imaging.scan import View

ROWS, COLS = 240, 320
SMALL = CORNER_TUNNEL.limit(2, ROWS)


@pytest.fixture(scope="module")
def packed() -> Scene:
    rng = np.random.default_rng(4)
    return compose_parcel(
        rng, FreshObjects(tuple(Aspect)), size=(ROWS, COLS), mm_per_px=2.5, threats=("battery", "liquid"), views=2
    )


@pytest.fixture(scope="module")
def seen(packed: Scene) -> Scene:
    return look_through(packed, SMALL)


def test_truth_is_what_the_fans_draw(packed: Scene, seen: Scene) -> None:
    assert [tau.shape[:2] for tau in seen.tau] == [(ROWS, COLS)] * 2
    assert {(o.label, o.name, o.view) for o in seen.objects} == {(o.label, o.name, o.view) for o in packed.objects}
    assert {o.label for o in seen.objects} >= {"battery", "liquid"}
    for placed in seen.objects:
        left, top, right, bottom = placed.box
        assert placed.mask.shape == (bottom - top, right - left)
        assert placed.own > 0
        assert placed.background >= 0
        inside = seen.tau[placed.view][top:bottom, left:right][placed.mask]
        assert (np.abs(inside).sum(axis=1) > 0).all()


def test_the_belt_is_alike_in_both_views_and_in_the_parallel_picture(packed: Scene, seen: Scene) -> None:
    parallel = {(o.name, o.view): o.box for o in packed.objects}
    for placed in seen.objects:
        for view in range(2):
            other = parallel[placed.name, view]
            assert placed.box[0] == pytest.approx(other[0], abs=3)
            assert placed.box[2] == pytest.approx(other[2], abs=3)


def test_from_far_away_the_scene_is_the_parallel_one(packed: Scene) -> None:
    """The belt lies at the bottom of the view from aside; that from above is the same picture."""
    far, half, height = 1e6, ROWS * 2.5 / 2, 500.0
    below = Fan((0.0, -far), ((-half, 900.0), (half, 900.0)), ROWS)
    aside = Fan((-far, height / 2), ((900.0, height), (900.0, 0.0)), 200)
    seen = look_through(packed, Tunnel(2 * half, height, (below, aside)))
    assert [seen.mm_per_row(view) for view in range(2)] == pytest.approx([2.5, 2.5], rel=1e-3)
    assert np.corrcoef(seen.tau[0].ravel(), packed.tau[0].ravel())[0, 1] > 0.98
    for fan_tau, tau in zip(seen.tau, packed.tau, strict=True):
        assert np.abs(fan_tau).sum() == pytest.approx(np.abs(tau).sum(), rel=0.05)
    for placed, other in zip(seen.objects, packed.objects, strict=True):
        if placed.view == 0:
            np.testing.assert_allclose(placed.box, other.box, atol=3)


def _plate(z: float, body: Body | None) -> Thing:
    plate = Body((Solid((box("Al", (80, 120, 4)),)),))
    shadows = {aspect: plate.project(np.eye(3), aspect, 1.0, belt_basis()) for aspect in Aspect}
    item = Item("plate", plate.materials, 1.0, shadows, rise=plate.rise(np.eye(3)), body=body and plate)
    return Thing(item, Way(), (150.0, 40.0), z)


@pytest.mark.parametrize("z", [0.0, 200.0])
def test_flat_things_of_a_library_are_drawn_as_their_bodies_are(z: float) -> None:
    picture = FanPicture(CORNER_TUNNEL.fans[0], 1.25)
    whole = []
    for body in (Body(()), None):
        shadow = cast_thing(_plate(z, body), picture)
        tau = np.zeros((600, 240, 4))
        rows, cols = shadow.mask.shape
        tau[shadow.top_px : shadow.top_px + rows, shadow.left_px : shadow.left_px + cols] = shadow.tau
        whole.append(tau)
    assert whole[1].sum() == pytest.approx(whole[0].sum(), rel=0.02)
    assert np.corrcoef(whole[0].ravel(), whole[1].ravel())[0, 1] > 0.99


def test_what_lies_higher_is_smaller_seen_from_below() -> None:
    picture = FanPicture(CORNER_TUNNEL.fans[0], 1.25)
    low, high = (cast_thing(_plate(z, Body(())), picture).mask.shape for z in (0.0, 240.0))
    assert low[1] == high[1]
    assert low[0] > 1.4 * high[0]


class Light:
    """What a library gives: shadows without their bodies."""

    def __init__(self) -> None:
        self.source = FreshObjects()

    def take(self, rng: np.random.Generator, group: str) -> Item:
        return replace(self.source.take(rng, group), body=None)

    def take_packaging(self, rng: np.random.Generator) -> Item:
        return replace(self.source.take_packaging(rng), body=None)


def test_library_scenes_are_near_those_of_bodies() -> None:
    below = SMALL.limit(1, ROWS)
    flat, true = (
        compose_in_tunnel(np.random.default_rng(8), source, below, cols=COLS, threats=("dense_block",))
        for source in (Light(), FreshObjects())
    )
    assert [t.label for t in flat.truth] == [t.label for t in true.truth] == ["dense_block"]
    assert flat.tau[0].sum() == pytest.approx(true.tau[0].sum(), rel=0.1)
    np.testing.assert_allclose(flat.truth[0].box, true.truth[0].box, atol=12)


def test_things_of_a_library_are_not_seen_from_aside() -> None:
    with pytest.raises(ValueError, match="one fan"):
        compose_in_tunnel(np.random.default_rng(8), Light(), SMALL, cols=COLS, threats=0)


def test_scan_tells_its_geometry_and_keeps_it_in_files(tmp_path: Path) -> None:
    scan, again = (
        simulate_parcel(7, size=(ROWS, COLS), views=2, threats=("firearm",), tunnel=CORNER_TUNNEL) for _ in range(2)
    )
    for view, other, number in zip(scan.views, again.views, range(2), strict=False):
        assert view.shape == (ROWS, COLS)
        np.testing.assert_array_equal(view.high, other.high)
        assert view.mm_per_col == scan.views[0].mm_per_col, "the belt is what links two views"
        assert view.mm_per_row == pytest.approx(SMALL.mm_per_row(number))
    assert scan.truth == again.truth
    native.write(scan, tmp_path / "fan.tif")
    read = native.read(tmp_path / "fan.tif")
    assert read.extra["geometry"] == "fan"
    assert "focus -200 -480; detector -480 560, 390 560, 390 50" in read.extra["geometry.top"]
    assert f"{scan.views[1].mm_per_row:.3f} at 250" in read.extra["geometry.side"]
    assert read.views[1].mm_per_row == scan.views[1].mm_per_row


def test_a_length_half_way_up_is_measured_true() -> None:
    """What the size of a pixel that a scan tells is good for, and what it is not: low things come out too long."""
    fan = CORNER_TUNNEL.fans[0]
    counts = np.zeros((fan.elements, 20), np.uint16)
    view = View(high=counts, mm_per_row=CORNER_TUNNEL.mm_per_row(0), mm_per_col=CORNER_TUNNEL.mm_per_col)
    for z, true in ((250.0, 1.0), (20.0, 1.5)):
        place = np.array([0.0, z])
        way = (place - fan.focus) / np.linalg.norm(place - fan.focus)
        first, last = fan.rows_of(np.stack([place + 40 * np.array([way[1], -way[0]]) * side for side in (-1, 1)]))
        measured = distance_mm(view, (10, float(first)), (10, float(last)))
        assert measured == pytest.approx(80 * true, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("group", [*THREATS, *BENIGN])
def test_every_recipe_has_its_matter_in_a_fan(group: str) -> None:
    """From far away it throws what it throws by parallel rays, in the tunnel something that can be seen."""
    far = FanPicture(Fan((0.0, -1e6), ((-450.0, 600.0), (450.0, 600.0)), 300), 3.0)
    near = FanPicture(SMALL.fans[0], 3.0)
    for recipe in dict.fromkeys((THREATS | BENIGN)[group]):
        rng = np.random.default_rng(11)
        body = recipe(rng)
        turn = body.rest(rng)
        stand = Stand(np.array([450.0, 0.0, -body.rise(turn)[0]]), 1.0, turn, np.eye(3))
        seen = cast_body(body, stand, near, belt_basis())
        assert np.isfinite(seen.tau).all(), recipe.__name__
        assert seen.mask.any(), recipe.__name__
        if not any(isinstance(part, Wire) for part in body.parts):
            cast, parallel = (
                cast_body(body, stand, far, belt_basis()),
                body.project(turn, Aspect.TOP, 3.0, belt_basis()),
            )
            assert np.abs(cast.tau).sum() == pytest.approx(np.abs(parallel.tau).sum(), rel=0.03), recipe.__name__
