"""A parcel's life as an EPCIS 2.0 document in JSON-LD, for other systems. No personal data goes in.

EPCIS has no step "releasing" and knows no customs states: the nearest step and disposition stand in the event, the
customs state itself in the extension `guanjian:state`. An undone decision stays, with an errorDeclaration.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from app.customs.parcel import Decision, GoodsLine, Parcel
from app.customs.states import State

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
URN = "urn:x-guanjian"
_EVENT_IDS = uuid.uuid5(uuid.NAMESPACE_URL, f"{URN}:event")
_Json = dict[str, Any]


class Occasion(StrEnum):
    """What happened, beyond a change of state."""

    STATE = "state"
    LABELLED = "labelled"
    LEFT = "left"
    RECALLED = "recalled"
    CAME_BACK = "came_back"
    PACKED = "packed"
    SCANNED = "scanned"


# bizStep and disposition of each state; a state without a row is no event that happens to the parcel itself.
_STATES: dict[State, tuple[str, str]] = {
    State.ARRIVED: ("arriving", "in_progress"),
    State.IMAGED: ("inspecting", "in_progress"),
    State.DOC_REVIEW: ("inspecting", "in_progress"),
    State.REFERRED: ("holding", "in_progress"),
    State.EXAMINING: ("unpacking", "container_open"),
    State.EXAM_ABNORMAL: ("inspecting", "non_conformant"),
    State.AWAITING_PARTY: ("holding", "unavailable"),
    State.AWAITING_LAB: ("sampling", "unavailable"),
    State.HELD: ("holding", "unavailable"),
    State.DETAINED: ("holding", "non_conformant"),
    State.COND_RELEASED: ("departing", "in_transit"),
    State.RELEASED: ("departing", "conformant"),
    State.CLOSED: ("departing", "in_transit"),
    State.RETURNED: ("shipping", "returned"),
    State.TRANSFERRED: ("other", "non_sellable_other"),
    State.CONFISCATED: ("other", "disposed"),
    State.DESTROYED: ("destroying", "destroyed"),
    State.ABANDONED: ("other", "disposed"),
}
_OCCASIONS: dict[Occasion, tuple[str, str]] = {
    Occasion.LABELLED: ("commissioning", "active"),
    Occasion.LEFT: ("departing", "in_transit"),
    Occasion.RECALLED: ("holding", "recalled"),
    Occasion.CAME_BACK: ("receiving", "returned"),
    Occasion.PACKED: ("packing", "in_progress"),
    Occasion.SCANNED: ("inspecting", "in_transit"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a parcel: when, where (office code and read point), and what came of it.

    `state` is the state after it; `bag` names the receptacle of a PACKED one; `undone_at` is set where a
    decision was taken back.
    """

    occasion: Occasion
    at: datetime
    office: str
    place: str
    state: State | None = None
    action: str = ""
    bag: str = ""
    undone_at: datetime | None = None


def life_of(parcel: Parcel, decisions: Iterable[Decision], *, office: str, place: str) -> list[Happening]:
    """What the record of a parcel says of its life, in order; scans elsewhere and recalls are added by the caller."""
    life = [Happening(Occasion.STATE, parcel.arrived_at, office, place, State.ARRIVED)]
    life += [
        Happening(Occasion.STATE, capture.taken_at, office, capture.device or place, State.IMAGED)
        for capture in parcel.captures
    ]
    for decision in decisions:
        made = (decision.decided_at, office, place, decision.after, decision.action.value)
        if decision.trace_code:
            life.append(Happening(Occasion.LABELLED, *made, undone_at=decision.undone_at))
        life.append(Happening(Occasion.STATE, *made, undone_at=decision.undone_at))
    return sorted(life, key=lambda happening: happening.at)


def to_epcis(
    parcel: Parcel, life: Iterable[Happening], *, now: datetime, inventory_no: str = "", zone: tzinfo = UTC
) -> _Json:
    """The EPCISDocument of a parcel, ready for json.dumps. Times are written in UTC, `zone` gives their offset."""
    events = [
        _event(parcel, happening, inventory_no, zone)
        for happening in life
        if happening.occasion is not Occasion.STATE or happening.state in _STATES
    ]
    return {
        "@context": [CONTEXT, {"guanjian": f"{URN}:vocabulary:"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(now),
        "epcisBody": {"eventList": events},
    }


def _event(parcel: Parcel, happening: Happening, inventory_no: str, zone: tzinfo) -> _Json:
    step, disposition = _meaning(happening)
    event: _Json = {
        "eventID": _event_id(parcel, happening),
        "eventTime": _time(happening.at),
        "eventTimeZoneOffset": _offset(happening.at, zone),
        **_subject(parcel, happening),
        "bizStep": step,
        "disposition": disposition,
        "readPoint": {"id": _urn("place", f"{happening.office}:{happening.place}")},
        "bizLocation": {"id": _urn("office", happening.office)},
    }
    if inventory_no:
        number = {"type": f"{URN}:transaction:inventory", "bizTransaction": _urn("inventory", inventory_no)}
        event["bizTransactionList"] = [number]
    if happening.occasion is Occasion.LABELLED and parcel.declaration:
        event["ilmd"] = {"guanjian:goods": [_goods(line) for line in parcel.declaration.goods]}
    if happening.state is not None:
        event["guanjian:state"] = happening.state.value
    if happening.action:
        event["guanjian:action"] = happening.action
    if happening.undone_at is not None:
        event["errorDeclaration"] = {"declarationTime": _time(happening.undone_at), "reason": "did_not_occur"}
    return event


def _meaning(happening: Happening) -> tuple[str, str]:
    if happening.occasion is Occasion.STATE and happening.state is not None:
        return _STATES[happening.state]
    return _OCCASIONS[happening.occasion]


def _subject(parcel: Parcel, happening: Happening) -> _Json:
    """What the event is about: the item, and its trace code once it has one; children of the bag when packed."""
    names = [_urn("item", parcel.number)]
    if parcel.trace_code and happening.occasion is not Occasion.STATE:
        names.insert(0, _urn("trace", parcel.trace_code))
    if happening.occasion is Occasion.PACKED:
        return {"type": "AggregationEvent", "action": "ADD", "parentID": _urn("bag", happening.bag), "childEPCs": names}
    action = "OBSERVE"
    if happening.occasion is Occasion.LABELLED:
        action = "ADD"
    elif happening.state is State.DESTROYED:
        action = "DELETE"
    return {"type": "ObjectEvent", "action": action, "epcList": names}


def _goods(line: GoodsLine) -> dict[str, str]:
    return {"guanjian:name": line.name, "guanjian:hsCode": line.hs_code, "guanjian:quantity": line.quantity}


def _event_id(parcel: Parcel, happening: Happening) -> str:
    """The same event has the same id in every export, so a receiver can tell what it has."""
    what = f"{happening.occasion}|{happening.state}|{happening.action}|{happening.bag}|{happening.place}"
    return uuid.uuid5(_EVENT_IDS, f"{parcel.id}|{parcel.number}|{happening.at.isoformat()}|{what}").urn


def _urn(kind: str, name: str) -> str:
    return f"{URN}:{kind}:{quote(name, safe=':')}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _offset(at: datetime, zone: tzinfo) -> str:
    minutes = (at.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
