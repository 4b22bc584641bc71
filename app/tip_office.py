"""The station's part for threat image projection (TIP): chance, library and detector before an officer, scores after.

Data's way: a picture is on its way to the screen -> `prepare` draws by the day's secret key, lays a threat of the
library into a copy of the scan and has the detector look at it -> `show` keeps that it is before the officer ->
`resolve` (any decision or a mark on it) or `end` (anything else). What is stored of the parcel is never touched, and
as long as a threat is before an officer the store refuses every decision on its parcel.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from app.customs.errors import TipOverError, TipRateError
from app.customs.parcel import Parcel, Seen
from app.customs.risk.facts import draw
from app.customs.states import Action
from app.customs.tip import Ending, Outcome, Rate, Resolved, Score, Tip, is_suited, judge, rate_for, score
from app.officers.errors import OfficerError
from app.officers.rights import Right, Rights
from app.settings import Tip as TipSettings
from app.store.store import Store
from imaging.annotations import Annotation
from imaging.errors import ScanInvalidError
from imaging.scan import Box, Scan
from imaging.tip.place import Projected, aspects_of, beam_of_scan, find_place
from imaging.tip.threats import ThreatLibrary, ThreatLibraryError

log = structlog.get_logger()

KEPT: Final = 8
"""Projected pictures that are ready before they are looked at."""
TRIES: Final = 4
"""Threats that are tried on one parcel before it stays as it is."""
DAYS: Final = 30
"""Of scores, where nothing else is said."""
Look = Callable[[Scan, str], tuple[Seen, ...] | None]
"""What the detector shows of a scan from a device; None where none looks."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A projected picture that no one has seen yet: the scan with the threat, and what the window shows around it."""

    tip: Tip
    scan: Scan
    seen: tuple[Seen, ...]
    version: int


@dataclass(frozen=True, slots=True)
class ThreatUse:
    """One image of the library and how often it was shown, hit and missed."""

    threat: str
    category: str
    shown: int = 0
    hits: int = 0
    misses: int = 0


