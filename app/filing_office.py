"""The filings of the post (备案): imported with a preview, searched, and what they say of a declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.customs.documents import to_units
from app.customs.filings import Book, Credit, Filing, FilingFacts, Underpriced, code_prefixes
from app.customs.parcel import Declaration, GoodsLine
from app.exchange.filings import Wrong, read_filings
from app.officers.rights import Right, Rights
from app.store.filings import Counted, Version
from app.store.store import Store

MOST_WRONG = 1000
"""Rows of one file that are told as wrong; how many there are beyond is counted."""


@dataclass(slots=True)
class Imported:
    """How far an import has come: what it did, or would do, and the rows that it did not take."""

    counted: Counted = field(default_factory=Counted)
    wrong: list[Wrong] = field(default_factory=list)
    wrong_rows: int = 0

    @property
    def rows(self) -> int:
        return self.counted.new + self.counted.changed + self.counted.same + self.wrong_rows


class FilingOffice:
    """The station's view of filings. May be used from any thread."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    def import_file(self, path: Path, book: Book, *, officer: str, is_preview: bool = False) -> Iterator[Imported]:
        """Take a table's rows into a book; yields how far it has come after each batch, which is on disk then.

        A row that is wrong is left out and told; the others are taken. A preview changes nothing.

        Raises:
            SheetBrokenError: it is no table of this book. OfficerError: the officer may not import.
        """
        self._rights.require(officer, Right.FILINGS_IMPORT)
        done = Imported()
        rows = _right_rows(path, book, done)
        filings = self._store.filings
        counts = (
            filings.preview(rows)
            if is_preview
            else filings.add(rows, officer=officer, source=path.name, now=datetime.now(UTC))
        )
        for done.counted in counts:
            yield done
        yield done

    def page(self, book: Book, *, wanted: str = "", limit: int, after: str = "") -> list[Filing]:
        """The filings of a book by key; those whose key or name begins with what is wanted."""
        return self._store.filings.page(book, wanted=wanted, limit=limit, after=after)

    def versions(self, book: Book, key: str) -> list[Version]:
        """Every version of a filing with who brought it, the newest first."""
        return self._store.filings.versions(book, key)

    def counts(self) -> dict[Book, int]:
        return self._store.filings.counts()

    def facts_of(self, declaration: Declaration, day: date) -> FilingFacts:
        """What the filings say of a declaration on a day."""
        filings = self._store.filings
        if not filings.has_any():
            return FilingFacts()
        codes = self._codes(declaration)
        enterprise = self._enterprise(declaration, codes, day)
        names = [*codes, declaration.sender, declaration.consignee, *([enterprise.key] if enterprise else [])]
        lists = {
            book
            for book in (Book.WHITELIST, Book.BLACKLIST)
            if any(_counts(filing) for filing in filings.find(book, filter(None, names), day).values())
        }
        negative, unlisted, cheap = self._judge_goods(declaration, day)
        if negative:
            lists.add(Book.NEGATIVE)
        credit = enterprise.said.get("credit") if enterprise else None
        return FilingFacts(
            enterprise=enterprise.key if enterprise else "",
            standing=enterprise.standing if enterprise else None,
            credit=Credit(credit) if credit else None,
            lists=frozenset(lists),
            negative_lines=negative,
            unlisted_lines=unlisted,
            underpriced=cheap,
        )

    def _codes(self, declaration: Declaration) -> tuple[str, ...]:
        """The codes of the enterprises that a declaration's message names: seller, platform, agent."""
        kind, _, guid = declaration.source.partition("/")
        if not guid:
            return ()
        found = [kept for kept in self._store.messages.find("guid", [guid]) if kept.record.kind == kind]
        fields = found[-1].record.fields if found else {}
        return tuple(dict.fromkeys(fields[tag] for tag in ("ebcCode", "ebpCode", "agentCode") if fields.get(tag)))

    def _enterprise(self, declaration: Declaration, codes: tuple[str, ...], day: date) -> Filing | None:
        filings = self._store.filings
        found = filings.find(Book.ENTERPRISE, codes, day)
        by_code = next((found[code] for code in codes if code in found), None)
        if by_code is not None or not declaration.sender:
            return by_code
        return filings.find_name(Book.ENTERPRISE, declaration.sender, day)

    def _judge_goods(
        self, declaration: Declaration, day: date
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[Underpriced, ...]]:
        """The lines on the negative list, those not on the positive list, and those below their listed price."""
        filings = self._store.filings
        has_positive = filings.has_any(Book.POSITIVE)
        negative: list[int] = []
        unlisted: list[int] = []
        cheap: list[Underpriced] = []
        for number, line in enumerate(declaration.goods, 1):
            codes = code_prefixes(line.hs_code)
            if any(map(_counts, filings.find(Book.NEGATIVE, codes, day).values())):
                negative.append(number)
            is_listed = any(map(_counts, filings.find(Book.POSITIVE, codes, day).values()))
            if has_positive and declaration.channel == "cbec" and not is_listed:
                unlisted.append(number)
            listed = filings.find(Book.PRICE, codes, day)
            price = next((listed[code] for code in reversed(codes) if code in listed and _counts(listed[code])), None)
            if price is not None and (found := _underpriced(number, line, price)):
                cheap.append(found)
        return tuple(negative), tuple(unlisted), tuple(cheap)


def _right_rows(path: Path, book: Book, done: Imported) -> Iterator[Filing]:
    for row in read_filings(path, book):
        if isinstance(row, Filing):
            yield row
            continue
        done.wrong_rows += 1
        if len(done.wrong) < MOST_WRONG:
            done.wrong.append(row)


def _counts(filing: Filing) -> bool:
    """Whether a filing says anything now: a cancelled entry of a list does not."""
    return filing.standing.value == "in_force"


def _underpriced(number: int, line: GoodsLine, listed: Filing) -> Underpriced | None:
    """A line that is declared below its listed price for one unit, where both units are the same or not stated."""
    unit, price = listed.said.get("unit", ""), to_units(listed.said.get("price", ""))
    if line.value is None or price is None or (unit and line.unit and unit != line.unit):
        return None
    try:
        quantity = Decimal(line.quantity or "1")
    except InvalidOperation:
        return None
    if quantity <= 0:
        return None
    declared = int(Decimal(line.value) / quantity)
    return Underpriced(number, declared, price) if declared < price else None
