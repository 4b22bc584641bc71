"""A whole station in memory for tests of the window: the real table of moves, guards and undo, without disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import qrcode

from app.customs.orders import Hit
from app.customs.parcel import ArchiveFilter, Capture, Decision, Parcel, QueueFilter, QueueRow
from app.customs.states import (
    LETS_GO,
    WAITING,
    Action,
    Facts,
    Offer,
    State,
    UndoRefusedError,
    next_state,
    offers,
)
from app.sameness import Near, Search
from app.store.errors import ParcelChangedError
from app.trace.printing import PrintJob
from app.trace.verdicts import Verdict
from app.tracing import Alarm, Traced
from app.views import Decided
from imaging.scan import Scan

UNDO_S = 60.0


class MemoryStation:
    """Parcels and their scans by id. Knows which threads called it, so that a test can say which may not."""

    tip = None

    def __init__(self, folder: Path) -> None:
        self.parcels: dict[int, Parcel] = {}
        self.scans: dict[int, Scan | Exception] = {}
        self.decisions: list[Decision] = []
        self.second_officers: dict[int, str] = {}
        self.second_pins: dict[int, str] = {}
        self.callers: set[str] = set()
        self.verdicts: dict[str, Verdict] = {}
        self.acknowledged: list[tuple[str, str]] = []
        self.exports: list[tuple[int, str, str]] = []
        self.shown: list[tuple[int, Mapping[str, object]]] = []
        self.now = lambda: datetime.now(UTC)
        self._folder = folder
        self._lock = threading.Lock()

    def add(self, parcel: Parcel, scan: Scan | Exception | None = None) -> None:
        if scan is not None:
            scan_id = scan.id if isinstance(scan, Scan) else "broken"
            capture = Capture(
                scan_id, f"{parcel.id}.tif", f"{parcel.id:064x}", "belt-1", parcel.arrived_at, "parcel-3", 41.0
            )
            parcel = replace(parcel, captures=(capture,))
            self.scans[parcel.id] = scan
        with self._lock:
            self.parcels[parcel.id] = parcel

    def row(self, parcel: Parcel) -> QueueRow:
        top = max(parcel.seen, key=lambda seen: seen.score, default=None)
        return QueueRow(
            parcel.id,
            parcel.kind,
            parcel.number,
            parcel.state,
            parcel.lane,
            parcel.arrived_at,
            parcel.declaration.summary if parcel.declaration else "",
            top.label if top else "",
            top.score if top else 0.0,
            tuple(finding.kind for finding in parcel.findings),
        )

    def queue(self, filter: QueueFilter, limit: int = 500) -> list[QueueRow]:
        self._note()
        rows = [self.row(parcel) for parcel in self.parcels.values()]
        states = filter.states or WAITING
        wanted = filter.text.lower()
        rows = [row for row in rows if row.state in states and (not filter.lanes or row.lane in filter.lanes)]
        rows = [row for row in rows if wanted in f"{row.number} {row.goods}".lower()]
        rows.sort(key=lambda row: row.arrived_at, reverse=filter.newest_first)
        return rows[:limit]

    def nearest(self, parcel_id: int, search: Search | None = None, *, officer: str) -> list[Near]:
        return []

    def archive(self, wanted: ArchiveFilter, limit: int = 200, *, officer: str) -> list[QueueRow]:
        self._note()
        rows = [self.row(parcel) for parcel in self.parcels.values() if self._fits(parcel, wanted)]
        return sorted(rows, key=lambda row: row.arrived_at, reverse=True)[:limit]

    def _fits(self, parcel: Parcel, wanted: ArchiveFilter) -> bool:
        declared = parcel.declaration
        return (
            parcel.number.startswith(wanted.code)
            and (not wanted.goods or (declared is not None and wanted.goods in declared.summary))
            and (not wanted.sender or (declared is not None and wanted.sender == declared.sender))
            and (not wanted.label or any(seen.label == wanted.label for seen in parcel.seen))
            and (wanted.arrived_from is None or parcel.arrived_at >= wanted.arrived_from)
            and (wanted.arrived_to is None or parcel.arrived_at < wanted.arrived_to)
        )

    def note_export(self, parcel_id: int | None, what: str, *, officer: str, file: str = "") -> None:
        self._note()
        self.exports.append((parcel_id, what, officer))

    def log_shown(self, shown: Sequence[tuple[int, Mapping[str, object]]]) -> None:
        self._note()
        self.shown += shown

    def counts(self) -> dict[str, int]:
        self._note()
        states = [parcel.state for parcel in self.parcels.values()]
        return {state: states.count(state) for state in State}

    def parcel(self, parcel_id: int) -> Parcel:
        self._note()
        return self.parcels[parcel_id]

    def offers(self, parcel_id: int, *, officer: str) -> list[Offer]:
        self._note()
        parcel = self.parcels[parcel_id]
        return offers(parcel.state, self._facts(parcel))

    def history(self, parcel_id: int) -> list[Decision]:
        self._note()
        return [decision for decision in self.decisions if decision.parcel_id == parcel_id]

    def open_scan(self, parcel_id: int) -> Scan | None:
        self._note()
        scan = self.scans.get(parcel_id)
        if isinstance(scan, Exception):
            raise scan
        return scan

    def find_code(self, text: str) -> Parcel | None:
        self._note()
        for parcel in self.parcels.values():
            if text in (parcel.number, *parcel.codes, parcel.trace_code):
                return parcel
        return None

    def trace(self, text: str) -> Traced:
        return Traced(self.verdicts.get(text), None, self.find_code(text))

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
    ) -> Decided:
        self._note()
        with self._lock:
            parcel = self.parcels[parcel_id]
            if seen_version is not None and parcel.version != seen_version:
                raise ParcelChangedError("The parcel has changed. Look again, then decide.")
            facts = replace(
                self._facts(parcel), officer=officer, reason=reason, note=note, second_officer=second_officer
            )
            after = next_state(parcel.state, action, facts)
            number = len(self.decisions) + 1
            trace = f"T99992026{number:06d}" if after in LETS_GO else None
            decision = Decision(
                number,
                parcel_id,
                action,
                parcel.state,
                after,
                officer,
                reason,
                note,
                self.now(),
                trace,
                annotations=annotations,
            )
            self.decisions.append(decision)
            self.second_officers[number] = second_officer
            self.second_pins[number] = second_pin
            if shown is not None:
                self.shown.append((parcel_id, shown))
            parcel = replace(
                parcel, state=after, trace_code=trace, version=parcel.version + 1, return_state=parcel.state
            )
            self.parcels[parcel_id] = parcel
        return Decided(decision, parcel, decision.decided_at + timedelta(seconds=UNDO_S))

    def undo(self, decision_id: int, *, officer: str) -> Decided:
        self._note()
        with self._lock:
            decision = self.decisions[decision_id - 1]
            if self.now() - decision.decided_at > timedelta(seconds=UNDO_S):
                raise UndoRefusedError("Too late.", why="late")
            self.decisions[decision_id - 1] = decision = replace(decision, undone_at=self.now())
            parcel = self.parcels[decision.parcel_id]
            parcel = replace(parcel, state=decision.before, trace_code=None, version=parcel.version + 1)
            self.parcels[parcel.id] = parcel
        return Decided(decision, parcel, None)

    def open_hits(self, parcel_id: int) -> list[Hit]:
        self._note()
        return []

    def papers(self, parcel: Parcel) -> None:
        self._note()

    def label(self, parcel_id: int, *, dpi: int = 203) -> Path:
        self._note()
        path = self._folder / f"{parcel_id}.png"
        qrcode.make(self.parcels[parcel_id].trace_code).save(path)
        return path

    def print_label(self, parcel_id: int, *, officer: str) -> PrintJob | None:
        self._note()
        return None

    def acknowledge(self, alarm: Alarm, *, officer: str) -> None:
        self._note()
        self.acknowledged.append((alarm.notice.id, officer))

    def _facts(self, parcel: Parcel) -> Facts:
        return Facts(
            officer="officer-1",
            return_state=parcel.return_state,
            has_alarm=any(seen.level in ("sure", "likely") for seen in parcel.seen),
        )

    def _note(self) -> None:
        self.callers.add(threading.current_thread().name)
