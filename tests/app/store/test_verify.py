"""Somebody changes the store's file or a picture: whatever it was, it is found and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customs.documents import Withdrawal
from app.customs.examination import Examination, Handling, Item
from app.customs.filings import Book, Filing
from app.customs.matters import Area, Entry
from app.customs.model_trial import Mode
from app.customs.notices import Marking, Notice, NoticeKind
from app.customs.orders import ControlOrder, Level, Target, Work
from app.customs.parcel import Capture, Declaration, GoodsLine, Lane, Seen
from app.customs.risk.rule import make_rule
from app.customs.states import Action, Term
from app.customs.tip import Outcome, Rate, Tip
from app.customs.waiting import WaitingKind
from app.store.audit import canonical
from app.store.captures import sha256_of
from app.store.database import connect
from app.store.decisions import TraceLabel, Verdict
from app.store.errors import MigrationError, StoreDamagedError
from app.store.labels import Sighted
from app.store.messages import Received
from app.store.migrations import APPEND_ONLY
from app.store.officers import Account
from app.store.retention import Due, Rule
from app.store.store import Store
from tests.app.store.signed_store import Office

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with a row in every table."""
    folder = tmp_path_factory.mktemp("template")
    store = Store.open(folder, station="belt-1", ballast_bytes=1024)
    store.add_declarations([Declaration(f"N{i}", (GoodsLine("手表", "9102"), GoodsLine("书"))) for i in range(4)])
    seen = (Seen("knife", 0.8, "hint", (1, 2, 3, 4)), Seen("gun", 0.7, "hint", (5, 6, 7, 8)))
    for i in range(4):
        picture = store.captures_folder / f"s{i}.tif"
        picture.write_bytes(f"picture {i}".encode())
        picture.with_suffix(".json").write_bytes(f"description {i}".encode())
        described = sha256_of(picture.with_suffix(".json"))
        capture = Capture(f"s{i}", picture.name, sha256_of(picture), "belt", NOON, sidecar_sha256=described)
        store.record_scan(
            None, capture, number=f"N{i}", codes=(f"N{i}", f"X{i}"), seen=seen, model="m1", detect_ms=2.0,
            arrived_at=NOON,
        )  # fmt: skip
    for i in (1, 2, 3):
        store.decide(i, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel(f"T{i}", "PT1:x"))
    store.undo(3, officer="li", now=NOON, within_s=30)
    store.mark_sent(2)
    store.messages.add([(Received("CEB311", "G1", {"orderNo": "O1"}, []), None)])
    store.labels.add_sighting(Sighted("T1", "9999/belt-1", "valid", NOON))
    store.labels.add_print("T1", 1, officer="li", printer="label", printed_at=NOON)
    for notice_id in ("R2026-0001", "R2026-0002"):
        notice = Notice(notice_id, NoticeKind.RECALL, "test", frozenset({"T1", "N1"}), NOON, "li")
        store.recalls.issue(notice, {"goods": "手表"}, [Marking(1, (notice.finding,), Lane.RED, ("dear@1",))])
    store.recalls.lift("R2026-0002", officer="li", now=NOON, markings=())
    picture = store.captures_folder / "s3.tif"
    content = picture.read_bytes()
    rule = Rule("short", Term("short", "短"), frozenset(), 1, NOON.date(), None, "test")
    store.keeping.remove(Due(4, 4, "s3.tif", sha256_of(picture), rule, NOON))
    picture.write_bytes(content)
    due = store.waiting.begin(4, WaitingKind.TAX_PAYMENT, officer="li", since_at=NOON)
    store.waiting.settle(due.id, officer="li", outcome="paid", now=NOON)
    lay = '{"along_mm": 1.0}'
    tip = Tip(0, 4, "s3", "li", "mail", "blade", "blade-1", lay, ((1, 2, 3, 4),), True, False, NOON)
    store.tips.resolve(store.tips.show(tip, version=store.parcel(4).version).id, Outcome.HIT, "refer", at=NOON)
    store.tips.set_rate(Rate("mail", "", 0.1, "li", NOON))
    store.matters.open(Area.REFUND, "form", Entry("scanned", "checking", {"goods": 1}), actor="li", at=NOON)
    order = ControlOrder("B1", "5300", Level.PORT, Work.IMAGE, Target(numbers=("N3",)), NOON, LATER, NOON)
    store.orders.receive(order, source="b1.json")
    store.orders.revoke("B1", issuer="5300", reason="test", now=NOON)
    record = Examination(4, (Item("书", "1", "1"),), Handling.RELEASE, "li", "wang", NOON)
    store.examinations.sign(record)
    store.examinations.add_photograph(4, b"x", suffix=".jpg", source="camera", officer="li", taken_at=NOON)
    list(store.filings.add([Filing(Book.NEGATIVE, f"93{i}") for i in range(3)], officer="li", source="f", now=NOON))
    withdrawal = Withdrawal("N3", "CEB623/G2", "test")
    store.messages.add([(Received("CEB623", "G2", {}, [], number="N3"), withdrawal)])
    store.orders.hand_over(4, "sent", place="2200/hall", digest="0" * 64, officer="li", now=NOON)
    store.officers.put(Account("li", "Li", "admin", "li", NOON, pin="$argon2id$1", badge="b1"), is_first=True)
    store.officers.attend("li", "signed_in", NOON, "window")
    store.hub.apply(uuid4(), 4, "9999/review-1", Verdict(Action.REFER, "wang", NOON))
    store.rules.add([make_rule("dear", Term("Dear", "贵"), "value > 1", Lane.RED, NOON.date())], author="li", now=NOON)
    store.rules.switch({"dear": 1}, officer="wang", now=NOON)
    store.shadows.add("s2", model="m2", ms=1.0, seen=seen)
    store.shadows.switch({"m2": Mode.SHADOW}, officer="li", now=NOON)
    store.rules.day_key(NOON.date())
    store.rules.reveal_keys(LATER.date())
    store.keeping.take_checkpoint(Office())
    store.close()
    return folder


