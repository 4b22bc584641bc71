"""What rules may look at: the parcel, its declaration, its filing, its history, and what was seen on the picture."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from app.customs.filings import FilingFacts
from app.customs.likeness import mismatch_of
from app.customs.opacity import opaque_part
from app.customs.parcel import Declaration, Finding, GoodsLine, Kind, Seen

UNIT = 100_000
HOME = "CN"
_HOME_CURRENCIES = ("CNY", "142", "")


class Party(StrEnum):
    """Whose history is asked for."""

    CONSIGNOR = "consignor"
    CONSIGNEE = "consignee"
    GOODS = "goods"


class History(Protocol):
    """What the post has seen before. Counts may stop at 1,000."""

    def arrivals(self, party: Party, key: str, days: int, before: datetime) -> int:
        """How many parcels of this party arrived in the days before a moment."""
        ...

    def hits(self, party: Party, key: str, days: int, before: datetime) -> int:
        """In how many of them officers found something."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a parcel when its lane is set. What nobody knows is None, and no comparison with it holds.

    `day_key` is the secret of the day by which random control draws.
    """

    number: str
    arrived_on: date
    declaration: Declaration | None
    seen: Sequence[Seen]
    findings: Sequence[Finding]
    day_key: bytes = field(default=b"", repr=False)
    arrived_at: datetime | None = None
    kind: Kind = Kind.PARCEL
    history: History | None = None
    filing: FilingFacts | None = None

    @property
    def goods(self) -> Sequence[GoodsLine]:
        return self.declaration.goods if self.declaration else ()

    @property
    def value(self) -> float | None:
        """The declared value in CNY; None where another currency was declared."""
        found = self.declaration
        if found is None or found.value is None or found.currency not in _HOME_CURRENCIES:
            return None
        return found.value / UNIT

    @property
    def mismatch(self) -> float | None:
        """From 0 to 1, how little the picture looks like what was declared; None where nothing speaks for it."""
        return mismatch_of(self.findings)

    @property
    def opaque(self) -> float:
        """From 0 to 1, how much of the object could not be seen through."""
        return opaque_part(self.findings)

    @property
    def is_outbound(self) -> bool | None:
        """Whether it leaves the country: declared from here, or a postal number of ours."""
        if self.declaration and self.declaration.origin:
            return self.declaration.origin == HOME
        return self.number.endswith(HOME) if self.number else None

    def key_of(self, party: Party) -> Sequence[str]:
        """The names under which a party's history is kept; of goods the heading (first four digits) of every code."""
        found = self.declaration
        if found is None:
            return ()
        if party is Party.GOODS:
            return tuple(dict.fromkeys(line.hs_code[:4] for line in found.goods if line.hs_code))
        name = found.sender if party is Party.CONSIGNOR else found.consignee
        return (name,) if name else ()


def draw(day_key: bytes, rule_id: str, number: str) -> float:
    """The lot that a parcel draws for a rule, from 0 to 1: an HMAC-SHA256 under the day's key.

    The same on every replay, and unforeseeable as long as nobody knows the key. The first 53 bits, as a fraction.
    """
    digest = hmac.new(day_key, f"{rule_id}\n{number}".encode(), hashlib.sha256).digest()
    return (int.from_bytes(digest[:8]) >> 11) / (1 << 53)
