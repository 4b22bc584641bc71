"""The store as the station uses it: parcels in, decisions, labels, undo, the queue and its searches."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.customs import errors as guards
from app.customs.parcel import (
    Capture,
    Declaration,
    Finding,
    FindingKind,
    GoodsLine,
    Kind,
    Lane,
    Parcel,
    QueueFilter,
    Seen,
)
from app.customs.states import Action, State, offers
from app.customs.waiting import WaitingKind
from app.store.decisions import TraceLabel
from app.store.errors import AlreadyKeptError, ParcelChangedError, ParcelUnknownError, StoreDamagedError, StoreError
from app.store.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
KNIFE = Seen("knife", 0.91, "sure", (10, 20, 30, 40), 1)
Put = Callable[..., Parcel]


def declared(number: str, *names: str) -> Declaration:
    lines = tuple(GoodsLine(name, hs_code="0304", weight_g=120, value=1_234_500_000) for name in names)
    return Declaration(number, lines, declared_at=NOON, gross_weight_g=500, value=2_469_000_000, source="test.xml")


def test_a_parcel_comes_back_from_the_store_as_it_went_in(store: Store) -> None:
    store.add_declarations([declared("RB123456785CN", "口红", "手表")])
    capture = Capture("s1", "2026/05/01/s1.tif", "ab" * 32, "belt", NOON, "m1", 12.5)
    parcel = store.record_scan(
        None, capture, number="RB123456785CN", codes=("RB123456785CN", "EXTRA"), seen=(KNIFE,), model="m1",
        detect_ms=12.5, lane=Lane.RED, lane_reasons=("knife",), arrived_at=NOON,
        findings=(Finding(FindingKind.DETECTION, "knife"),),
    )  # fmt: skip
    assert parcel == store.parcel(parcel.id) == store.find_number("RB123456785CN") == store.find_code("EXTRA")
    assert parcel.state is State.IMAGED
    assert parcel.declaration == declared("RB123456785CN", "口红", "手表")
    assert parcel.captures == (capture,)
    assert parcel.seen == (KNIFE,)
    assert (parcel.codes, parcel.lane, parcel.lane_reasons) == (("RB123456785CN", "EXTRA"), Lane.RED, ("knife",))
    assert parcel.findings == (Finding(FindingKind.DETECTION, "knife"),)
    (row,) = store.queue(QueueFilter())
    assert row == store.row(parcel.id)
    assert (row.goods, row.top_label, row.top_score) == ("口红、手表", "knife", 0.91)


def test_a_declaration_that_comes_twice_is_kept_once_and_a_late_one_finds_its_parcel(store: Store, imaged: Put) -> None:
    parcel = imaged("EA1")
    assert parcel.findings == (Finding(FindingKind.NO_DECLARATION),)
    assert store.add_declarations([declared("EA1", "茶叶"), declared("EA2", "书")]) == 2
    assert store.add_declarations([declared("EA1", "茶叶")]) == 0
    after = store.parcel(parcel.id)
    assert after.declaration == declared("EA1", "茶叶")
    assert after.findings == ()
    assert after.version == parcel.version + 1
    assert [row.id for row in store.search("茶叶")] == [parcel.id]


def test_more_declarations_than_a_batch_holds_all_arrive(store: Store) -> None:
    assert store.add_declarations(declared(f"N{i:05}", f"goods {i}") for i in range(450)) == 450
    assert store.day_counts(datetime.now(UTC).date())["declared"] == 450
    assert store.verify_log().is_ok


def test_a_number_is_one_parcel_while_it_stands_here_and_another_when_it_comes_again(store: Store) -> None:
    first = store.register("RB1", Kind.PARCEL, codes=("RB1",), arrived_at=NOON)
    again = store.register("RB1", Kind.PARCEL, codes=("RB1", "X"), arrived_at=NOON + timedelta(minutes=1))
    assert again.id == first.id
    assert again.codes == ("RB1", "X")
    store.decide(first.id, Action.REFER, officer="li", reason="image_unclear", decided_at=NOON)
    store.decide(first.id, Action.OPEN, officer="li", decided_at=NOON)
    store.decide(first.id, Action.EXAM_NORMAL, officer="li", decided_at=NOON)
    repeated = store.register("RB1", Kind.PARCEL, arrived_at=NOON + timedelta(days=30))
    assert repeated.id != first.id
    assert Finding(FindingKind.REPEATED_NUMBER) in repeated.findings
    year_later = store.register("RB2", Kind.PARCEL, arrived_at=NOON)
    new = store.register("RB2", Kind.PARCEL, arrived_at=NOON + timedelta(days=400))
    assert new.id != year_later.id
    assert Finding(FindingKind.REPEATED_NUMBER) not in new.findings


def test_a_code_that_comes_after_the_picture_names_the_parcel(store: Store, imaged: Put) -> None:
    store.add_declarations([declared("RB9", "玩具")])
    nameless = imaged(findings=(Finding(FindingKind.NO_CODE),))
    named = store.add_codes(nameless.id, ["RB9"], number="RB9")
    assert (named.number, named.codes, named.findings) == ("RB9", ("RB9",), ())
    assert named.declaration is not None
    assert [row.id for row in store.queue(QueueFilter(text="玩具"))] == [nameless.id]


def test_a_parcel_gets_the_number_that_its_codes_turn_out_to_say(store: Store, imaged: Put) -> None:
    store.add_declarations([declared("RB7", "手表")])
    parcel = imaged("WRONG", codes=("WRONG",))
    named = store.identify(
        parcel.id, number="RB7", codes=["RB7", "WRONG"], lane=Lane.YELLOW, lane_reasons=("codes",),
        findings=(Finding(FindingKind.SEVERAL_CODES),), expected_version=parcel.version,
    )  # fmt: skip
    assert (named.number, named.codes, named.lane) == ("RB7", ("WRONG", "RB7"), Lane.YELLOW)
    assert named.declaration == store.find_declaration("RB7") == declared("RB7", "手表")
    assert named.findings == (Finding(FindingKind.SEVERAL_CODES),)
    assert store.find_number("WRONG") is None
    assert store.verify_log().is_ok


def test_an_arrival_is_seen_in_the_queue_and_becomes_imaged_by_its_first_picture(store: Store) -> None:
    parcel = store.register("RB3", Kind.PARCEL, arrived_at=NOON, findings=(Finding(FindingKind.NO_SCAN),))
    assert [row.id for row in store.queue(QueueFilter())] == [parcel.id]
    assert [row.id for row in store.queue(QueueFilter(states=(State.ARRIVED,)))] == [parcel.id]
    capture = Capture("s9", "s9.tif", "00", "belt", NOON)
    seen = store.record_scan(parcel.id, capture, arrived_at=NOON)
    assert seen.state is State.IMAGED
    assert Finding(FindingKind.NO_SCAN) not in seen.findings
    second = store.record_scan(parcel.id, replace(capture, scan_id="s10"), arrived_at=NOON)
    assert (second.state, len(second.captures)) == (State.IMAGED, 2)
    with pytest.raises(AlreadyKeptError):
        store.record_scan(parcel.id, capture, arrived_at=NOON)


def test_detections_that_come_later_replace_those_before_and_both_stay_on_record(store: Store, imaged: Put) -> None:
    parcel = imaged("RB4", findings=(Finding(FindingKind.UNSCREENED),))
    scan = parcel.captures[0].scan_id
    for label in ("knife", "lighter"):
        parcel = store.set_detections(
            parcel.id, scan, seen=(replace(KNIFE, label=label),), model=f"m-{label}", ms=4.0,
            findings=(Finding(FindingKind.DETECTION, label),), lane=Lane.RED, reasons=(label,),
        )  # fmt: skip
    assert [one.label for one in parcel.seen] == ["lighter"]
    assert Finding(FindingKind.UNSCREENED) not in parcel.findings
    assert parcel.captures[0].model == "m-lighter"
    assert [event.kind for event in store.events(parcel.id)][-2:] == ["screened", "screened"]
    with pytest.raises(ParcelUnknownError):
        store.set_detections(parcel.id, "other", seen=(), model="m", ms=1.0, findings=(), lane=Lane.GREEN, reasons=())


def test_a_release_commits_state_decision_label_count_and_event_together(store: Store, imaged: Put) -> None:
    parcel = imaged("RB5")
    made = store.decide(
        parcel.id, Action.RELEASE, officer="li", decided_at=NOON, expected_version=parcel.version,
        trace=TraceLabel("T1", "PT1:payload"),
    )  # fmt: skip
    after = store.parcel(parcel.id)
    assert (after.state, after.trace_code) == (State.RELEASED, "T1")
    assert store.history(parcel.id) == [made]
    found = store.find_trace("T1")
    assert found is not None
    assert (found.parcel_id, found.decision_id, found.payload, found.is_void) == (parcel.id, made.id, "PT1:payload", 0)
    assert store.find_trace("T2") is None
    assert store.queue(QueueFilter()) == []
    counted = store.day_counts(NOON.date())
    assert (counted["release"], counted["labels"], counted["scans"]) == (1, 1, 1)
    assert store.counts() == {"released": 1}


def test_a_trace_code_is_given_once(store: Store, imaged: Put) -> None:
    first, second = imaged("A"), imaged("B")
    store.decide(first.id, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel("T1", "a"))
    with pytest.raises(AlreadyKeptError):
        store.decide(second.id, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel("T1", "b"))
    assert store.parcel(second.id) == second
    assert store.history(second.id) == []


def test_a_release_that_turns_into_a_document_review_gets_no_label(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    store.waiting.begin(parcel.id, WaitingKind.TAX_PAYMENT, officer="li", since_at=NOON)
    made = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel("T1", "a"))
    assert (made.after, made.trace_code) == (State.DOC_REVIEW, None)
    assert store.find_trace("T1") is None


def test_a_decision_on_a_parcel_that_changed_meanwhile_is_refused(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    store.add_codes(parcel.id, ["MORE"])
    with pytest.raises(ParcelChangedError):
        store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON, expected_version=parcel.version)
    with pytest.raises(ParcelUnknownError):
        store.decide(99, Action.RELEASE, officer="li", decided_at=NOON)


def test_an_undone_release_keeps_both_rows_and_voids_its_label(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    made = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel("T1", "a"))
    with pytest.raises(guards.UndoRefusedError):
        store.undo(made.id, officer="wang", now=NOON, within_s=30)
    undone = store.undo(made.id, officer="li", now=NOON + timedelta(seconds=3), within_s=30)
    assert undone.undone_at == NOON + timedelta(seconds=3)
    after = store.parcel(parcel.id)
    assert (after.state, after.trace_code) == (State.IMAGED, None)
    found = store.find_trace("T1")
    assert found is not None
    assert found.is_void
    with pytest.raises(guards.UndoRefusedError):
        store.undo(made.id, officer="li", now=NOON, within_s=30)
    again = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON, trace=TraceLabel("T2", "b"))
    assert [one.id for one in store.history(parcel.id)] == [made.id, again.id]
    assert store.day_counts(NOON.date())["undone"] == 1


def test_a_label_lives_through_a_hold_and_ends_when_the_parcel_is_taken_back_in(store: Store, imaged: Put) -> None:
    parcel = imaged("A")

    def decide(action: Action, trace: str = "", **given: str) -> None:
        label = TraceLabel(trace, "p") if trace else None
        store.decide(parcel.id, action, officer="li", decided_at=NOON, trace=label, **given)  # type: ignore[arg-type]

    decide(Action.RELEASE, "T1")
    decide(Action.HOLD, reason="intelligence")
    decide(Action.LIFT_HOLD, "T2", reason="doubt_settled")
    assert store.parcel(parcel.id).trace_code == "T1"
    assert store.find_trace("T2") is None
    decide(Action.HOLD, reason="intelligence")
    decide(Action.RETURN)
    found = store.find_trace("T1")
    assert found is not None
    assert found.is_void
    returned = store.history(parcel.id)[-1]
    store.undo(returned.id, officer="li", now=NOON, within_s=30)
    decide(Action.LIFT_HOLD, reason="doubt_settled")
    assert store.parcel(parcel.id).trace_code == "T1"
    found = store.find_trace("T1")
    assert found is not None
    assert not found.is_void
    assert store.verify_log().is_ok


def test_only_the_last_decision_is_undone_and_then_the_one_before(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    hold = store.decide(parcel.id, Action.HOLD, officer="li", reason="device_fault", decided_at=NOON)
    lift = store.decide(parcel.id, Action.LIFT_HOLD, officer="li", reason="doubt_settled", decided_at=NOON)
    assert lift.after is State.IMAGED
    with pytest.raises(guards.UndoRefusedError):
        store.undo(hold.id, officer="li", now=NOON, within_s=30)
    store.undo(lift.id, officer="li", now=NOON, within_s=30)
    assert (store.parcel(parcel.id).state, store.parcel(parcel.id).return_state) == (State.HELD, State.IMAGED)
    store.undo(hold.id, officer="li", now=NOON, within_s=30)
    assert store.parcel(parcel.id).state is State.IMAGED
    assert store.verify_log().is_ok


def test_who_detained_is_remembered_for_the_lifting(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    both = {"officer": "li", "second_officer": "wang", "reason": "prohibited_goods", "decided_at": NOON}
    store.decide(parcel.id, Action.HOLD, officer="li", reason="intelligence", decided_at=NOON)
    store.decide(parcel.id, Action.DETAIN, note="KL-2026-1", **both)  # type: ignore[arg-type]
    state, facts = store.facts(parcel.id, officer="li")
    (offer,) = offers(state, facts)
    assert offer.why_not == "error.detaining_officer"
    with pytest.raises(guards.DetainingOfficerError):
        store.decide(parcel.id, Action.LIFT_DETENTION, **both)  # type: ignore[arg-type]


def test_an_alarm_that_was_reviewed_stays_reviewed_until_the_next_picture(store: Store, imaged: Put) -> None:
    parcel = imaged("A", seen=(KNIFE,), model="m1", detect_ms=1.0)
    with pytest.raises(guards.ReviewMissingError):
        store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
    due = store.waiting.begin(parcel.id, WaitingKind.TAX_PAYMENT, officer="li", since_at=NOON)
    store.decide(parcel.id, Action.RELEASE, officer="li", reason="false_alarm", decided_at=NOON)
    assert store.facts(parcel.id)[1].is_image_cleared
    store.waiting.settle(due.id, officer="li", outcome="paid", now=NOON)
    store.record_scan(
        parcel.id, Capture("new", "new.tif", "00", "belt", NOON), seen=(KNIFE,), model="m1", arrived_at=NOON
    )
    with pytest.raises(guards.ReviewMissingError):
        store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)


def test_the_queue_filters_sorts_and_ends(store: Store, imaged: Put) -> None:
    for minute in (3, 1, 2, 0):
        lane = Lane.RED if minute % 2 else Lane.GREEN
        imaged(f"N{minute}", arrived_at=NOON + timedelta(minutes=minute), lane=lane)
    container = imaged("MSKU1", kind=Kind.CONTAINER, arrived_at=NOON + timedelta(minutes=9))
    store.decide(container.id, Action.REFER, officer="li", reason="control_order", decided_at=NOON)

    def numbers(limit: int = 10, **wanted: object) -> list[str]:
        return [row.number for row in store.queue(QueueFilter(**wanted), limit)]  # type: ignore[arg-type]

    assert numbers() == ["N0", "N1", "N2", "N3", "MSKU1"]
    assert numbers(2) == ["N0", "N1"]
    assert numbers(newest_first=True)[0] == "MSKU1"
    assert numbers(lanes=(Lane.RED,)) == ["N1", "N3"]
    assert numbers(kinds=(Kind.CONTAINER,)) == ["MSKU1"]
    assert numbers(states=(State.REFERRED, State.IMAGED), limit=1) == ["N0"]
    assert numbers(states=(State.REFERRED,)) == ["MSKU1"]
    assert numbers(text="n") == ["N0", "N1", "N2", "N3"]
    assert numbers(text="' OR 1=1 --") == []
    assert numbers(text='"') == []


def test_a_local_day_is_counted_by_its_own_hours(store: Store, imaged: Put) -> None:
    imaged("A", arrived_at=datetime(2026, 4, 30, 17, tzinfo=UTC))
    beijing = timezone(timedelta(hours=8))
    assert store.day_counts(datetime(2026, 5, 1).date(), beijing)["registered"] == 1  # noqa: DTZ001
    assert "registered" not in store.day_counts(datetime(2026, 5, 1).date())  # noqa: DTZ001


def test_the_log_is_an_outbox_with_a_place_for_each_target(store: Store, imaged: Put) -> None:
    imaged("A")
    first = store.pending(2)
    assert [event.seq for event in first] == [1, 2]
    store.mark_sent(2)
    assert [event.seq for event in store.pending(10)] == [3]
    store.mark_sent(1)
    assert [event.seq for event in store.pending(10)] == [3]
    assert len(store.pending(10, target="receipts")) == 3
    with pytest.raises(StoreError):
        store.mark_sent(99)


def test_what_was_shown_and_what_was_noted_are_events(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    store.log_shown([(parcel.id, {"look": "standard", "seen": [["knife", 0.9]], "officer": "li"})])
    store.add_event("shift_started", None, {"officer": "li"})
    assert store.events(parcel.id)[-1].body == {"look": "standard", "seen": [["knife", 0.9]], "officer": "li"}
    assert store.pending(100)[-1].body["noted"] == "shift_started"
    assert store.parcel(parcel.id).version == parcel.version
    assert store.verify_log().is_ok


def test_a_store_is_read_while_it_is_written_from_many_threads(store: Store, imaged: Put) -> None:
    parcels = [imaged(f"N{i}") for i in range(40)]
    failed: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(60):
                rows = store.queue(QueueFilter())
                assert sum(store.counts().values()) == 40
                assert all(row.state is State.IMAGED for row in rows)
        except BaseException as error:
            failed.append(error)

    def write(mine: list[Parcel]) -> None:
        try:
            for parcel in mine:
                store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    threads += [threading.Thread(target=write, args=(parcels[i::2],)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.counts() == {"released": 40}
    assert store.verify_log().is_ok


def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    first = Store.open(tmp_path, station="belt-1", ballast_bytes=1024)
    parcel = first.register("RB1", Kind.PARCEL, codes=("RB1",), arrived_at=NOON)
    head = first.verify_log().head
    first.close()
    second = Store.open(tmp_path, station="belt-1", ballast_bytes=1024)
    assert second.parcel(parcel.id) == parcel
    assert second.verify_log().head == head
    second.close()


def test_a_table_of_tables_with_a_flipped_bit_is_named_as_damage(tmp_path: Path) -> None:
    """SQLite quotes what it found there, which may be no text at all."""
    Store.open(tmp_path, station="belt-1", ballast_bytes=1 << 16).close()
    file = tmp_path / "store.sqlite"
    whole = file.read_bytes()
    places = [found.start() for found in re.finditer(rb"INTEGER PRIMARY KEY,|CREATE INDEX", whole)][-20:]
    damaged = 0
    for place in places:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1 :])
        try:
            Store.open(tmp_path, station="belt-1", ballast_bytes=1 << 16).close()
        except StoreDamagedError:
            damaged += 1
    assert damaged > len(places) / 3
