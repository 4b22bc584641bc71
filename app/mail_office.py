"""The mail office: what mail items wait for, their cases with the tax estimated, and the officer's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from app.customs import postal
from app.customs.dated import RuleMissingError, local_day
from app.customs.matters import Step
from app.customs.parcel import Declaration, Parcel, QueueRow
from app.customs.postal import OF_MAIL, Deed, MailCase, MailStep, articles_declared
from app.customs.tax import Article, Estimate, Shipment, TaxError, articles_of, categories_on, estimate
from app.customs.waiting import Waiting, WaitingKind
from app.officers.rights import Right, Rights
from app.store.errors import ParcelUnknownError
from app.store.store import Store
from app.tables import Tables


@dataclass(frozen=True, slots=True)
class MailRow:
    """One line of the mail queue: what is waited for, since when, and by which parcel."""

    waiting: Waiting
    parcel: QueueRow


@dataclass(frozen=True, slots=True)
class Correction:
    """What the officer sets right in an article before the tax is estimated; None leaves it as it was declared."""

    category: str | None = None
    value_fen: int | None = None
    is_indivisible: bool | None = None


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail item's case as an officer looks at it. `why_not` says why no tax can be estimated."""

    parcel: Parcel
    case: MailCase
    steps: tuple[Step, ...]
    articles: tuple[Article, ...] = ()
    estimate: Estimate | None = None
    why_not: TaxError | RuleMissingError | None = None

    @property
    def arrived_on(self) -> date:
        return local_day(self.parcel.arrived_at)

    def is_of(self, parcel: Parcel, case: MailCase) -> bool:
        """Whether these articles, line for line, are still what is declared."""
        return _declared(self.parcel, self.case) == _declared(parcel, case)


