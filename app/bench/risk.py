"""Figures of risk rules: a hundred of them asked of every parcel, on one core."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from app.bench.rows import Row, rate
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, GoodsLine, Kind, Lane, Seen
from app.customs.risk.facts import Facts
from app.customs.risk.lanes import RuleSet
from app.customs.risk.parse import parse
from app.customs.risk.rule import make_rule
from app.customs.states import Term
from app.officers.rights import KnownOfficers
from app.risk_office import RiskOffice
from app.settings import Post
from app.store.store import Store

REACH = 1_000
"""Parcels a second, each asked by a hundred rules, on one core."""
RULES = 100
PARCELS = 2_000
STORED = 300
_ROUNDS = 3

CONDITIONS = (
    'value > {n}000 CNY and origin in ("AA", "BB", "CC")',
    'any goods (hs starts_with ("{n}", "9{n}") and line_value > 500)',
    "weight > {n} kg and count goods > 3",
    "any detection (class = battery and level ≥ likely) and not goods_names contains ({text})",
    "findings contains (no_declaration, several_codes) or value is_unknown",
    "value / weight > {n}00 and channel ≠ cargo",
    'every goods (made_in = "DE" and quantity ≥ {n}) or consignee contains {text}',
    "random {n}%",
    'origin = "XX" and random {n}% and any goods (name contains {text})',
    "count detections (level ≥ hint) > {n} and weight < 500 g",
)
_LOOKS_BACK = "arrivals(consignee, 30 days) > {n} or hits(consignor, 90 days) > {n}"


def run(data: Path | None) -> list[Row]:
    """Rules alone; with the store's history, declarations and rows around them; and reading conditions.

    Counted in processor time, as "on one core" means.
    """
    del data
    rules, facts = make_rules(RULES), [make_facts(number) for number in range(PARCELS)]
    plain = rate(PARCELS, lambda: [rules.assess(each) for each in facts], _ROUNDS)
    texts = [rule.text("zh_CN") for rule in rules]
    read = rate(RULES, lambda: [parse(text) for text in texts], _ROUNDS)
    stored, with_history = _with_store()
    return [
        Row("risk.parcels_per_second", plain, "1/s", REACH, plain >= REACH),
        Row("risk.parcels_with_store_per_second", stored, "1/s", REACH, stored >= REACH),
        Row("risk.parcels_with_history_per_second", with_history, "1/s", REACH, with_history >= REACH),
        Row("risk.conditions_read_per_second", read, "1/s"),
    ]


def make_rules(count: int, conditions: Sequence[str] = CONDITIONS) -> RuleSet:
    """So many different rules of all kinds."""
    lanes = (Lane.RED, Lane.YELLOW, Lane.BLUE)
    made = []
    for n in range(count):
        when = conditions[n % len(conditions)].format(n=1 + n % 60, text=f'"样品{n}"')
        made.append(make_rule(f"bench-{n}", Term(f"Rule {n}", f"规则{n}"), when, lanes[n % 3], date(2020, 1, 1)))
    return RuleSet(made)


def make_facts(number: int) -> Facts:
    """A fictitious parcel with one to five lines of goods and up to three detections."""
    chance = Random(number)
    declaration = make_declaration(number)
    seen = tuple(
        Seen(chance.choice(("battery", "blade")), 0.5, chance.choice(("sure", "likely", "hint")), (0, 0, 9, 9))
        for _ in range(chance.randrange(4))
    )
    findings = (Finding(FindingKind.DOUBTFUL_CODE),) if chance.random() < 0.1 else ()
    return Facts(declaration.number, date(2026, 11, 22), declaration, seen, findings, day_key=b"k" * 32)


def make_declaration(number: int) -> Declaration:
    chance = Random(-1 - number)
    goods = tuple(
        GoodsLine(
            f"样品{chance.randrange(200)}", hs_code=f"{chance.randrange(10**9):010d}", quantity=str(1 + line),
            value=chance.randrange(10**9), weight_g=chance.randrange(2_000), origin=chance.choice(("DE", "JP", "XX")),
        )
        for line in range(1 + chance.randrange(5))
    )  # fmt: skip
    return Declaration(
        f"RB{number:09d}DE", goods, "cbec", f"示例商贸{number % 50}", f"测试{number % 200}", "DE",
        chance.randrange(1, 30_000), sum(line.value or 0 for line in goods),
    )  # fmt: skip


def _with_store() -> tuple[float, float]:
    """Lanes as the station sets them: the declaration from the store, the day's key; then with rules that look back."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), station="bench", ballast_bytes=1 << 16)
        try:
            now = datetime.now(UTC)
            store.add_declarations(make_declaration(number) for number in range(STORED))
            for number in range(STORED):
                arrived_at = now - timedelta(hours=1, seconds=number)
                capture = Capture(f"bench-{number}", f"{number}.tif", "0" * 64, "bench", arrived_at)
                store.record_scan(None, capture, number=f"RB{number:09d}DE", arrived_at=arrived_at)
            plain = RiskOffice(store, Post(), KnownOfficers({}), list(make_rules(RULES)))
            before = rate(STORED, lambda: _assess(plain, now), _ROUNDS)
            looks_back = list(make_rules(RULES, (*CONDITIONS[:9], _LOOKS_BACK)))
            back = RiskOffice(store, Post(), KnownOfficers({}), looks_back)
            return before, rate(STORED, lambda: _assess(back, now), _ROUNDS)
        finally:
            store.close()


def _assess(office: RiskOffice, now: datetime) -> None:
    for number in range(STORED):
        office.assess(f"RB{number:09d}DE", now, (), (), Kind.PARCEL)
