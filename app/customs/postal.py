"""A mail item's case (邮件“一站式”办理) on the officer's side: declaration, tax, payment, review, refund, return.

Each function says what a deed leads to: a step to be kept, and the reason for which the parcel waits after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.customs.dated import DatedRules
from app.customs.matters import CounterRefusedError, Step
from app.customs.parcel import Declaration, GoodsLine
from app.customs.states import LETS_GO, TERMINAL, Action, State
from app.customs.tax import (
    Article,
    Direction,
    Estimate,
    estimate_to_json,
    suggest_category,
    value_fen,
    yuan,
)
from app.customs.waiting import OWING, WaitingKind

PLATFORM: Final = "platform"
"""Who acts where the consignee did something on the platform."""

OF_CONSIGNEE: Final = frozenset({WaitingKind.SUPPLEMENT_DECLARATION, WaitingKind.TAX_PAYMENT, WaitingKind.DOCUMENTS})
OF_CUSTOMS: Final = frozenset(
    {
        WaitingKind.DECLARATION_REVIEW, WaitingKind.TAX_REVIEW, WaitingKind.REFUND_REQUEST,
        WaitingKind.RETURN_REQUEST,
    }
)  # fmt: skip
"""Whose turn it is: the consignee's, or that of customs, who answer what he sent."""

OF_MAIL: Final = OF_CONSIGNEE | OF_CUSTOMS

_DECLARING: Final = frozenset({WaitingKind.SUPPLEMENT_DECLARATION, WaitingKind.DECLARATION_REVIEW})


class MailRefusedError(CounterRefusedError):
    """A deed does not fit how the case stands."""

    key = "mail_refused"


class Deed(StrEnum):
    """What may happen to a case. What the consignee does comes from the platform, the rest is an officer's."""

    ASKED = "asked"
    DECLARED = "declared"
    DOCUMENTS_SENT = "documents_sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ASSESSED = "assessed"
    PAID = "paid"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"
    RETURN_ASKED = "return_asked"
    RETURN_GRANTED = "return_granted"
    RETURN_REFUSED = "return_refused"


@dataclass(frozen=True, slots=True)
class DeclaredArticle:
    """One line of a supplementary declaration (补充申报). `value` is in 1e-5 units of the currency."""

    name: str
    category: str
    count: int
    value: int
    currency: str = "CNY"
    hs_code: str = ""
    is_indivisible: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "category": self.category, "count": self.count, "value": self.value,
            "currency": self.currency, "hs_code": self.hs_code, "is_indivisible": self.is_indivisible,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MailCase:
    """How a case stands: what was declared last, what was assessed, paid and refunded, what the parcel waits for."""

    waits: frozenset[WaitingKind] = frozenset()
    declared: tuple[DeclaredArticle, ...] = ()
    submissions: int = 0
    is_accepted: bool = False
    estimate: Mapping[str, Any] | None = None
    due_fen: int = 0
    paid_fen: int = 0
    refunded_fen: int = 0
    receipts: tuple[str, ...] = ()
    said: str = ""
    """What the consignee gave as his reason last, in a dispute or a request for return."""
    before: Mapping[WaitingKind, str] = field(default_factory=dict)
    """What the request for return that is open took the place of, each reason to wait with its note."""

    @property
    def kept_fen(self) -> int:
        """What was paid and not refunded."""
        return self.paid_fen - self.refunded_fen

    @property
    def owed_fen(self) -> int:
        return max(0, self.due_fen - self.kept_fen)


@dataclass(frozen=True, slots=True)
class MailStep:
    """What a deed leads to: the step's kind and values, what the parcel waits for then, and a move of its own.

    `wait` says where the parcel belongs, `beside` what else it waits for. `notes` are those of reasons that open again.
    """

    deed: Deed
    wait: WaitingKind | None
    body: Mapping[str, Any]
    move: Action | None = None
    beside: frozenset[WaitingKind] = frozenset()
    notes: Mapping[WaitingKind, str] = field(default_factory=dict)

    @property
    def waits(self) -> frozenset[WaitingKind]:
        return self.beside | {self.wait} if self.wait else self.beside

    @property
    def note(self) -> str:
        """What the consignee is told beside it."""
        return str(self.body.get("note") or self.body.get("reason") or "")

    def note_of(self, wait: WaitingKind) -> str:
        """What is noted beside a reason to wait that begins."""
        return self.notes.get(wait, self.note)


