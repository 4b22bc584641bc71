"""The samples that ship: readable, small, labelled with valid numbers, declared; and how they are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stdnum import iso6346

from imaging.files import native
from imaging.phantom.chain import Detector
from imaging.phantom.container import HIDDEN
from imaging.phantom.make_samples import container_number, make_container, round_counts, s10_number
from imaging.phantom.objects import CLASSES

SAMPLES = Path(__file__).resolve().parents[3] / "resources" / "samples"
PARCELS = sorted((SAMPLES / "parcels").glob("*.tif"))
CONTAINERS = sorted((SAMPLES / "containers").glob("*.tif"))


def _sidecar(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


def _declarations() -> list[dict[str, Any]]:
    return list(json.loads((SAMPLES / "declarations.json").read_text(encoding="utf-8")))


def _is_s10(number: str) -> bool:
    return s10_number(number[:2], int(number[2:10]), number[-2:]) == number


def test_there_are_enough_of_both_kinds() -> None:
    assert len(PARCELS) >= 40
    assert len(CONTAINERS) == 4
    clean = sum(not _sidecar(path)["truth"] for path in PARCELS)
    assert 0.4 <= clean / len(PARCELS) <= 0.6
    labels = {truth["label"] for path in PARCELS for truth in _sidecar(path)["truth"]}
    assert labels == set(CLASSES)
    assert {t["label"] for path in CONTAINERS for t in _sidecar(path)["truth"]} <= set(HIDDEN)
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*.*")) <= 20 << 20


@pytest.mark.parametrize("path", [*PARCELS[::11], CONTAINERS[0]], ids=lambda path: path.stem)
def test_samples_read_back_with_truth_inside(path: Path) -> None:
    scan = native.read(path)
    rows, cols = scan.views[0].shape
    high, low = scan.views[0].high, scan.views[0].low
    assert high is not None
    assert low is not None
    assert high.max() > 40_000
    for truth in scan.truth:
        left, top, right, bottom = truth.box
        assert 0 <= left < right <= cols
        assert 0 <= top < bottom <= rows


def test_numbers_are_valid_but_for_the_one_meant_to_be_wrong() -> None:
    numbers = [number for path in PARCELS for number in _sidecar(path)["extra"]["labels"].split()]
    postal = [number for number in numbers if not number.startswith(("SF", "YT"))]
    assert len(set(numbers)) == len(numbers) > len(PARCELS)
    assert sum(not _is_s10(number) for number in postal) == 1
    assert all(len(number) == 15 and number[2:].isdigit() for number in numbers if number not in postal)
    assert all(iso6346.is_valid(_sidecar(path)["extra"]["labels"]) for path in CONTAINERS)


def test_declarations_are_of_labelled_numbers_and_some_are_missing() -> None:
    first = {_sidecar(path)["extra"]["labels"].split()[0]: path for path in (*PARCELS, *CONTAINERS)}
    declared = {declaration["number"]: declaration for declaration in _declarations()}
    assert set(declared) < set(first)
    assert 2 <= len(set(first) - set(declared)) <= 8
    for declaration in declared.values():
        assert declaration["goods"]
        assert declaration["value"] == sum(line["value"] for line in declaration["goods"])
        for line in declaration["goods"]:
            assert set(line) == {"name", "hs_code", "quantity", "unit", "weight_g", "value", "origin"}
            assert len(line["hs_code"]) == 8
            assert int(line["quantity"]) > 0


def test_s10_check_digits(shared: Path) -> None:
    vectors = json.loads((shared / "reference" / "identifier_vectors.json").read_text(encoding="utf-8"))
    for number in [*vectors["s10_valid"], *vectors["s10_special"].values()]:
        assert _is_s10(number), number
    assert s10_number("EA", 12345678, "CN", spoilt=True) not in vectors["s10_valid"]


def test_container_numbers_are_valid() -> None:
    for serial in range(100_000, 100_400, 7):
        assert iso6346.is_valid(container_number("QQX", serial))


def test_rounding_stays_well_under_the_noise() -> None:
    detector = Detector(photons=5e4, scatter=0, gain_error=0, drift=0, dark=0.0)
    for transmission in (1.0, 0.1, 0.005):
        flat = np.full((150, 200, 2), transmission, np.float32)
        _, high = detector.measure(flat, np.random.default_rng(0))
        rounded = round_counts(high, detector.air[1], detector).astype(float)
        assert np.abs(rounded - high).std() < 0.16 * high.std()
        assert rounded.mean() == pytest.approx(high.mean(), rel=0.002)
        assert len(np.unique(rounded)) < len(np.unique(high))


@pytest.mark.slow
def test_samples_follow_from_their_seeds() -> None:
    """The script makes the very counts that ship."""
    scan, declared = make_container(1)
    shipped = native.read(CONTAINERS[1])
    np.testing.assert_array_equal(scan.views[0].high, shipped.views[0].high)
    assert scan.truth == shipped.truth
    assert scan.id == shipped.id
    assert declared[0] in _declarations()
