"""The watch folder: whatever is dropped becomes a scan, or lies named in the quarantine; nothing is deleted."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from imaging.files import native
from scanners.device import DeviceUnavailableError, FaultKind
from scanners.drivers.inbox import MOST_TIMES
from scanners.drivers.inbox_settings import InboxSettings
from scanners.drivers.watch_folder import WatchFolder
from scanners.xray import FileRejected, ScanFinished, XrayEvent
from tests.scanners.rigs import make_scan, write_huge_png, write_mixed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def make_source(folder: Path, **options: Any) -> WatchFolder:
    quick = {"settle_s": 0.06, "patience_s": 0.3, "partner_s": 0.15, "rescan_s": 0.1}
    source = WatchFolder("folder", InboxSettings.model_validate({"folder": folder} | quick | options))
    source.open()
    return source


@pytest.fixture
def source(folder: Path) -> Iterator[WatchFolder]:
    source = make_source(folder)
    yield source
    source.close()


def save_picture(path: Path, seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path.read_bytes()


def drain(source: WatchFolder, count: int, limit_s: float = 10.0) -> list[XrayEvent]:
    """So many events, and that no further one comes."""
    events: list[XrayEvent] = []
    deadline = time.monotonic() + limit_s
    while len(events) < count:
        assert time.monotonic() < deadline, f"only {events}"
        if (event := source.read(0.2)) is not None:
            events.append(event)
    assert source.read(0.1) is None
    return events


def only(source: WatchFolder) -> XrayEvent:
    return drain(source, 1)[0]


def test_a_picture_becomes_a_scan_and_moves_to_done(folder: Path, source: WatchFolder) -> None:
    data = save_picture(folder / "a.png")
    event = only(source)
    assert isinstance(event, ScanFinished)
    assert event.scan.source == "a.png"
    assert (folder / "done" / "a.png").read_bytes() == data
    assert sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(".")) == ["done"]


def test_a_slow_writer_is_waited_for(folder: Path) -> None:
    source = make_source(folder, settle_s=0.1, patience_s=3)
    data = save_picture(folder / "elsewhere.png")
    (folder / "elsewhere.png").unlink()

    def write_slowly() -> None:
        with (folder / "slow.png").open("wb", buffering=0) as file:
            for start in range(0, len(data), len(data) // 8):
                file.write(data[start : start + len(data) // 8])
                time.sleep(0.06 if start else 0.2)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    event = only(source)
    writer.join()
    source.close()
    assert isinstance(event, ScanFinished)


def test_a_file_under_a_draft_name_waits_for_its_own(folder: Path) -> None:
    source = make_source(folder, patience_s=5)
    save_picture(folder / "a.png")
    (folder / "a.png").rename(folder / "a.png.part")
    assert source.read(0.2) is None
    (folder / "a.png.part").rename(folder / "a.png")
    event = only(source)
    source.close()
    assert isinstance(event, ScanFinished)
    assert event.scan.source == "a.png"


def test_a_locked_file_waits_for_its_lock(folder: Path) -> None:
    source = make_source(folder, patience_s=0.5)
    for name in ("released.png", "held.png"):
        save_picture(folder / name, seed=len(name))
    with (folder / "held.png").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with (folder / "released.png").open("rb") as released:
            fcntl.flock(released, fcntl.LOCK_EX)
            assert source.read(0.2) is None
        events = drain(source, 2)
    source.close()
    assert {type(event) for event in events} == {ScanFinished, FileRejected}
    rejected = next(event for event in events if isinstance(event, FileRejected))
    assert (rejected.path.name, rejected.error.key) == ("held.png", "file_locked")


def test_a_torn_file_is_put_aside_with_its_reason(folder: Path, source: WatchFolder) -> None:
    data = save_picture(folder / "torn.png")[:500]
    (folder / "torn.png").write_bytes(data)
    event = only(source)
    assert isinstance(event, FileRejected)
    assert event.error.key == "file_torn"
    assert event.kept_at == folder / "quarantine" / "torn.png"
    assert event.kept_at.read_bytes() == data
    reason = event.kept_at.with_name("torn.png.reason.txt").read_text()
    assert "file_torn" in reason
    assert str(event.error) in reason


def test_a_duplicate_names_the_first_also_after_a_restart(folder: Path, source: WatchFolder) -> None:
    save_picture(folder / "first.png")
    assert isinstance(only(source), ScanFinished)
    save_picture(folder / "second.png")
    event = only(source)
    assert isinstance(event, FileRejected)
    assert event.error.key == "file_duplicate"
    assert event.error.details["first"] == "first.png"
    source.close()
    source.open()
    save_picture(folder / "first.png")
    again = only(source)
    assert isinstance(again, FileRejected)
    assert again.error.key == "file_duplicate"


def test_a_native_scan_saved_again_is_a_duplicate(folder: Path, source: WatchFolder) -> None:
    scan = make_scan()
    native.write(scan, folder / "a.tif")
    event = only(source)
    assert isinstance(event, ScanFinished)
    assert event.scan.id == scan.id
    native.write(replace(scan, device="other"), folder / "b.tif", compressed=False)
    again = only(source)
    assert isinstance(again, FileRejected)
    assert again.error.details["first"] == "a.tif"
    assert {entry.name for entry in (folder / "quarantine").iterdir()} == {"b.tif", "b.json", "b.tif.reason.txt"}


def test_a_native_picture_waits_for_its_sidecar_and_a_lone_part_is_put_aside(folder: Path, tmp_path: Path) -> None:
    source = make_source(folder, partner_s=3)
    for name in ("whole", "lone"):
        native.write(make_scan(len(name)), tmp_path / f"{name}.tif")
    shutil.move(tmp_path / "whole.tif", folder)
    assert source.read(0.2) is None
    shutil.move(tmp_path / "whole.json", folder)
    assert isinstance(only(source), ScanFinished)
    source.close()
    source = make_source(folder)
    shutil.move(tmp_path / "lone.tif", folder)
    lone_picture = only(source)
    shutil.move(tmp_path / "lone.json", folder / "lonely.json")
    lone_sidecar = only(source)
    source.close()
    assert isinstance(lone_picture, FileRejected)
    assert isinstance(lone_sidecar, FileRejected)


def test_both_energies_make_one_scan(folder: Path) -> None:
    source = make_source(folder, partner_s=5.0)
    counts = make_scan().views[0].high
    assert counts is not None
    Image.fromarray(np.asarray(counts) // 2).save(folder / "p_low.png")
    assert source.read(0.1) is None
    Image.fromarray(np.asarray(counts)).save(folder / "p_high.png")
    event = only(source)
    assert isinstance(event, ScanFinished)
    assert np.array_equal(event.scan.views[0].high, counts)
    assert {entry.name for entry in (folder / "done").iterdir()} == {"p_low.png", "p_high.png"}
    source.close()


def test_what_is_no_file_is_put_aside_unopened(folder: Path, tmp_path: Path, source: WatchFolder) -> None:
    secret = tmp_path / "secret.png"
    save_picture(secret)
    (folder / "link.png").symlink_to(secret)
    os.mkfifo(folder / "pipe.png")
    (folder / "dangling.png").symlink_to(tmp_path / "nothing")
    events = drain(source, 3)
    assert all(isinstance(event, FileRejected) for event in events)
    assert secret.exists()
    assert (folder / "quarantine" / "link.png").is_symlink()


def test_odd_names_and_taken_names(folder: Path) -> None:
    source = make_source(folder, patience_s=0.1, settle_s=0.05)
    names = ["x" * 250, "包裹 图像", "a\nb", "$(reboot)", os.fsdecode(b"\xff\xfe")]
    for name in names:
        (folder / name).write_bytes(b"no picture " + os.fsencode(name))
    events = drain(source, len(names))
    assert all(isinstance(event, FileRejected) and event.kept_at is not None for event in events)
    kept = {path.read_bytes() for path in (folder / "quarantine").iterdir() if not path.name.endswith("reason.txt")}
    assert kept == {b"no picture " + os.fsencode(name) for name in names}
    for number in range(3):
        (folder / "same.docx").write_text(str(number))
        only(source)
    same = sorted(path.name for path in (folder / "quarantine").glob("same*.docx"))
    assert same == ["same.1.docx", "same.2.docx", "same.docx"]
    source.close()


def test_times_do_not_matter(folder: Path, source: WatchFolder) -> None:
    for number, time_s in enumerate((2**33, 0, 10**9)):
        save_picture(folder / f"{number}.png", seed=number)
        os.utime(folder / f"{number}.png", (time_s, time_s))
    names = [event.scan.source for event in drain(source, 3) if isinstance(event, ScanFinished)]
    assert names == ["1.png", "2.png", "0.png"]


def test_after_a_crash_the_scan_comes_again_under_the_same_id(folder: Path) -> None:
    save_picture(folder / "a.png")
    crashed = make_source(folder)
    first = None
    while first is None:
        first = crashed.read(0.2)
    # No further read and no close: the station was killed before it had stored the scan.
    source = make_source(folder)
    second = only(source)
    source.close()
    assert isinstance(first, ScanFinished)
    assert isinstance(second, ScanFinished)
    assert first.scan.id == second.scan.id
    crashed._inbox.close()


def test_a_station_that_closes_before_it_asks_for_more_gets_the_scan_again_and_not_for_ever(folder: Path) -> None:
    save_picture(folder / "a.png")
    save_picture(folder / "b.png", seed=1)
    source = make_source(folder)
    ids = []
    for _ in range(MOST_TIMES):
        event = None
        while event is None:
            event = source.read(0.2)
        assert isinstance(event, ScanFinished)
        ids.append(event.scan.id)
        source.close()
        source.open()
    assert len(set(ids)) == 1
    refused, other = drain(source, 2)
    assert isinstance(refused, FileRejected)
    assert refused.error.key == "file_untaken"
    assert isinstance(other, ScanFinished)
    assert other.scan.id != ids[0]
    source.close()


def test_files_may_stay_and_are_remembered(folder: Path) -> None:
    source = make_source(folder, after="remember")
    save_picture(folder / "a.png")
    assert isinstance(only(source), ScanFinished)
    assert source.read(0.1) is None
    source.close()
    source = make_source(folder, after="remember")
    assert source.read(0.2) is None
    save_picture(folder / "a.png", seed=5)
    assert isinstance(only(source), ScanFinished)
    source.close()
    assert (folder / "a.png").exists()


def test_subfolders_on_demand(folder: Path) -> None:
    source = make_source(folder, recursive=True)
    (folder / "2026" / "06").mkdir(parents=True)
    save_picture(folder / "2026" / "06" / "a.png")
    assert isinstance(only(source), ScanFinished)
    assert source.read(0.2) is None
    source.close()


def test_a_missing_folder_is_told_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    with pytest.raises(DeviceUnavailableError):
        make_source(folder)
    folder.mkdir()
    source = make_source(folder, flood=2)
    for number in range(2):
        (folder / f"{number}.png.part").write_bytes(b"x")
    source.read(0.15)
    assert [fault.kind for fault in source.status().faults] == [FaultKind.FLOODED]
    folder.rename(tmp_path / "away")
    source.read(0.2)
    assert [fault.kind for fault in source.status().faults] == [FaultKind.FOLDER_MISSING]
    (tmp_path / "away").rename(folder)
    save_picture(folder / "a.png")
    while not isinstance(source.read(0.2), ScanFinished):
        pass
    source.close()


def test_a_damaged_list_of_seen_files_is_begun_anew(folder: Path) -> None:
    (folder / ".guanjian-seen.db").write_bytes(b"not a database" * 100)
    source = make_source(folder)
    save_picture(folder / "a.png")
    assert isinstance(only(source), ScanFinished)
    source.close()
    assert (folder / ".guanjian-seen.db.damaged").exists()


def run_mixed(folder: Path, count: int, limit_s: float, **options: float) -> tuple[float, int]:
    """Drop mixed files on a running source and check each one's end; seconds taken, and bytes that memory grew."""
    source = make_source(folder, **options)
    save_picture(folder / "warm up.png", seed=999)
    assert isinstance(only(source), ScanFinished)
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    writer_done = threading.Event()
    expected: list[Any] = []

    def write() -> None:
        expected.extend(write_mixed(folder, count))
        writer_done.set()

    writer = threading.Thread(target=write)
    writer.start()
    scans, peak, rejected = 0, before, Counter[str]()
    quiet = 0
    while quiet < 2:
        assert time.monotonic() - began < limit_s
        asked = time.monotonic()
        event = source.read(0.5)
        assert time.monotonic() - asked < 10
        quiet = quiet + 1 if event is None and writer_done.is_set() and source.waiting == 0 else 0
        scans += isinstance(event, ScanFinished)
        if isinstance(event, FileRejected):
            rejected[event.error.key] += 1
        if (scans + sum(rejected.values())) % 100 == 0:
            peak = max(peak, psutil.Process().memory_info().rss)
    took_s = time.monotonic() - began
    writer.join()
    source.close()
    assert (scans, dict(rejected)) == tuple(expected)
    left = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    assert sorted(left) == ["done", "quarantine"]
    reasons = list((folder / "quarantine").glob("*.reason.txt"))
    assert len(reasons) == sum(rejected.values())
    return took_s, peak - before


def test_mixed_files(folder: Path) -> None:
    _, grown = run_mixed(folder, 200, 60, settle_s=0.2, patience_s=1.2, partner_s=0.5)
    assert grown < 60 << 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_mixed_files(folder: Path, record_property: Callable[[str, object], None]) -> None:
    took_s, grown = run_mixed(folder, 10_000, 800, settle_s=0.5, patience_s=3, partner_s=1, rescan_s=0.5)
    record_property("seconds", round(took_s))
    record_property("grown_mb", round(grown / 1e6))
    assert grown < 100 << 20


def test_huge_header_is_refused_at_once(folder: Path) -> None:
    source = make_source(folder, patience_s=60)
    write_huge_png(folder / "huge.png")
    event = only(source)
    source.close()
    assert isinstance(event, FileRejected)
    assert event.error.key == "file_too_large"
