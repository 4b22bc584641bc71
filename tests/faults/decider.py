"""A station without a window that images and decides as fast as it can, until somebody kills it.

Says on its output what is acknowledged: "decided PARCEL DECISION TRACE" and "undone DECISION", a line each. With
"--early" it says so before it decides, as a station would that promises too much.
"""

from __future__ import annotations

import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.customs.parcel import Declaration, GoodsLine, Seen
from app.customs.states import Action
from app.store.decisions import TraceLabel
from app.store.store import Store
from imaging.scan import Scan, View


def run(folder: Path, *, is_early: bool) -> None:
    store = Store.open(folder, station="belt-1", ballast_bytes=1 << 16)
    counts = np.zeros((8, 8), dtype=np.uint16)
    say("ready")
    while True:
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
            say(f"undone {made.id}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(Path(sys.argv[1]), is_early="--early" in sys.argv)