def read_case(
    steps: Iterable[Step], waits: Iterable[WaitingKind], before: Mapping[WaitingKind, str] | None = None
) -> MailCase:
    """How a case stands after its steps; `before` is what an open request for return took the place of."""
    declared: tuple[DeclaredArticle, ...] = ()
    submissions = due_fen = paid_fen = refunded_fen = 0
    is_accepted, estimate, said = False, None, ""
    receipts: list[str] = []
    for step in steps:
        match step.kind:
            case Deed.DECLARED:
                declared = tuple(DeclaredArticle(**line) for line in step.body["articles"])
                submissions, is_accepted = submissions + 1, False
            case Deed.ACCEPTED:
                is_accepted = True
            case Deed.ASSESSED:
                estimate, is_accepted = step.body["estimate"], True
                due_fen = estimate["due_fen"]
            case Deed.PAID:
                paid_fen += step.body["fen"]
                receipts.append(step.body["receipt"])
            case Deed.REFUNDED:
                refunded_fen += step.body["fen"]
                # What is given back is not due any more, unless it had been paid too much.
                due_fen = min(due_fen, paid_fen - refunded_fen)
            case Deed.DISPUTED | Deed.RETURN_ASKED:
                said = step.body["reason"]
            case _:
                pass
    return MailCase(
        frozenset(waits),
        declared,
        submissions,
        is_accepted,
        estimate,
        due_fen,
        paid_fen,
        refunded_fen,
        tuple(receipts),
        said,
        before or {},
    )


def ask(case: MailCase, wait: WaitingKind, note: str) -> MailStep:
    """The officer asks the consignee for a declaration or documents."""
    if wait not in (WaitingKind.SUPPLEMENT_DECLARATION, WaitingKind.DOCUMENTS) or case.waits:
        raise _refuse(Deed.ASKED, "waits", "something is open already")
    return MailStep(Deed.ASKED, wait, {"note": note})


def declare(case: MailCase, articles: Sequence[DeclaredArticle]) -> MailStep:
    """The consignee declares; he may do so as often as he likes until the tax is assessed."""
    _expect(case, WaitingKind.SUPPLEMENT_DECLARATION, WaitingKind.DECLARATION_REVIEW, deed=Deed.DECLARED)
    if not articles:
        raise _refuse(Deed.DECLARED, "empty", "it has no articles")
    body = {"articles": [article.to_json() for article in articles]}
    return _lead(Deed.DECLARED, case.waits - _DECLARING | {WaitingKind.DECLARATION_REVIEW}, body)


def send_documents(case: MailCase, documents: Sequence[str]) -> MailStep:
    """The consignee sends the documents that were asked for."""
    _expect(case, WaitingKind.DOCUMENTS, deed=Deed.DOCUMENTS_SENT)
    return _lead(Deed.DOCUMENTS_SENT, case.waits - {WaitingKind.DOCUMENTS}, {"documents": list(documents)})


def accept(case: MailCase) -> MailStep:
    """The officer accepts what was declared."""
    _expect(case, WaitingKind.DECLARATION_REVIEW, deed=Deed.ACCEPTED)
    return _lead(Deed.ACCEPTED, case.waits - _DECLARING, {})


def refuse(case: MailCase, reason: str) -> MailStep:
    """The officer asks for another declaration."""
    _expect(case, WaitingKind.DECLARATION_REVIEW, deed=Deed.REFUSED)
    _need_reason(Deed.REFUSED, reason)
    waits = case.waits - _DECLARING | {WaitingKind.SUPPLEMENT_DECLARATION}
    return _lead(Deed.REFUSED, waits, {"reason": reason})


def assess(case: MailCase, estimate: Estimate, reason: str = "") -> MailStep:
    """The officer sets the tax to be paid; a disputed one anew. What is declared counts as accepted.

    Raises:
        MailRefusedError: the shipment may not clear as articles, or something else is open.
    """
    if case.waits & {WaitingKind.REFUND_REQUEST, WaitingKind.RETURN_REQUEST, WaitingKind.DOCUMENTS}:
        raise _refuse(Deed.ASSESSED, "waits", "something else is open, answer it first")
    if not estimate.is_article:
        raise _refuse(Deed.ASSESSED, "goods", f"it is {estimate.standing} and clears as goods or goes back")
    owed_fen = max(0, estimate.due_fen - case.kept_fen)
    body = {"estimate": estimate_to_json(estimate), "fen": owed_fen, "reason": reason}
    if owed_fen:
        return MailStep(Deed.ASSESSED, WaitingKind.TAX_PAYMENT, body)
    is_too_much = case.kept_fen > estimate.due_fen
    return MailStep(Deed.ASSESSED, WaitingKind.REFUND_REQUEST if is_too_much else None, body)


