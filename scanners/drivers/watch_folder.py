"""X-ray pictures from a folder that a machine writes into: each becomes a scan, or is put aside with its reason."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from imaging import files
from imaging.errors import FileError, FileTooLargeError, FileUnsupportedError
from imaging.files import native
from imaging.scan import Scan
from scanners.device import DeviceLostError, DeviceState, DeviceStatus, FaultKind
from scanners.drivers.file_lock import FileDuplicateError
from scanners.drivers.inbox import FileUntakenError, Inbox
from scanners.drivers.inbox_settings import Group, InboxSettings
from scanners.drivers.scan_files import group_scans
from scanners.xray import FileRejected, ScanFinished, XrayEvent, XraySource


@dataclass(frozen=True, slots=True)
class _Delivered:
    """A scan that the station has been given, whose files are still where they were."""

    group: Group
    digest: bytes
    scan_id: str


class WatchFolder(XraySource):
    """Delivers the files of a folder as they become whole.

    A file leaves the folder when the next one is asked for, that is when the station has taken care of its scan:
    a power cut in between, or a station that stops or fails, delivers it again, under the same scan id.
    """

    Settings = InboxSettings

    def __init__(self, name: str, settings: InboxSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._inbox = Inbox(settings, group_scans)
        self._at_work = threading.Lock()
        self._is_open = False
        self._is_held = False
        self._delivered: _Delivered | None = None

    def open(self) -> None:
        self.close()
        with self._at_work:
            self._inbox.open()
            self._is_open = self._is_held = True

    def close(self) -> None:
        self._is_open = False
        if self._is_held:
            self._inbox.stop()
        with self._at_work:
            if self._is_held:
                self._delivered = None
                self._inbox.close()
                self._is_held = False

    def status(self) -> DeviceStatus:
        if not self._is_open:
            return DeviceStatus(DeviceState.CLOSED)
        faults = self._inbox.faults
        is_missing = any(fault.kind is FaultKind.FOLDER_MISSING for fault in faults)
        return DeviceStatus(DeviceState.FAULT if is_missing else DeviceState.READY, faults)

    @property
    def waiting(self) -> int:
        """How many files are there that have not been taken."""
        return self._inbox.waiting

    def read(self, timeout_s: float) -> XrayEvent | None:
        with self._at_work:
            if not self._is_open:
                raise DeviceLostError(f"The folder of {self.name} is not open. Open it first.", name=self.name)
            self._settle()
            deadline = time.monotonic() + timeout_s
            while True:
                group = self._inbox.next(max(0.0, deadline - time.monotonic()))
                event = None if group is None else self._deliver(group)
                if group is None or event is not None or time.monotonic() >= deadline:
                    return event

    def _deliver(self, group: Group) -> XrayEvent | None:
        """The scan of the files, their rejection, or None where they may still be being written."""
        path = group.parts[0]
        try:
            digest = self._inbox.digest(group)
            self._refuse_duplicate(group, digest, None)
            scan = self._read_scan(group, digest)
            self._refuse_duplicate(group, digest, scan.id)
            self._inbox.give(group, digest)
        except (FileDuplicateError, FileTooLargeError, FileUntakenError) as error:
            return FileRejected(path, self._inbox.put_aside(group, error), error)
        except FileError as error:
            if not self._inbox.is_present(group) or self._inbox.may_retry(group):
                return None
            return FileRejected(path, self._inbox.put_aside(group, error), error)
        if not self._inbox.is_unchanged(group):
            return None
        self._delivered = _Delivered(group, digest, scan.id)
        return ScanFinished(scan)

    def _read_scan(self, group: Group, digest: bytes) -> Scan:
        """The scan of the files; its id is the one it came with, else made of the content."""
        path = group.parts[0]
        try:
            scan = files.read(path)
        except FileError:
            raise
        except Exception as error:
            # Readers are plug-ins and files hostile: one that fails oddly must not stop the folder.
            raise FileUnsupportedError(path, f"its reader failed ({error!r}). Report it with the file.") from error
        is_native = len(group.parts) > 1 and group.parts[1] == native.sidecar_of(path)
        return replace(scan, id=scan.id if is_native else digest.hex()[:32], source=scan.source or path.name)

    def _refuse_duplicate(self, group: Group, digest: bytes, scan_id: str | None) -> None:
        first = self._inbox.first_of(digest, scan_id)
        if first is not None:
            raise FileDuplicateError(
                group.parts[0], f"the same picture came before as {first}. Nothing needs to be done.", first=first
            )

    def _settle(self) -> None:
        """The scan delivered last has been taken care of."""
        delivered, self._delivered = self._delivered, None
        if delivered is not None:
            self._inbox.take(delivered.group, delivered.digest, delivered.scan_id)
