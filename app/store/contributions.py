"""What one parcel adds to the figures, from its events alone: the same whenever it is asked, so nothing can drift."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.customs.risk.facts import HOME
from app.customs.risk.whatif import HITS
from app.customs.states import LETS_GO, Action
from app.store import declarations
from app.store.database import Connection

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
WAITS_S = (30, 60, 120, 300, 900, 3_600, 14_400, 86_400)
"""Upper ends of the steps in which the time to the first decision is counted; one more step is open."""
_ALARMS = ("sure", "likely")
_LEFT = frozenset({Action.CLOSE, Action.RETURN, Action.TRANSFER, Action.DESTINATION_NORMAL})
_CODE = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)


class Figure(NamedTuple):
    """The place of a figure: hour, day, month or year, of what, when, of whom, and what was counted."""

    grain: str
    dim: str
    slot: int
    is_drill: int
    key: str
    what: str


class Sums:
    """Counts and amounts of many lives: held by the hour for the post and by the day for all else."""

    def __init__(self, offset_us: int) -> None:
        self._offset_us = offset_us
        self._sums: dict[tuple[str, int, bool, str, str], list[int]] = {}

    def add(self, life: Life, sign: int = 1) -> None:
        """Add what a life adds: events to the time they happened, what says how good a choice was to the arrival.

        So of the parcels that a rule selected on a day, those that were opened later count for that day.
        """
        sums, offset_us, is_drill = self._sums, self._offset_us, life.is_drill
        for dim, key, at_us, what, n, amount in _lines(life):
            slot = (at_us + offset_us) // (HOUR_US if dim == "post" else DAY_US)
            place = (dim, slot, is_drill, key, what)
            found = sums.get(place)
            if found is None:
                sums[place] = [sign * n, sign * amount]
            else:
                found[0] += sign * n
                found[1] += sign * amount

    def figures(self) -> dict[Figure, tuple[int, int]]:
        """Count and amount of each figure that is not nothing, of hours, days, months and years."""
        found: dict[Figure, tuple[int, int]] = {}
        for (dim, fine, is_drill, key, what), (n, amount) in self._sums.items():
            if not n and not amount:
                continue
            day = fine // 24 if dim == "post" else fine
            month = month_of(day)
            slots = [("d", day), ("m", month), ("y", month // 12), *([("h", fine)] if dim == "post" else [])]
            for grain, slot in slots:
                figure = Figure(grain, dim, slot, int(is_drill), key, what)
                before = found.get(figure, (0, 0))
                found[figure] = (before[0] + n, before[1] + amount)
        return {figure: values for figure, values in found.items() if any(values)}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that stands."""

    action: Action
    officer: str
    second_officer: str
    reason: str
    after: str
    at_us: int


@dataclass(slots=True)
class Life:
    """A parcel as its events up to a moment tell it."""

    number: str
    arrived_us: int
    is_drill: bool = False
    has_alarm: bool = False
    lane: str = "green"
    scans_us: list[int] = field(default_factory=list)
    selected: dict[str, bool] = field(default_factory=dict)
    """Rules that selected it, and whether one drew it at random."""
    decided: dict[int, Decided] = field(default_factory=dict)
    paid: list[tuple[str, int, int]] = field(default_factory=list)
    """What was paid or refunded, when, and fen."""
    enterprise: str = ""
    headings: tuple[str, ...] = ()
    is_outbound: bool = False
    weight_g: int = 0
    pieces: int = 0

    @property
    def found_us(self) -> int | None:
        """When officers first found something in it."""
        return min((one.at_us for one in self.decided.values() if one.action in HITS), default=None)


def read_life(connection: Connection, parcel_id: int, until_seq: int) -> Life | None:
    """A parcel's life up to an event; None before its first."""
    row = connection.execute("SELECT arrived_us FROM parcels WHERE id = ?", (parcel_id,)).fetchone()
    events = connection.execute(
        "SELECT seq, kind, body FROM events WHERE parcel_id = ? AND seq <= ? ORDER BY seq", (parcel_id, until_seq)
    ).fetchall()
    if row is None or not events:
        return None
    life = Life("", row[0])
    for _, kind, body in events:
        _follow(life, kind, _read(body))
    # A declaration that came after the parcel's last event changed nothing of it.
    _declare(connection, life, events[-1][0])
    return life


def month_of(day: int) -> int:
    """The month of a day since 1970, as year * 12 + month - 1. Source: Hinnant, days to civil."""
    shifted = day + 719_468
    era, rest = divmod(shifted, 146_097)
    year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    of_year = rest - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return (year + era * 400) * 12 + month + 2


