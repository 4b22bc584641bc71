"""Cases of mail items in the store: one transaction a deed, each message once, and the log that vouches for all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.customs import postal
from app.customs.errors import OrderOpenError
from app.customs.matters import Area, Entry
from app.customs.parcel import Parcel
from app.customs.postal import PLATFORM, DeclaredArticle, MailRefusedError
from app.customs.states import Action, State
from app.customs.tax import Estimate, Standing
from app.customs.waiting import WaitingKind
from app.store.errors import AlreadyKeptError, MatterUnknownError
from app.store.store import Store
from tests.app.store.conftest import NOON

ITEM = "EE876543216JP"
WATCH = DeclaredArticle("watch", "watches", 1, 300_000_000, is_indivisible=True)
DUE = Estimate(date(2026, 5, 1), Standing.SINGLE_ARTICLE, (), 300_000, 200_000, 150_000, 150_000)


def take(store: Store, parcel: Parcel, make: object, actor: str = "a", minutes: int = 0, **given: object) -> object:
    at = NOON + timedelta(minutes=minutes)
    return store.mail.take(parcel.id, make, actor=actor, at=at, due_at=at + timedelta(days=15), **given)  # type: ignore[arg-type]


def ask(store: Store, parcel: Parcel) -> None:
    for action in (Action.DOC_REVIEW, Action.REQUIRE_PARTY):
        reason = "supplement_declaration" if action is Action.REQUIRE_PARTY else ""
        store.decide(parcel.id, action, officer="a", decided_at=NOON, reason=reason)


def test_a_case_leads_its_parcel_and_what_it_waits_for(store: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged(ITEM)
    ask(store, parcel)
    take(store, parcel, lambda _, case: postal.declare(case, [WATCH]), PLATFORM, reference="m1")
    now = store.parcel(parcel.id)
    assert (now.state, [each.kind for each in now.waiting]) == (State.DOC_REVIEW, [WaitingKind.DECLARATION_REVIEW])
    take(store, parcel, lambda _, case: postal.assess(case, DUE), minutes=1)
    now = store.parcel(parcel.id)
    assert (now.state, [each.kind for each in now.waiting]) == (State.AWAITING_PARTY, [WaitingKind.TAX_PAYMENT])
    take(store, parcel, lambda _, case: postal.dispute(case, "high"), PLATFORM, minutes=2)
    with pytest.raises(OrderOpenError):
        store.decide(parcel.id, Action.RELEASE, officer="a", decided_at=NOON)
    take(store, parcel, lambda _, case: postal.uphold(case, "listed"), minutes=3)
    case = take(store, parcel, lambda _, case: postal.pay(case, 150_000, "r"), PLATFORM, minutes=4)
    assert store.mail.case(parcel.id) == case
    now = store.parcel(parcel.id)
    assert (now.state, now.waiting) == (State.DOC_REVIEW, ())
    assert store.decide(parcel.id, Action.RELEASE, officer="a", decided_at=NOON).after is State.RELEASED
    take(store, parcel, lambda _, case: postal.dispute(case, "gift"), PLATFORM, minutes=5)
    assert [each.kind for each in store.waiting.page(limit=5)] == [WaitingKind.REFUND_REQUEST]
    store.decide(parcel.id, Action.CLOSE, officer="a", decided_at=NOON)
    assert [each.kind for each in store.waiting.page(limit=5)] == [WaitingKind.REFUND_REQUEST]
    assert [step.kind for step in store.mail.steps(parcel.id)] == [
        "declared", "assessed", "disputed", "upheld", "paid", "disputed",
    ]  # fmt: skip
    assert store.verify_log(with_pictures=False).problems == ()


def test_a_message_is_taken_once_and_a_refused_deed_leaves_nothing(store: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged(ITEM)
    ask(store, parcel)
    take(store, parcel, lambda _, case: postal.declare(case, [WATCH]), PLATFORM, reference="m1")
    before = store.parcel(parcel.id), store.mail.steps(parcel.id)
    with pytest.raises(AlreadyKeptError):
        take(store, parcel, lambda _, case: postal.declare(case, [WATCH]), PLATFORM, reference="m1")
    with pytest.raises(MailRefusedError):
        take(store, parcel, lambda _, case: postal.pay(case, 1, "r"), PLATFORM, reference="m2")
    assert (store.parcel(parcel.id), store.mail.steps(parcel.id)) == before
    assert store.verify_log(with_pictures=False).is_ok


def wait_for(store: Store, parcel: Parcel, *kinds: WaitingKind, note: str = "") -> None:
    """Have an officer at the desk require something of the consignee, for each reason in turn."""
    for kind in kinds:
        if store.parcel(parcel.id).state is State.IMAGED:
            store.decide(parcel.id, Action.DOC_REVIEW, officer="a", decided_at=NOON)
        store.decide(parcel.id, Action.REQUIRE_PARTY, officer="a", decided_at=NOON, reason=kind.value, note=note)


def assess(store: Store, parcel: Parcel) -> None:
    take(store, parcel, lambda _, case: postal.assess(case, DUE), minutes=1)


def pay(store: Store, parcel: Parcel, fen: int, receipt: str, *, reference: str = "") -> None:
    take(store, parcel, lambda _, case: postal.pay(case, fen, receipt), PLATFORM, 2, reference=reference)


def dispute(store: Store, parcel: Parcel) -> None:
    take(store, parcel, lambda _, case: postal.dispute(case, "high"), PLATFORM, minutes=3)


def ask_return(store: Store, parcel: Parcel, minutes: int = 10) -> None:
    take(store, parcel, lambda now, _: postal.ask_return(now.state, "unwanted"), PLATFORM, minutes)


def refuse_return(store: Store, parcel: Parcel) -> None:
    take(store, parcel, lambda _, case: postal.refuse_return(case, "it is sold"), minutes=20)


OPENED: list[tuple[Callable[[Store, Parcel], object], WaitingKind | None]] = [
    (lambda *_: None, None),
    (lambda store, parcel: wait_for(store, parcel, WaitingKind.DOCUMENTS), WaitingKind.DOCUMENTS),
    (ask, WaitingKind.SUPPLEMENT_DECLARATION),
    (assess, WaitingKind.TAX_PAYMENT),
    (lambda *at: (assess(*at), pay(*at, 1, "R1")), WaitingKind.TAX_PAYMENT),
    (lambda *at: (assess(*at), dispute(*at)), WaitingKind.TAX_REVIEW),
    (lambda *at: (assess(*at), pay(*at, 150_000, "R1")), None),
    (lambda *at: (assess(*at), pay(*at, 160_000, "R1")), WaitingKind.REFUND_REQUEST),
]


@pytest.mark.parametrize(("opened", "kind"), OPENED)
@pytest.mark.parametrize("times", [1, 2])
def test_a_refused_return_opens_again_what_was_open_and_nothing_else(
    store: Store,
    imaged: Callable[..., Parcel],
    opened: Callable[[Store, Parcel], object],
    kind: WaitingKind | None,
    times: int,
) -> None:
    parcel = imaged(ITEM)
    opened(store, parcel)
    before = store.parcel(parcel.id)
    for number in range(times):
        ask_return(store, parcel, 10 + number)
    assert [each.kind for each in store.parcel(parcel.id).waiting] == [WaitingKind.RETURN_REQUEST]
    refuse_return(store, parcel)
    after = store.parcel(parcel.id)
    assert (after.state, [each.kind for each in after.waiting]) == (before.state, [kind] if kind else [])
    assert store.verify_log(with_pictures=False).problems == ()


def test_what_was_wanted_before_a_return_was_asked_is_wanted_again_in_the_same_words(
    store: Store, imaged: Callable[..., Parcel]
) -> None:
    parcel = imaged(ITEM)
    wait_for(store, parcel, WaitingKind.DOCUMENTS, note="the invoice")
    ask_return(store, parcel)
    wait_for(store, parcel, WaitingKind.TAX_PAYMENT, note="at the counter")
    ask_return(store, parcel, minutes=11)
    refuse_return(store, parcel)
    now = store.parcel(parcel.id)
    assert now.state is State.AWAITING_PARTY
    assert {each.kind: each.note for each in now.waiting} == {
        WaitingKind.DOCUMENTS: "the invoice",
        WaitingKind.TAX_PAYMENT: "at the counter",
    }


def test_one_receipt_pays_once_and_a_message_that_comes_again_is_known(
    store: Store, imaged: Callable[..., Parcel]
) -> None:
    parcel = imaged(ITEM)
    assess(store, parcel)
    pay(store, parcel, 75_000, "R1", reference="m1")
    with pytest.raises(MailRefusedError) as refused:
        pay(store, parcel, 75_000, "R1", reference="m2")
    assert refused.value.key == "mail_refused_receipt_known"
    assert store.mail.case(parcel.id).owed_fen == 75_000
    pay(store, parcel, 75_000, "R2", reference="m3")
    assert store.mail.case(parcel.id).owed_fen == 0
    for receipt, reference in (("R1", "m1"), ("R2", "m3")):
        with pytest.raises(AlreadyKeptError):
            pay(store, parcel, 75_000, receipt, reference=reference)


def test_matters_are_paged_by_age_and_keep_it_while_they_stand(store: Store) -> None:
    for number in range(5):
        at = NOON + timedelta(hours=number)
        store.matters.open(Area.VEHICLE, f"v{number}", Entry("arrived", "queued"), actor="a", at=at)
    first = store.matters.page(Area.VEHICLE, limit=2)
    last = first[-1]
    rest = store.matters.page(Area.VEHICLE, limit=9, after=(last.since_at, last.id))
    assert [each.key for each in (*first, *rest)] == ["v0", "v1", "v2", "v3", "v4"]
    for stand in ("queued", "weighed", ""):
        store.matters.lead_on(first[0].id, lambda _, s=stand: Entry("noted", s), actor="a", at=NOON + timedelta(days=1))
        standing = store.matters.load(first[0].id)
        assert standing.since_at == (NOON if stand == "queued" else NOON + timedelta(days=1))
    assert store.matters.counts(Area.VEHICLE) == {"queued": 4}
    assert [each.key for each in store.matters.page(Area.VEHICLE, ["weighed"], limit=5)] == []
    assert store.matters.find(Area.VEHICLE, "v0") == store.matters.load(first[0].id)
    assert store.matters.find(Area.REFUND, "v0") is None
    assert store.verify_log(with_pictures=False).is_ok
    with pytest.raises(MatterUnknownError):
        store.matters.load(99)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE open_matters SET since_us = since_us - 1",
        "DELETE FROM open_matters",
        "DROP TRIGGER steps_never_update; UPDATE steps SET body = '{}'",
        "DROP TRIGGER steps_never_delete; DELETE FROM steps",
        "DROP TRIGGER matters_never_update; UPDATE matters SET key = 'other'",
    ],
)
def test_what_was_altered_afterwards_is_found(store: Store, sql: str) -> None:
    store.matters.open(Area.REFUND, "f", Entry("scanned", "checking", {"goods": 1}), actor="a", at=NOON)
    with store._database.write() as writer:
        writer.execute("PRAGMA defer_foreign_keys=ON")
        for statement in sql.split("; "):
            writer.execute(statement)
    assert not store.verify_log(with_pictures=False).is_ok