def tamper(store: Store, sql: str) -> None:
    """Change the file as somebody would who took the guards away and put them back."""
    with closing(connect(store.folder / "store.sqlite")) as other:
        other.execute("PRAGMA foreign_keys=OFF")
        saved = other.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        other.execute("BEGIN IMMEDIATE")
        for name, _ in saved:
            other.execute(f"DROP TRIGGER {name}")
        changed = other.execute(sql).rowcount
        for _, made in saved:
            other.execute(made)
        other.execute("COMMIT")
    assert changed, "the attack itself must do something"


def test_an_honest_store_verifies(kept: Store) -> None:
    report = kept.verify_log()
    assert report.problems == ()
    assert (report.is_ok, report.pictures) == (True, 4)
    assert report.events == kept.pending(100)[-1].seq


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET event_seq = 1", "DELETE FROM {}"])
def test_the_store_itself_refuses_to_change_what_only_grows(kept: Store, table: str, verb: str) -> None:
    column = {"events": "kind", "boots": "boot", "goods": "name", "checkpoints": "size", "tiles": "number"}.get(
        table, "event_seq"
    )
    with closing(connect(kept.folder / "store.sqlite")) as other:
        other.execute("INSERT INTO tiles VALUES (8, 0, zeroblob(32))")
    with closing(connect(kept.folder / "store.sqlite")) as other, pytest.raises(Exception, match="only grows"):
        other.execute(verb.format(table).replace("event_seq", column))


