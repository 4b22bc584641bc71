"""A day of ten million orders as messages: who sends what, how much of it in which hour, what is wrong or sent twice.

What is synthetic: all of it. The mean is the nation's, ten million orders a day; how the hours differ, how many records
a message has and how many are faulty or come twice are assumed, and named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from app.bench.messages import inventory, make_message, order, payment, waybill
from app.exchange.ceb.message import Record

ORDERS_A_DAY = 10_000_000
MEAN_PER_S = ORDERS_A_DAY / 86_400
HOURS = (
    0.6, 0.4, 0.2, 0.1, 0.1, 0.2, 0.3, 0.6, 1.0, 1.3, 1.5, 1.5,
    1.2, 1.2, 1.4, 1.4, 1.3, 1.2, 1.2, 1.4, 1.8, 2.0, 1.6, 1.1,
)  # fmt: skip
"""How busy each hour is; after breakfast, and most of all in the evening."""
RECORDS = 20
"""In one message."""
FAULTY, TWICE = 0.03, 0.02
"""Of the inventories, and of the messages."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that arrives so many seconds after the day began; `declarations` are those that nobody sent before."""

    at_s: float
    name: str
    text: bytes
    records: int
    declarations: int


def make_day(times: float, seconds: float, seed: int = 1) -> list[Arrival]:
    """A whole day in so many seconds, thinned so that the mean is so many times the nation's; in order of arrival."""
    arrivals = [arrival for group in _groups(times, seconds) for arrival in _papers(*group, Random(f"{seed} {group}"))]
    return sorted(arrivals, key=lambda arrival: arrival.at_s)


def _groups(times: float, seconds: float) -> Iterator[tuple[int, float]]:
    """The number of the first order of each group of RECORDS, and when its papers begin to arrive."""
    hour_s, mean = seconds / len(HOURS), sum(HOURS) / len(HOURS)
    counts = [MEAN_PER_S * times * hour_s * busy / mean / RECORDS for busy in HOURS]
    ends = [round(end) for end in accumulate(counts)]
    for hour, (first, end) in enumerate(zip([0, *ends], ends, strict=False)):
        for number in range(first, end):
            yield number * RECORDS, (hour + (number - first) / (end - first)) * hour_s


def _papers(first: int, at_s: float, chance: Random) -> Iterator[Arrival]:
    """Order, payment, waybill and inventory of a group, each from its own sender."""
    numbers = range(first, first + RECORDS)
    for place, (kind, make) in enumerate(_MAKERS.items()):
        records = [make(number) for number in numbers]
        if kind == "CEB621":
            records = [_spoiled(record) if chance.random() < FAULTY else record for record in records]
        text = make_message(kind, first, records)
        name, declared = f"{kind}-{first:09d}", RECORDS if kind == "CEB621" else 0
        arrival = Arrival(at_s + place * 0.02, f"{name}.xml", text, RECORDS, declared)
        yield arrival
        if chance.random() < TWICE:
            yield Arrival(arrival.at_s + 0.5, f"{name}-again.xml", text, 0, 0)


_MAKERS = {"CEB311": order, "CEB411": payment, "CEB511": waybill, "CEB621": inventory}


def _spoiled(record: Record) -> Record:
    """An inventory with three packages, where only one is allowed, and without its voyage."""
    fields = {**record.fields, "packNo": "3"}
    del fields["voyageNo"]
    return Record(fields, record.lines)
