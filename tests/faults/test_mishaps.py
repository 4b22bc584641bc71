"""Full and read-only disks, flipped bits, a clock that jumps, a detector that fails, a flood: the short form."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench.mishaps import disk, hostile, work
from app.bench.mishaps.disk import NoRoomError
from app.bench.mishaps.lane import Tried


def assert_nothing_missed(tried: Tried, times: int) -> None:
    assert not tried.missed
    assert tried.times >= times


@pytest.mark.slow
def test_a_disk_that_fills_in_the_middle_loses_nothing_and_is_told(tmp_path: Path) -> None:
    try:
        assert_nothing_missed(disk.full_disk(tmp_path, 1), 1)
    except NoRoomError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_a_folder_that_turns_read_only_is_told_and_loses_nothing(tmp_path: Path) -> None:
    try:
        assert_nothing_missed(disk.read_only(tmp_path, 1), 1)
    except NoRoomError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_a_flipped_bit_in_any_file_is_found(tmp_path: Path) -> None:
    assert_nothing_missed(disk.flipped_bits(tmp_path, 2), 20)


def test_the_judge_of_flipped_bits_would_notice_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_is_noticed", lambda _folder: False)
    monkeypatch.setattr(disk, "_contents", lambda _folder: [str(object())])
    tried = disk.flipped_bits(tmp_path, 1)
    assert sum(tried.missed.values()) == tried.times > 0


@pytest.mark.slow
def test_a_detector_that_is_killed_or_hangs_costs_one_parcel_its_screening(tmp_path: Path) -> None:
    assert_nothing_missed(work.failing_detector(tmp_path, 2), 2)


def test_a_clock_that_jumps_disorders_nothing(tmp_path: Path) -> None:
    assert_nothing_missed(work.jumping_clock(tmp_path, 6), 6)


@pytest.mark.slow
def test_a_flood_of_scans_and_codes_is_kept_whole(tmp_path: Path) -> None:
    assert_nothing_missed(work.flood(tmp_path, 30, 200), 230)


@pytest.mark.slow
def test_files_made_to_exhaust_their_reader_are_refused_within_their_memory(tmp_path: Path) -> None:
    assert_nothing_missed(hostile.hostile_files(tmp_path / "hostile"), len(hostile.MAKERS))
