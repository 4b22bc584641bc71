"""The papers of a parcel (三单比对): order, payment and waybill beside its inventory."""

from __future__ import annotations

from dataclasses import dataclass

from app.customs.match import Case, Match, Row, compare, match
from app.customs.parcel import Parcel
from app.single_window import case_of
from app.store.store import Store


@dataclass(frozen=True, slots=True)
class Compared:
    """The papers of a parcel as far as they have come, what differs, and every field as each of them states it."""

    case: Case
    match: Match
    rows: tuple[Row, ...]


class Papers:
    """The station's view of papers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, parcel: Parcel) -> Compared | None:
        """The papers of an e-commerce parcel; None for one of another channel."""
        if parcel.declaration is None or parcel.declaration.channel != "cbec":
            return None
        case = case_of(self._store, parcel.declaration.number)
        return Compared(case, match(case), compare(case))
