"""The library of threats, and where they may lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imaging.phantom.bodies import Aspect
from imaging.phantom.chain import Detector
from imaging.phantom.physics import RANK, belt_beam
from imaging.phantom.shapes import Shadow
from imaging.scan import Generator, Scan, View
from imaging.tip.place import LEAST_INSIDE, aspects_of, find_place, lay
from imaging.tip.threats import LIBRARY, ThreatLibrary, ThreatLibraryError, build_library, fit

BEAM = belt_beam(160.0)
MM = 1.25


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ThreatLibrary:
    return build_library(tmp_path_factory.mktemp("library"), per_category=1, categories=("battery", "blade"))


def parcel(*, steel_mm: float = 0.0, size_mm: tuple[float, float] = (300, 375), views: int = 1) -> Scan:
    """A carton with clothes in a beam of 160 kV, seen from above or from both sides."""
    made = []
    rows, cols = 320, 400
    high_px, wide_px = (round(side / MM) for side in size_mm)
    for name in tuple(Aspect)[:views]:
        tau = np.zeros((rows, cols, RANK), np.float32)
        top, left = (rows - high_px) // 2, (cols - wide_px) // 2
        tau[top : top + high_px, left : left + wide_px] = BEAM.basis.of("cotton") * 60
        tau[top : top + high_px, left : left + wide_px] += BEAM.basis.of("steel") * np.float32(steel_mm)
        low, high = Detector(dark=100.0).measure(BEAM.transmit(tau), np.random.default_rng(1))
        air = {"air_low": 58000.0, "air_high": 58500.0, "dark": 100.0}
        made.append(View(str(name), high, low, mm_per_row=MM, mm_per_col=MM, **air))
    return Scan(tuple(made), generator=Generator(160.0))


def shadows(library: ThreatLibrary, category: str = "battery") -> dict[Aspect, Shadow]:
    threat = next(each for each in library.threats.values() if each.category == category)
    return dict(library.shadows(threat.id, BEAM))


def test_a_library_is_the_same_for_the_same_seed(library: ThreatLibrary, tmp_path: Path) -> None:
    again = build_library(tmp_path, per_category=1, categories=("battery",))
    assert again.threats == {name: each for name, each in library.threats.items() if each.category == "battery"}
    assert ThreatLibrary.open(tmp_path).threats == again.threats


def test_a_new_library_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    old = build_library(tmp_path, per_category=1, categories=("blade",))
    new = build_library(tmp_path, seed=2, per_category=1, categories=("blade",))
    assert set(old.threats).isdisjoint(new.threats)
    assert {path.stem for path in tmp_path.glob("*.npz")} == set(new.threats)


def test_what_is_missing_damaged_or_altered_is_refused(library: ThreatLibrary, tmp_path: Path) -> None:
    with pytest.raises(ThreatLibraryError) as missing:
        ThreatLibrary.open(tmp_path)
    assert missing.value.details["why"] == "missing"
    (tmp_path / LIBRARY).write_text('{"seed": 1, "threats": [{"id": 3}]}')
    with pytest.raises(ThreatLibraryError) as damaged:
        ThreatLibrary.open(tmp_path)
    assert damaged.value.details["why"] == "damaged"
    name = next(iter(library.threats))
    (tmp_path / f"{name}.npz").write_bytes(b"something else")
    with pytest.raises(ThreatLibraryError) as altered:
        ThreatLibrary(tmp_path, library.threats, 1).shadows(name, BEAM)
    assert altered.value.details["why"] == "altered"


def test_a_threat_keeps_its_size_at_any_pixel(library: ThreatLibrary) -> None:
    shadow = shadows(library)[Aspect.TOP]
    mass = shadow.tau.sum(axis=(0, 1))
    for mm_per_row, mm_per_col in ((1.6, 0.8), (2.0, 2.0), (0.7, 0.9)):
        fitted = fit(shadow, mm_per_row, mm_per_col, is_mirrored=(True, False))
        assert fitted.mask.shape[0] * mm_per_row == pytest.approx(shadow.mask.shape[0], abs=mm_per_row)
        assert fitted.tau.sum(axis=(0, 1)) * mm_per_row * mm_per_col == pytest.approx(mass, rel=0.03)


@pytest.mark.parametrize("views", [1, 2])
def test_a_threat_lies_within_the_parcel_and_at_one_place_along_the_belt(library: ThreatLibrary, views: int) -> None:
    scan = parcel(views=views)
    for seed in range(4):
        placed = find_place(scan, shadows(library), np.random.default_rng(seed))
        assert placed is not None
        origins = []
        for number, (box, mask) in enumerate(zip(placed.boxes, placed.masks, strict=True)):
            high = scan.views[number].high
            assert high is not None
            left, top, right, bottom = box
            is_parcel = high[top:bottom, left:right] < 55_000
            assert is_parcel[mask].mean() >= LEAST_INSIDE
            aspect = aspects_of(scan)[number]
            fitted = fit(
                shadows(library)[aspect], MM, MM,
                is_mirrored=(placed.placement.mirrored[0], placed.placement.mirrored[1 + number]),
            )  # fmt: skip
            origins.append(left - fitted.left_px)
        assert len(set(origins)) == 1


def test_the_same_placement_gives_the_same_counts(library: ThreatLibrary) -> None:
    scan = parcel(views=2)
    placed = find_place(scan, shadows(library), np.random.default_rng(2))
    assert placed is not None
    again = lay(scan, shadows(library), placed.placement)
    for one, other in zip(placed.scan.views, again.scan.views, strict=True):
        assert np.array_equal(one.high, other.high)  # type: ignore[arg-type]
        assert np.array_equal(one.low, other.low)  # type: ignore[arg-type]
    assert placed.scan.id == scan.id


@pytest.mark.parametrize(
    "scan", [parcel(size_mm=(40, 50)), parcel(steel_mm=40), parcel(steel_mm=12)], ids=["small", "opaque", "full"]
)
def test_no_place_is_found_where_none_is_plausible(library: ThreatLibrary, scan: Scan) -> None:
    assert find_place(scan, shadows(library), np.random.default_rng(1)) is None


def test_scans_whose_geometry_nobody_told_take_no_threat() -> None:
    known = parcel(views=2)
    one, other = known.views
    unnamed = View("left", other.high, other.low, mm_per_row=MM, mm_per_col=MM)
    unsized = View("top", one.high, one.low)
    grey = View("top", one.high, mm_per_row=MM, mm_per_col=MM)
    assert aspects_of(known) == (Aspect.TOP, Aspect.SIDE)
    assert aspects_of(Scan((other,))) == (Aspect.SIDE,)
    for views in ((one, unnamed), (unsized,), (grey,)):
        assert aspects_of(Scan(views)) == ()
