"""What models on trial found, kept apart from what officers see, and which model is on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from app.customs.model_trial import Mode, Pair
from app.customs.outcome import outcome_of
from app.customs.parcel import Seen
from app.customs.states import Action
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.parcels import seen_in
from app.store.times import from_us, to_us

PAGE = 500


@dataclass(frozen=True, slots=True)
class ModelSwitch:
    """Who put a model on, into the shadow or off."""

    model: str
    mode: Mode
    officer: str
    switched_at: datetime


class Shadows:
    """The models of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def add(
        self,
        scan_id: str,
        *,
        model: str,
        ms: float | None = None,
        seen: Sequence[Seen] = (),
        error: str = "",
        is_drill: bool = False,
    ) -> None:
        """Keep what a model on trial found on a picture, or why it failed; one that is not kept is passed over."""
        with self._write() as writer:
            capture = writer.execute("SELECT id, parcel_id FROM captures WHERE scan_id = ?", (scan_id,)).fetchone()
            if capture is None:
                return
            log = Log(writer)
            boxes = [[one.label, float(one.score), one.level, *map(int, one.box), one.view] for one in seen]
            values = (capture[0], model, ms, canonical(boxes), error, int(is_drill))
            key = writer.execute(
                "INSERT INTO shadows (capture_id, model, ms, found, error, is_drill, event_seq) VALUES (?,?,?,?,?,?,?)",
                (*values, log.seq),
            ).lastrowid
            log.append("shadowed", capture[1], {"shadow": [key, *values]})

    def pairs(self, model: str, since: datetime, *, is_drill: bool) -> Iterator[Pair]:
        """What a model on trial said since a time, beside what officers were shown of the same pictures."""
        after = 0
        while True:
            with self._read() as reader:
                rows = reader.execute(_PAIRS, (model, after, to_us(since), int(is_drill), PAGE)).fetchall()
                seen = seen_in(reader, [row[1] for row in rows])
                actions = _actions_of(reader, [row[6] for row in rows])
            for _, screening_id, live_ms, tried_ms, found, error, parcel_id in rows:
                tried = tuple(_seen(entry) for entry in json.loads(found))
                outcome = outcome_of(actions[parcel_id])
                yield Pair(seen.get(screening_id, ()), tried, live_ms, tried_ms or 0.0, outcome, failed=bool(error))
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def tried(self) -> dict[str, int]:
        """How many pictures each model on trial has looked at."""
        with self._read() as reader:
            return dict(reader.execute("SELECT model, count(*) FROM shadows GROUP BY model").fetchall())

    def switches(self) -> Mapping[str, ModelSwitch]:
        """The last switch of each model."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT model, mode, officer, switched_us FROM model_switches WHERE id IN "
                "(SELECT max(id) FROM model_switches GROUP BY model)"
            ).fetchall()
        return {model: ModelSwitch(model, Mode(mode), officer, from_us(at)) for model, mode, officer, at in rows}

    def switch(self, modes: Mapping[str, Mode], *, officer: str, now: datetime) -> None:
        """Put models on, into the shadow or off, all at once."""
        with self._write() as writer:
            log, kept = Log(writer), []
            for model, mode in modes.items():
                values = (model, mode.value, officer, to_us(now))
                key = writer.execute(
                    "INSERT INTO model_switches (model, mode, officer, switched_us, event_seq) VALUES (?,?,?,?,?)",
                    (*values, log.seq),
                ).lastrowid
                kept.append([key, *values])
            log.append("model_switched", None, {"switches": kept})


_PAIRS = """
    SELECT w.id, s.id, s.ms, w.ms, w.found, w.error, c.parcel_id
    FROM shadows w JOIN captures c ON c.id = w.capture_id
    JOIN screenings s ON s.id = (SELECT max(id) FROM screenings WHERE capture_id = c.id) AND s.ms IS NOT NULL
    WHERE w.model = ? AND w.id > ? AND c.taken_us >= ? AND w.is_drill = ?
    ORDER BY w.id LIMIT ?
"""


def _actions_of(reader: Connection, parcel_ids: Sequence[int]) -> dict[int, list[Action]]:
    found: dict[int, list[Action]] = {}
    for key in set(parcel_ids):
        rows = reader.execute(
            "SELECT action FROM decisions d WHERE parcel_id = ? "
            "AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.decision_id = d.id)",
            (key,),
        )
        found[key] = [Action(action) for (action,) in rows]
    return found


def _seen(row: Sequence[object]) -> Seen:
    label, score, level, left, top, right, bottom, view = row
    return Seen(label, score, level, (left, top, right, bottom), view)  # type: ignore[arg-type]
