"""Threats laid into scans: as if they had been scanned together, counts, noise and all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from imaging.errors import ScanInvalidError
from imaging.phantom.bodies import Aspect
from imaging.phantom.chain import Detector
from imaging.phantom.library import FreshObjects, Item
from imaging.phantom.physics import RANK, Beam, belt_beam, belt_kvps, cargo_basis, cargo_beam
from imaging.phantom.scene import Scene, compose_parcel
from imaging.scan import Generator, View
from imaging.tip.projection import add_threat, beam_for, project, quanta_in_air

SIZE = (160, 220)
CLEAN = Detector(scatter=0, blur_px=0.01, gain_error=0, drift=0, read_noise=0, photons=4e4, dark=200.0)


def scene_and_threat(seed: int, label: str, views: int = 1) -> tuple[Scene, Item]:
    rng = np.random.default_rng(seed)
    source = FreshObjects(tuple(Aspect)[:views])
    scene = compose_parcel(rng, source, size=SIZE, mm_per_px=1.6, threats=0, views=views)
    return scene, source.take(rng, label)


def put(item: Item, aspect: Aspect) -> npt.NDArray[np.float32]:
    """The threat's thickness in the middle of a picture."""
    tau = np.zeros((*SIZE, RANK), np.float32)
    shadow = item.shadows[aspect].tau[: SIZE[0], : SIZE[1]]
    top, left = (SIZE[0] - shadow.shape[0]) // 2, (SIZE[1] - shadow.shape[1]) // 2
    tau[top : top + shadow.shape[0], left : left + shadow.shape[1]] = shadow
    return tau


