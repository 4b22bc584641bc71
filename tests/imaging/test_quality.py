"""The check of the test piece: good and bad machines, either way round, and drift over days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.texts import LANGUAGES, catalogue
from imaging.drift import Figure, Result, find_drift, keep, read_kept
from imaging.errors import FileTornError, PieceMissingError
from imaging.phantom.chain import Detector
from imaging.piece import simulate_piece, standard_piece
from imaging.quality import check
from imaging.scan import Scan, View
from tests.imaging.inputs import INPUTS, bag_view, colour_view, single_view


@pytest.fixture(scope="module")
def sound() -> Result:
    return check(simulate_piece(1))


def test_a_sound_machine_passes(sound: Result) -> None:
    assert sound.is_ok
    assert sound.mm_per_px == pytest.approx(1.0, rel=0.01)
    assert sound.value("classes_right") == 5
    assert sound.value("zeff_water") == pytest.approx(7.42, abs=0.3)
    assert sound.value("zeff_al") == pytest.approx(13, abs=0.5)


@pytest.mark.parametrize(
    ("fault", "figure"),
    [
        (Detector(photons=3e3), "air_noise_percent"),
        (Detector(photons=3e3), "wire_mm"),
        (Detector(blur_px=1.8), "resolution_across_mm"),
        (Detector(blur_px=1.8), "resolution_along_mm"),
        (Detector(photons=3e3, read_noise=2e-2), "simple_penetration_mm"),
        (Detector(photons=1.5e3), "useful_penetration_mm"),
    ],
)
def test_a_bad_machine_fails_where_it_is_bad(sound: Result, fault: Detector, figure: str) -> None:
    result = check(simulate_piece(2, detector=fault))
    assert not result.is_ok
    assert next(each for each in result.figures if each.name == figure).is_ok is False


def test_the_check_does_not_depend_on_how_the_piece_lies(sound: Result) -> None:
    scan = simulate_piece(1)
    view = scan.views[0]
    assert view.high is not None
    assert view.low is not None
    for flip in (np.fliplr, np.flipud, lambda plane: plane[::-1, ::-1]):
        turned = replace(view, high=flip(view.high).copy(), low=flip(view.low).copy())
        found = check(replace(scan, views=(turned,)))
        assert found.is_ok
        for figure in found.figures:
            assert figure.value == pytest.approx(sound.value(figure.name), rel=0.3), figure.name


@pytest.mark.parametrize("name", [name for name in INPUTS if name != "bag"])
def test_pictures_without_the_piece_are_refused(name: str) -> None:
    with pytest.raises(PieceMissingError):
        check(Scan((INPUTS[name],)))


def test_another_object_and_a_missing_energy_are_refused() -> None:
    view = simulate_piece(1).views[0]
    frame_only = np.full((280, 380), 58000, np.uint16)
    frame_only[30:250, 30:350] = 40000
    for wrong in (bag_view(), View(high=frame_only, low=frame_only.copy()), colour_view(), single_view()):
        with pytest.raises(PieceMissingError):
            check(Scan((wrong,)))
    with pytest.raises(PieceMissingError):
        check(Scan((replace(view, low=None),)))


def test_results_are_kept_as_lines(sound: Result) -> None:
    line = sound.to_json()
    assert "\n" not in line
    assert Result.from_json(line) == sound
    for wrong in ("[]", "{}", "nonsense", '{"figures": [{"x": 1}]}'):
        with pytest.raises(ValueError):
            Result.from_json(wrong)


def test_results_are_kept_in_a_file(sound: Result, tmp_path: Path) -> None:
    path = tmp_path / "quality.jsonl"
    assert read_kept(path) == ()
    later = replace(sound, taken_at=sound.taken_at + timedelta(days=1))
    keep(later, path)
    keep(sound, path)
    assert read_kept(path) == (sound, later)
    whole = path.read_text("utf-8")
    path.write_text(whole[:-30], "utf-8")
    assert read_kept(path) == (later,)
    keep(sound, path)
    assert read_kept(path) == (sound, later)
    path.write_text("{}\n" + whole, "utf-8")
    with pytest.raises(FileTornError):
        read_kept(path)


def history(values: list[float | None], device: str = "belt 1") -> list[Result]:
    start = datetime(2026, 11, 1, 8, tzinfo=UTC)
    return [
        Result(start + timedelta(days=day), device, "top", 1.0, (Figure("air_noise_percent", value, "%"),))
        for day, value in enumerate(values)
    ]


STEADY = [0.50, 0.51, 0.49, 0.505, 0.495, 0.50, 0.51, 0.49, 0.505, 0.495]


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([*STEADY, 0.503], None),
        ([*STEADY, 0.60], "beyond_three_sigmas"),
        ([*STEADY, *[0.512] * 8], "eight_on_one_side"),
        ([*STEADY, *[0.512] * 7], None),
        ([*STEADY, None], "not_seen"),
        ([*STEADY[:4], 0.9], None),
    ],
)
def test_drift_is_noticed_by_rule(values: list[float | None], rule: str | None) -> None:
    *earlier, now = history(values)
    found = find_drift(earlier, now)
    assert [drift.rule for drift in found] == ([rule] if rule else [])
    assert find_drift(earlier[::-1], now) == found


def test_other_machines_do_not_count() -> None:
    now = history([*STEADY, 0.9])[-1]
    assert find_drift(history(STEADY, device="belt 2"), now) == ()


def test_a_tube_that_ages_is_noticed_on_real_checks() -> None:
    days = [replace(check(simulate_piece(day)), taken_at=datetime(2026, 11, 1 + day, tzinfo=UTC)) for day in range(8)]
    worn = check(simulate_piece(99, detector=Detector(photons=2.4e4)))
    assert "air_noise_percent" in {drift.figure for drift in find_drift(days, worn)}
    steady = replace(check(simulate_piece(50)), taken_at=datetime(2026, 11, 20, tzinfo=UTC))
    assert "air_noise_percent" not in {drift.figure for drift in find_drift(days, steady)}


def test_every_figure_and_rule_has_its_words(sound: Result) -> None:
    rules = {"beyond_three_sigmas", "eight_on_one_side", "not_seen"}
    for language in LANGUAGES:
        keys = catalogue(language)
        assert all(f"quality.figure.{figure.name}" in keys for figure in sound.figures)
        assert all(f"quality.drift.{rule}" in keys for rule in rules)


def test_the_parts_of_the_piece_do_not_overlap() -> None:
    piece = standard_piece()
    plates = [plate for plate in piece.plates if plate not in piece.bars]
    for index, one in enumerate(plates):
        for other in plates[index + 1 :]:
            wide = min(one.box[2], other.box[2]) - max(one.box[0], other.box[0])
            tall = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
            assert min(wide, tall) <= 1e-9