def pay(case: MailCase, fen: int, receipt: str) -> MailStep:
    """A payment came in; what is too little leaves the parcel waiting, what is too much is to be refunded."""
    _expect(case, WaitingKind.TAX_PAYMENT, WaitingKind.TAX_REVIEW, deed=Deed.PAID)
    if case.estimate is None:
        raise _refuse(Deed.PAID, "no_tax", "no tax was assessed")
    if fen <= 0 or not receipt:
        raise _refuse(Deed.PAID, "no_receipt", "a payment needs an amount and a receipt")
    if receipt in case.receipts:
        raise _refuse(Deed.PAID, "receipt_known", f"the receipt {receipt} was counted before")
    waits = case.waits - OWING
    if fen < case.owed_fen:
        waits |= case.waits & {WaitingKind.TAX_REVIEW} or {WaitingKind.TAX_PAYMENT}
    elif fen > case.owed_fen or WaitingKind.TAX_REVIEW in case.waits:
        waits |= {WaitingKind.REFUND_REQUEST}
    return _lead(Deed.PAID, waits, {"fen": fen, "receipt": receipt})


def dispute(case: MailCase, reason: str) -> MailStep:
    """The consignee asks for a review (复核) of the tax; once it is paid, for a refund."""
    _need_reason(Deed.DISPUTED, reason)
    if WaitingKind.TAX_REVIEW in case.waits:
        raise _refuse(Deed.DISPUTED, "waits", "the tax is under review already")
    if WaitingKind.TAX_PAYMENT in case.waits:
        return _lead(Deed.DISPUTED, case.waits - OWING | {WaitingKind.TAX_REVIEW}, {"reason": reason})
    if case.kept_fen > 0 and WaitingKind.REFUND_REQUEST not in case.waits:
        return _lead(Deed.DISPUTED, case.waits | {WaitingKind.REFUND_REQUEST}, {"reason": reason})
    raise _refuse(Deed.DISPUTED, "no_tax", "no tax is open and none was paid")


def uphold(case: MailCase, reason: str) -> MailStep:
    """The officer upholds a disputed tax; it waits for payment again."""
    _expect(case, WaitingKind.TAX_REVIEW, deed=Deed.UPHELD)
    _need_reason(Deed.UPHELD, reason)
    waits = case.waits - OWING | {WaitingKind.TAX_PAYMENT}
    return _lead(Deed.UPHELD, waits, {"fen": case.owed_fen, "reason": reason})


def refund(case: MailCase, fen: int, reason: str) -> MailStep:
    """The officer has tax refunded (退税), no more than was paid, and only once nothing is owed."""
    _need_reason(Deed.REFUNDED, reason)
    if case.owed_fen:
        raise _refuse(Deed.REFUNDED, "owed", f"{yuan(case.owed_fen)} is still owed; set the tax anew")
    if not 0 < fen <= case.kept_fen:
        raise _refuse(Deed.REFUNDED, "too_much", f"at most {yuan(case.kept_fen)} was paid and not refunded")
    return _lead(Deed.REFUNDED, case.waits - {WaitingKind.REFUND_REQUEST}, {"fen": fen, "reason": reason})


def refuse_refund(case: MailCase, reason: str) -> MailStep:
    _expect(case, WaitingKind.REFUND_REQUEST, deed=Deed.REFUND_REFUSED)
    _need_reason(Deed.REFUND_REFUSED, reason)
    return _lead(Deed.REFUND_REFUSED, case.waits - {WaitingKind.REFUND_REQUEST}, {"reason": reason})


def ask_return(state: State, reason: str) -> MailStep:
    """The consignee asks for the return (退运) of what still stands here; what else was open rests until the answer."""
    if state in LETS_GO | TERMINAL or state is State.DETAINED:
        raise _refuse(Deed.RETURN_ASKED, "gone", f"the parcel is {state}")
    return MailStep(Deed.RETURN_ASKED, WaitingKind.RETURN_REQUEST, {"reason": reason})


