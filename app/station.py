"""The workflow: the functions that an officer's keys and the devices call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.customs.parcel import Decision, Parcel, QueueFilter, QueueRow
from app.customs.states import Action
from imaging.errors import KnownError
from imaging.scan import Scan
from scanners.barcode import Reading
from scanners.device import DeviceStatus
from scanners.xray import Lines, ScanStarted


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as the window offers it for one parcel: `why_not` is a text key when it is not allowed now."""

    action: Action
    is_allowed: bool
    why_not: str = ""
    needs_reason: bool = False
    needs_second_officer: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did, after its commit. `label` is the picture of the label where one was made."""

    decision: Decision
    parcel: Parcel
    label: Path | None
    undo_until: datetime | None


class Watcher(Protocol):
    """Who is told what happens in the station. Called from the station's threads; must return at once."""

    def queue_changed(self, row: QueueRow) -> None: ...
    def scan_started(self, device: str, event: ScanStarted) -> None: ...
    def lines_arrived(self, device: str, event: Lines) -> None: ...
    def scan_ended(self, device: str, scan_id: str, parcel_id: int | None) -> None: ...
    def code_read(self, reading: Reading) -> None: ...
    def device_changed(self, device: str, status: DeviceStatus) -> None: ...
    def detector_changed(self, name: str, error: KnownError | None) -> None: ...
    def file_rejected(self, device: str, name: str, error: KnownError) -> None: ...
    def source_ended(self, device: str) -> None: ...
    def failed(self, error: KnownError) -> None: ...


class StationView(Protocol):
    """What the window may ask of the station. Reads may be called from any one thread that is not the GUI's."""

    def queue(self, filter: QueueFilter, limit: int = 500) -> list[QueueRow]: ...
    def counts(self) -> dict[str, int]: ...
    def parcel(self, parcel_id: int) -> Parcel: ...
    def offers(self, parcel_id: int) -> list[Offer]: ...
    def history(self, parcel_id: int) -> list[Decision]: ...
    def open_scan(self, parcel_id: int) -> Scan | None: ...
    def find_code(self, text: str) -> Parcel | None: ...
    def decide(
        self,
        parcel_id: int,
        action: Action,
        *,
        officer: str,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        seen_version: int | None = None,
    ) -> Decided: ...
    def undo(self, decision_id: int, *, officer: str) -> Decided: ...
    def label(self, parcel_id: int, *, dpi: int = 203) -> Path: ...
