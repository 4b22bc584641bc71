"""A power cut at any moment: what was acknowledged is there, pictures and log are whole; and the judge is judged."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from app.bench.power.cuts import Outcome, Recording, cut, record
from app.bench.power.disk import Disk, Step, lay_out
from app.bench.preload import PreloadMissingError

PARCELS = 25


def record_or_skip(folder: Path, synchronous: str = "FULL", parcels: int = PARCELS) -> Recording:
    try:
        return record(folder, parcels, synchronous=synchronous)
    except PreloadMissingError as error:
        pytest.skip(str(error))


def test_nothing_acknowledged_is_lost_by_power_cuts(tmp_path: Path) -> None:
    cuts = int(os.environ.get("GUANJIAN_POWER_CUTS", "15"))
    outcome = cut(record_or_skip(tmp_path), cuts, seed=1)
    assert outcome == Outcome(cuts=cuts, acknowledged=outcome.acknowledged)
    assert outcome.acknowledged > cuts


@pytest.mark.slow
def test_the_same_harness_shows_losses_when_commits_are_not_synced(tmp_path: Path) -> None:
    outcome = cut(record_or_skip(tmp_path, "NORMAL"), 40, seed=1)
    assert outcome.lost > 0
    assert outcome.kinds["lost"] > 0


@pytest.mark.slow
def test_the_same_harness_shows_damage_when_nothing_is_synced(tmp_path: Path) -> None:
    """How much of the file the background has written when the power goes is chance; five shifts leave enough."""
    found = Counter[str]()
    for shift in range(5):
        folder = tmp_path / str(shift)
        folder.mkdir()
        outcome = cut(record_or_skip(folder, "OFF", parcels=80), 60, seed=shift)
        assert outcome.lost > 0
        found += outcome.kinds
        if found["corrupt"] + found["StoreDamagedError"]:
            return
    pytest.fail(f"nothing was damaged: {found}")


def disk_after(*steps: Step) -> Disk:
    disk = Disk()
    disk.follow(steps)
    return disk


def left(disk: Disk) -> set[bytes | None]:
    return {disk.cut(seed).get("/r/a") for seed in range(300)}


CREATED = Step("c", 1, 0, b"/r/a")
WRITTEN = Step("w", 1, 0, b"x" * 1024)
SYNCED = Step("s", 1, 0, b"")
FOLDER_SYNCED = Step("d", 0, 0, b"/r")


def test_what_is_synced_with_its_folder_is_always_there() -> None:
    assert left(disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED)) == {b"x" * 1024}


def test_a_synced_file_in_a_folder_that_is_not_may_be_gone() -> None:
    assert left(disk_after(CREATED, WRITTEN, SYNCED)) == {b"x" * 1024, None}


def test_a_loose_write_stays_goes_or_is_torn_between_sectors() -> None:
    found = left(disk_after(CREATED, FOLDER_SYNCED, WRITTEN))
    torn = {bytes(512) + b"x" * 512, b"x" * 512}
    assert found <= {b"", b"x" * 1024, *torn}
    assert {b"", b"x" * 1024} <= found
    assert found & torn


def test_a_rename_is_there_or_not_and_never_half() -> None:
    renamed = Step("r", 0, 0, b"/r/a\0/r/b")
    disk = disk_after(CREATED, WRITTEN, SYNCED, FOLDER_SYNCED, renamed)
    names = {tuple(sorted(disk.cut(seed))) for seed in range(100)}
    assert names == {("/r/a",), ("/r/b",)}


def test_a_file_goes_with_a_folder_that_was_never_synced(tmp_path: Path) -> None:
    made = Step("m", 0, 0, b"/r/day")
    inside = Step("c", 1, 0, b"/r/day/a")
    disk = disk_after(made, inside, WRITTEN, SYNCED, Step("d", 0, 0, b"/r/day"))
    found = set()
    for seed in range(40):
        lay_out(disk.cut(seed), "/r", tmp_path / str(seed))
        found.add((tmp_path / str(seed) / "day" / "a").is_file())
    assert found == {True, False}