def grant_return(case: MailCase) -> MailStep:
    """The officer sends the parcel back; tax that was paid too much is still to be refunded."""
    _expect(case, WaitingKind.RETURN_REQUEST, deed=Deed.RETURN_GRANTED)
    waits = (case.waits | case.before.keys()) & {WaitingKind.REFUND_REQUEST}
    return replace(_lead(Deed.RETURN_GRANTED, waits, {}, case.before), move=Action.RETURN)


def refuse_return(case: MailCase, reason: str) -> MailStep:
    """The officer refuses a return; what was open before is open again."""
    _expect(case, WaitingKind.RETURN_REQUEST, deed=Deed.RETURN_REFUSED)
    _need_reason(Deed.RETURN_REFUSED, reason)
    waits = (case.waits | case.before.keys()) - {WaitingKind.RETURN_REQUEST}
    return _lead(Deed.RETURN_REFUSED, waits, {"reason": reason}, case.before)


def moves_for(state: State, wait: WaitingKind | None, waits: Collection[WaitingKind]) -> tuple[Action, ...]:
    """The moves that bring a parcel to where it belongs: with the consignee, or back before an officer."""
    if wait not in OF_CONSIGNEE:
        return (Action.PARTY_DONE,) if state is State.AWAITING_PARTY else ()
    if state is State.AWAITING_PARTY or wait in waits:
        return ()
    return (Action.DOC_REVIEW, Action.REQUIRE_PARTY) if state is State.IMAGED else (Action.REQUIRE_PARTY,)


def direction_of(number: str, declaration: Declaration | None) -> tuple[Direction, str]:
    """Which way a mail item goes, and the country at its other end as far as its papers say."""
    is_s10 = len(number) == 13 and number[:2].isalpha() and number[-2:].isalpha()
    origin = (declaration.origin if declaration else "") or (number[-2:].upper() if is_s10 else "")
    return (Direction.OUTBOUND, "") if origin == "CN" else (Direction.INBOUND, origin)


def declaration_of(number: str, articles: Sequence[DeclaredArticle], before: Declaration | None) -> Declaration:
    """A supplementary declaration as the parcel's declaration; who sent it to whom stays as it was."""
    currencies = {article.currency for article in articles}
    goods = tuple(
        GoodsLine(article.name, article.hs_code, str(article.count), value=article.value) for article in articles
    )
    return Declaration(
        number=number,
        goods=goods,
        channel=before.channel if before else "mail",
        sender=before.sender if before else "",
        consignee=before.consignee if before else "",
        origin=before.origin if before else "",
        gross_weight_g=before.gross_weight_g if before else None,
        value=sum(article.value for article in articles) if len(currencies) == 1 else None,
        currency=currencies.pop() if len(currencies) == 1 else "CNY",
        source="platform",
    )


def articles_declared(
    case: MailCase, day: date, rules: DatedRules, categories: Mapping[str, str]
) -> tuple[Article, ...]:
    """What was declared, as articles for the estimate. Raises RuleMissingError for a currency without a rate."""
    return tuple(
        Article(
            each.name,
            each.category or suggest_category(each.hs_code, categories),
            value_fen(each.value, each.currency, day, rules),
            count=each.count,
            is_indivisible=each.is_indivisible,
        )
        for each in case.declared
    )


def _expect(case: MailCase, *waits: WaitingKind, deed: Deed) -> None:
    if not case.waits & set(waits):
        raise _refuse(deed, "unexpected", f"the parcel does not wait for {' or '.join(waits)}")


def _need_reason(deed: Deed, reason: str) -> None:
    if not reason.strip():
        raise _refuse(deed, "no_reason", "it needs a reason")


def _lead(
    deed: Deed, waits: AbstractSet[WaitingKind], body: Mapping[str, Any], notes: Mapping[WaitingKind, str] | None = None
) -> MailStep:
    """A step after which all of `waits` is open; what the consignee has to do says where the parcel belongs."""
    first = min(waits, key=lambda kind: (kind not in OF_CONSIGNEE, kind), default=None)
    return MailStep(deed, first, body, beside=frozenset(waits) - {first}, notes=notes or {})


def unseen() -> MailRefusedError:
    """Another declaration came in since an officer looked."""
    return MailRefusedError("Another declaration came in since this one was shown; look at it first.", "unseen")


def _refuse(deed: Deed, code: str, why: str) -> MailRefusedError:
    return MailRefusedError(f"{deed} is not possible: {why}.", code, deed=deed.value)