@pytest.mark.parametrize(
    ("sql", "what", "where"),
    [
        ("UPDATE events SET body = replace(body, 'li', 'lu') WHERE seq = 12", "event_altered", "event 12"),
        ("UPDATE events SET body = '{}' WHERE kind = 'decided'", "event_altered", "event "),
        ("UPDATE events SET body = 'no json' WHERE kind = 'decided'", "event_altered", "event "),
        ("UPDATE events SET at_us = at_us + 1 WHERE seq = 5", "event_altered", "event 5"),
        ("UPDATE events SET ahead_us = ahead_us + 1 WHERE seq = 5", "event_altered", "event 5"),
        ("UPDATE events SET row = zeroblob(32) WHERE row IS NULL AND seq = 1", "event_altered", "event 1"),
        ("UPDATE events SET row = NULL WHERE seq = 5", "event_altered", "event 5"),
        ("UPDATE boots SET boot = 'x'", "event_altered", "event 5"),
        ("DELETE FROM boots", "row_missing", "boots of events 1"),
        ("UPDATE events SET parcel_id = 99 WHERE seq = 5", "event_altered", "event 5"),
        ("UPDATE events SET kind = 'noted' WHERE kind = 'undone'", "event_altered", "event "),
        ("UPDATE events SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 6", "event_altered", "event 6"),
        ("UPDATE decisions SET note = CAST(x'ff' AS TEXT) WHERE id = 1", "row_altered", "decisions 1"),
        ("DELETE FROM events WHERE seq = 7", "event_missing", "events 7 to 7"),
        ("DELETE FROM events WHERE seq = 1", "event_missing", "events 1 to 1"),
        ("UPDATE decisions SET officer = 'sun' WHERE id = 2", "row_altered", "decisions 2"),
        ("UPDATE decisions SET reason = 'false_alarm' WHERE id = 1", "row_altered", "decisions 1"),
        ("UPDATE decisions SET decided_us = decided_us + 1 WHERE id = 1", "row_altered", "decisions 1"),
        ("UPDATE decisions SET event_seq = event_seq - 1 WHERE id = 3", "row_added", "decisions 3"),
        ("UPDATE decisions SET event_seq = -1 WHERE id = 3", "row_added", "decisions 3"),
        ("DELETE FROM decisions WHERE id = 2", "row_missing", "decisions (event "),
        (
            "INSERT INTO decisions SELECT 9, parcel_id, action, before, after, return_state, officer, second_officer, "
            "reason, note, decided_us, 'T9', event_seq FROM decisions WHERE id = 1",
            "row_added",
            "decisions 9",
        ),
        ("UPDATE labels SET payload = 'PT1:y' WHERE trace_id = 'T1'", "row_altered", "labels T1"),
        ("UPDATE labels SET trace_id = 'T8' WHERE trace_id = 'T1'", "row_altered", "labels T8"),
        ("DELETE FROM labels WHERE trace_id = 'T2'", "row_missing", "labels (event "),
        ("DELETE FROM undos", "row_missing", "undos (event "),
        ("UPDATE undos SET officer = 'sun'", "row_altered", "undos 3"),
        ("UPDATE captures SET sha256 = 'ff' WHERE id = 2", "row_altered", "captures 2"),
        ("UPDATE captures SET parcel_id = 1 WHERE id = 2", "row_altered", "captures 2"),
        ("UPDATE screenings SET model = 'm2' WHERE id = 1", "row_altered", "screenings 1"),
        ("UPDATE detections SET label = 'toy' WHERE id = 1", "row_altered", "detections 1"),
        ("UPDATE detections SET x1 = 9 WHERE id = 4", "row_altered", "detections 4"),
        ("DELETE FROM detections WHERE id = 1", "row_missing", "detections (event "),
        ("UPDATE codes SET text = 'N9' WHERE id = 1", "row_altered", "codes 1"),
        ("INSERT INTO codes VALUES (99, 1, 'Y', 1)", "row_added", "codes 99"),
        ("UPDATE declarations SET value = 1 WHERE id = 1", "row_altered", "declarations 1"),
        ("UPDATE goods SET name = '茶' WHERE declaration_id = 1 AND line = 0", "row_altered", "declarations 1"),
        ("DELETE FROM goods WHERE declaration_id = 2 AND line = 1", "row_altered", "declarations 2"),
        ("UPDATE parcels SET state = 'released', is_waiting = 0 WHERE id = 4", "row_altered", "parcels 4"),
        ("UPDATE sightings SET place = '9999/hall' WHERE id = 1", "row_altered", "sightings 1"),
        ("DELETE FROM sightings", "row_missing", "sightings (event "),
        ("UPDATE notices SET reason = 'none'", "row_altered", "notices R2026-0001"),
        ("UPDATE notice_codes SET code = 'N2' WHERE code = 'N1'", "row_altered", "notice_codes N2"),
        ("DELETE FROM notice_codes WHERE code = 'N1'", "row_missing", "notice_codes (event "),
        ("UPDATE lifted_notices SET officer = 'sun'", "row_altered", "lifted_notices R2026-0002"),
        ("INSERT INTO lifted_notices VALUES ('R2026-0001', 'li', 1, 1)", "row_added", "lifted_notices R2026-0001"),
        ("DELETE FROM prints", "row_missing", "prints (event "),
        ("UPDATE prints SET copy = 3", "row_altered", "prints T1"),
        ("UPDATE parcels SET lane = 'green' WHERE id = 1", "row_altered", "parcels 1"),
        ("UPDATE parcels SET event_seq = 1 WHERE id = 1", "row_altered", "parcels 1"),
        ("DELETE FROM parcels WHERE id = 4", "row_missing", "parcels 4"),
        ("UPDATE hours SET n = n + 1 WHERE what = 'release'", "count_wrong", "release"),
        ("UPDATE states SET n = n + 1 WHERE state = 'imaged'", "count_wrong", "imaged"),
        ("UPDATE meta SET value = 'belt-2' WHERE name = 'station'", "chain_broken", "event 1"),
    ],
)
def test_a_change_of_any_row_is_found_and_named(kept: Store, sql: str, what: str, where: str) -> None:
    tamper(kept, sql)
    problems = kept.verify_log().problems
    assert any(problem.what == what and where in problem.where for problem in problems), problems


