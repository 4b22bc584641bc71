"""The commands log, backup, restore and retention: what they print and their exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app.build import open_keys
from app.cli import cli
from app.customs.states import Action
from app.settings import load_settings
from app.store.database import connect
from app.store.notes import parse_notes
from app.store.store import Store
from imaging.scan import Scan, View
from scanners.decode import decode

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    settings = load_settings().model_copy(update={"data": folder})
    open_keys(settings)
    with closing(Store.open(folder, station=settings.post.station, ballast_bytes=1024)) as store:
        taken_at = datetime(2020, 1, 1, tzinfo=UTC)
        high = np.full((6, 8), 30_000, np.uint16)
        scan = Scan((View(high=high, low=high // 2, mm_per_row=1.0, mm_per_col=1.0),), id="s1", started_at=taken_at)
        parcel = store.record_scan(None, store.keep(scan), number="N1", codes=("N1",), arrived_at=taken_at)
        store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=taken_at)
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
def guanjian(data: Path) -> Run:
    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(cli, [*map(str, arguments), "--data", str(data)])

    return run


def test_a_checkpoint_is_printed_kept_elsewhere_and_written_as_qr(guanjian: Run, tmp_path: Path) -> None:
    result = guanjian("log", "checkpoint", "--to", tmp_path / "stick" / "held.txt", "--qr", tmp_path / "qr.png")
    assert result.exit_code == 0, result.output
    (note,) = parse_notes(result.stdout)
    assert parse_notes((tmp_path / "stick" / "held.txt").read_text("utf-8")) == [note]
    picture = cv2.imread(str(tmp_path / "qr.png"))
    assert picture is not None
    assert parse_notes(decode(picture)[0].text) == [note]
    result = guanjian("log", "verify", "--checkpoints", tmp_path / "stick" / "held.txt", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["is_sound"], said["signed"], said["events"]) == (True, note.size, note.size)


@pytest.mark.parametrize(
    ("table", "change", "in_chain"), [("decisions", "officer = 'wang'", 0), ("events", "at_us = at_us + 1", 1)]
)
def test_the_chain_alone_tells_of_events_and_not_of_rows(
    guanjian: Run, data: Path, table: str, change: str, in_chain: int
) -> None:
    with closing(connect(data / "store.sqlite")) as other:
        guard = f"{table}_never_update"
        made = other.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (guard,)).fetchone()[0]
        other.execute(f"DROP TRIGGER {guard}")
        other.execute(f"UPDATE {table} SET {change}")
        other.execute(made)
    assert guanjian("log", "verify").exit_code == 1
    assert guanjian("log", "verify", "--chain").exit_code == in_chain


def test_a_store_that_was_put_back_is_found_by_the_checkpoints_held_elsewhere(
    guanjian: Run, data: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before.sqlite"
    shutil.copyfile(data / "store.sqlite", before)
    with closing(Store.open(data, station="x", ballast_bytes=1024)) as store:
        store.add_event("x", None, {})
    assert guanjian("log", "checkpoint", "--to", tmp_path / "held.txt").exit_code == 0
    shutil.copyfile(before, data / "store.sqlite")
    shutil.rmtree(data / "checkpoints")
    assert guanjian("log", "verify").exit_code == 0
    result = guanjian("log", "verify", "--checkpoints", tmp_path / "held.txt")
    assert result.exit_code == 1
    assert "日志末尾被截断: events 5 to 5" in result.stdout


def test_a_package_is_checked_by_the_script_in_it(guanjian: Run, tmp_path: Path) -> None:
    result = guanjian("log", "export", tmp_path / "p.zip", "--parcel", "N1")
    assert result.exit_code == 0, result.output
    shutil.unpack_archive(tmp_path / "p.zip", tmp_path / "open")
    script = [sys.executable, "-I", str(tmp_path / "open" / "check_package.py"), str(tmp_path / "p.zip")]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0
    assert subprocess.run(script[:-1], capture_output=True, check=False).returncode == 0, "the folder that it lies in"
    assert guanjian("log", "export", tmp_path / "p.zip", "--parcel", "N9").exit_code == 3
    assert guanjian("log", "export", tmp_path / "p.zip", "--parcel", "1", "--since", "2026-01-01").exit_code == 2
    assert guanjian("log", "export", tmp_path / "all.zip", "--since", "2026-01-01").exit_code == 0


def test_backup_drill_and_restore(guanjian: Run, tmp_path: Path) -> None:
    assert guanjian("backup", tmp_path / "b").exit_code == 0
    drilled = guanjian("backup", tmp_path / "b", "--drill", "--json")
    assert drilled.exit_code == 0, drilled.output
    assert json.loads(drilled.stdout)["pictures"] == 1
    assert [path.name for path in (tmp_path / "b").glob(".*")] == []
    again = CliRunner().invoke(cli, ["restore", str(tmp_path / "b"), "--data", str(tmp_path / "new")])
    assert again.exit_code == 0, again.output
    assert (tmp_path / "new" / "store.sqlite").is_file()
    assert guanjian("restore", tmp_path / "b").exit_code == 3
    assert guanjian("backup", tmp_path / "nothing", "--drill").exit_code == 3


def test_retention_says_first_and_then_does(guanjian: Run, data: Path) -> None:
    (picture,) = (data / "captures").rglob("*.tif")
    said = guanjian("retention", "--dry-run")
    assert said.exit_code == 0, said.output
    assert "picture-released" in said.stdout
    assert picture.is_file()
    assert guanjian("retention").exit_code == 0
    assert not picture.exists()
    assert guanjian("log", "verify").exit_code == 0


def test_an_altered_row_is_named_with_exit_code_1(guanjian: Run, data: Path) -> None:
    with closing(connect(data / "store.sqlite")) as other:
        other.execute("UPDATE parcels SET lane = 'red'")
    result = guanjian("log", "verify")
    assert result.exit_code == 1
    assert "parcels 1" in result.stdout