def errors(added: npt.NDArray[np.float32], whole: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Relative error of the attenuation, where there is some and anything still comes through."""
    got, want = (-np.log(np.maximum(each, 1e-7)) for each in (added, whole))
    usable = (want > 0.02) & (want < 9)
    return np.asarray(np.abs(got - want)[usable] / want[usable])


@pytest.mark.parametrize(
    ("seed", "kvp", "label"),
    [(0, 120.0, "firearm"), (2, 160.0, "battery")],
)
def test_a_projected_threat_attenuates_as_the_scene_rendered_whole(seed: int, kvp: float, label: str) -> None:
    scene, item = scene_and_threat(seed, label, views=2)
    beam = belt_beam(kvp)
    for aspect, tau in zip(Aspect, scene.tau, strict=True):
        threat = put(item, aspect)
        hit = np.abs(threat).sum(axis=2) > 0
        before, whole = beam.transmit(tau[hit]), beam.transmit((tau + threat)[hit])
        wrong = errors(add_threat(before, threat[hit], beam), whole)
        simple = errors(before * beam.transmit(threat[hit]), whole)
        assert wrong.mean() < 2e-4
        assert np.quantile(wrong, 0.95) < 1e-3
        assert simple.mean() > 5 * wrong.mean()


def test_behind_every_usual_material_the_error_stays_under_a_thousandth() -> None:
    with_k_edge = {"W", "Au", "Pb", "Ag", "NdFeB", "solder", "crystal", "PCBA", "uranium", "Sn"}
    for beam in [belt_beam(kvp) for kvp in belt_kvps()]:
        rows = [row for name, row in beam.basis.rows.items() if name not in with_k_edge]
        bag = np.array([row * mm for row in rows for mm in (0.5, 2, 5, 20, 50)], np.float32)
        bag = bag[beam.transmit(bag)[:, 1] > 1e-3]
        for name, mm in (("steel", 2), ("PE", 40), ("liion", 10)):
            threat = np.broadcast_to(beam.basis.of(name) * np.float32(mm), bag.shape)
            whole = beam.transmit(bag + threat)
            assert errors(add_threat(beam.transmit(bag), threat, beam), whole).max() < 1e-3


def test_a_container_beam_is_met_too() -> None:
    beam = cargo_beam()
    bag = np.stack([cargo_basis().of("steel") * 60, cargo_basis().of("PE") * 300, cargo_basis().of("cotton") * 500])
    threat = np.broadcast_to(cargo_basis().of("steel") * np.float32(20), bag.shape)
    assert errors(add_threat(beam.transmit(bag), threat, beam), beam.transmit(bag + threat)).max() < 1e-3


def test_nothing_is_lost_behind_what_cannot_be_taken_apart() -> None:
    """Noise makes pairs of attenuations that no matter has; a threat still only takes light away."""
    rng = np.random.default_rng(3)
    noisy = rng.uniform(0, 1.02, (3000, 2)).astype(np.float32)
    threat = np.broadcast_to(belt_beam().basis.of("steel") * np.float32(3), (3000, RANK))
    after = add_threat(noisy, threat, belt_beam())
    assert np.isfinite(after).all()
    assert (after <= noisy).all()


def measured(transmission: npt.NDArray[np.float32], seed: int) -> View:
    low, high = CLEAN.measure(transmission, np.random.default_rng(seed))
    return View(high=high, low=low, air_low=CLEAN.air[0], air_high=CLEAN.air[1], dark=CLEAN.dark)


def test_noise_is_that_of_the_quanta_that_are_left() -> None:
    """A bright field, a dim one and one almost starved, each behind a threat: mean and spread as scanned whole."""
    beam, steel = belt_beam(160.0), belt_beam(160.0).basis.of("steel")
    for bag_mm, threat_mm in ((0.0, 1.0), (2.0, 3.0), (8.0, 4.0)):
        bag = np.zeros((120, 200, RANK), np.float32)
        bag[:, 80:] = steel * bag_mm
        threat = np.zeros((100, 100, RANK), np.float32) + steel * np.float32(threat_mm)
        whole = bag.copy()
        whole[10:110, 90:190] += threat
        got = project(measured(beam.transmit(bag), 1), threat, 90, 10, beam, seed=5)
        want = measured(beam.transmit(whole), 2)
        for one, other in ((got.low, want.low), (got.high, want.high)):
            assert one is not None
            assert other is not None
            mine, right = (counts[20:100, 100:180].astype(float) - CLEAN.dark for counts in (one, other))
            assert abs(mine.mean() - right.mean()) < 0.004 * right.mean() + 0.6
            assert 0.93 < (mine.std() + 0.3) / (right.std() + 0.3) < 1.07


def test_quanta_are_counted_in_the_air_of_the_picture() -> None:
    view = measured(np.ones((100, 200, 2), np.float32), 4)
    assert view.high is not None
    assert quanta_in_air(view.high, CLEAN.air[1] - CLEAN.dark, CLEAN.dark) == pytest.approx(4e4, rel=0.1)


def test_what_does_not_count_stays_as_it_is() -> None:
    beam = belt_beam()
    clear = measured(np.full((60, 80, 2), 0.5, np.float32), 1)
    assert clear.high is not None
    assert clear.low is not None
    high, low = clear.high.copy(), clear.low.copy()
    high[20] = 0
    low[:, 40] = 65535
    high[30, 30] = 150  # below dark
    view = View(high=high, low=low, air_low=CLEAN.air[0], air_high=CLEAN.air[1], dark=CLEAN.dark)
    threat = np.zeros((40, 50, RANK), np.float32) + beam.basis.of("steel") * np.float32(3)
    after = project(view, threat, 10, 10, beam, seed=1)
    assert after.high is not None
    assert (after.high[20] == 0).all()
    assert after.low is not None
    assert (after.low[:, 40] == 65535).all()
    assert after.high[30, 30] == 150
    assert (after.high[:5] == high[:5]).all()
    assert (after.high[:, 70:] == high[:, 70:]).all()
    assert after.high[40, 25] < 0.6 * high[40, 25]
    assert view.high is not None
    assert (view.high[40] == high[40]).all()


def test_one_energy_and_a_place_outside_are_refused() -> None:
    threat = np.ones((5, 5, RANK), np.float32)
    with pytest.raises(ScanInvalidError):
        project(View(high=np.full((20, 20), 9000, np.uint16)), threat, 1, 1, belt_beam(), seed=1)
    whole = measured(np.ones((20, 20, 2), np.float32), 1)
    with pytest.raises(ScanInvalidError):
        project(whole, threat, 40, 40, belt_beam(), seed=1)


@pytest.mark.parametrize(("kv", "wanted"), [(155.0, 160.0), (90.0, 120.0), (6000.0, 6000.0)])
def test_the_nearest_beam_is_taken(kv: float, wanted: float) -> None:
    beam: Beam = beam_for(Generator(kv))
    assert beam.kv == wanted
