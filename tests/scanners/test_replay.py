"""Replay: a folder or an archive, at any speed, with pause, step and seek."""

from __future__ import annotations

import time
import tracemalloc
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imaging.errors import FileTooLargeError
from imaging.files import native
from scanners.device import DeviceUnavailableError
from scanners.drivers import recording
from scanners.drivers.replay import Position, Replay, ReplaySettings
from scanners.xray import FileRejected, Lines, ScanFinished, ScanStarted, SourceEnded, XrayEvent
from tests.scanners.rigs import make_scan, read_all

_BEGAN_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five native scans of 120 lines of 1 mm, at 300 mm/s, half a second apart."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for number in range(5):
        started_at = _BEGAN_AT + timedelta(seconds=number * 0.9)
        scan = replace(
            make_scan(number),
            id=f"scan-{number}",
            device="lane 3",
            started_at=started_at,
            finished_at=started_at + timedelta(seconds=0.4),
            belt_speed_mm_s=300.0,
        )
        native.write(scan, folder / f"{number}.tif")
    return folder


def make_replay(path: Path, speed: Any = "max") -> Replay:
    replay = Replay("replay", ReplaySettings(path=path, speed=speed))
    replay.open()
    return replay


def originals(events: list[XrayEvent]) -> list[str]:
    return [event.scan.extra["replay_of"] for event in events if isinstance(event, ScanFinished)]


def test_a_folder_as_fast_as_it_is_taken(folder: Path) -> None:
    replay = make_replay(folder)
    events = read_all(replay, SourceEnded)
    replay.close()
    assert originals(events) == [f"scan-{number}" for number in range(5)]
    first = events[0]
    assert isinstance(first, ScanFinished)
    assert first.scan.id != "scan-0"
    assert first.scan.device == "replay"
    assert first.scan.extra["recorded_by"] == "lane 3"
    assert first.scan.extra["recorded_at"] == _BEGAN_AT.isoformat()
    assert np.array_equal(first.scan.views[0].high, make_scan(0).views[0].high)


def test_an_archive_is_played_without_unpacking(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "captures.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(folder.iterdir()):
            out.write(path, f"../{path.name}")
        out.writestr("../notes.txt", "not a scan")
        out.writestr("../torn.tif", b"II*\0")
        out.writestr("../torn.json", (folder / "0.json").read_bytes())
    replay = make_replay(archive)
    events = read_all(replay, SourceEnded)
    replay.close()
    assert originals(events) == [f"scan-{number}" for number in range(5)]
    assert [event.path.name for event in events if isinstance(event, FileRejected)] == ["torn.tif"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["captures", "captures.zip"]


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_FILE_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.tif", bytes(5_000_000))
        file.writestr("a.json", b"{}")
    with closing(recording.open_recording(tmp_path / "bomb.zip")) as opened:
        tracemalloc.start()
        try:
            with pytest.raises(FileTooLargeError, match="unpacks to more than"):
                opened.read(0)
            assert tracemalloc.get_traced_memory()[1] < 500_000
        finally:
            tracemalloc.stop()


def test_archives_that_hold_no_scan_are_refused(tmp_path: Path) -> None:
    for name, members in (("empty.zip", ["readme.txt"]), ("lone.zip", ["a.tif"])):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            for member in members:
                file.writestr(member, b"II*\0")
        with pytest.raises(DeviceUnavailableError, match="holds no scan"):
            recording.open_recording(tmp_path / name)


def test_real_time_keeps_lines_and_gaps(folder: Path) -> None:
    replay = make_replay(folder, speed=2)
    began = time.monotonic()
    events = read_all(replay, ScanFinished)
    first_s = time.monotonic() - began
    events += read_all(replay, ScanStarted)
    gap_s = time.monotonic() - began - first_s
    replay.close()
    assert 0.15 < first_s < 2
    assert 0.2 < gap_s < 2
    assert sum(len(event.high) for event in events if isinstance(event, Lines) and event.view == 1) == 120


def test_pause_step_and_resume(folder: Path) -> None:
    replay = make_replay(folder, speed=0.2)
    read_all(replay, Lines)
    replay.pause()
    assert replay.is_paused
    while replay.read(0.05) is not None:
        pass
    position = replay.position
    assert (position.scan, position.scans, position.lines) == (0, 5, 120)
    assert 0 < position.line < 120
    replay.step()
    assert originals(read_all(replay, ScanFinished, 1.5)) == ["scan-0"]
    assert replay.read(0.1) is None
    replay.step()
    assert originals(read_all(replay, ScanFinished, 1.5)) == ["scan-1"]
    assert replay.read(0.1) is None
    assert replay.position == Position(2, 5)
    replay.set_speed("max")
    replay.resume()
    assert originals(read_all(replay, SourceEnded)) == ["scan-2", "scan-3", "scan-4"]
    replay.close()


def test_seek_delivers_what_has_begun_first(folder: Path) -> None:
    replay = make_replay(folder, speed=0.2)
    read_all(replay, Lines)
    replay.seek(3)
    assert originals(read_all(replay, ScanFinished, 1.5)) == ["scan-0"]
    replay.set_speed("max")
    assert originals(read_all(replay, SourceEnded)) == ["scan-3", "scan-4"]
    replay.seek(4)
    assert originals(read_all(replay, SourceEnded)) == ["scan-4"]
    replay.seek(99)
    assert [type(event) for event in read_all(replay, SourceEnded)] == [SourceEnded]
    replay.close()


def test_seek_while_paused_waits_for_resume(folder: Path) -> None:
    replay = make_replay(folder, speed=0.2)
    replay.pause()
    replay.seek(2)
    assert replay.read(0.1) is None
    assert replay.position.scan == 2
    replay.step()
    assert originals(read_all(replay, ScanFinished, 1.5)) == ["scan-2"]
    replay.close()


def test_colour_pictures_come_whole_and_torn_ones_are_named(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:300])
    (tmp_path / "readme.md").write_text("not a picture")
    replay = make_replay(tmp_path, speed=50)
    events = read_all(replay, SourceEnded)
    replay.close()
    assert [type(event) for event in events] == [ScanFinished, FileRejected, SourceEnded]
    assert (tmp_path / "b.png").exists()


@pytest.mark.parametrize("name", ["none", "empty", "bad.zip"])
def test_nothing_to_play(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as out:
        out.writestr("a.txt", "nothing")
    with pytest.raises(DeviceUnavailableError):
        make_replay(tmp_path / name)


@pytest.mark.parametrize("name", ["compass-xp/images", "dicos"])
def test_real_files(shared: Path, name: str) -> None:
    replay = make_replay(shared / "data" / name)
    events = read_all(replay, SourceEnded, 30)
    replay.close()
    scans = [event for event in events if isinstance(event, ScanFinished)]
    assert len(scans) >= 3
