"""A station without a window that images and decides as fast as it can, and says after each what is acknowledged.

Lines on its output, or in the file that "--acks" names: "decided PARCEL DECISION TRACE" and "undone PARCEL DECISION".
It ends after "--count" parcels, or goes on until it is killed. "--early" promises before it decides, as a broken
station would; "--synchronous" weakens SQLite, so that whoever judges it can be judged too.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np

from app.customs.parcel import Declaration, GoodsLine, Seen
from app.customs.states import Action
from app.store import database
from app.store.decisions import TraceLabel
from app.store.store import Store
from imaging.errors import KnownError
from imaging.scan import Scan, View

BALLAST_BYTES = 1 << 16


def work(store: Store, say: Callable[[str], None], parcels: int | None, *, is_early: bool = False) -> None:
    counts = np.zeros((8, 8), dtype=np.uint16)
    for _ in count() if parcels is None else range(parcels):
        number = uuid.uuid4().hex[:13].upper()
        store.add_declarations([Declaration(number, (GoodsLine("口红"),))])
        now = datetime.now(UTC)
        seen = (Seen("knife", 0.4, "hint", (1, 2, 3, 4)),)
        capture = store.keep(Scan((View(high=counts),), id=uuid.uuid4().hex))
        parcel = store.record_scan(None, capture, number=number, seen=seen, model="m1", arrived_at=now)
        trace = TraceLabel(f"T{number}", f"PT1:{number}")
        if is_early:
            say(f"decided {parcel.id} 1 {trace.trace_id}")
            time.sleep(60)
        made = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=now, trace=trace)
        say(f"decided {parcel.id} {made.id} {trace.trace_id}")
        if made.id % 5 == 0:
            store.undo(made.id, officer="li", now=now, within_s=30)
            say(f"undone {parcel.id} {made.id}")


def lost(store: Store, acknowledged: Sequence[str]) -> list[str]:
    """Which of these lines are not so in the store."""
    return [line for line in acknowledged if not _is_kept(store, *line.split())]


def _is_kept(store: Store, verb: str, parcel: str, decision: str, trace_id: str = "") -> bool:
    made = {one.id: one for one in store.history(int(parcel))}.get(int(decision))
    if made is None:
        return False
    if verb == "undone":
        return made.undone_at is not None
    found = store.find_trace(trace_id)
    return found is not None and found.decision_id == made.id and found.payload == f"PT1:{trace_id[1:]}"


def is_whole(store: Store, picture: Path) -> bool:
    """Whether a picture without a row can be taken in."""
    try:
        store.adopt(picture)
    except KnownError:
        return False
    return True


def _weaken(synchronous: str) -> None:
    """Let every connection of this process sync as little as this says, that of the checkpoints too."""
    connect = database.connect

    def connect_weakly(path: Path) -> database.Connection:
        connection = connect(path)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        return connection

    database.connect = connect_weakly


def main() -> None:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("folder", type=Path)
    wanted.add_argument("--acks", type=Path)
    wanted.add_argument("--count", type=int)
    wanted.add_argument("--early", action="store_true")
    wanted.add_argument("--synchronous", choices=("FULL", "NORMAL", "OFF"), default="FULL")
    wanted.add_argument("--checkpoint-s", type=float, default=database.CHECKPOINT_S)
    asked = wanted.parse_args()
    database.CHECKPOINT_S = asked.checkpoint_s
    _weaken(asked.synchronous)
    out = os.open(asked.acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if asked.acks else sys.stdout.fileno()
    store = Store.open(asked.folder, station="belt-1", ballast_bytes=BALLAST_BYTES)
    store._database._writer.execute(f"PRAGMA synchronous={asked.synchronous}")  # opening it had set it to FULL

    def say(line: str) -> None:
        os.write(out, f"{line}\n".encode())

    say("ready")
    work(store, say, asked.count, is_early=asked.early)
    store.close()


if __name__ == "__main__":
    main()
