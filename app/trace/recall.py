"""Recall (召回) and intercept (拦截): which released parcels are meant, who has them, and what a scan must alarm."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.customs.notices import Notice, NoticeKind, Released
from app.trace.codes import PREFIX, read_code
from app.trace.errors import CodeMalformedError, RecallEmptyError


class Ground(StrEnum):
    """Why a released parcel falls under a recall, and by what two parcels belong together."""

    GOODS = "goods"
    HS_CODE = "hs_code"
    BATCH = "batch"
    ENTERPRISE = "enterprise"
    DETECTION = "detection"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Selector:
    """What to look for. Fields that are given must all match; within a parcel any line, batch or name may.

    `goods` is a part of a goods name, `hs_code` the beginning of a commodity code, `enterprise` a code or a
    part of a name, the others whole values. Times are of the release, half-open.

    Raises:
        RecallEmptyError: nothing but times or signs is given, which would recall everything.
    """

    goods: str = ""
    hs_code: str = ""
    batch: str = ""
    enterprise: str = ""
    detection: str = ""
    declaration: str = ""
    released_from: datetime | None = None
    released_until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.wanted() or not all(_plain(wanted) for wanted in self.wanted().values()):
            raise RecallEmptyError(
                "A recall needs goods, a code, a batch, an enterprise, a declaration or a detection."
            )

    def wanted(self) -> dict[Ground, str]:
        return {ground: value for ground in Ground if (value := getattr(self, ground.value))}


@dataclass(frozen=True, slots=True)
class Affected:
    """One row of a recall list: the parcel, and what of it matched."""

    released: Released
    matched: tuple[str, ...]


def find_affected(selector: Selector, released: Iterable[Released]) -> list[Affected]:
    """The recall list, the latest release first."""
    found = [Affected(parcel, matched) for parcel in released if (matched := _match(selector, parcel))]
    return sorted(found, key=lambda row: row.released.released_at, reverse=True)


def same_as(parcel: Released, ground: Ground) -> list[Selector]:
    """What else came from this shipper, lot, goods or declaration: one selector for each value the parcel has."""
    fields: list[dict[str, Any]] = [{ground.value: value} for value in dict.fromkeys(_values(parcel, ground))]
    return [Selector(**field) for field in fields if _plain(field[ground.value])]


def make_recall(
    affected: Iterable[Affected], *, notice_id: str, reason: str, issued_at: datetime, issued_by: str
) -> Notice:
    """The notice that makes every station alarm on the parcels of a recall list, by trace id and item number.

    Raises:
        RecallEmptyError: the list is empty.
    """
    codes = frozenset(code for row in affected for code in (row.released.trace_id, row.released.number) if code)
    if not codes:
        raise RecallEmptyError("No released parcel matches; there is nothing to recall.")
    return Notice(notice_id, NoticeKind.RECALL, reason, codes, issued_at, issued_by)


class WatchList:
    """The notices in force, looked up by whatever a reader delivers."""

    def __init__(self, notices: Iterable[Notice] = ()) -> None:
        self._by_code: dict[str, list[Notice]] = {}
        for notice in notices:
            if notice.lifted_at is None:
                for code in {_as_scanned(code) for code in notice.codes} - {""}:
                    self._by_code.setdefault(code, []).append(notice)

    def alarms(self, text: str) -> list[Notice]:
        """The notices that a scanned text falls under: a signed code by its trace id and item, else the text itself.

        A signed code alarms whether or not its signature is right: who forges a recalled label is of interest too.
        """
        found = {notice.id: notice for code in _codes_in(text) for notice in self._by_code.get(_as_scanned(code), ())}
        return list(found.values())


def _codes_in(text: str) -> tuple[str, ...]:
    if text.startswith(PREFIX):
        try:
            claims = read_code(text).claims
        except CodeMalformedError:
            return (text,)
        return str(claims.trace_id), claims.item_id
    return (text,)


def _as_scanned(code: str) -> str:
    """Without what people and readers add: spaces, hyphens, small letters."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _match(selector: Selector, parcel: Released) -> tuple[str, ...]:
    """The parcel's own words that match, one for each thing looked for; empty where one of them does not."""
    if selector.released_from and parcel.released_at < selector.released_from:
        return ()
    if selector.released_until and parcel.released_at >= selector.released_until:
        return ()
    hits: list[str] = []
    for ground, wanted in selector.wanted().items():
        hit = next((value for value in _values(parcel, ground) if _is_hit(ground, _plain(wanted), _plain(value))), None)
        if hit is None:
            return ()
        hits.append(hit)
    return tuple(hits)


def _is_hit(ground: Ground, wanted: str, value: str) -> bool:
    if ground in (Ground.GOODS, Ground.ENTERPRISE):
        return wanted in value
    if ground is Ground.HS_CODE:
        return value.startswith(wanted)
    return wanted == value


def _values(parcel: Released, ground: Ground) -> Iterator[str]:
    match ground:
        case Ground.GOODS:
            yield from (line.name for line in parcel.goods)
        case Ground.HS_CODE:
            yield from (line.hs_code for line in parcel.goods)
        case Ground.BATCH:
            yield from parcel.batches
        case Ground.ENTERPRISE:
            yield from parcel.enterprises
        case Ground.DETECTION:
            yield from parcel.detections
        case Ground.DECLARATION:
            yield parcel.declaration


def _plain(text: str) -> str:
    """Full-width and half-width, large and small letters, spaces and dots of a commodity code count the same."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