class MailOffice:
    """The mail office of a station. May be used from any thread; `on_changed` is told which parcel changed."""

    def __init__(
        self, store: Store, rights: Rights, tables: Tables, *, waiting_days: int, on_changed: Callable[[int], None]
    ) -> None:
        self._store = store
        self._rights = rights
        self._tables = tables
        self._time = timedelta(days=waiting_days)
        self._on_changed = on_changed

    # What is there

    def queue(
        self, kinds: Sequence[WaitingKind] = (), *, limit: int = 200, after: tuple[datetime, int] | None = None
    ) -> list[MailRow]:
        """What waits, the oldest first; `after` is time and id of the last waiting reason of the page before."""
        found = self._store.waiting.page(kinds or sorted(OF_MAIL), limit=limit, after=after)
        rows = ((waiting, self._store.row(waiting.parcel_id)) for waiting in found)
        return [MailRow(waiting, row) for waiting, row in rows if row is not None]

    def counts(self) -> dict[WaitingKind, int]:
        """How many wait, by reason."""
        found = self._store.waiting.counts()
        return {kind: found[kind] for kind in WaitingKind if kind in OF_MAIL and kind in found}

    def find(self, number: str) -> int:
        """The parcel that came last with a number. Raises ParcelUnknownError."""
        found = self._store.find_code(number.strip())
        if found is None:
            raise ParcelUnknownError(f"No parcel is known by {number}.", id=number)
        return found.id

    def categories(self, day: date) -> Sequence[str]:
        """The categories of articles that have a rate on a day."""
        return categories_on(day, self._tables.tax)

    def view(
        self, parcel_id: int, corrections: Mapping[int, Correction] | None = None, *, is_commercial: bool = False
    ) -> MailView:
        """A case with its tax estimated by the rules of the day of arrival; corrections go by line from 1."""
        parcel, case = self._store.parcel(parcel_id), self._store.mail.case(parcel_id)
        seen = MailView(parcel, case, self._store.mail.steps(parcel_id))
        try:
            articles = self._articles(parcel, case, corrections or {})
            seen = replace(seen, articles=articles)
            direction, country = postal.direction_of(parcel.number, parcel.declaration)
            shipment = Shipment(direction, country, articles, is_commercial)
            return replace(seen, estimate=estimate(shipment, seen.arrived_on, self._tables.tax))
        except (TaxError, RuleMissingError) as error:
            return replace(seen, why_not=error)

    def _articles(self, parcel: Parcel, case: MailCase, corrections: Mapping[int, Correction]) -> tuple[Article, ...]:
        day, rules, categories = local_day(parcel.arrived_at), self._tables.tax, self._tables.categories
        if case.declared:
            found = articles_declared(case, day, rules, categories)
        else:
            found = articles_of(parcel.declaration, day, rules, categories) if parcel.declaration else ()
        if not found:
            raise TaxError("Nothing is declared; ask for a supplementary declaration.")
        return tuple(_correct(article, corrections.get(line)) for line, article in enumerate(found, 1))

    # What the officer does

    def ask(self, parcel_id: int, wait: WaitingKind, note: str, *, officer: str) -> MailCase:
        """Ask the consignee for a supplementary declaration or for documents."""
        return self._take(parcel_id, lambda _, case: postal.ask(case, wait, note), officer, Right.MAIL)

    def accept(self, seen: MailView, *, officer: str) -> MailCase:
        """Accept what the consignee declared, as it was seen; it becomes the parcel's declaration.

        Raises:
            MailRefusedError: he declared again since, or nothing is to be accepted.
        """
        case = self._take(seen.parcel.id, _as_seen(seen, postal.accept), officer, Right.MAIL)
        self._declare(seen.parcel.id, case)
        return case

    def assess(
        self,
        seen: MailView,
        corrections: Mapping[int, Correction] | None = None,
        *,
        officer: str,
        is_commercial: bool = False,
        reason: str = "",
    ) -> MailCase:
        """Set the tax as it is estimated; what is due is asked for, what was declared counts as accepted.

        Corrections go by the lines that were seen.

        Raises:
            TaxError, RuleMissingError: it cannot be estimated.
            MailRefusedError: it does not clear as articles, or something else was declared since.
        """
        self._rights.require(officer, Right.TAX)
        parcel_id = seen.parcel.id
        view = self.view(parcel_id, corrections, is_commercial=is_commercial)
        if view.why_not is not None:
            raise view.why_not
        made = view.estimate
        assert made is not None
        make = _as_seen(seen, lambda case: postal.assess(case, made, reason))
        case = self._take(parcel_id, make, officer, Right.TAX)
        self._declare(parcel_id, case)
        return case

    def refund(self, parcel_id: int, fen: int, reason: str, *, officer: str) -> MailCase:
        """Have tax that was paid given back (退税)."""
        return self._take(parcel_id, lambda _, case: postal.refund(case, fen, reason), officer, Right.TAX)

    def answer(self, seen: MailView, deed: Deed, *, officer: str, reason: str = "") -> MailCase:
        """Answer what waits for customs: refuse a declaration, uphold a tax, refuse a refund, grant or refuse a return.

        Raises:
            MailRefusedError: nothing of the kind waits, the reason is missing, or something else was declared since.
        """
        answers: Mapping[Deed, Callable[[MailCase], MailStep]] = {
            Deed.REFUSED: lambda case: postal.refuse(case, reason),
            Deed.UPHELD: lambda case: postal.uphold(case, reason),
            Deed.REFUND_REFUSED: lambda case: postal.refuse_refund(case, reason),
            Deed.RETURN_GRANTED: postal.grant_return,
            Deed.RETURN_REFUSED: lambda case: postal.refuse_return(case, reason),
        }
        right = Right.TAX if deed in (Deed.UPHELD, Deed.REFUND_REFUSED) else Right.MAIL
        return self._take(seen.parcel.id, _as_seen(seen, answers[deed]), officer, right)

    def _take(
        self, parcel_id: int, make: Callable[[Parcel, MailCase], MailStep], officer: str, right: Right
    ) -> MailCase:
        self._rights.require(officer, right)
        return self.take(parcel_id, make, actor=officer)

    def take(
        self,
        parcel_id: int,
        make: Callable[[Parcel, MailCase], MailStep],
        *,
        actor: str,
        reference: str = "",
    ) -> MailCase:
        """Do a deed in a case; what comes from the platform has its message's id as `reference`."""
        now = datetime.now(UTC)
        case = self._store.mail.take(parcel_id, make, actor=actor, at=now, due_at=now + self._time, reference=reference)
        self._on_changed(parcel_id)
        return case

    def _declare(self, parcel_id: int, case: MailCase) -> None:
        parcel = self._store.parcel(parcel_id)
        if case.declared:
            made = postal.declaration_of(parcel.number, case.declared, parcel.declaration)
            self._store.add_declarations([made])


def _declared(parcel: Parcel, case: MailCase) -> tuple[int, Declaration | None]:
    """Which declaration the articles are taken from: the consignee's by its number, else the papers of the item."""
    return case.submissions, None if case.declared else parcel.declaration


def _as_seen(seen: MailView, make: Callable[[MailCase], MailStep]) -> Callable[[Parcel, MailCase], MailStep]:
    """A deed that is refused where another declaration came in since the officer looked."""

    def check(parcel: Parcel, case: MailCase) -> MailStep:
        if not seen.is_of(parcel, case):
            raise postal.unseen()
        return make(case)

    return check


def _correct(article: Article, correction: Correction | None) -> Article:
    if correction is None:
        return article
    changes = {
        "category": correction.category,
        "actual_fen": correction.value_fen,
        "is_indivisible": correction.is_indivisible,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(article, **given)  # type: ignore[arg-type]
