"""What the window may ask of the station, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.customs.orders import Hit
from app.customs.parcel import ArchiveFilter, Decision, Parcel, QueueFilter, QueueRow
from app.customs.states import Action, Offer
from app.customs.tip import Ending, Resolved, Tip
from app.papers import Compared
from app.sameness import Near, Search
from app.tip_office import Prepared
from app.trace.printing import PrintJob
from app.tracing import Alarm, Traced
from imaging.annotations import Annotation
from imaging.scan import Scan


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did, after its commit; until `undo_until` the same officer may take it back."""

    decision: Decision
    parcel: Parcel
    undo_until: datetime | None
    label: Path | None = None


class Decide(Protocol):
    """The station's way to decide on a parcel, as its counters use it."""

    def __call__(
        self,
        parcel_id: int,
        action: Action,
        *,
        officer: str,
        reason: str = "",
        note: str = "",
        due_at: datetime | None = None,
    ) -> Decided: ...


class PapersView(Protocol):
    """What a page of papers asks of the station."""

    def parcel(self, parcel_id: int) -> Parcel: ...
    def papers(self, parcel: Parcel) -> Compared | None: ...


class TipView(Protocol):
    """What the window asks about projected threats."""

    longest_s: float

    def prepare(self, parcel: Parcel, scan: Scan, *, officer: str) -> Prepared | None: ...
    def show(self, prepared: Prepared, *, officer: str) -> Tip: ...
    def resolve(
        self, tip: Tip, *, officer: str, action: Action | None = None, marks: Sequence[Annotation] = ()
    ) -> Resolved: ...
    def end(self, tip: Tip, why: Ending | None) -> Resolved: ...


class StationView(Protocol):
    """What the window may ask of the station. Reads may be called from any one thread that is not the GUI's."""

    @property
    def tip(self) -> TipView | None: ...
    def queue(self, filter: QueueFilter, limit: int = 500) -> list[QueueRow]: ...
    def counts(self) -> dict[str, int]: ...
    def parcel(self, parcel_id: int) -> Parcel: ...
    def offers(self, parcel_id: int, *, officer: str) -> list[Offer]: ...
    def history(self, parcel_id: int) -> list[Decision]: ...
    def papers(self, parcel: Parcel) -> Compared | None: ...
    def open_hits(self, parcel_id: int) -> list[Hit]: ...
    def open_scan(self, parcel_id: int) -> Scan | None: ...
    def archive(self, wanted: ArchiveFilter, limit: int = 200, *, officer: str) -> list[QueueRow]: ...
    def nearest(self, parcel_id: int, search: Search | None = None, *, officer: str) -> list[Near]: ...
    def find_code(self, text: str) -> Parcel | None: ...
    def trace(self, text: str) -> Traced: ...
    def decide(
        self,
        parcel_id: int,
        action: Action,
        *,
        officer: str,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        second_pin: str = "",
        seen_version: int | None = None,
        annotations: str = "",
        shown: Mapping[str, object] | None = None,
    ) -> Decided: ...
    def note_export(self, parcel_id: int | None, what: str, *, officer: str, file: str = "") -> None: ...
    def log_shown(self, shown: Sequence[tuple[int, Mapping[str, object]]]) -> None: ...
    def undo(self, decision_id: int, *, officer: str) -> Decided: ...
    def label(self, parcel_id: int, *, dpi: int = 203) -> Path: ...
    def print_label(self, parcel_id: int, *, officer: str) -> PrintJob | None: ...
    def acknowledge(self, alarm: Alarm, *, officer: str) -> None: ...