def test_a_parcel_put_back_to_an_earlier_day_is_found(kept: Store) -> None:
    with closing(connect(kept.folder / "store.sqlite")) as other:
        before = other.execute("SELECT * FROM parcels WHERE id = 4").fetchone()
        kept.decide(4, Action.RELEASE, officer="li", decided_at=NOON)
        marks = ", ".join("?" * len(before))
        other.execute(f"REPLACE INTO parcels VALUES ({marks})", before)
    assert "parcels 4" in {problem.where for problem in kept.verify_log().problems}


def test_a_chain_forged_from_one_event_on_no_longer_fits_the_rows(kept: Store) -> None:
    """Whoever can compute the hashes can rewrite the chain; the rows that he forgot still tell."""
    from app.store.audit import event_hash, first_hash

    with closing(connect(kept.folder / "store.sqlite")) as other:
        other.execute("DROP TRIGGER events_never_update")
        rows = other.execute("SELECT * FROM log ORDER BY seq").fetchall()
        previous = first_hash(*(value for _, value in other.execute("SELECT * FROM meta ORDER BY name DESC")))
        for row in rows:
            fields = [*row[:7], row[7].replace('"li"', '"lu"')]
            previous = event_hash(previous, fields)
            change = "UPDATE events SET body = ?, row = NULL, hash = ? WHERE seq = ?"
            other.execute(change, (fields[7], previous, row[0]))
    problems = kept.verify_log().problems
    assert {problem.what for problem in problems} == {"guard_missing", "row_altered", "log_rewritten"}


@pytest.mark.parametrize("where", [0, -1])
def test_one_bit_of_a_picture_is_noticed(kept: Store, where: int) -> None:
    path = kept.captures_folder / kept.parcel(2).captures[0].path
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    (problem,) = kept.verify_log().problems
    assert (problem.what, problem.where) == ("picture_altered", path.name)
    assert kept.verify_log(with_pictures=False).is_ok
    path.unlink()
    (problem,) = kept.verify_log().problems
    assert problem.what == "picture_missing"


def test_a_guard_that_was_removed_is_named_and_refused_at_the_next_start(kept: Store) -> None:
    with closing(connect(kept.folder / "store.sqlite")) as other:
        other.execute("DROP TRIGGER labels_never_update")
    assert "labels_never_update" in {problem.where for problem in kept.verify_log().problems}
    with pytest.raises(MigrationError, match="labels_never_update"):
        Store.open(kept.folder, station="belt-1", ballast_bytes=1024)


def test_a_second_officer_who_is_the_first_is_refused_by_the_file_too(kept: Store) -> None:
    with kept._database.read() as reader:
        sql = reader.execute("SELECT sql FROM sqlite_schema WHERE name = 'decisions'").fetchone()[0]
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute(sql.replace("REFERENCES parcels (id)", "").replace("STRICT", ""))
        with pytest.raises(sqlite3.IntegrityError):
            other.execute("INSERT INTO decisions VALUES (1, 1, 'a', 'b', 'c', NULL, 'li', 'li', '', '', 0, NULL, 1)")


@pytest.mark.parametrize("first_page", [8, 24])
def test_a_damaged_file_is_a_known_error_or_a_finding(kept: Store, first_page: int) -> None:
    kept._database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = kept.folder / "store.sqlite"
    content = bytearray(file.read_bytes())
    for page in range(first_page, len(content) // 4096):
        content[page * 4096 : page * 4096 + 80] = bytes(80)
    file.write_bytes(content)
    try:
        found = {problem.what for problem in kept.verify_log().problems}
    except StoreDamagedError:
        return
    assert "file_damaged" in found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(max_size=8), json_values, max_size=4), max_size=5))
def test_any_body_goes_into_the_log_and_comes_out_the_same(store: Store, bodies: list[dict[str, object]]) -> None:
    first = store.add_event("start", None, {})
    for body in bodies:
        store.log_shown([(1, {"x": body})])
    kept = [event.body["x"] for event in store.pending(100_000) if event.seq > first]
    assert [canonical(body) for body in kept] == [canonical(body) for body in bodies]
    seqs = [event.seq for event in store.pending(100_000)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert store.verify_log(with_pictures=False).is_ok


def test_the_hybrid_clock_goes_on_when_the_wall_clock_jumps_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_event("a", None, {})
    monkeypatch.setattr("app.store.audit.time.time_ns", lambda: 1_000_000_000)
    store.add_event("b", None, {})
    before, after = store.pending(10)[-2:]
    assert after.at < before.at
    assert after.hlc == before.hlc + 1
    assert store.verify_log().is_ok


def test_a_body_that_is_no_json_leaves_the_log_as_it_was(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.add_event("a", None, {"x": float("nan")})
    assert store.verify_log().events == 1
