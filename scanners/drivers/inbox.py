"""A folder that others write into: which files are whole and ready, and where they go afterwards."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import FileError, FileTooLargeError, FileTornError, FileUnsupportedError, KnownError
from imaging.files.limits import MAX_FILE_BYTES
from scanners.device import DeviceUnavailableError, Fault, FaultKind
from scanners.drivers.file_lock import FileLockedError, is_locked
from scanners.drivers.folder_wake import FolderWake
from scanners.drivers.inbox_settings import Group, Grouping, InboxSettings
from scanners.drivers.put_aside import move_aside, write_reason
from scanners.drivers.seen import Seen

_LOOK_S = 0.25
_CHUNK = 1 << 20
_STATE = ".guanjian-seen.db"
MOST_TIMES = 3
"""How often files are given to a station that does not take care of them; then they are put aside."""
_DRAFTS = (".part", ".tmp", ".partial", ".crdownload", ".filepart")


class FileUntakenError(FileError):
    """Files that were delivered again and again, and of which the station never said that they are taken care of."""

    key = "file_untaken"


@dataclass(slots=True)
class _Waiting:
    """A file that is there and has not been taken: how it was when it last changed, and when that was."""

    size: int
    mtime_ns: int
    since_s: float
    not_before_s: float = 0.0


class Inbox:
    """Watches a folder. `next` gives one group of whole files after the other; it is then taken or put aside."""

    def __init__(self, settings: InboxSettings, group: Grouping) -> None:
        self.settings = settings
        self.faults: tuple[Fault, ...] = ()
        self._group = group
        self._folder = settings.folder
        self._done = settings.done or self._folder / "done"
        self._quarantine = settings.quarantine or self._folder / "quarantine"
        self._waiting: dict[Path, _Waiting] = {}
        self._ready: deque[Group] = deque()
        self._look_again_s = 0.0
        self._trouble: dict[FaultKind, str] = {}
        self._given: Counter[bytes] = Counter()

    def open(self) -> None:
        """Begin to watch.

        Raises:
            DeviceUnavailableError: the folder is missing, or nothing can be written where the state should be.
        """
        if not self._folder.is_dir():
            raise DeviceUnavailableError(
                f"The folder {self._folder} is missing. Create it, connect the share, or correct the settings.",
                folder=str(self._folder),
            )
        try:
            self._seen = Seen(self.settings.state or self._folder / _STATE)
        except OSError as error:
            raise DeviceUnavailableError(
                f"The list of seen files cannot be kept in {self._folder} ({error}). "
                "Give the station the right to write there, or name another place as `state`.",
                folder=str(self._folder),
            ) from error
        self._wake = FolderWake(self._folder, is_recursive=self.settings.is_recursive)
        self._waiting.clear()
        self._ready.clear()
        self._trouble.clear()
        self._look_again_s = 0.0
        self._tell_faults()

    @property
    def waiting(self) -> int:
        """How many files are there that have neither been taken nor put aside."""
        return len(self._waiting)

    def stop(self) -> None:
        """End a wait that is under way. May be called from any thread."""
        self._wake.stop()

    def close(self) -> None:
        self._wake.close()
        self._seen.close()

    def next(self, timeout_s: float) -> Group | None:
        """The next files that have settled, the oldest first; None when there were none within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            if time.monotonic() >= self._look_again_s:
                self._look()
            group = self._pop_ready()
            if group is not None:
                return group
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            if self._wake.wait(min(left_s, max(0.0, self._look_again_s - time.monotonic()))):
                self._look_again_s = min(self._look_again_s, time.monotonic() + _LOOK_S / 5)
            if self._wake.is_stopped:
                return None

    def digest(self, group: Group) -> bytes:
        """The sha256 of what the files hold, whatever they are called.

        Raises:
            FileError: a part is no plain file, is too large, is being written by someone or cannot be read.
        """
        sha = hashlib.sha256()
        for part in group.parts:
            try:
                for chunk in self._chunks(part):
                    sha.update(chunk)
            except FileNotFoundError as error:
                raise FileTornError(part, "it has gone while it was read.") from error
            except OSError as error:
                message = f"it cannot be opened ({error.strerror}). Close it elsewhere, or give the right to read it."
                raise FileLockedError(part, message) from error
        return sha.digest()

    def first_of(self, digest: bytes, scan_id: str | None = None) -> str | None:
        """The name of the file that brought the same content, or the same scan, before."""
        return self._seen.first_of(digest, scan_id)

    def give(self, group: Group, digest: bytes) -> None:
        """Count that the station is given the files, until they are taken.

        Raises:
            FileUntakenError: it was given them MOST_TIMES before.
        """
        if self._given[digest] >= MOST_TIMES:
            del self._given[digest]
            raise FileUntakenError(
                group.parts[0], f"it was delivered {MOST_TIMES} times and never taken in. The log says why.",
                times=MOST_TIMES,
            )  # fmt: skip
        self._given[digest] += 1

    def may_retry(self, group: Group) -> bool:
        """Whether files that could not be read may still be being written; if so they come again later."""
        waits = [waiting for part in group.parts if (waiting := self._waiting.get(part)) is not None]
        again_s = max((waiting.since_s for waiting in waits), default=0.0) + self.settings.patience_s
        if not waits or time.monotonic() >= again_s:
            return False
        for waiting in waits:
            waiting.not_before_s = again_s
        return True

    def take(self, group: Group, digest: bytes, scan_id: str | None = None) -> None:
        """The files have been taken care of: record their content, and move or remember them."""
        self._seen.add_content(digest, scan_id, group.parts[0].name)
        del self._given[digest]
        if self.settings.after == "remember":
            self._remember(group)
            return
        try:
            move_aside(group.parts, self._done)
        except OSError as error:
            self._complain(error)
            self._remember(group)
        else:
            self._trouble.pop(FaultKind.OTHER, None)
        self._forget(group)

    def put_aside(self, group: Group, error: KnownError) -> Path | None:
        """Move the files to the quarantine with the reason beside them; None when they cannot be moved."""
        kept_at: Path | None = None
        try:
            kept_at = move_aside(group.parts, self._quarantine)
            write_reason(kept_at, group.parts[0], error)
            self._trouble.pop(FaultKind.OTHER, None)
        except OSError as failure:
            self._complain(failure)
            if kept_at is None:
                self._remember(group)
        self._forget(group)
        return kept_at

    def _look(self) -> None:
        """Look through the folder, and line up what has settled."""
        began_s = time.monotonic()
        try:
            found = {path: self._noticed(path, state, began_s) for path, state in self._walk(self._folder)}
        except OSError as error:
            self._trouble[FaultKind.FOLDER_MISSING] = str(error)
            self._waiting.clear()
            self._ready.clear()
            self._wake.close()
        else:
            self._trouble.pop(FaultKind.FOLDER_MISSING, None)
            self._waiting = {path: waiting for path, waiting in found.items() if waiting is not None}
            self._line_up(began_s)
        took_s = time.monotonic() - began_s
        pause_s = _LOOK_S if self._waiting else self.settings.rescan_s
        self._look_again_s = time.monotonic() + max(pause_s, 5 * took_s)
        self._tell_faults()

    def _walk(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = folder / entry.name
                if entry.is_dir(follow_symlinks=False):
                    if self.settings.is_recursive and path not in (self._done, self._quarantine):
                        yield from self._walk(path)
                elif not entry.name.startswith(_STATE):
                    try:
                        yield path, entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue

    def _noticed(self, path: Path, state: os.stat_result, now_s: float) -> _Waiting | None:
        """A file as it waits; None for one that is remembered as it is."""
        waiting = self._waiting.get(path)
        if waiting is not None and (waiting.size, waiting.mtime_ns) == (state.st_size, state.st_mtime_ns):
            return waiting
        if self._seen.has_file(path, state.st_size, state.st_mtime_ns):
            return None
        return _Waiting(state.st_size, state.st_mtime_ns, now_s)

    def _line_up(self, now_s: float) -> None:
        groups = [group for group in self._group(self._waiting.keys()) if self._has_settled(group, now_s)]
        groups.sort(key=lambda group: (self._waiting[group.parts[0]].mtime_ns, group.parts[0].name))
        self._ready = deque(groups)

    def _has_settled(self, group: Group, now_s: float) -> bool:
        settings = self.settings
        for part in group.parts:
            waiting = self._waiting.get(part)
            if waiting is None:
                return False
            if part.name.startswith(".") or part.suffix.lower() in _DRAFTS:
                wait_s = settings.patience_s
            else:
                wait_s = settings.settle_s if group.is_complete else max(settings.settle_s, settings.partner_s)
            if now_s < waiting.since_s + wait_s or now_s < waiting.not_before_s:
                return False
        return True

    def _pop_ready(self) -> Group | None:
        """The next group that is still as it was when it was lined up."""
        while self._ready:
            group = self._ready.popleft()
            if self.is_unchanged(group):
                return group
        return None

    def is_present(self, group: Group) -> bool:
        """Whether the files have not been taken away or renamed by others."""
        return all(part.is_symlink() or part.exists() for part in group.parts)

    def is_unchanged(self, group: Group) -> bool:
        """Whether the files are still there as they were when they were lined up."""
        return all(self._is_as_noticed(part) for part in group.parts)

    def _is_as_noticed(self, path: Path) -> bool:
        waiting = self._waiting.get(path)
        try:
            state = path.lstat()
        except OSError:
            return False
        return waiting is not None and (waiting.size, waiting.mtime_ns) == (state.st_size, state.st_mtime_ns)

    def _chunks(self, path: Path) -> Iterator[bytes]:
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise FileUnsupportedError(path, "it is a link, a pipe or a device, not a file. Put the file itself here.")
        if state.st_size > MAX_FILE_BYTES:
            raise FileTooLargeError(
                path,
                f"it has {state.st_size >> 20} MB, {MAX_FILE_BYTES >> 20} are allowed. It was not opened.",
                megapixels=round(state.st_size / 2e6),
                limit=round(MAX_FILE_BYTES / 2e6),
            )
        with path.open("rb") as file:
            if is_locked(file):
                raise FileLockedError(path, "another program holds it. Close it there.")
            while chunk := file.read(_CHUNK):
                yield chunk

    def _remember(self, group: Group) -> None:
        for part in group.parts:
            waiting = self._waiting.pop(part, None)
            if waiting is not None:
                self._seen.add_file(part, waiting.size, waiting.mtime_ns)

    def _forget(self, group: Group) -> None:
        for part in group.parts:
            self._waiting.pop(part, None)

    def _complain(self, error: OSError) -> None:
        self._trouble[FaultKind.OTHER] = str(error)
        self._tell_faults()

    def _tell_faults(self) -> None:
        faults = [Fault(kind, detail) for kind, detail in self._trouble.items()]
        if len(self._waiting) >= self.settings.flood:
            faults.append(Fault(FaultKind.FLOODED, str(len(self._waiting))))
        self.faults = tuple(faults)
