"""Control orders: what they hit, what the guards make of it, the steps, and the log that vouches for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.customs import errors as guards
from app.customs.documents import Withdrawal
from app.customs.orders import ControlOrder, Done, Level, Part, Result, Step, Target, Work
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Kind, Lane, Parcel
from app.customs.states import Action, State
from app.store.database import connect
from app.store.errors import AlreadyKeptError, OrderUnknownError
from app.store.messages import Received
from app.store.store import FILE, Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOW = datetime.now(UTC)
Put = Callable[..., Parcel]
ORDER = ControlOrder(
    "B1", "5300", Level.PORT, Work.OPENING, Target(numbers=("A", "X9")), NOW - timedelta(days=1),
    NOW + timedelta(days=9), NOW - timedelta(days=1), "open it",
)  # fmt: skip


def acknowledge(store: Store, hit_id: int) -> None:
    store.orders.step(hit_id, Done(Step.ACKNOWLEDGED, "li", NOW))


def decide(store: Store, parcel: Parcel, action: Action, reason: str = "", **given: object) -> State:
    made = store.decide(
        parcel.id, action, officer="li", decided_at=datetime.now(UTC), reason=reason, **given  # type: ignore[arg-type]
    )  # fmt: skip
    return made.after


@pytest.mark.parametrize(
    ("target", "is_meant"),
    [
        (Target(numbers=("B", "A")), True),
        (Target(numbers=("B",)), False),
        (Target(hs_codes=("91",)), True),
        (Target(hs_codes=("91",), origins=("CN",)), False),
        (Target(words=("手",), senders=("acme",)), True),
        (Target(rules=("random",)), True),
        (Target(rules=("other",)), False),
        (Target(), False),
    ],
)
def test_a_target_means_its_numbers_or_what_fits_all_its_conditions(target: Target, is_meant: bool) -> None:
    declared = Declaration("A", (GoodsLine("手表", "9102"), GoodsLine("书")), sender="ACME GmbH", origin="DE")
    assert target.means(["X", "A"], declared, ["random"]) is is_meant


def test_a_parcel_that_arrives_is_hit_before_anything_can_be_decided(store: Store, imaged: Put) -> None:
    assert store.orders.receive(ORDER, source="b1.json").hit_parcels == ()
    parcel = imaged("A")
    (hit,) = store.orders.page(limit=9)
    assert (hit.order, hit.parcel_id, hit.part, hit.work) == (ORDER, parcel.id, Part.PORT, Work.OPENING)
    assert hit.due_at == hit.hit_at + timedelta(minutes=10)
    assert (parcel.lane, [finding.kind for finding in parcel.findings]) == (
        Lane.RED,
        [FindingKind.NO_DECLARATION, FindingKind.CONTROLLED],
    )
    assert decide(store, parcel, Action.RELEASE) is State.DOC_REVIEW
    with pytest.raises(guards.OrderOpenError):
        decide(store, parcel, Action.RELEASE)
    assert store.verify_log().is_ok


def test_a_parcel_that_is_here_is_hit_when_the_order_comes_by_number_code_and_declaration(
    store: Store, imaged: Put
) -> None:
    first, second, third = imaged("A"), imaged("B", codes=("X9",)), imaged("C")
    assert store.orders.receive(ORDER, source="").hit_parcels == (first.id, second.id)
    by_goods = replace(ORDER, id="B2", target=Target(words=("手表",)))
    assert store.orders.receive(by_goods, source="").hit_parcels == ()
    store.add_declarations([Declaration("C", (GoodsLine("手表"),))])
    assert [hit.order.id for hit in store.orders.hits_of(third.id)] == ["B2"]
    store.add_codes(third.id, ["X9"])
    assert [hit.order.id for hit in store.orders.hits_of(third.id)] == ["B2", "B1"]
    assert store.orders.counts() == (4, 4)
    assert store.verify_log().is_ok


def test_what_has_gone_or_ended_is_not_hit(store: Store, imaged: Put) -> None:
    gone = imaged("A")
    decide(store, gone, Action.RELEASE)
    assert store.orders.receive(ORDER, source="").hit_parcels == ()
    store.orders.receive(replace(ORDER, id="B2", valid_to=NOW - timedelta(hours=1)), source="")
    store.orders.receive(replace(ORDER, id="B3", target=Target(numbers=("D",))), source="")
    store.orders.revoke("B3", issuer="5300", reason="wrong", now=NOW)
    assert store.orders.hits_of(imaged("D").id) == []


def test_an_order_whose_time_is_to_come_does_not_bar_a_release_yet(store: Store, imaged: Put) -> None:
    store.orders.receive(replace(ORDER, valid_from=NOW + timedelta(days=1)), source="")
    parcel = imaged("A")
    (hit,) = store.orders.hits_of(parcel.id)
    assert hit.due_at == NOW + timedelta(days=1, minutes=10)
    assert decide(store, parcel, Action.RELEASE) is State.RELEASED


def test_an_order_is_acknowledged_carried_out_and_then_the_parcel_is_free(store: Store, imaged: Put) -> None:
    store.orders.receive(ORDER, source="")
    parcel = imaged("A")
    (hit,) = store.orders.hits_of(parcel.id)
    executed = Done(Step.EXECUTED, "li", NOW, result=Result.NORMAL)
    with pytest.raises(guards.NotAcknowledgedError):
        store.orders.step(hit.id, executed)
    acknowledge(store, hit.id)
    with pytest.raises(guards.HitClosedError):
        acknowledge(store, hit.id)
    with pytest.raises(guards.WorkUndoneError):
        store.orders.step(hit.id, executed)
    decide(store, parcel, Action.REFER, "control_order")
    decide(store, parcel, Action.OPEN)
    with pytest.raises(guards.ResultMissingError):
        store.orders.step(hit.id, replace(executed, result=""))
    with pytest.raises(guards.ReasonMissingError):
        store.orders.step(hit.id, replace(executed, result=Result.ABNORMAL))
    ended = store.orders.step(hit.id, executed)
    assert ended.ended is not None
    assert FindingKind.CONTROLLED not in {finding.kind for finding in store.parcel(parcel.id).findings}
    assert decide(store, parcel, Action.EXAM_NORMAL) is State.RELEASED
    with pytest.raises(OrderUnknownError):
        store.orders.step(999, executed)
    assert store.verify_log().is_ok


def test_an_order_is_lifted_by_two_officers_with_a_reason(store: Store, imaged: Put) -> None:
    store.orders.receive(ORDER, source="")
    parcel = imaged("A")
    (hit,) = store.orders.hits_of(parcel.id)
    with pytest.raises(guards.ReasonMissingError):
        store.orders.step(hit.id, Done(Step.LIFTED, "li", NOW, "wang"))
    with pytest.raises(guards.SecondOfficerMissingError):
        store.orders.step(hit.id, Done(Step.LIFTED, "li", NOW, note="by mistake"))
    with pytest.raises(guards.SameOfficerError):
        store.orders.step(hit.id, Done(Step.LIFTED, "li", NOW, "li", note="by mistake"))
    lifted = store.orders.step(hit.id, Done(Step.LIFTED, "li", NOW, "wang", note="by mistake"))
    assert not lifted.is_late(NOW + timedelta(days=1))
    assert decide(store, parcel, Action.RELEASE) is State.RELEASED


def test_an_order_for_port_and_destination_lets_go_conditionally_once_the_port_has_done_its_part(
    store: Store, imaged: Put
) -> None:
    store.orders.receive(replace(ORDER, level=Level.BOTH, work=Work.EXTERIOR), source="")
    parcel = imaged("A")
    port, destination = store.orders.hits_of(parcel.id)
    assert (destination.part, destination.due_at) == (Part.DESTINATION, None)
    decide(store, parcel, Action.DOC_REVIEW)
    with pytest.raises(guards.OrderOpenError):
        decide(store, parcel, Action.CONDITIONAL_RELEASE, "destination_check", second_officer="wang")
    acknowledge(store, port.id)
    store.orders.step(port.id, Done(Step.EXECUTED, "li", NOW, result=Result.NORMAL))
    with pytest.raises(guards.OrderOpenError):
        decide(store, parcel, Action.RELEASE)
    after = decide(store, parcel, Action.CONDITIONAL_RELEASE, "destination_check", second_officer="wang")
    assert after is State.COND_RELEASED
    with pytest.raises(guards.OrderOpenError):
        decide(store, parcel, Action.DESTINATION_NORMAL)


def test_an_order_comes_twice_and_is_revoked_by_its_issuer_alone(store: Store, imaged: Put) -> None:
    assert store.orders.receive(ORDER, source="").is_new
    assert not store.orders.receive(ORDER, source="").is_new
    with pytest.raises(AlreadyKeptError):
        store.orders.receive(replace(ORDER, instruction="another"), source="")
    parcel = imaged("A")
    with pytest.raises(OrderUnknownError):
        store.orders.revoke("B1", issuer="2200", reason="", now=NOW)
    assert store.orders.revoke("B1", issuer="5300", reason="settled", now=NOW) == (parcel.id,)
    assert store.orders.revoke("B1", issuer="5300", reason="settled", now=NOW) == ()
    (listed,) = store.orders.orders(limit=5)
    assert (listed.is_revoked, listed.hits, listed.open_hits) == (True, 1, 0)
    assert store.verify_log().is_ok


def test_pages_go_on_where_the_last_one_ended(store: Store, imaged: Put) -> None:
    for n in range(5):
        store.orders.receive(replace(ORDER, id=f"B{n}", target=Target(numbers=(f"N{n}",))), source="")
        imaged(f"N{n}")
    first = store.orders.page(limit=3)
    assert [hit.order.id for hit in first] == ["B4", "B3", "B2"]
    assert [hit.order.id for hit in store.orders.page(limit=3, before=first[-1].id)] == ["B1", "B0"]
    listed = store.orders.orders(limit=3)
    rest = store.orders.orders(limit=3, before=(listed[-1].received_at, listed[-1].order.id))
    assert sorted(each.order.id for each in (*listed, *rest)) == [f"B{n}" for n in range(5)]


def test_a_hit_that_is_hidden_shows(store: Store, imaged: Put) -> None:
    store.orders.receive(ORDER, source="")
    imaged("A")
    other = connect(store.folder / FILE)
    other.execute("DELETE FROM open_hits")
    other.close()
    assert [problem.what for problem in store.verify_log().problems] == ["count_wrong"]


def withdraw(store: Store, number: str, guid: str) -> None:
    record = Received("CEB623", guid, {}, [], number=number)
    store.messages.add([(record, Withdrawal(number, f"CEB623/{guid}", "buyer changed his mind"))])


def test_what_a_sender_takes_back_marks_the_parcel_and_its_release_goes_over_the_documents(
    store: Store, imaged: Put
) -> None:
    parcel = imaged("A")
    withdraw(store, "A", "G1")
    assert FindingKind.WITHDRAWN in {finding.kind for finding in store.parcel(parcel.id).findings}
    assert decide(store, parcel, Action.RELEASE) is State.DOC_REVIEW
    assert decide(store, parcel, Action.REJECT, "withdrawn_by_sender") is State.REJECTED
    assert store.verify_log().is_ok


def test_what_was_taken_back_before_it_came_is_marked_on_arrival_unless_it_was_declared_anew(store: Store) -> None:
    store.add_declarations([Declaration("A", (GoodsLine("书"),)), Declaration("B", (GoodsLine("书"),))])
    withdraw(store, "A", "G1")
    withdraw(store, "B", "G2")
    store.add_declarations([Declaration("B", (GoodsLine("笔"),))])
    kinds = [
        {finding.kind for finding in store.register(number, Kind.PARCEL, arrived_at=datetime.now(UTC)).findings}
        for number in ("A", "B")
    ]
    assert [FindingKind.WITHDRAWN in each for each in kinds] == [True, False]


def test_what_is_under_examination_is_not_taken_back(store: Store, imaged: Put) -> None:
    parcel = imaged("A")
    decide(store, parcel, Action.REFER, "suspected_drugs")
    withdraw(store, "A", "G1")
    assert FindingKind.WITHDRAWN not in {finding.kind for finding in store.parcel(parcel.id).findings}
    assert store.verify_log().is_ok
