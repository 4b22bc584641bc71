"""Backups of a working store, and what is damaged or missing in one."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.store.backup import back_up, backups, restore
from app.store.errors import BackupError
from app.store.found import Trust
from app.store.store import Store
from tests.app.store.signed_store import Office, check, fill


def test_a_backup_of_a_working_store_restores_to_the_same_and_goes_on(
    kept: Store, office: Office, tmp_path: Path
) -> None:
    trust, stop = Trust(frozenset({office.public})), threading.Event()

    def work() -> None:
        n = 100
        while not stop.is_set() and n < 140:
            fill(kept, n, n + 1)
            n += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(2):
            folder, report = back_up(kept.folder, tmp_path / "backups", trust)
            assert report.problems == ()
            time.sleep(0.2)
    finally:
        stop.set()
        worker.join()
    assert backups(tmp_path / "backups")[-1] == folder
    pool = list((tmp_path / "backups" / "pictures").rglob("*.tif"))
    assert len(pool) >= json.loads((folder / "manifest.json").read_text())["pictures"] >= 8
    drilled = restore(tmp_path / "backups", tmp_path / "drill", trust, is_drill=True)
    assert (drilled.problems, drilled.events) == ((), report.events)
    restored = restore(tmp_path / "backups", tmp_path / "data", trust)
    assert (restored.problems, restored.events, restored.pictures) == ((), drilled.events, drilled.pictures)
    with closing(Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1024)) as again:
        assert again.pending(9999)[-1].body["noted"] == "restored"
        assert again.load(again.parcel(2).captures[0]).id == "s1"
        fill(again, 500, 501)
        assert check(again, office).problems == ()
    with pytest.raises(BackupError, match="already"):
        restore(tmp_path / "backups", tmp_path / "data", trust)


def test_a_backup_copies_each_picture_once(kept: Store, tmp_path: Path) -> None:
    back_up(kept.folder, tmp_path / "b", Trust())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "b" / "pictures").rglob("*.tif")}
    fill(kept, 8, 9)
    back_up(kept.folder, tmp_path / "b", Trust())
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "b" / "pictures").rglob("*.tif")}
    assert len(after) == len(before) + 1 == 9
    assert {path: after[path] for path in before} == before


def test_a_damaged_backup_is_named_and_leaves_no_store(kept: Store, tmp_path: Path) -> None:
    folder, _ = back_up(kept.folder, tmp_path / "b", Trust())
    picture = next((tmp_path / "b" / "pictures").rglob("*.tif"))
    content = picture.read_bytes()
    picture.write_bytes(content[:-1] + b"x")
    report = restore(folder, tmp_path / "drill", Trust(), is_drill=True)
    assert {problem.what for problem in report.problems} == {"picture_altered"}
    picture.unlink()
    with pytest.raises(BackupError, match="missing from the backup"):
        restore(folder, tmp_path / "one", Trust())
    assert not (tmp_path / "one" / "store.sqlite").exists()
    with (folder / "store.sqlite").open("r+b") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match="altered"):
        restore(folder, tmp_path / "two", Trust())
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupError, match="manifest"):
        restore(folder, tmp_path / "two", Trust())
    with pytest.raises(BackupError, match="no whole backup"):
        restore(tmp_path / "nothing", tmp_path / "two", Trust())


def test_a_store_with_an_altered_or_missing_picture_gives_no_backup(kept: Store, tmp_path: Path) -> None:
    picture = kept.captures_folder / kept.parcel(2).captures[0].path
    picture.write_bytes(b"x")
    with pytest.raises(BackupError, match="not the one that was kept"):
        back_up(kept.folder, tmp_path / "b", Trust())
    picture.unlink()
    with pytest.raises(BackupError, match="missing from the store"):
        back_up(kept.folder, tmp_path / "b", Trust())
    assert backups(tmp_path / "b") == []
    assert [path.name for path in (tmp_path / "b").iterdir() if path.name != "pictures"] == []