def _read(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:  # altered from outside: verifying the log names it, and the figures go on without it
        return {}
    return found if isinstance(found, dict) else {}


def _follow(life: Life, kind: str, body: dict[str, Any]) -> None:
    if body.get("is_drill"):
        life.is_drill = True
    if body.get("number"):
        life.number = body["number"]
    if "lane" in body:
        life.lane = body["lane"]
    for _, _, rule_id, _, is_drawn, *_ in body.get("selected", ()):
        life.selected[rule_id] = life.selected.get(rule_id, False) or bool(is_drawn)
    if "seen" in body:
        life.has_alarm = any(box[2] in _ALARMS for box in body["seen"])
    if kind == "scanned" and "capture" in body:
        life.scans_us.append(body["capture"][4])
    elif kind == "decided" and "decision" in body:
        key, _, action, _, after, _, officer, second, reason, _, at_us, _ = body["decision"]
        life.decided[key] = Decided(Action(action), officer, second, reason, after, at_us)
    elif kind == "undone" and "undo" in body:
        life.decided.pop(body["undo"][0], None)
    elif kind == "stepped" and body.get("step", ("",) * 3)[2] in ("paid", "refunded"):
        _, _, what, _, at_us, _, said, _ = body["step"]
        life.paid.append((what, at_us, int(_read(said).get("fen", 0))))


def _declare(connection: Connection, life: Life, until_seq: int) -> None:
    """What was declared for the number until then."""
    life.is_outbound = life.number.endswith(HOME)
    found = connection.execute(
        "SELECT id, channel, sender, origin, gross_weight_g FROM declarations WHERE number = ? AND received_us > ? "
        "AND event_seq <= ? ORDER BY id DESC LIMIT 1",
        (life.number, life.arrived_us - declarations.YEAR_US, until_seq),
    ).fetchone()
    if found is None or not life.number:
        return
    key, channel, sender, origin, weight_g = found
    goods = connection.execute("SELECT hs_code, quantity FROM goods WHERE declaration_id = ?", (key,)).fetchall()
    # A person who sends mail is no enterprise, and nobody's statistics.
    life.enterprise = "" if channel == "mail" else sender
    life.is_outbound = origin == HOME if origin else life.is_outbound
    life.weight_g = weight_g or 0
    life.headings = tuple(dict.fromkeys(hs_code[:4] for hs_code, _ in goods if hs_code))
    life.pieces = sum(_pieces(quantity) for _, quantity in goods)


def _pieces(quantity: str) -> int:
    try:
        return min(max(0, round(float(quantity))), 1_000_000)
    except (ValueError, OverflowError):
        return 0


_Line = tuple[str, str, int, str, int, int]
"""Dimension, key, time, what, count and amount."""


def _lines(life: Life) -> Iterator[_Line]:
    yield from _arrival(life)
    at_us = life.arrived_us
    standing = sorted(life.decided.values(), key=lambda one: one.at_us)
    for one in standing:
        yield from _decision(life, one)
    for what, paid_us, fen in life.paid:
        yield "post", "", paid_us, what, 1, fen
        yield "post", "", paid_us, f"{what}_pieces", life.pieces, 0
    judged = [("opened", any(one.action is Action.OPEN for one in standing)), ("hits", life.found_us is not None)]
    for what, is_so in judged:
        if is_so:
            yield from ((dim, key, at_us, what, 1, 0) for dim, key in _cohorts(life))
    if standing:
        yield from _first(life, standing[0])
    if life.found_us is not None:
        yield "post", "", life.found_us, "found", 1, 0
        for officer in {one.officer for one in standing if one.action is Action.REFER}:
            yield "officer", officer, life.found_us, "refer_hits", 1, 0


def _arrival(life: Life) -> Iterator[_Line]:
    at_us = life.arrived_us
    yield "post", "", at_us, "registered", 1, life.weight_g
    if life.is_outbound:
        yield "post", "", at_us, "registered@out", 1, life.weight_g
    if life.has_alarm:
        yield "post", "", at_us, "alarms", 1, 0
    if life.lane != "green":
        yield "post", "", at_us, "selected", 1, 0
    for scan_us in life.scans_us:
        yield "post", "", scan_us, "scans", 1, 0
    for dim, key in _cohorts(life):
        yield dim, key, at_us, "registered", 1, 0
    for rule_id, is_drawn in life.selected.items():
        if is_drawn:
            yield "rule", rule_id, at_us, "drawn", 1, 0


def _cohorts(life: Life) -> Iterable[tuple[str, str]]:
    """Of what groups an arrival is one."""
    yield "lane", life.lane
    if life.enterprise:
        yield "enterprise", life.enterprise
    for heading in life.headings:
        yield "goods", heading
    for rule_id in life.selected:
        yield "rule", rule_id


def _decision(life: Life, one: Decided) -> Iterator[_Line]:
    action, at_us = one.action.value, one.at_us
    yield "post", "", at_us, action, 1, life.pieces
    yield "officer", one.officer, at_us, action, 1, life.pieces
    yield "post", "", at_us, "decided", 1, 0
    yield "officer", one.officer, at_us, "decided", 1, 0
    if one.second_officer:
        yield "officer", one.second_officer, at_us, "confirmed", 1, 0
    if _CODE.fullmatch(one.reason):
        yield "post", "", at_us, f"{action}.{one.reason}", 1, life.pieces
    if life.is_outbound:
        yield "post", "", at_us, f"{action}@out", 1, life.pieces
    if one.after in LETS_GO:
        yield "post", "", at_us, "released", 1, life.weight_g
    if one.action in _LEFT:
        yield "post", "", at_us, "left", 1, life.weight_g


def _first(life: Life, one: Decided) -> Iterator[_Line]:
    """The time from the picture, or the arrival where there was none before, to the first decision."""
    since_us = max((us for us in life.scans_us if us <= one.at_us), default=life.arrived_us)
    waited_s = max(0, one.at_us - since_us) // 1_000_000
    step = next((place for place, limit in enumerate(WAITS_S) if waited_s <= limit), len(WAITS_S))
    yield "post", "", one.at_us, "first", 1, waited_s
    yield "post", "", one.at_us, f"first<{step}", 1, 0
    yield "officer", one.officer, one.at_us, "first", 1, waited_s
    yield "lane", life.lane, life.arrived_us, "first", 1, waited_s
