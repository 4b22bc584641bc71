"""Which pictures may go when, by dated rules, and their removal: an event first, then the file; the record stays."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from app.customs.states import State, Term
from app.store import vectors
from app.store.audit import Log
from app.store.database import Connection
from app.store.errors import RetentionError
from app.store.times import from_us, to_us
from imaging.files import native

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """How long pictures of parcels in these states are kept after the last decision; `keep_days` None is for ever."""

    id: str
    title: Term
    states: frozenset[State]
    keep_days: int | None
    valid_from: date
    valid_to: date | None
    source: str

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Due:
    """A picture past its time. `since_at` is when its parcel was last decided on, or the picture taken."""

    capture_id: int
    parcel_id: int
    path: str
    sha256: str
    rule: Rule
    since_at: datetime


class Writing(Protocol):
    """Opens the store's write transactions."""

    def __call__(self) -> AbstractContextManager[Connection]: ...


def parse_rules(table: str) -> tuple[Rule, ...]:
    """Rules from CSV text with the columns of `Rule` (title_en and title_zh for the title, states separated by `;`).

    Raises:
        RetentionError: a column is missing or a value is not understood.
    """
    rules: list[Rule] = []
    for line, row in enumerate(csv.DictReader(io.StringIO(table)), start=2):
        try:
            rules.append(_rule(row))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            detail = f"Line {line} of the retention rules: {error}. Correct it and try again."
            raise RetentionError(detail, detail=detail) from error
    return tuple(rules)


def due(connection: Connection, rules: Sequence[Rule], now: datetime) -> Iterator[Due]:
    """Pictures past their time, oldest first. Where several rules fit a parcel, the longest time counts.

    A parcel in a state that no rule names keeps its pictures, and so does one that a recall or intercept marks.
    """
    times = _times(rules, now.date())
    if not times:
        return
    shortest_us = min(rule.keep_days or 0 for rule in times.values()) * DAY_US
    for key, parcel_id, path, sha256, state, since_us in connection.execute(_CANDIDATES, (to_us(now) - shortest_us,)):
        rule = times.get(state)
        if rule is not None and rule.keep_days is not None and since_us + rule.keep_days * DAY_US <= to_us(now):
            yield Due(key, parcel_id, path, sha256, rule, from_us(since_us))


def remove(write: Writing, picture: Due, folder: Path) -> None:
    """Log the removal, then remove the picture and its sidecar; a power cut between leaves a file for the next run."""
    with write() as writer:
        log = Log(writer)
        assert picture.rule.keep_days is not None
        since_us, now_us = to_us(picture.since_at), time.time_ns() // 1000
        row = [picture.capture_id, picture.rule.id, picture.rule.keep_days, since_us, now_us]
        writer.execute("INSERT INTO removals VALUES (?,?,?,?,?,?)", (*row, log.seq))
        vectors.forget(writer, picture.capture_id)
        body = {"removal": row, "path": picture.path, "sha256": picture.sha256, "source": picture.rule.source}
        log.append("removed", picture.parcel_id, body)
    unlink(folder / picture.path)


def left_over(connection: Connection, folder: Path) -> Iterator[Path]:
    """Pictures that are logged as removed and are still there."""
    sql = "SELECT c.path FROM removals r JOIN captures c ON c.id = r.capture_id ORDER BY r.capture_id"
    return (folder / path for (path,) in connection.execute(sql) if (folder / path).is_file())


def unlink(picture: Path) -> None:
    """Remove a picture and its sidecar, the sidecar first: without it the picture is no scan."""
    native.sidecar_of(picture).unlink(missing_ok=True)
    picture.unlink(missing_ok=True)


def is_lawful(taken_us: int, removal: Sequence[Any], rules: Sequence[Rule] | None) -> bool:
    """Whether a removal (rule, keep_days, since_us, removed_us) kept its own time, and the rule was in force so."""
    rule_id, keep_days, since_us, removed_us = removal
    if since_us < taken_us or removed_us < since_us + keep_days * DAY_US:
        return False
    day = datetime.fromtimestamp(removed_us / 1e6, UTC).date()
    return rules is None or any(
        rule.id == rule_id and rule.keep_days == keep_days and rule.is_in_force(day) for rule in rules
    )


def _times(rules: Sequence[Rule], day: date) -> dict[str, Rule]:
    """For each state the rule that keeps longest."""
    times: dict[str, Rule] = {}
    for rule in (rule for rule in rules if rule.is_in_force(day)):
        for state in rule.states:
            before = times.get(state.value)
            if before is None or _days(rule) > _days(before):
                times[state.value] = rule
    return times


def _days(rule: Rule) -> float:
    return float("inf") if rule.keep_days is None else rule.keep_days


def _rule(row: dict[str, str]) -> Rule:
    keep_days = int(row["keep_days"]) if row["keep_days"] else None
    if keep_days is not None and not 0 < keep_days <= 36_500:
        raise ValueError(f"keep_days is {keep_days}, not between 1 and 36500")
    return Rule(
        id=row["id"],
        title=Term(row["title_en"], row["title_zh"]),
        states=frozenset(State(state) for state in row["states"].split(";")),
        keep_days=keep_days,
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        source=row["source"],
    )


_CANDIDATES = """
    SELECT c.id, c.parcel_id, c.path, c.sha256, p.state,
        max(c.taken_us, coalesce((SELECT max(decided_us) FROM decisions d WHERE d.parcel_id = p.id), 0))
    FROM captures c JOIN parcels p ON p.id = c.parcel_id
    WHERE c.taken_us <= ? AND c.id NOT IN (SELECT capture_id FROM removals)
        AND p.findings NOT LIKE '%"recalled"%' AND p.findings NOT LIKE '%"intercepted"%'
    ORDER BY c.id
"""
