"""What a disk may hold after a power cut: all that was synced, and of the rest any part in any order."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
"""A write may be torn between sectors, never inside one."""
_HEAD = struct.Struct("<cQQI")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the recorded process did; `kind` as in shim.c."""

    kind: str
    inode: int
    offset: int
    data: bytes

    @property
    def paths(self) -> list[str]:
        return self.data.decode().split("\0")


def read_journal(path: Path) -> list[Step]:
    """Every whole record of a journal; the last may be missing its end, because its writer was killed."""
    content, at, steps = path.read_bytes(), 0, []
    while at + _HEAD.size <= len(content):
        kind, inode, offset, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        if at + length > len(content):
            break
        steps.append(Step(kind.decode(), inode, offset, content[at : at + length]))
        at += length
    return steps


@dataclass(slots=True)
class _File:
    """What is surely on the disk, and what was written or cut off since."""

    synced: bytearray = field(default_factory=bytearray)
    loose: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a folder: an entry that came (`file` or a new folder), moved or went."""

    step: Step
    file: _File | None = None

    @property
    def folders(self) -> set[str]:
        return {path.rpartition("/")[0] for path in self.step.paths}


class Disk:
    """A disk that follows a journal, and can be asked how a cut would leave it.

    Files and folders are kept apart: the bytes of a file last when it was synced, its name when its folder was.
    """

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self._open: dict[int, _File] = {}
        self._entries: dict[str, _File | None] = {}
        self._loose: list[_Change] = []

    def follow(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        match step.kind:
            case "a":
                self.acknowledged.append(step.data.decode())
            case "c":
                self._open[step.inode] = _File()
                self._loose.append(_Change(step, self._open[step.inode]))
            case "w" | "t":
                self._open[step.inode].loose.append(step)
            case "s":
                file = self._open[step.inode]
                _apply(file.synced, file.loose)
                file.loose = []
            case "d":
                folder = step.data.decode()
                for change in (each for each in self._loose if folder in each.folders):
                    _enter(self._entries, change)
                self._loose = [each for each in self._loose if folder not in each.folders]
            case _:
                self._loose.append(_Change(step))

    def cut(self, seed: int) -> dict[str, bytes | None]:
        """The files by path (None for a folder) as one cut now may leave them; the seed chooses which.

        Loose writes stay, go or are torn, each by itself; loose changes of folders stay or go, each by itself where
        what it needs is there.
        """
        chance = random.Random(seed)
        keeps = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        entries = dict(self._entries)
        for change in self._loose:
            if chance.random() < keeps and _is_possible(entries, change):
                _enter(entries, change)
        return {path: None if file is None else _surviving(file, chance, keeps) for path, file in entries.items()}


def lay_out(left: dict[str, bytes | None], root: str, target: Path) -> None:
    """Write what a cut left, recorded below `root`, into a folder; an entry whose folder went is gone with it."""
    kept = {root} | {path for path, content in left.items() if content is None}
    for path, content in sorted(left.items()):
        place = target / Path(path).relative_to(root)
        if not _stands_in(path, root, kept):
            continue
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def _stands_in(path: str, root: str, folders: set[str]) -> bool:
    folder = path.rpartition("/")[0]
    return folder in (root, root.rpartition("/")[0]) or (folder in folders and _stands_in(folder, root, folders))


def _enter(entries: dict[str, _File | None], change: _Change) -> None:
    match change.step.kind, change.step.paths:
        case "c", [path]:
            entries[path] = change.file
        case "m", [path]:
            entries[path] = None
        case "r", [source, target]:
            entries[target] = entries.pop(source)
        case "u", [path]:
            entries.pop(path, None)


def _is_possible(entries: dict[str, _File | None], change: _Change) -> bool:
    return change.step.kind != "r" or change.step.paths[0] in entries


def _apply(content: bytearray, steps: Sequence[Step]) -> None:
    for step in steps:
        if step.kind == "t":
            del content[step.offset :]
            content.extend(bytes(step.offset - len(content)))
            continue
        if step.offset > len(content):
            content.extend(bytes(step.offset - len(content)))
        content[step.offset : step.offset + len(step.data)] = step.data


def _surviving(file: _File, chance: random.Random, keeps: float) -> bytes:
    content = bytearray(file.synced)
    for step in file.loose:
        _apply(content, list(_torn(step, chance, keeps)))
    return bytes(content)


def _torn(step: Step, chance: random.Random, keeps: float) -> Iterator[Step]:
    """What remains of one loose write: all, nothing, or some of its sectors."""
    if chance.random() < keeps:
        yield step
    elif step.kind == "w" and chance.random() < keeps:
        for start in range(0, len(step.data), SECTOR):
            if chance.random() < 0.5:
                yield Step("w", step.inode, step.offset + start, step.data[start : start + SECTOR])
