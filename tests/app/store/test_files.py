"""The store's own file and its pictures: opening, migrating, full and read-only disks, recovery after a power cut."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app import texts
from app.customs.errors import CustomsError
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, GoodsLine, Kind, QueueFilter
from app.store import captures, migrations
from app.store.audit import Log
from app.store.captures import Origin
from app.store.database import Database, assert_safe_sqlite, connect
from app.store.errors import (
    AlreadyKeptError,
    MigrationError,
    SqliteUnsafeError,
    StoreDamagedError,
    StoreError,
    StoreForeignError,
    StoreFullError,
    StoreReadOnlyError,
)
from app.store.migrations import Migration, assert_guards, migrate
from app.store.scans import UNRECORDED
from app.store.search import match, words
from app.store.store import Store
from app.store.times import from_us, to_us
from imaging.errors import FileAlteredError, FileError, FileTornError
from imaging.scan import Scan, View

WHATS = (
    "event_altered", "event_missing", "chain_broken", "row_altered", "row_missing", "row_added", "count_wrong",
    "picture_altered", "picture_missing", "guard_missing", "file_damaged",
)  # fmt: skip
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def scan(name: str = "s1") -> Scan:
    counts = np.arange(600, dtype=np.uint16).reshape(20, 30)
    return Scan((View(high=counts, low=counts + 5),), device="belt", started_at=NOON, id=name)


def test_an_unsafe_sqlite_is_refused_with_what_to_do() -> None:
    assert_safe_sqlite()
    with pytest.raises(SqliteUnsafeError, match=r"3\.51\.2 can lose data"):
        assert_safe_sqlite((3, 51, 2))


def test_the_file_is_a_durable_one(store: Store) -> None:
    writer = store._database._writer
    found = [writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert found == ["wal", 2, 1]
    tables = writer.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
    assert [name for name, strict in tables if not strict and not name.startswith("sqlite_")] == []


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as other:
        other.execute("CREATE TABLE mine (x)")
    before = (tmp_path / "store.sqlite").read_bytes()
    with pytest.raises(StoreForeignError):
        Store.open(tmp_path, station="belt-1", ballast_bytes=1024)
    assert (tmp_path / "store.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be read as one" * 100, b"SQLite format 3\0" * 300]
)
def test_a_file_that_is_no_database_is_a_known_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.sqlite").write_bytes(content)
    with pytest.raises((StoreForeignError, StoreDamagedError)):
        Store.open(tmp_path, station="belt-1", ballast_bytes=1024)


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite")
    assert migrate(database, tmp_path / "backups") == len(migrations.migrations())
    assert migrate(database, tmp_path / "backups") == 0
    assert not (tmp_path / "backups").exists()
    database.close()


def test_a_later_step_is_applied_after_a_backup_and_keeps_the_guards(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite")
    steps = migrations.migrations()
    migrate(database, tmp_path / "backups", steps)
    rebuilds = Migration(
        999, "rebuild", "CREATE TABLE copy AS SELECT * FROM undos;\nDROP TABLE undos;\n"
        "CREATE TABLE undos (decision_id INTEGER PRIMARY KEY, officer TEXT, undone_us INTEGER, event_seq INTEGER) "
        "STRICT",
    )  # fmt: skip
    assert migrate(database, tmp_path / "backups", (*steps, rebuilds)) == 1
    with database.read() as reader:
        assert_guards(reader)
    (backup,) = (tmp_path / "backups").iterdir()
    with closing(connect(backup)) as copy:
        assert copy.execute("SELECT count(*) FROM migrations").fetchone() == (len(steps),)
    with pytest.raises(StoreForeignError, match="newer version"):
        migrate(database, tmp_path / "backups", steps)
    database.close()


def test_an_edited_migration_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite")
    (first, *_) = migrations.migrations()
    migrate(database, tmp_path, (first,))
    with pytest.raises(MigrationError, match="edited"):
        migrate(database, tmp_path, (replace(first, sql=first.sql + "\n-- a word more\n"),))
    database.close()


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite")
    steps = migrations.migrations()
    migrate(database, tmp_path, steps)
    bad = Migration(999, "bad", "CREATE TABLE half (x INT) STRICT;\nCREATE TABLE;\n")
    with pytest.raises(StoreError):
        migrate(database, tmp_path, (*steps, bad))
    with database.read() as reader:
        assert reader.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchone() is None
    database.close()


def test_two_that_migrate_at_once_take_turns(tmp_path: Path) -> None:
    databases = [Database(tmp_path / "a.sqlite") for _ in range(3)]
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: counts.append(migrate(one, tmp_path / "backups"))) for one in databases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(migrations.migrations())
    for database in databases:
        database.close()


def test_a_failed_write_leaves_no_trace_and_the_next_one_works(store: Store) -> None:
    def write_and_fail() -> None:
        with store._write() as writer:
            Log(writer).append("noted", None, {"x": 1})
            raise RuntimeError("bug")

    with pytest.raises(RuntimeError, match="bug"):
        write_and_fail()
    assert store.add_event("after", None, {}) == 2
    assert store.verify_log().is_ok


def test_a_full_disk_releases_the_reserve_and_says_so_and_work_goes_on(store: Store) -> None:
    parcel = store.register("RB1", Kind.PARCEL, arrived_at=NOON)
    writer = store._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages}")
    assert store.space().has_reserve
    many = [Declaration(f"N{i}", (GoodsLine("x" * 900),)) for i in range(200)]
    with pytest.raises(StoreFullError):
        store.add_declarations(many)
    assert not store.space().has_reserve
    assert store.parcel(parcel.id) == parcel
    writer.execute("PRAGMA max_page_count=1000000")
    assert store.add_declarations(many) == 200
    assert store.verify_log().is_ok


def test_a_reserve_is_taken_up_again_at_the_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        store = Store.open(tmp_path, station="belt-1", ballast_bytes=3_000_000)
        assert (tmp_path / "reserve.bin").stat().st_size == 3_000_000
        (tmp_path / "reserve.bin").unlink()
        assert not store.space().has_reserve
        store.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_a_known_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreReadOnlyError):
        Store.open(tmp_path / "store", station="belt-1")


def test_a_file_that_cannot_be_opened_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(StoreReadOnlyError):
        Store.open(tmp_path, station="belt-1", ballast_bytes=1024)


def test_a_folder_that_is_a_file_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreReadOnlyError):
        Store.open(tmp_path / "store", station="belt-1")


def test_a_picture_is_kept_by_its_day_and_comes_back_the_same(store: Store) -> None:
    kept = store.keep(scan())
    assert Path(kept.path).parent.as_posix() == f"{datetime.now(UTC):%Y/%m/%d}"
    again = store.load(kept)
    assert again.views[0].high is not None
    assert (again.views[0].high == scan().views[0].high).all()
    assert (again.id, again.device) == ("s1", "belt")


def test_an_altered_or_missing_picture_is_refused(store: Store) -> None:
    kept = store.keep(scan())
    path = store.captures_folder / kept.path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileAlteredError):
        store.load(kept)
    path.unlink()
    with pytest.raises(FileTornError):
        store.load(kept)


@pytest.mark.parametrize("name", ["../../evil", "", "a/b", ".hidden", "a\n", "x" * 101, "con\0"])
def test_a_scan_id_never_leads_out_of_the_folder(store: Store, name: str) -> None:
    with pytest.raises(StoreError):
        store.keep(scan(name))
    assert [path for path in store.captures_folder.rglob("*") if path.is_file()] == []


def test_a_full_disk_under_a_picture_releases_the_reserve(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(captures.sealed, "write_file", refuse)
    with pytest.raises(StoreFullError):
        store.keep(scan())
    assert not store.space().has_reserve


def test_a_picture_without_a_row_is_found_after_the_power_cut(store: Store) -> None:
    recorded, lost = store.keep(scan("s1")), store.keep(scan("s2"))
    torn = store.keep(scan("s3"))
    captures.native.sidecar_of(store.captures_folder / torn.path).unlink()
    store.record_scan(None, recorded, number="RB1", arrived_at=NOON)
    assert store.orphans() == [store.captures_folder / lost.path]


def test_what_is_recorded_is_no_orphan_however_many_rows_came_after(store: Store) -> None:
    parcel = store.record_scan(None, store.keep(scan("s1")), number="RB1", arrived_at=NOON)
    rows = [
        (f"later-{number}", parcel.id, f"2026/01/01/later-{number}.tif", "", "belt", 0, 1) for number in range(20_001)
    ]
    with store._database.write() as writer:
        writer.executemany(
            "INSERT INTO captures (scan_id, parcel_id, path, sha256, device, taken_us, event_seq) "
            "VALUES (?,?,?,?,?,?,?)",
            rows,
        )
        plan = writer.execute(f"EXPLAIN QUERY PLAN {UNRECORDED}", ("[]",)).fetchall()
    lost = store.keep(scan("s2"))
    assert store.orphans() == [store.captures_folder / lost.path]
    assert any("SEARCH captures USING COVERING INDEX" in step[-1] for step in plan)


def move(store: Store, capture: Capture, day: str) -> Path:
    """The picture as if it had been kept on another day."""
    path = store.captures_folder / capture.path
    target = store.captures_folder / day / path.name
    target.parent.mkdir(parents=True)
    for file in (path, captures.native.sidecar_of(path)):
        file.rename(target.with_suffix(file.suffix))
    return target


def test_a_picture_without_a_row_is_found_though_days_have_passed(store: Store) -> None:
    lost = move(store, store.keep(scan("s1")), "2026/01/01")
    for day in range(2, 7):
        (store.captures_folder / f"2026/01/{day:02}").mkdir()
    assert store.orphans() == [lost]


def test_the_search_begins_where_the_last_one_left_something(store: Store) -> None:
    old = move(store, store.keep(scan("s1")), "2026/01/01")
    for day in range(2, 31):
        (store.captures_folder / f"2026/01/{day:02}").mkdir()
    assert store.orphans() == []
    store.note_orphans([old])
    assert store.orphans() == [old]
    store.note_orphans([])
    assert store.orphans() == []


def test_a_station_that_ran_for_weeks_looks_through_all_of_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "today", lambda: "2026/01/01")
    store.note_orphans([])
    lost = move(store, store.keep(scan("s1")), "2026/01/02")
    for day in range(3, 31):
        (store.captures_folder / f"2026/01/{day:02}").mkdir()
    assert store.orphans() == [lost]


def test_a_scan_that_was_kept_twice_is_taken_in_once(store: Store) -> None:
    move(store, store.keep(scan("s1")), "2026/01/01")
    newer = store.keep(scan("s1"))
    assert store.orphans() == [store.captures_folder / newer.path]


ORIGIN = Origin("simulated-belt", "mail", Kind.CONTAINER, (Finding(FindingKind.PARTIAL_SCAN, "断电 \u2028"),))


def test_where_a_scan_came_from_is_kept_with_it_and_is_no_part_of_it(store: Store) -> None:
    brought = replace(scan("s1"), extra={"contents": "book", captures._ORIGIN: "of another store"})
    kept = store.keep(brought, ORIGIN)
    adopted, capture, origin = store.adopt(store.captures_folder / kept.path)
    assert (capture, origin) == (kept, ORIGIN)
    assert dict(adopted.extra) == dict(store.load(kept).extra) == {"contents": "book"}
    plain = store.keep(replace(brought, id="s2"))
    assert store.adopt(store.captures_folder / plain.path)[2] is None


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[" * 50_000,
        "null",
        '{"driver": 1, "lane": "a", "carries": "parcel"}',
        '{"driver": "a", "lane": "a", "carries": "ship"}',
        '{"driver": "a", "lane": "\\ud800", "carries": "parcel"}',
        '{"driver": "a", "lane": "a", "carries": "parcel", "findings": [["odd"]]}',
        '{"driver": "a", "lane": "' + "a" * captures._MAX_ORIGIN + '", "carries": "parcel"}',
    ],
)
def test_an_origin_that_cannot_be_understood_costs_no_picture(store: Store, told: str) -> None:
    path = write_description(store, extra={captures._ORIGIN: told})
    assert store.adopt(path)[2] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "s9"},
        {"id": "\ud800"},
        {"device": "\ud800"},
        {"extra": []},
        {"truth": [{"label": "", "view": 0, "box": [math.inf] * 4}]},
    ],
)
def test_a_description_that_no_station_wrote_is_a_damaged_file(store: Store, changes: dict[str, object]) -> None:
    path = write_description(store, **changes)
    assert store.orphans() == [path]
    with pytest.raises(FileError):
        store.adopt(path)


def write_description(store: Store, **changes: object) -> Path:
    """Keep a scan without a row, with this in its description."""
    path = store.captures_folder / store.keep(scan()).path
    sidecar = captures.native.sidecar_of(path)
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text("utf-8")) | changes), "utf-8")
    return path


def test_times_survive_to_the_microsecond_and_need_a_zone() -> None:
    time = datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert from_us(to_us(time)) == time
    with pytest.raises(ValueError, match="zone"):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("goods", "query", "is_found"),
    [
        ("口红", "口红", True),
        ("口红", "红", True),
        ("口红", "口", True),
        ("儿童电话手表带", "手表", True),
        ("儿童电话手表带", "手表带", True),
        ("儿童电话手表带", "表手", False),
        ("LED Lamp 12V", "lamp", True),
        ("LED Lamp 12V", "LED la", True),
        ("LED Lamp 12V", "la led", False),
        ("ＬＥＤ台灯", "led台灯", True),
        ("かばん カメラ", "カメラ", True),
        ("茶叶 Oolong", 'ool" OR "x', False),
        ("茶叶 Oolong", "NOT", False),
        ("茶叶 Oolong", "*", False),
        ("茶叶 Oolong", "茶*", True),
        ("口红、手表", "红手", False),
    ],
)
def test_goods_are_found_by_words_of_any_length_and_script(
    store: Store, goods: str, query: str, is_found: bool
) -> None:
    store.add_declarations([Declaration("RB1", (GoodsLine(goods),))])
    parcel = store.record_scan(None, Capture("s1", "s1.tif", "00", "belt", NOON), number="RB1", arrived_at=NOON)
    found = [parcel.id] if is_found else []
    assert [row.id for row in store.search(query)] == found
    assert [row.id for row in store.queue(QueueFilter(text=query))] == found


def test_words_and_queries_are_capped() -> None:
    assert len(match("红" * 10_000).split(" AND ")) <= 100
    assert len(words("a b " * 10_000)) < 10_000
    assert match("  ") == match("'\"*()") == ""


def test_the_queue_reads_no_more_than_its_page(store: Store) -> None:
    """Without the indexes these queries would sort every parcel of the store."""
    with store._database.read() as reader:
        for head in ("is_waiting = 1", "state = 'imaged'"):
            sql = f"SELECT id FROM parcels WHERE {head} ORDER BY arrived_us, id LIMIT 50"
            plan = " ".join(str(row[3]) for row in reader.execute(f"EXPLAIN QUERY PLAN {sql}"))
            assert "USING INDEX parcels_" in plan or "USING COVERING INDEX parcels_" in plan
            assert "TEMP B-TREE" not in plan


def test_findings_are_kept_once(store: Store) -> None:
    doubtful = Finding(FindingKind.DOUBTFUL_CODE, "Code39")
    parcel = store.register("", Kind.PARCEL, arrived_at=NOON, findings=(doubtful, doubtful))
    assert parcel.findings == (doubtful,)


def test_a_scan_that_was_kept_before_is_named(store: Store) -> None:
    capture = Capture("s1", "s1.tif", "00", "belt", NOON)
    store.record_scan(None, capture, arrived_at=NOON)
    with pytest.raises(AlreadyKeptError, match="s1"):
        store.record_scan(None, capture, arrived_at=NOON)
    assert sum(store.counts().values()) == 1


def test_every_error_of_store_and_customs_can_be_told_in_both_languages() -> None:
    trees = [StoreError, CustomsError]
    for tree in trees:
        trees += tree.__subclasses__()
    for lang in texts.LANGUAGES:
        assert {f"error.{tree.key}" for tree in trees} <= set(texts.catalogue(lang))
        assert texts.catalogue(lang).keys() >= {f"log.{what}" for what in WHATS}
