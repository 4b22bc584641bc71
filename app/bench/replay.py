"""Figures of a day's messages that arrive in a folder, at a multiple of the nation's pace, while they are kept."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from app.bench.day import ORDERS_A_DAY, RECORDS, Arrival, make_day
from app.bench.rows import Row
from app.receipts import send_receipts
from app.single_window import import_folder
from app.store.store import Store

TIMES, SECONDS = 1.0, 24.0
"""The mean pace in those of the nation, and how long the day is: a second for each hour."""
_GRACE_S = 1.0
_PAUSE_S = 0.02


def replay() -> list[Row]:
    """Play the day: the folder is imported and the receipts are written again and again, as a post's schedule does."""
    arrivals = make_day(TIMES, SECONDS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        store = Store.open(Path(place) / "data", station="bench", ballast_bytes=1 << 16)
        sender = _Sender(arrivals, folder)
        try:
            spent = time.process_time()
            sender.start()
            keeper = _Keeper(store, folder, Path(place) / "out", sender)
            keeper.run()
            spent = time.process_time() - spent
            sender.join()
            lost = sum(each.records for each in arrivals) - store.messages.count()
        finally:
            store.close()
    return [*_rows(arrivals, keeper, spent), Row("ingest.replay_records_lost", lost, "records", 0, lost == 0)]


class _Sender(threading.Thread):
    """Puts messages into the folder when they are due, each whole under its name."""

    def __init__(self, arrivals: Sequence[Arrival], folder: Path) -> None:
        super().__init__(name="bench-sender", daemon=True)
        self.sent_at: dict[str, float] = {}
        self.ended_at: float | None = None
        self._arrivals, self._folder = arrivals, folder

    def run(self) -> None:
        start = time.perf_counter()
        for arrival in self._arrivals:
            time.sleep(max(0.0, start + arrival.at_s - time.perf_counter()))
            part = self._folder / f"{arrival.name}.part"
            part.write_bytes(arrival.text)
            # Noted before it is there: the keeper may be faster than this line's successor.
            self.sent_at[arrival.name] = time.perf_counter()
            part.rename(self._folder / arrival.name)
        self.ended_at = time.perf_counter()


class _Keeper:
    """Keeps what is in the folder until all is kept."""

    def __init__(self, store: Store, folder: Path, out: Path, sender: _Sender) -> None:
        self.latency_s: list[float] = []
        self.receipts = 0
        self.backlog = 0
        self.took_s = 0.0
        self._store, self._folder, self._out, self._sender = store, folder, out, sender

    def run(self) -> None:
        start, is_counted = time.perf_counter(), False
        while True:
            ended_at = self._sender.ended_at
            found = 0
            for imported in import_folder(self._store, self._folder):
                found += 1
                self.latency_s.append(time.perf_counter() - self._sender.sent_at[imported.path.name])
            self.took_s = time.perf_counter() - start
            if not found and ended_at is not None:
                break
            self.receipts += sum(1 for _ in send_receipts(self._store, self._out))
            if not is_counted and ended_at is not None and time.perf_counter() > ended_at + _GRACE_S:
                self.backlog, is_counted = sum(1 for _ in self._folder.glob("*.xml")), True
            if not found:
                time.sleep(_PAUSE_S)


def _rows(arrivals: Sequence[Arrival], keeper: _Keeper, spent: float) -> list[Row]:
    declarations = sum(each.declarations for each in arrivals)
    latency = sorted(keeper.latency_s)
    return [
        Row("ingest.replay_times_the_nation", TIMES, "x"),
        Row("ingest.replay_share_of_a_day", declarations / ORDERS_A_DAY, ""),
        Row("ingest.replay_declarations_per_second", declarations / keeper.took_s, "1/s"),
        Row("ingest.replay_records_per_second", len(arrivals) * RECORDS / keeper.took_s, "1/s"),
        Row("ingest.replay_backlog_at_end", keeper.backlog, "messages", 0, keeper.backlog == 0),
        Row("ingest.replay_latency_p50_s", latency[len(latency) // 2], "s"),
        Row("ingest.replay_latency_p99_s", latency[len(latency) * 99 // 100], "s"),
        Row("ingest.replay_receipt_files", keeper.receipts, "files"),
        Row("ingest.replay_processor_share", spent / keeper.took_s, ""),
    ]
