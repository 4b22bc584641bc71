"""Holds a log against its checkpoints, those in the store and those held elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sys import maxsize

from app.store.checkpoints import EVERY_EVENTS
from app.store.database import Connection, DatabaseError
from app.store.errors import NoteError
from app.store.found import Problem, Trust
from app.store.merkle import Tree
from app.store.notes import Note, parse_notes

_LATE = 10 * EVERY_EVENTS
"""Events without a signature after which a signing station's log is no longer taken as signed."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A root to be met; `source` is "store" or "held"."""

    size: int
    root: bytes
    source: str

    @property
    def name(self) -> str:
        return f"checkpoint of {self.size} events ({self.source})"


class Held:
    """The checkpoints still to be met while the log is walked. `good` of them were, the last at `covered` events."""

    def __init__(self, connection: Connection, trust: Trust, origin: str) -> None:
        self.good = 0
        self.covered = 0
        self._trust = trust
        self._origin = origin
        self._connection = connection
        self._problems: list[Problem] = []
        self._wrong: dict[str, tuple[int, _Due]] = {}
        self._checked: set[Note] = set()
        due = [*self._from_store(), *self._from_elsewhere()]
        self._due = sorted(due, key=lambda each: each.size, reverse=True)

    @property
    def next_size(self) -> int:
        """How many events the next checkpoint covers; more than any log has where there is none."""
        return self._due[-1].size if self._due else maxsize

    def compare(self, tree: Tree) -> None:
        """Compare the checkpoints of exactly this many events."""
        while self._due and self._due[-1].size <= tree.size:
            due = self._due.pop()
            if due.size == tree.size and due.root == tree.root():
                self.good += 1
                self.covered = due.size
            else:
                # Everything after the first one that does not fit is wrong too; naming the first says where to look.
                self._wrong.setdefault(due.source, (self.covered, due))

    def finish(self, tree: Tree) -> list[Problem]:
        """What is wrong, once the whole log was walked."""
        for fitting, due in self._wrong.values():
            self._add("log_rewritten", f"events {fitting + 1} to {due.size}, {due.name}")
        for source in dict.fromkeys(due.source for due in self._due):
            most = max((due for due in self._due if due.source == source), key=lambda due: due.size)
            self._add("log_cut", f"events {tree.size + 1} to {most.size}, {most.name}")
        if self._trust.keys is not None and tree.size - self.covered > _LATE:
            self._add("checkpoint_missing", f"events {self.covered + 1} to {tree.size}")
        self._check_tiles(tree)
        return self._problems

    def _add(self, what: str, where: str) -> None:
        self._problems.append(Problem(what, where))

    def _from_store(self) -> Iterator[_Due]:
        try:
            rows = self._connection.execute("SELECT size, root, note FROM checkpoints ORDER BY size").fetchall()
        except DatabaseError as error:
            self._add("file_damaged", str(error))
            return
        for size, root, text in rows:
            due = _Due(size, root, "store")
            try:
                (note,) = parse_notes(text)
            except (NoteError, ValueError):
                self._add("checkpoint_altered", due.name)
                continue
            if (note.size, note.root) != (size, root) or not self._is_signed(note):
                self._add("checkpoint_altered", due.name)
            elif note.origin != self._origin:
                self._add("checkpoint_foreign", f"{due.name}: {note.origin}")
            yield due

    def _from_elsewhere(self) -> Iterator[_Due]:
        for note in dict.fromkeys(self._trust.held):
            due = _Due(note.size, note.root, "held")
            if note.origin != self._origin:
                self._add("checkpoint_foreign", f"{due.name}: {note.origin}")
            elif not self._is_signed(note):
                self._add("checkpoint_altered", due.name)
            else:
                yield due

    def _is_signed(self, note: Note) -> bool:
        if self._trust.keys is not None and note not in self._checked:
            if not note.is_signed_by(self._trust.keys):
                return False
            self._checked.add(note)
        return True

    def _check_tiles(self, tree: Tree) -> None:
        for level, number, hashed in self._connection.execute("SELECT level, number, hash FROM tiles"):
            if tree.tiles.get((level, number)) != hashed:
                self._add("tree_altered", f"tile {level}/{number}")
