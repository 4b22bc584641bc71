"""Codes from a folder: pictures of labels are decoded, text files hold a code a line."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from imaging.errors import FileError, FileTooLargeError, FileUnsupportedError, KnownError
from imaging.files import picture
from imaging.files.limits import read_bytes
from scanners.barcode import BarcodeReader, Code, Reading
from scanners.codetext import check_text, decode_bytes, parse_code
from scanners.decode import decode
from scanners.device import CodeRefusedError, DeviceLostError, DeviceState, DeviceStatus, Fault, FaultKind
from scanners.drivers.file_lock import FileDuplicateError
from scanners.drivers.inbox import FileUntakenError, Inbox
from scanners.drivers.inbox_settings import Group, InboxSettings

_TEXTS = (".txt", ".csv")
_LONGEST_TEXT_FILE = 1 << 20


class CodeNotFoundError(FileError):
    """A picture in which no code can be read."""

    key = "code_not_found"


@dataclass(frozen=True, slots=True)
class _Delivered:
    group: Group
    digest: bytes


class ImageFolder(BarcodeReader):
    """Delivers the codes of each file one by one; all of them again where it was closed before the next was asked for.

    What brings no code is put aside with its reason, and shows as a fault until the next file that does.
    """

    Settings = InboxSettings

    def __init__(self, name: str, settings: InboxSettings) -> None:
        super().__init__(name)
        self.settings = settings
        self._inbox = Inbox(settings, lambda paths: [Group((path,)) for path in paths])
        self._at_work = threading.Lock()
        self._is_open = False
        self._is_held = False
        self._codes: deque[Code] = deque()
        self._delivered: _Delivered | None = None
        self._refused: KnownError | None = None

    def open(self) -> None:
        self.close()
        with self._at_work:
            self._inbox.open()
            self._codes.clear()
            self._refused = None
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
        refused = self._refused
        if refused is not None:
            faults = (*faults, Fault(FaultKind.CODE_REFUSED, str(refused)))
        return DeviceStatus(DeviceState.FAULT if is_missing else DeviceState.READY, faults)

    def read(self, timeout_s: float) -> Reading | None:
        with self._at_work:
            if not self._is_open:
                raise DeviceLostError(f"The folder of {self.name} is not open. Open it first.", name=self.name)
            deadline = time.monotonic() + timeout_s
            while not self._codes:
                self._settle()
                group = self._inbox.next(max(0.0, deadline - time.monotonic()))
                if group is not None:
                    self._take_codes(group)
                if group is None or (time.monotonic() >= deadline and not self._codes):
                    return None
            return Reading(self._codes.popleft(), self.name, datetime.now(UTC))

    def _take_codes(self, group: Group) -> None:
        try:
            digest = self._inbox.digest(group)
            first = self._inbox.first_of(digest)
            if first is not None:
                raise FileDuplicateError(group.parts[0], f"the same file came before as {first}.", first=first)
            codes = _codes_in(group.parts[0])
            self._inbox.give(group, digest)
        except (CodeRefusedError, FileDuplicateError, FileTooLargeError, FileUntakenError) as error:
            self._reject(group, error)
        except FileError as error:
            if self._inbox.is_present(group) and not self._inbox.may_retry(group):
                self._reject(group, error)
        else:
            self._codes.extend(codes)
            self._delivered = _Delivered(group, digest)
            self._refused = None

    def _reject(self, group: Group, error: KnownError) -> None:
        self._inbox.put_aside(group, error)
        self._refused = error

    def _settle(self) -> None:
        """The codes of the last file have been taken care of."""
        delivered, self._delivered = self._delivered, None
        if delivered is not None:
            self._inbox.take(delivered.group, delivered.digest)


def _codes_in(path: Path) -> list[Code]:
    """The codes that a file holds.

    Raises:
        FileError: it cannot be read, or holds no code.
        CodeRefusedError: what it holds is no code.
    """
    data = read_bytes(path)
    if path.suffix.lower() in _TEXTS:
        if len(data) > _LONGEST_TEXT_FILE:
            raise FileUnsupportedError(path, "it is too long for a list of codes. Check where it comes from.")
        codes = [parse_code(line.rstrip("\r")) for line in decode_bytes(data).split("\n") if line.strip()]
    else:
        pixels = picture.decode(path, data)
        grey_or_bgr = pixels[:, :, ::-1] if pixels.ndim == 3 else pixels >> 8
        codes = decode(np.ascontiguousarray(grey_or_bgr, np.uint8))
        for code in codes:
            check_text(code.text)
    if not codes:
        raise CodeNotFoundError(path, "no code was found in it. Take the picture again, nearer and sharper.")
    return codes
