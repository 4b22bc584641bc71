"""Risk rules in the store: versions, switches, the keys of random control, and what was selected."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from app.customs.parcel import Lane
from app.customs.risk.errors import RuleUnknownError
from app.customs.risk.rule import Rule
from app.customs.risk.table import from_json, to_json
from app.customs.risk.versions import RuleState, RuleVersion, Selected, Switch
from app.customs.risk.whatif import HITS
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.times import from_us, to_us


class Rules:
    """The rules of a store. A version is never changed; what is in force follows from the switches."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def add(self, rules: Sequence[Rule], *, author: str, now: datetime) -> list[RuleVersion]:
        """Keep a new version of each; what number it gets is in the answer."""
        with self._write() as writer:
            return _add(writer, rules, author, now)

    def switch(self, versions: Mapping[str, int], *, officer: str, now: datetime) -> None:
        """Switch versions on, each in place of the rule's other one; version 0 switches the rule off.

        Raises:
            RuleUnknownError: there is no such version.
        """
        with self._write() as writer:
            _switch(writer, versions, officer, now)

    def states(self) -> list[RuleState]:
        """Every rule of the post with its newest version and the one in force, by id."""
        with self._read() as reader:
            return _states(reader)

    def versions(self, rule_id: str) -> list[RuleVersion]:
        """All versions of a rule, the newest first."""
        with self._read() as reader:
            return _versions(reader, "WHERE id = ? ORDER BY version DESC", (rule_id,))

    def newest_seq(self) -> int:
        """The number of the last event that switched a rule, whichever program wrote it."""
        with self._read() as reader:
            found: tuple[int] = reader.execute("SELECT coalesce(max(event_seq), 0) FROM rule_switches").fetchone()
            return found[0]

    def day_key(self, day: date) -> bytes:
        """The key of a day, made when it is first wanted; the log gets its hash before anything is drawn."""
        if key := self.find_day_key(day):
            return key
        with self._write() as writer:
            return _make_day_key(writer, day)

    def find_day_key(self, day: date) -> bytes | None:
        with self._read() as reader:
            return _day_key(reader, day)

    def reveal_keys(self, before: date) -> list[date]:
        """Write the keys of days that are over into the log, so that an auditor can draw again; returns those days."""
        if not self._unrevealed(before):
            return []
        with self._write() as writer:
            return _reveal(writer, before)

    def revealed_key(self, day: date) -> bytes | None:
        """The key of a day as the log tells it; None while it is secret. What an auditor has to go by."""
        with self._read() as reader:
            found = reader.execute(
                "SELECT body FROM events JOIN revealed_keys ON seq = event_seq WHERE day = ?", (day.isoformat(),)
            ).fetchone()
        if found is None:
            return None
        told = next(key for key in json.loads(found[0])["keys"] if key[0] == day.isoformat())
        return bytes.fromhex(told[1])

    def selected(self, rule_id: str, *, limit: int, before: int | None = None) -> list[Selected]:
        """What a rule selected, the latest first; `before` is the id to go on from."""
        with self._read() as reader:
            return _selected(reader, rule_id, before, limit)

    def selected_on(self, first: datetime, end: datetime) -> dict[str, set[str]]:
        """The numbers that each rule selected among the parcels that arrived in a span; `id%`: by its random floor."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT s.rule_id || CASE is_drawn WHEN 1 THEN '%' ELSE '' END, p.number FROM parcels p "
                "JOIN selections s ON s.parcel_id = p.id WHERE p.arrived_us >= ? AND p.arrived_us < ?",
                (to_us(first), to_us(end)),
            ).fetchall()
        found: dict[str, set[str]] = {}
        for rule_id, number in rows:
            found.setdefault(rule_id, set()).add(number)
        return found

    def _unrevealed(self, before: date) -> bool:
        with self._read() as reader:
            return bool(_secret_days(reader, before))


def _add(connection: Connection, rules: Sequence[Rule], author: str, now: datetime) -> list[RuleVersion]:
    log, written_us, rows, made = Log(connection), to_us(now), list[list[object]](), list[RuleVersion]()
    for rule in sorted(rules, key=lambda rule: rule.id):
        last = connection.execute("SELECT coalesce(max(version), 0) FROM rules WHERE id = ?", (rule.id,)).fetchone()[0]
        row = [rule.id, last + 1, canonical(to_json(rule)), author, written_us]
        connection.execute("INSERT INTO rules VALUES (?,?,?,?,?,?)", (*row, log.seq))
        rows.append(row)
        made.append(_version(*row))
    if rows:
        log.append("rules_written", None, {"rules": rows})
    return made


def _switch(connection: Connection, versions: Mapping[str, int], officer: str, now: datetime) -> None:
    log, switched_us, rows = Log(connection), to_us(now), list[list[object]]()
    for rule_id, version in versions.items():
        known = connection.execute("SELECT 1 FROM rules WHERE id = ? AND ? IN (0, version)", (rule_id, version))
        if known.fetchone() is None:
            raise RuleUnknownError(f"There is no version {version} of a rule {rule_id}.", id=rule_id, version=version)
        values = (rule_id, version, officer, switched_us)
        key = connection.execute(
            "INSERT INTO rule_switches (rule_id, version, officer, switched_us, event_seq) VALUES (?,?,?,?,?)",
            (*values, log.seq),
        ).lastrowid
        rows.append([key, *values])
    if rows:
        log.append("rules_switched", None, {"switches": rows})


def _states(connection: Connection) -> list[RuleState]:
    newest = _versions(connection, "WHERE version = (SELECT max(version) FROM rules o WHERE o.id = rules.id)")
    last = "WHERE id IN (SELECT max(id) FROM rule_switches GROUP BY rule_id)"
    switches = {switch.rule_id: switch for switch in _switches(connection, last)}
    found = []
    for version in newest:
        switch = switches.get(version.rule.id)
        in_force = None
        if switch and switch.version:
            values = (switch.rule_id, switch.version)
            in_force = _versions(connection, "WHERE id = ? AND version = ?", values)[0]
        found.append(RuleState(version, in_force, switch))
    return found


def _versions(connection: Connection, where: str, values: tuple[object, ...] = ()) -> list[RuleVersion]:
    rows = connection.execute(f"SELECT id, version, body, author, written_us FROM rules {where}", values)
    return [_version(*row) for row in rows]


def _version(rule_id: str, version: int, body: str, author: str, written_us: int) -> RuleVersion:
    said: dict[str, Any] = json.loads(body)
    return RuleVersion(from_json(rule_id, version, said), author, from_us(written_us))


def _switches(connection: Connection, where: str, values: tuple[object, ...] = ()) -> list[Switch]:
    rows = connection.execute(f"SELECT rule_id, version, officer, switched_us FROM rule_switches {where}", values)
    return [Switch(rule_id, version, officer, from_us(us)) for rule_id, version, officer, us in rows]


def _day_key(connection: Connection, day: date) -> bytes | None:
    found = connection.execute("SELECT key FROM day_keys WHERE day = ?", (day.isoformat(),)).fetchone()
    return None if found is None else bytes(found[0])


def _make_day_key(connection: Connection, day: date) -> bytes:
    if key := _day_key(connection, day):
        return key
    log, key = Log(connection), secrets.token_bytes(32)
    connection.execute(
        "INSERT INTO day_keys VALUES (?, ?, ?, ?)", (day.isoformat(), key, time.time_ns() // 1000, log.seq)
    )
    log.append("day_key_made", None, {"day_key": [day.isoformat(), key_hash(key)]})
    return key


def key_hash(key: bytes) -> str:
    """What the log says of a key while it is secret."""
    return sha256(key).hexdigest()


def _secret_days(connection: Connection, before: date) -> list[tuple[str, bytes]]:
    return connection.execute(
        "SELECT day, key FROM day_keys WHERE day < ? AND day NOT IN (SELECT day FROM revealed_keys) ORDER BY day",
        (before.isoformat(),),
    ).fetchall()


def _reveal(connection: Connection, before: date) -> list[date]:
    log, now_us, keys = Log(connection), time.time_ns() // 1000, _secret_days(connection, before)
    for day, _ in keys:
        connection.execute("INSERT INTO revealed_keys VALUES (?, ?, ?)", (day, now_us, log.seq))
    if keys:
        log.append("day_keys_revealed", None, {"keys": [[day, bytes(key).hex(), now_us] for day, key in keys]})
    return [date.fromisoformat(day) for day, _ in keys]


def _selected(connection: Connection, rule_id: str, before: int | None, limit: int) -> list[Selected]:
    marks = ", ".join("?" * len(HITS))
    rows = connection.execute(
        "SELECT s.id, s.parcel_id, p.number, s.version, s.is_drawn, s.lane, s.selected_us, "
        "EXISTS (SELECT 1 FROM decisions d WHERE d.parcel_id = p.id AND d.action = 'open'), "
        f"EXISTS (SELECT 1 FROM decisions d WHERE d.parcel_id = p.id AND d.action IN ({marks}) "
        "AND d.id NOT IN (SELECT decision_id FROM undos)) "
        "FROM selections s JOIN parcels p ON p.id = s.parcel_id WHERE s.rule_id = ? AND s.id < ? "
        "ORDER BY s.id DESC LIMIT ?",
        (*(action.value for action in HITS), rule_id, before if before is not None else 1 << 62, limit),
    )
    return [
        Selected(key, parcel_id, number, version, bool(drawn), Lane(lane), from_us(us), bool(opened), bool(hit))
        for key, parcel_id, number, version, drawn, lane, us, opened, hit in rows
    ]
