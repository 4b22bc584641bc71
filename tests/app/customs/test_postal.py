"""A mail item's case: which deeds fit when, and what the parcel waits for after each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs import postal
from app.customs.matters import Step
from app.customs.parcel import Declaration
from app.customs.postal import DeclaredArticle, MailCase, MailRefusedError, MailStep, read_case
from app.customs.states import Action, State
from app.customs.tax import Direction, Estimate, Standing
from app.customs.waiting import WaitingKind as W

PHONE = DeclaredArticle("phone", "electricals", 1, 300_000_000, is_indivisible=True)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def estimate_of(due_fen: int, standing: Standing = Standing.WITHIN) -> Estimate:
    return Estimate(date(2026, 11, 22), standing, (), due_fen * 5, 200_000, due_fen, due_fen)


class Walk:
    """A case that goes from deed to deed as the store leads it."""

    def __init__(self, *waits: W) -> None:
        self.steps: list[Step] = []
        self.waits = frozenset(waits)
        self.before: dict[W, str] = {}

    @property
    def case(self) -> MailCase:
        return read_case(self.steps, self.waits, self.before)

    def take(self, step: MailStep) -> Walk:
        at = NOON + timedelta(minutes=len(self.steps))
        self.steps.append(Step(step.deed.value, "a", at, "", step.body))
        if step.wait is W.RETURN_REQUEST:
            self.before = dict.fromkeys(self.waits, "")
        self.waits = step.waits
        return self


def test_the_whole_way_from_declaration_to_refund() -> None:
    walk = Walk(W.SUPPLEMENT_DECLARATION)
    walk.take(postal.declare(walk.case, [PHONE]))
    assert walk.waits == {W.DECLARATION_REVIEW}
    walk.take(postal.refuse(walk.case, "value?"))
    assert walk.waits == {W.SUPPLEMENT_DECLARATION}
    walk.take(postal.declare(walk.case, [PHONE])).take(postal.declare(walk.case, [PHONE, PHONE]))
    assert (walk.case.submissions, len(walk.case.declared), walk.case.is_accepted) == (3, 2, False)
    walk.take(postal.assess(walk.case, estimate_of(60_000)))
    assert walk.case.is_accepted
    assert (walk.waits, walk.case.owed_fen) == ({W.TAX_PAYMENT}, 60_000)
    walk.take(postal.dispute(walk.case, "too much"))
    assert (walk.waits, walk.case.said) == ({W.TAX_REVIEW}, "too much")
    walk.take(postal.uphold(walk.case, "by the list"))
    walk.take(postal.pay(walk.case, 20_000, "r1"))
    assert (walk.waits, walk.case.owed_fen) == ({W.TAX_PAYMENT}, 40_000)
    walk.take(postal.pay(walk.case, 40_000, "r2"))
    assert (walk.waits, walk.case.owed_fen, walk.case.receipts) == (set(), 0, ("r1", "r2"))
    walk.take(postal.dispute(walk.case, "it was a gift"))
    assert walk.waits == {W.REFUND_REQUEST}
    walk.take(postal.refund(walk.case, 10_000, "gift"))
    assert (walk.waits, walk.case.kept_fen, walk.case.due_fen, walk.case.owed_fen) == (set(), 50_000, 50_000, 0)


def test_a_tax_assessed_anew_for_less_than_was_paid_is_to_be_refunded() -> None:
    walk = Walk(W.DECLARATION_REVIEW).take(postal.assess(MailCase(), estimate_of(60_000)))
    walk.take(postal.pay(walk.case, 60_000, "r"))
    walk.take(postal.assess(walk.case, estimate_of(10_000)))
    assert walk.waits == {W.REFUND_REQUEST}
    with pytest.raises(MailRefusedError):
        postal.refund(walk.case, 60_001, "too much")


def test_what_is_paid_too_much_is_to_be_refunded_and_no_tax_is_due() -> None:
    walk = Walk().take(postal.assess(MailCase(), estimate_of(6_000)))
    walk.take(postal.pay(walk.case, 7_000, "r"))
    assert (walk.waits, walk.case.owed_fen) == ({W.REFUND_REQUEST}, 0)


def test_nothing_is_refunded_while_something_is_owed() -> None:
    walk = Walk().take(postal.assess(MailCase(), estimate_of(6_000)))
    walk.take(postal.pay(walk.case, 2_000, "r"))
    with pytest.raises(MailRefusedError, match="still owed"):
        postal.refund(walk.case, 1_000, "why")


def test_nothing_is_waited_for_where_nothing_is_due() -> None:
    assert postal.assess(MailCase(), estimate_of(0)).wait is None


@pytest.mark.parametrize("standing", [Standing.OVER_LIMIT, Standing.COMMERCIAL])
def test_what_clears_as_goods_is_not_taxed_as_articles(standing: Standing) -> None:
    with pytest.raises(MailRefusedError, match="clears as goods"):
        postal.assess(MailCase(), estimate_of(6_000, standing))


def test_a_refused_return_leads_back_to_where_the_case_was() -> None:
    walk = Walk(W.TAX_PAYMENT).take(postal.assess(MailCase(), estimate_of(6_000)))
    walk.take(postal.ask_return(State.AWAITING_PARTY, "no longer wanted"))
    assert walk.waits == {W.RETURN_REQUEST}
    assert postal.refuse_return(walk.case, "paid already").wait is W.TAX_PAYMENT
    assert postal.refuse_return(MailCase(frozenset({W.RETURN_REQUEST})), "x").wait is None
    granted = postal.grant_return(walk.case)
    assert (granted.wait, granted.move) == (None, Action.RETURN)


def test_what_was_paid_too_much_is_refunded_after_a_return_too() -> None:
    walk = Walk().take(postal.assess(MailCase(), estimate_of(6_000)))
    walk.take(postal.pay(walk.case, 7_000, "r")).take(postal.ask_return(State.DOC_REVIEW, "no longer wanted"))
    granted = postal.grant_return(walk.case)
    assert (granted.waits, granted.move) == ({W.REFUND_REQUEST}, Action.RETURN)


def test_a_tax_under_review_is_not_shed_by_another_dispute() -> None:
    walk = Walk().take(postal.assess(MailCase(), estimate_of(6_000)))
    walk.take(postal.pay(walk.case, 2_000, "r")).take(postal.dispute(walk.case, "too much"))
    with pytest.raises(MailRefusedError, match="under review"):
        postal.dispute(walk.case, "still too much")
    assert walk.waits == {W.TAX_REVIEW}


PAID = (
    Step("assessed", "a", NOON, "", {"estimate": {"due_fen": 600}}),
    Step("paid", "a", NOON, "", {"fen": 600, "receipt": "r"}),
)


@pytest.mark.parametrize(
    ("waits", "deed", "left"),
    [
        (
            {W.DOCUMENTS, W.RETURN_REQUEST},
            lambda case: postal.dispute(case, "x"),
            {W.DOCUMENTS, W.RETURN_REQUEST, W.REFUND_REQUEST},
        ),
        ({W.DOCUMENTS, W.REFUND_REQUEST}, lambda case: postal.refuse_refund(case, "x"), {W.DOCUMENTS}),
        (
            {W.DOCUMENTS, W.TAX_REVIEW, W.REFUND_REQUEST},
            lambda case: postal.refund(case, 1, "x"),
            {W.DOCUMENTS, W.TAX_REVIEW},
        ),
        ({W.DOCUMENTS, W.REFUND_REQUEST}, lambda case: postal.send_documents(case, ["x"]), {W.REFUND_REQUEST}),
        (
            {W.DOCUMENTS, W.SUPPLEMENT_DECLARATION},
            lambda case: postal.declare(case, [PHONE]),
            {W.DOCUMENTS, W.DECLARATION_REVIEW},
        ),
        ({W.DOCUMENTS, W.TAX_PAYMENT}, lambda case: postal.pay(case, 1, "s"), {W.DOCUMENTS, W.REFUND_REQUEST}),
        ({W.DOCUMENTS, W.TAX_REVIEW}, lambda case: postal.uphold(case, "x"), {W.DOCUMENTS, W.TAX_PAYMENT}),
        ({W.DOCUMENTS, W.DECLARATION_REVIEW}, postal.accept, {W.DOCUMENTS}),
        (
            {W.DOCUMENTS, W.DECLARATION_REVIEW},
            lambda case: postal.refuse(case, "x"),
            {W.DOCUMENTS, W.SUPPLEMENT_DECLARATION},
        ),
    ],
)
def test_a_deed_settles_what_it_answers_and_nothing_else(
    waits: set[W], deed: Callable[[MailCase], MailStep], left: set[W]
) -> None:
    assert deed(read_case(PAID, waits)).waits == left


@pytest.mark.parametrize("state", [State.RELEASED, State.DETAINED, State.RETURNED, State.DESTROYED])
def test_what_has_left_or_is_detained_is_not_sent_back(state: State) -> None:
    with pytest.raises(MailRefusedError):
        postal.ask_return(state, "please")


@pytest.mark.parametrize(
    "deed",
    [
        lambda: postal.declare(MailCase(), [PHONE]),
        lambda: postal.declare(MailCase(frozenset({W.SUPPLEMENT_DECLARATION})), []),
        lambda: postal.accept(MailCase()),
        lambda: postal.refuse(MailCase(frozenset({W.DECLARATION_REVIEW})), " "),
        lambda: postal.pay(MailCase(), 1, "r"),
        lambda: postal.pay(MailCase(frozenset({W.TAX_PAYMENT})), 1, "r"),
        lambda: postal.dispute(MailCase(), "why"),
        lambda: postal.uphold(MailCase(frozenset({W.TAX_PAYMENT})), "why"),
        lambda: postal.refund(MailCase(), 1, "why"),
        lambda: postal.refuse_refund(MailCase(), "why"),
        lambda: postal.send_documents(MailCase(), ["invoice"]),
        lambda: postal.grant_return(MailCase()),
        lambda: postal.assess(MailCase(frozenset({W.RETURN_REQUEST})), estimate_of(1)),
    ],
)
def test_a_deed_that_does_not_fit_is_refused(deed: object) -> None:
    with pytest.raises(MailRefusedError):
        deed()  # type: ignore[operator]


@given(st.lists(st.integers(1, 50_000), max_size=8), st.integers(1, 100_000))
def test_the_parcel_owes_what_is_due_and_not_paid(payments: list[int], due_fen: int) -> None:
    walk = Walk().take(postal.assess(MailCase(), estimate_of(due_fen)))
    for number, fen in enumerate(payments):
        if W.TAX_PAYMENT not in walk.waits:
            break
        walk.take(postal.pay(walk.case, fen, str(number)))
    assert walk.case.owed_fen == max(0, due_fen - walk.case.paid_fen)
    assert (W.TAX_PAYMENT in walk.waits) == (walk.case.owed_fen > 0)
    assert (W.REFUND_REQUEST in walk.waits) == (walk.case.paid_fen > due_fen)


@pytest.mark.parametrize(
    ("state", "wait", "waits", "moves"),
    [
        (State.IMAGED, W.SUPPLEMENT_DECLARATION, (), (Action.DOC_REVIEW, Action.REQUIRE_PARTY)),
        (State.DOC_REVIEW, W.TAX_PAYMENT, (), (Action.REQUIRE_PARTY,)),
        (State.AWAITING_PARTY, W.TAX_PAYMENT, (W.TAX_PAYMENT,), ()),
        (State.AWAITING_PARTY, None, (W.TAX_PAYMENT,), (Action.PARTY_DONE,)),
        (State.AWAITING_PARTY, W.TAX_REVIEW, (W.TAX_PAYMENT,), (Action.PARTY_DONE,)),
        (State.HELD, W.TAX_PAYMENT, (W.TAX_PAYMENT,), ()),
        (State.RELEASED, W.REFUND_REQUEST, (), ()),
    ],
)
def test_a_parcel_is_where_its_turn_is(
    state: State, wait: W | None, waits: tuple[W, ...], moves: tuple[Action, ...]
) -> None:
    assert postal.moves_for(state, wait, waits) == moves


def test_the_way_of_an_item_follows_from_its_number_and_papers() -> None:
    assert postal.direction_of("EE876543216JP", None) == (Direction.INBOUND, "JP")
    assert postal.direction_of("EE876543216CN", None) == (Direction.OUTBOUND, "")
    assert postal.direction_of("SF123", Declaration("SF123", (), origin="HK")) == (Direction.INBOUND, "HK")


def test_a_supplementary_declaration_becomes_the_parcels() -> None:
    before = Declaration("EE1", (), sender="S", consignee="C", origin="JP", gross_weight_g=100)
    made = postal.declaration_of("EE1", [PHONE], before)
    assert (made.summary, made.value, made.consignee, made.origin) == ("phone", 300_000_000, "C", "JP")
    assert postal.declaration_of("EE1", [PHONE, DeclaredArticle("x", "", 1, 5, "USD")], None).value is None
