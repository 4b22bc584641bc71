"""Waiting reasons: begun and ended by decisions, undone with them, listed by age, vouched for by the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.customs.errors import OrderOpenError
from app.customs.parcel import Parcel
from app.customs.states import Action, State
from app.customs.waiting import WaitingKind
from app.store.database import connect
from app.store.errors import WaitingUnknownError
from app.store.store import FILE, Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DUE = NOON + timedelta(days=15)
Put = Callable[..., Parcel]


def decide(store: Store, parcel: Parcel, action: Action, reason: str = "", **given: object) -> int:
    made = store.decide(parcel.id, action, officer="li", decided_at=NOON, reason=reason, **given)  # type: ignore[arg-type]
    return made.id


def ask(store: Store, parcel: Parcel, kind: str) -> int:
    decide(store, parcel, Action.DOC_REVIEW)
    return decide(store, parcel, Action.REQUIRE_PARTY, kind, note="invoice", due_at=DUE)


def test_asking_the_addressee_hangs_a_waiting_reason_on_the_parcel(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    ask(store, parcel, "documents")
    (waiting,) = store.parcel(parcel.id).waiting
    assert (waiting.kind, waiting.since_at, waiting.due_at) == (WaitingKind.DOCUMENTS, NOON, DUE)
    assert (waiting.note, waiting.officer) == ("invoice", "li")
    assert not waiting.is_overdue(DUE)
    assert waiting.is_overdue(DUE + timedelta(seconds=1))
    decide(store, parcel, Action.PARTY_DONE)
    assert store.parcel(parcel.id).waiting == ()
    (settled,) = store.waiting.of(parcel.id)
    assert (settled.outcome, settled.settled_by, settled.settled_at) == ("party_done", "li", NOON)
    assert store.verify_log().is_ok


def test_undoing_takes_a_waiting_reason_away_and_gives_a_settled_one_back(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    asked = ask(store, parcel, "documents")
    done = decide(store, parcel, Action.PARTY_DONE)
    store.undo(done, officer="li", now=NOON, within_s=60)
    assert [one.kind for one in store.parcel(parcel.id).waiting] == [WaitingKind.DOCUMENTS]
    store.undo(asked, officer="li", now=NOON, within_s=60)
    assert store.parcel(parcel.id).waiting == ()
    assert store.waiting.of(parcel.id) == []
    assert store.verify_log().is_ok


def test_a_tax_that_is_due_keeps_a_parcel_from_its_release(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    decide(store, parcel, Action.DOC_REVIEW)
    due = store.waiting.begin(parcel.id, WaitingKind.TAX_PAYMENT, officer="li", since_at=NOON, due_at=DUE)
    with pytest.raises(OrderOpenError):
        decide(store, parcel, Action.RELEASE)
    store.waiting.settle(due.id, officer="li", outcome="paid", now=NOON)
    with pytest.raises(WaitingUnknownError):
        store.waiting.settle(due.id, officer="li", outcome="paid", now=NOON)
    decide(store, parcel, Action.RELEASE)
    assert store.parcel(parcel.id).state is State.RELEASED
    assert store.verify_log().is_ok


def test_a_sample_waits_for_the_laboratory_even_over_a_conditional_release(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    decide(store, parcel, Action.REFER, "suspected_drugs")
    decide(store, parcel, Action.OPEN)
    decide(store, parcel, Action.SAMPLE, "authenticity")
    decide(store, parcel, Action.CONDITIONAL_RELEASE, "result_pending", second_officer="wang")
    assert [one.kind for one in store.parcel(parcel.id).waiting] == [WaitingKind.LABORATORY]
    decide(store, parcel, Action.DESTINATION_NORMAL)
    assert store.parcel(parcel.id).waiting == ()


def test_a_page_gives_the_oldest_first_and_goes_on_where_the_last_ended(store: Store, imaged: Put) -> None:
    for n in range(5):
        parcel = imaged(f"N{n}")
        store.waiting.begin(
            parcel.id, WaitingKind.DOCUMENTS if n % 2 else WaitingKind.TAX_PAYMENT, officer="li",
            since_at=NOON - timedelta(hours=n),
        )  # fmt: skip
    first = store.waiting.page(limit=3)
    assert [one.parcel_id for one in first] == [5, 4, 3]
    rest = store.waiting.page(limit=3, after=(first[-1].since_at, first[-1].id))
    assert [one.parcel_id for one in rest] == [2, 1]
    assert [one.parcel_id for one in store.waiting.page([WaitingKind.DOCUMENTS], limit=9)] == [4, 2]
    assert store.waiting.counts() == {"documents": 2, "tax_payment": 3}


def test_what_is_open_is_held_against_what_was_begun(store: Store, imaged: Put) -> None:
    ask(store, imaged("A"), "documents")
    other = connect(store.folder / FILE)
    other.execute("DELETE FROM open_waitings")
    other.close()
    assert [problem.what for problem in store.verify_log().problems] == ["count_wrong"]
