"""Signed roots of the log, every thousand events or every minute, in the store and in a file that can go elsewhere.

Whoever holds both the store's file and its keys can write a whole new log; he cannot make it fit a checkpoint that
is held where he does not reach.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from app.store.database import Connection, Database
from app.store.merkle import TILE_LEVEL, Tree, leaf_hash, node_hash
from app.store.notes import Note, key_id
from app.store.times import from_us
from imaging.errors import KnownError

EVERY_EVENTS = 1000
EVERY_S = 60.0
POLL_S = 1.0
_AT_ONCE = 100_000
"""Events that one checkpoint takes in at most; a log that had none yet is covered step by step."""
_REMEMBERED = 100_000


class Signer(Protocol):
    """What signs checkpoints for this station."""

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """The public key that may sign now, 32 bytes of Ed25519, and its signature. Raises KnownError."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed root as the store keeps it."""

    size: int
    root: bytes
    signed_at: datetime
    note: str


class StoredTree:
    """The tree of a store's log: from kept subtrees and the events between them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, number: int) -> bytes:
        """The root of a perfect subtree that the log covers."""
        found = self._known.get((level, number))
        if found is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            found = self._known[level, number] = self._find(level, number)
        return found

    def _find(self, level: int, number: int) -> bytes:
        if level == 0:
            sql = "SELECT hash FROM events WHERE seq = ?"
            return leaf_hash(self._connection.execute(sql, (number + 1,)).fetchone()[0])
        if level % TILE_LEVEL == 0:
            sql = "SELECT hash FROM tiles WHERE level = ? AND number = ?"
            if kept := self._connection.execute(sql, (level, number)).fetchone():
                return bytes(kept[0])
        return node_hash(self.node(level - 1, 2 * number), self.node(level - 1, 2 * number + 1))


def origin_of(connection: Connection) -> str:
    """The log's name in its checkpoints; no two stores have the same."""
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    return f"guanjian/{meta.get('station', '')}/{meta.get('store_id', '')}"


def last(connection: Connection) -> Checkpoint | None:
    found = connection.execute("SELECT size, root, signed_us, note FROM checkpoints ORDER BY size DESC LIMIT 1")
    row = found.fetchone()
    return None if row is None else Checkpoint(row[0], row[1], from_us(row[2]), row[3])


def take(database: Database, signer: Signer) -> Checkpoint | None:
    """Sign the log as it is now; None where the last checkpoint covers it.

    The tree goes on from the last checkpoint, outside the write transaction: events never change.
    """
    with database.read() as reader:
        origin, before = origin_of(reader), last(reader)
        tree = Tree.resume(StoredTree(reader).node, before.size if before else 0)
        rows = reader.execute("SELECT hash FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (tree.size, _AT_ONCE))
        for (hashed,) in rows:
            tree.append(hashed)
    if before and tree.size == before.size:
        return None
    unsigned = Note(origin, tree.size, tree.root(), ())
    public, signature = signer.sign(unsigned.text.encode())
    note = Note(origin, tree.size, unsigned.root, ((key_id(origin, public), signature),))
    signed_us = time.time_ns() // 1000
    with database.write() as writer:
        writer.executemany(
            "INSERT OR IGNORE INTO tiles VALUES (?, ?, ?)", [(*place, hashed) for place, hashed in tree.tiles.items()]
        )
        row = (tree.size, note.root, signed_us, str(note))
        writer.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?, ?)", row)
    return Checkpoint(tree.size, note.root, from_us(signed_us), str(note))


def append_note(path: Path, note: str) -> None:
    """Add a checkpoint to a file, on disk when it returns; the blank line keeps it apart from one that was cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"\n{note}")
        file.flush()
        os.fsync(file.fileno())


class Checkpoints:
    """Takes checkpoints in a thread of its own while the store is open, and a last one at the end."""

    def __init__(
        self, database: Database, signer: Signer, folder: Path, *, on_error: Callable[[KnownError | OSError], None]
    ) -> None:
        self._database = database
        self._signer = signer
        self._folder = folder
        self._on_error = on_error
        self._stop = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="log-checkpoints", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def take(self) -> Checkpoint | None:
        """Sign what is not signed yet and add it to the month's file; the newest checkpoint, if there was any to take.

        Raises:
            KnownError: no key may sign, or the store does not take it. OSError: the file does not.
        """
        newest, size = None, 0
        while (checkpoint := take(self._database, self._signer)) is not None:
            append_note(self._folder / f"{datetime.now(UTC):%Y-%m}.notes", checkpoint.note)
            newest, covered, size = checkpoint, checkpoint.size - size, checkpoint.size
            if covered < _AT_ONCE:
                break
        return newest

    def _run(self) -> None:
        done, since = self._try(), time.monotonic()
        while not self._stop.wait(POLL_S):
            if time.monotonic() - since >= EVERY_S or (done and self._new_events() >= EVERY_EVENTS):
                done, since = self._try(), time.monotonic()
        self._try()

    def _try(self) -> bool:
        """Whether it worked; an error is told once and tried again a minute later."""
        try:
            self.take()
        except (KnownError, OSError) as error:
            if not self._is_failing:
                self._on_error(error)
            self._is_failing = True
        else:
            self._is_failing = False
        return not self._is_failing

    def _new_events(self) -> int:
        try:
            with self._database.read() as reader:
                return int(reader.execute(_NEW).fetchone()[0])
        except KnownError as error:
            self._on_error(error)
            return 0


_NEW = "SELECT (SELECT max(seq) FROM events) - coalesce((SELECT max(size) FROM checkpoints), 0)"
