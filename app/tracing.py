"""What a trace code is worth, where its parcel is, what is recalled or intercepted, and the alarm when it is read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.customs.identity import OwnLabel
from app.customs.notices import LastEvent, Marking, Notice, NoticeKind
from app.customs.parcel import Finding, FindingKind, Parcel
from app.customs.risk.lanes import Assessment
from app.customs.states import LETS_GO, TERMINAL
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.decisions import TraceFound
from app.store.errors import NoticeUnknownError
from app.store.labels import Sighted
from app.store.store import Store
from app.trace.codes import PREFIX, is_inventory_no, read_code
from app.trace.epcis import Happening, Occasion, life_of
from app.trace.errors import RecallEmptyError, TraceIdCheckError, TraceIdShapeError
from app.trace.ids import is_trace_id, parse_trace_id
from app.trace.keyring import Keyring
from app.trace.recall import Affected, Ground, Selector, WatchList, find_affected, make_recall, same_as
from app.trace.verdicts import Sighting, Verdict, VerdictKind, judge, verify

_GOOD = (VerdictKind.VALID, VerdictKind.RECALLED)
MARKS = (FindingKind.RECALLED, FindingKind.INTERCEPTED)
_SHOWN = 24
"""Letters of a damaged code that a finding shows."""
Assess = Callable[[Parcel, Sequence[Finding]], Assessment]


@dataclass(frozen=True, slots=True)
class Traced:
    """What a scanned code of ours leads to: whether it is genuine, and the parcel where this station knows it."""

    verdict: Verdict | None
    found: TraceFound | None
    parcel: Parcel | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A code was read that a recall or intercept names."""

    notice: Notice
    code: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recall that was issued: its notice, and for the follow-up each parcel with its last event and consignee."""

    notice: Notice
    affected: tuple[Affected, ...]


class Tracing:
    """The station's view of trace codes. May be used from any thread.

    `assess` sets the lane of a parcel that gets or loses a mark, `on_marked` is told of it.
    """

    def __init__(
        self,
        store: Store,
        keys: Keyring,
        post: Post,
        rights: Rights,
        *,
        assess: Assess,
        on_marked: Callable[[int], None],
    ) -> None:
        self._store = store
        self._rights = rights
        self._keys = keys
        self._post = post
        self._assess = assess
        self._on_marked = on_marked
        self._lock = threading.Lock()
        self._watch_list = WatchList()
        self._watched_seq = -1

    @property
    def place(self) -> str:
        """This station as the place of a scan."""
        return f"{self._post.office}/{self._post.station}"

    def trace(self, text: str, *, is_scan: bool = True) -> Traced:
        """What a trace code or trace id leads to; a scan of a code is logged, a typed id is no scan."""
        code = text.strip()
        if not code.startswith(PREFIX):
            return self._lead(None, code.upper().replace("-", "").replace(" ", ""))
        now = datetime.now(UTC)
        verdict = verify(code, self._keys.public_keys(), now=now)
        trace_id = str(verdict.claims.trace_id) if verdict.claims else ""
        found = self._lead(None, trace_id if verdict.is_genuine else "").found
        verdict = judge(
            verdict,
            place=self.place,
            sightings=self._sightings(trace_id),
            notices=[notice.id for notice in self.notices_on(code)],
            own_places=self._post.ordinary_places,
            is_withdrawn=found is not None and found.is_void,
        )
        if is_scan and trace_id:
            self._store.labels.add_sighting(Sighted(trace_id, self.place, verdict.kind.value, now))
        return self._lead(verdict, found.trace_id if found else "")

    def label_of(self, text: str) -> OwnLabel | None:
        """What a code read on a parcel is as a label, signed code or bare trace id; None for any other number.

        A code that is not genuine gives no number: who forges a label must not borrow another parcel's name. A bare
        trace id is not signed: it counts only where it is in this station's records, or claims this office.
        """
        if text.startswith(PREFIX):
            return self._signed_label(text)
        try:
            trace_id = str(parse_trace_id(text))
        except TraceIdShapeError:
            return None
        except TraceIdCheckError:
            return OwnLabel(text) if text.upper().startswith(f"T{self._post.office}") else None
        found = self._store.find_trace(trace_id)
        if found is None:
            return OwnLabel(trace_id) if trace_id.startswith(f"T{self._post.office}") else None
        return OwnLabel(trace_id, self._store.parcel(found.parcel_id).number, not found.is_void)

    def notices_on(self, text: str) -> list[Notice]:
        """The recalls and intercepts in force that a code falls under."""
        seq = self._store.recalls.newest_seq()
        with self._lock:
            if seq != self._watched_seq:
                self._watch_list, self._watched_seq = WatchList(self._store.recalls.every()), seq
            return self._watch_list.alarms(text.strip())

    def watch(self, code: str, read_at: datetime) -> list[Alarm]:
        """The alarms that a code raises where it is read, each logged."""
        alarms = [Alarm(notice, code.strip(), read_at) for notice in self.notices_on(code)]
        for alarm in alarms:
            body = {"notice": alarm.notice.id, "code": alarm.code, "place": self.place}
            self._store.add_event("alarmed", None, body)
        return alarms

    def acknowledge(self, alarm: Alarm, officer: str) -> None:
        """Log that an officer took note of an alarm."""
        self._rights.require(officer, Right.ACKNOWLEDGE)
        body = {"notice": alarm.notice.id, "code": alarm.code, "officer": officer}
        self._store.add_event("alarm_acknowledged", None, body)

    def marks_on(self, codes: Sequence[str]) -> tuple[Finding, ...]:
        """The findings that a parcel with these codes gets from the notices in force."""
        notices = {notice.id: notice for code in codes for notice in self.notices_on(code)}
        return tuple(notice.finding for notice in notices.values())

    def recall(self, selector: Selector, reason: str, officer: str) -> Recalled:
        """Recall every released parcel that the selector means: each is marked, and every scan of it alarms.

        Raises:
            RecallEmptyError: no released parcel matches. OfficerError: the officer may not recall.
        """
        self._rights.require(officer, Right.RECALL)
        affected = find_affected(selector, self._store.recalls.released())
        now = datetime.now(UTC)
        notice_id = self._store.recalls.next_id(NoticeKind.RECALL, now.year)
        notice = make_recall(affected, notice_id=notice_id, reason=reason, issued_at=now, issued_by=officer)
        self._issue(notice, {ground.value: sought for ground, sought in selector.wanted().items()})
        return Recalled(notice, tuple(affected))

    def intercept(self, codes: Sequence[str], reason: str, officer: str) -> Notice:
        """Order that what carries one of these codes is stopped: a number, a bag tag, a trace id or a whole code.

        Raises:
            RecallEmptyError: no code is given. OfficerError: the officer may not intercept.
        """
        self._rights.require(officer, Right.INTERCEPT)
        wanted = frozenset(_plain_code(code) for code in codes if code.strip())
        if not wanted:
            raise RecallEmptyError("An intercept needs at least one code.")
        now = datetime.now(UTC)
        notice_id = self._store.recalls.next_id(NoticeKind.INTERCEPT, now.year)
        notice = Notice(notice_id, NoticeKind.INTERCEPT, reason, wanted, now, officer)
        self._issue(notice, {})
        return notice

    def lift(self, notice_id: str, officer: str) -> None:
        """End a recall or intercept and take its marks away.

        Raises:
            NoticeUnknownError: none is in force with this id. OfficerError: the officer may not end one of this kind.
        """
        self._rights.require(officer, Right.INTERCEPT)
        notice = self.notice(notice_id)
        if notice.kind is NoticeKind.RECALL:
            self._rights.require(officer, Right.RECALL)
        now = datetime.now(UTC)
        markings = [
            self._marking(parcel, [finding for finding in parcel.findings if finding != notice.finding])
            for parcel in self._named(notice)
            if notice.finding in parcel.findings
        ]
        self._store.recalls.lift(notice_id, officer=officer, now=now, markings=markings)
        self._tell(markings)

    def notices(self) -> list[Notice]:
        """All recalls and intercepts, lifted ones too, the latest first."""
        return self._store.recalls.every()

    def notice(self, notice_id: str) -> Notice:
        """Raises NoticeUnknownError where there is none."""
        found = next((notice for notice in self._store.recalls.every() if notice.id == notice_id), None)
        if found is None:
            raise NoticeUnknownError(f"There is no recall or intercept {notice_id}.", id=notice_id)
        return found

    def affected_by(self, notice: Notice, *, is_out: bool = True) -> list[Affected]:
        """The parcels that a notice names, each with what is known now; `is_out` leaves out what was taken back."""
        recalls = self._store.recalls
        released = [found for key in recalls.named(notice.codes) for found in recalls.released(key, is_out=is_out)]
        return [Affected(found, ()) for found in released if found.trace_id in notice.codes]

    def where(self, parcel_id: int) -> LastEvent | None:
        """The last that is known of a parcel: its last decision, or the last scan of its label."""
        return self._store.recalls.last_event(parcel_id)

    def same_as(self, parcel_id: int, ground: Ground) -> list[Affected]:
        """What else was released from this parcel's shipper, lot, goods or declaration; the parcel itself left out."""
        selectors = [each for own in self._store.recalls.released(parcel_id) for each in same_as(own, ground)]
        if not selectors:
            return []
        others = [each for each in self._store.recalls.released() if each.parcel_id != parcel_id]
        found = {row.released.trace_id: row for each in selectors for row in find_affected(each, others)}
        return sorted(found.values(), key=lambda row: row.released.released_at, reverse=True)

    def inventory_no(self, parcel: Parcel) -> str:
        """The inventory number (清单编号) of a parcel: that of its message, or the number that it is known by."""
        number = parcel.declaration.number if parcel.declaration else parcel.number
        said = [kept.record.inventory_no for kept in self._store.messages.find("number", [number])]
        return next((each for each in (*reversed(said), number) if is_inventory_no(each)), "")

    def life(self, parcel: Parcel) -> list[Happening]:
        """All that is known of a parcel, in order: arrival, pictures, decisions, scans of its labels, recalls."""
        office, station = self._post.office, self._post.station
        decisions = self._store.history(parcel.id)
        life = life_of(parcel, decisions, office=office, place=station)
        for trace_id in dict.fromkeys(decision.trace_code for decision in decisions if decision.trace_code):
            for sighted in self._store.labels.sightings(trace_id):
                at_office, _, at_place = sighted.place.partition("/")
                life.append(Happening(Occasion.SCANNED, sighted.seen_at, at_office, at_place))
        marks = {finding.detail.partition(" ")[0] for finding in parcel.findings if finding.kind in MARKS}
        for notice in self._store.recalls.every():
            if notice.id in marks and notice.kind is NoticeKind.RECALL:
                life.append(Happening(Occasion.RECALLED, notice.issued_at, office, station))
        return sorted(life, key=lambda happening: happening.at)

    def _signed_label(self, text: str) -> OwnLabel:
        traced = self.trace(text, is_scan=False)
        verdict, parcel = traced.verdict, traced.parcel
        if verdict is None or verdict.claims is None:
            return OwnLabel(text[:_SHOWN])
        trace_id, number = str(verdict.claims.trace_id), verdict.claims.item_id
        if not verdict.is_genuine:
            return OwnLabel(trace_id)
        if parcel:
            number = parcel.number
        return OwnLabel(trace_id, "" if number.startswith("#") else number, verdict.kind in _GOOD)

    def _lead(self, verdict: Verdict | None, trace_id: str) -> Traced:
        found = self._store.find_trace(trace_id) if trace_id else None
        return Traced(verdict, found, self._store.parcel(found.parcel_id) if found else None)

    def _sightings(self, trace_id: str) -> list[Sighting]:
        """Earlier scans of genuine codes; a forgery that names this id must not cast doubt on the original."""
        scans = self._store.labels.sightings(trace_id) if trace_id else []
        return [Sighting(s.trace_id, s.place, s.seen_at) for s in scans if _is_genuine(s.verdict)]

    def _issue(self, notice: Notice, sought: dict[str, str]) -> None:
        markings = [
            self._marking(parcel, [*parcel.findings, notice.finding])
            for parcel in self._named(notice)
            if _is_meant(notice, parcel)
        ]
        self._store.recalls.issue(notice, sought, markings)
        self._tell(markings)

    def _tell(self, markings: Sequence[Marking]) -> None:
        for marking in markings:
            self._on_marked(marking.parcel_id)

    def _named(self, notice: Notice) -> list[Parcel]:
        return [self._store.parcel(key) for key in self._store.recalls.named(notice.codes)]

    def _marking(self, parcel: Parcel, findings: Sequence[Finding]) -> Marking:
        assessment = self._assess(parcel, findings)
        return Marking(parcel.id, tuple(findings), assessment.lane, assessment.reasons)


def _is_meant(notice: Notice, parcel: Parcel) -> bool:
    """A number may be given again after a year, so of what is gone only the very label counts."""
    return parcel.trace_code in notice.codes or parcel.state not in LETS_GO | TERMINAL


def _is_genuine(verdict: str) -> bool:
    return Verdict(VerdictKind(verdict)).is_genuine


def _plain_code(text: str) -> str:
    """What a notice keeps of a code: of a signed one its trace id, of a typed trace id its one form.

    Raises:
        CodeMalformedError: a signed code is damaged.
    """
    code = text.strip()
    if code.startswith(PREFIX):
        return str(read_code(code).claims.trace_id)
    return str(parse_trace_id(code)) if is_trace_id(code) else code
