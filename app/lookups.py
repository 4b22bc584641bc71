"""What an officer asks of a station: the queue, a parcel with all that hangs on it, codes, the archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.control_orders import ControlOrders
from app.customs.orders import Hit
from app.customs.parcel import ArchiveFilter, Decision, Parcel, QueueFilter, QueueRow
from app.customs.states import Offer, offers
from app.duty import Duty
from app.labelling import Labelling
from app.officers.errors import OfficerError
from app.officers.rights import RIGHT_FOR, KnownOfficers, Right
from app.papers import Compared, Papers
from app.sameness import Compared as Alike
from app.sameness import Near, Sameness, Search
from app.settings import Settings
from app.store.decisions import TraceFound
from app.store.found import LogReport
from app.store.store import Store
from app.trace.errors import LabelNoneError
from app.trace.formats import Format
from app.tracing import Traced, Tracing
from imaging.scan import Scan


class Lookups:
    """The reading half of a station, which makes what is named here. May be called from any thread."""

    settings: Settings
    rights: KnownOfficers | Duty
    tracing: Tracing
    orders: ControlOrders
    sameness: Sameness
    _store: Store
    _papers: Papers
    _labelling: Labelling

    def queue(self, wanted: QueueFilter, limit: int = 500) -> list[QueueRow]:
        return self._store.queue(wanted, limit)

    def counts(self) -> dict[str, int]:
        return self._store.counts()

    def parcel(self, parcel_id: int) -> Parcel:
        return self._store.parcel(parcel_id)

    def history(self, parcel_id: int) -> list[Decision]:
        return self._store.history(parcel_id)

    def papers(self, parcel: Parcel) -> Compared | None:
        """The papers of an e-commerce parcel held against each other; None for one of another channel."""
        return self._papers.of(parcel)

    def open_hits(self, parcel_id: int) -> list[Hit]:
        """The control orders about which something is still to be done on a parcel."""
        return [hit for hit in self.orders.hits_of(parcel_id) if hit.ended is None]

    def search(self, text: str, limit: int = 50) -> list[QueueRow]:
        return self._store.search(text, limit)

    def archive(self, wanted: ArchiveFilter, limit: int = 200, *, officer: str) -> list[QueueRow]:
        """
        Raises:
            RightMissingError: the officer may not look into the archive.
        """
        self.rights.require(officer, Right.ARCHIVE)
        return self._store.archive(wanted, limit)

    def nearest(self, parcel_id: int, search: Search | None = None, *, officer: str) -> list[Near]:
        """The earlier parcels whose pictures are most like a parcel's, the best first; raises as Sameness.nearest."""
        return self.sameness.nearest(parcel_id, search, officer=officer)

    def compare(self, one_id: int, other_id: int) -> Alike | None:
        """The newest pictures of two parcels held against each other; raises as Sameness.compare."""
        return self.sameness.compare(one_id, other_id)

    def offers(self, parcel_id: int, *, officer: str) -> list[Offer]:
        """The actions that the table has for this parcel now; what the officer may not do says so."""
        state, facts = self._store.facts(parcel_id, officer=officer)
        return [self._if_permitted(offer, officer) for offer in offers(state, facts)]

    def _if_permitted(self, offer: Offer, officer: str) -> Offer:
        try:
            self.rights.require(officer, RIGHT_FOR[offer.action])
        except OfficerError:
            return replace(offer, is_allowed=False, why_not="officers.why_not", after=None)
        return offer

    def open_scan(self, parcel_id: int) -> Scan | None:
        """The newest picture of a parcel, checked against its sha256; None where it was never scanned.

        Raises:
            FileAlteredError, FileTornError: it is not the picture that was kept.
        """
        captures = self._store.parcel(parcel_id).captures
        return self._store.load(captures[-1]) if captures else None

    def find_code(self, text: str, *, is_scan: bool = True) -> Parcel | None:
        """The parcel of a code: one of ours from a label, a number, or whatever was read on it."""
        traced = self.trace(text, is_scan=is_scan)
        return traced.parcel if traced.parcel else self._store.find_code(text.strip())

    def trace(self, text: str, *, is_scan: bool = True) -> Traced:
        """What a trace code or trace id leads to; a scan of a code is logged, a look-up is not."""
        return self.tracing.trace(text, is_scan=is_scan)

    def verify_log(self) -> LogReport:
        return self._store.verify_log()

    def label(self, parcel_id: int, *, kind: Format = Format.PNG, dpi: int | None = None, copy: int = 0) -> Path:
        """The file of a released parcel's label, drawn now.

        Raises:
            LabelNoneError: the parcel carries no trace code. LabelError: the label cannot be drawn.
        """
        parcel, found = self._labelled(parcel_id)
        return self._labelling.draw(
            parcel, found.payload, kind=kind, dpi=dpi or self.settings.work.label_dpi, copy=copy
        )

    def _labelled(self, parcel_id: int) -> tuple[Parcel, TraceFound]:
        parcel = self._store.parcel(parcel_id)
        found = self._store.find_trace(parcel.trace_code) if parcel.trace_code else None
        if found is None:
            raise LabelNoneError(f"{parcel.number} has no label; only what is released gets one.", number=parcel.number)
        return parcel, found