class TipOffice:
    """Projects threats and keeps the scores. May be used from any thread; what is shown or resolved is on disk."""

    def __init__(
        self, store: Store, settings: TipSettings, rights: Rights, folder: Path, *, look: Look,
        lane_of: Callable[[str], str],
    ) -> None:  # fmt: skip
        self.longest_s = settings.longest_s
        """Time that an officer has for a projected picture."""
        self._store = store
        self._tips = store.tips
        self._settings = settings
        self._rights = rights
        self._folder = settings.library or folder
        self._look = look
        self._lane_of = lane_of
        self._library: ThreatLibrary | None = None
        self._ready: OrderedDict[tuple[str, str, int], Prepared | None] = OrderedDict()
        self._lock = threading.Lock()

    def start(self) -> None:
        """End what a power cut left open: its officer never answered, and the parcel waits as it did."""
        self._tips.end_open(Ending.CUT, at=datetime.now(UTC))

    # Before an officer

    def prepare(self, parcel: Parcel, scan: Scan, *, officer: str) -> Prepared | None:
        """Draw whether this officer sees a threat in this picture, and project it; None where he sees it as it is.

        The same question gets the same answer, and costs nothing the second time.

        Raises:
            OfficerError: he decides on no pictures.
        """
        self._rights.require(officer, Right.SCREEN)
        key = (scan.id, officer, parcel.version)
        with self._lock:
            if key in self._ready:
                return self._ready[key]
            prepared = self._project(parcel, scan, officer) if self._is_drawn(parcel, scan, officer) else None
            self._ready[key] = prepared
            while len(self._ready) > KEPT:
                self._ready.popitem(last=False)
        return prepared

    def show(self, prepared: Prepared, *, officer: str) -> Tip:
        """The picture goes on the screen now.

        Raises:
            OfficerError: it was prepared for another, or he may not. ParcelChangedError: the parcel is another by now.
        """
        self._rights.require(officer, Right.SCREEN)
        if prepared.tip.officer != officer:
            raise OfficerError("This picture was prepared for another officer.", officer=officer)
        with self._lock:
            self._ready = OrderedDict((key, one) for key, one in self._ready.items() if one is not prepared)
        shown = self._tips.show(replace(prepared.tip, shown_at=datetime.now(UTC)), version=prepared.version)
        log.info("tip shown", tip=shown.id)
        return shown

    def resolve(
        self, tip: Tip, *, officer: str, action: Action | None = None, marks: Sequence[Annotation] = ()
    ) -> Resolved:
        """The officer has decided, or has marked the threat; his decision is about the projected picture alone.

        Raises:
            TipOverError: it is over. OfficerError: he may not.
        """
        self._rights.require(officer, Right.SCREEN)
        is_located = any(touches(mark.box, tip.boxes[mark.view]) for mark in marks if mark.view < len(tip.boxes))
        outcome = Outcome.HIT if action is None else judge(action)
        resolved = self._tips.resolve(
            tip.id, outcome, action.value if action else "marked", at=datetime.now(UTC),
            is_located=is_located if marks else None,
        )  # fmt: skip
        log.info("tip resolved", tip=tip.id, outcome=outcome.value)
        return resolved

    def end(self, tip: Tip, why: Ending | None) -> Resolved:
        """The picture leaves the screen without an answer, if it has none yet; `why` None: its time is over."""
        outcome, said = (Outcome.LATE, "time") if why is None else (Outcome.VOID, why.value)
        try:
            return self._tips.resolve(tip.id, outcome, said, at=datetime.now(UTC))
        except TipOverError:
            return self._tips.result(tip.id)

    def give_way(self, parcel_id: int) -> None:
        """An officer elsewhere has decided on the true picture: what is projected into it here ends."""
        self._tips.end_open(Ending.OVERTAKEN, at=datetime.now(UTC), parcel_id=parcel_id)

    # Rates and scores

    def rates(self) -> list[Rate]:
        return self._tips.rates()

    def set_rate(self, share: float, *, officer: str, lane: str = "", of: str = "") -> None:
        """Set how large a share of the pictures gets a threat, on a lane and for an officer; empty: all.

        Raises:
            OfficerError: he may not set it. TipRateError: it is no share.
        """
        self._rights.require(officer, Right.TIP_SET)
        if not 0 <= share <= 1:
            raise TipRateError("A share lies between 0 and 1. Give another one.", share=share)
        self._tips.set_rate(Rate(lane.strip(), of.strip(), share, officer, datetime.now(UTC)))

    def scores(self, *, officer: str, days: int = DAYS) -> list[Score]:
        """What is known of all officers of the last days.

        Raises:
            OfficerError: he may see only his own.
        """
        self._rights.require(officer, Right.TIP_SCORES)
        return self._score("", days)

    def own_scores(self, *, officer: str, days: int = DAYS) -> list[Score]:
        """What is known of the officer himself."""
        self._rights.require(officer, Right.SCREEN)
        return self._score(officer, days)

    def uses(self) -> list[ThreatUse]:
        """The library with its counters; raises ThreatLibraryError where there is none."""
        counted = self._tips.counters()
        threats = ThreatLibrary.open(self._folder).threats.values()
        return [ThreatUse(each.id, each.category, *counted.get(each.id, (0, 0, 0))) for each in threats]

    def _score(self, officer: str, days: int) -> list[Score]:
        end = datetime.now(UTC)
        first = end - timedelta(days=days)
        return score(self._tips.resolved(first, end, officer), self._tips.quiet(first, end))

    def _is_drawn(self, parcel: Parcel, scan: Scan, officer: str) -> bool:
        if not is_suited(parcel, self._settings.kinds) or not aspects_of(scan):
            return False
        lane = self._lane_of(parcel.captures[-1].device)
        share = rate_for(self._tips.rates(), lane, officer, self._settings.share)
        return share > 0 and draw(self._key(), "tip", _lot(scan, officer)) < share and self._tips.is_free(parcel.id)

    def _key(self) -> bytes:
        """The secret key of the day; the log has its hash since its first use, and tells it when the day is over."""
        return self._store.rules.day_key(datetime.now(UTC).date())

    def _project(self, parcel: Parcel, scan: Scan, officer: str) -> Prepared | None:
        """Some threat of the library at some plausible place; None where none fits, or the library cannot be used."""
        seed = hashlib.sha256(self._key() + f"tip\n{_lot(scan, officer)}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(seed[:16], "big"))
        try:
            library = self._open_library()
            for _ in range(TRIES):
                threat_id = self._choose(library, rng)
                placed = find_place(scan, library.shadows(threat_id, beam_of_scan(scan)), rng)
                if placed is not None:
                    return self._ready_for(
                        parcel, officer, threat_id, placed, is_helped=rng.random() < self._settings.helped_share
                    )
        except (ThreatLibraryError, ScanInvalidError) as error:
            log.warning("no threat could be projected", error=str(error))
        return None

    def _ready_for(
        self, parcel: Parcel, officer: str, threat_id: str, placed: Projected, *, is_helped: bool
    ) -> Prepared:
        device = parcel.captures[-1].device
        # Without help the boxes are those of the true picture: nothing points at the threat, and nothing is missing.
        found = self._look(placed.scan, device) if is_helped else None
        seen = parcel.seen if found is None else found
        assert self._library is not None
        tip = Tip(
            id=0,
            parcel_id=parcel.id,
            scan_id=placed.scan.id,
            officer=officer,
            lane=self._lane_of(device),
            category=self._library.threats[threat_id].category,
            threat=threat_id,
            placement=json.dumps(asdict(placed.placement)),
            boxes=placed.boxes,
            is_helped=found is not None,
            is_boxed=any(touches(each.box, placed.boxes[each.view]) for each in seen if each.view < len(placed.boxes)),
            shown_at=datetime.now(UTC),
        )
        return Prepared(tip, placed.scan, seen, parcel.version)

    def _open_library(self) -> ThreatLibrary:
        if self._library is None:
            self._library = ThreatLibrary.open(self._folder)
        return self._library

    def _choose(self, library: ThreatLibrary, rng: np.random.Generator) -> str:
        """A category, each as likely, and of it one of those images that were shown least."""
        counted = self._tips.counters()
        categories = sorted({threat.category for threat in library.threats.values()})
        category = categories[int(rng.integers(len(categories)))]
        own = [threat.id for threat in library.threats.values() if threat.category == category]
        fewest = min(counted.get(each, (0,))[0] for each in own)
        least = [each for each in own if counted.get(each, (0,))[0] == fewest]
        return least[int(rng.integers(len(least)))]


def touches(one: Box, other: Box) -> bool:
    """Whether two boxes have a pixel in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _lot(scan: Scan, officer: str) -> str:
    return f"{scan.id} {officer}"
