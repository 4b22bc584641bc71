from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from app.customs.parcel import Capture, Decision, Declaration, GoodsLine, Kind, Lane, Parcel
from app.customs.states import Action, State
from app.trace.epcis import Happening, Occasion, life_of, to_epcis

CHINA = timezone(timedelta(hours=8))


@pytest.fixture
def parcel(now: datetime) -> Parcel:
    goods = (GoodsLine("T恤", "6109100000", "2"), GoodsLine("玩具车", "9503006000"))
    return Parcel(
        id=7,
        kind=Kind.PARCEL,
        number="EE123456785CN",
        state=State.RELEASED,
        lane=Lane.BLUE,
        arrived_at=now,
        declaration=Declaration("EE123456785CN", goods, sender="Example Trading", consignee="张三"),
        captures=(Capture("s1", "a/b.tif", "00" * 32, "belt-1", now + timedelta(seconds=5)),),
        trace_code="T530120260000123455",
    )


@pytest.fixture
def decisions(now: datetime) -> list[Decision]:
    def decide(number: int, action: Action, before: State, after: State, trace: str | None = None) -> Decision:
        at = now + timedelta(minutes=number)
        return Decision(number, 7, action, before, after, "officer-1", "", "", at, trace)

    return [
        replace(decide(1, Action.HOLD, State.IMAGED, State.HELD), undone_at=now + timedelta(seconds=80)),
        decide(2, Action.REFER, State.IMAGED, State.REFERRED),
        decide(3, Action.OPEN, State.REFERRED, State.EXAMINING),
        decide(4, Action.EXAM_NORMAL, State.EXAMINING, State.RELEASED, "T530120260000123455"),
        decide(5, Action.CLOSE, State.RELEASED, State.CLOSED),
    ]


@pytest.fixture(scope="session")
def check(shared: Path) -> Any:
    """Raises where a document breaks GS1's published schema.

    The schema tells its own words from foreign ones by the format of a URI, so formats are checked too.
    """
    jsonschema = pytest.importorskip("jsonschema")
    formats = jsonschema.FormatChecker(formats=())
    uri = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
    formats.checks("uri")(lambda text: not isinstance(text, str) or uri.fullmatch(text) is not None)
    formats.checks("date-time", raises=ValueError)(lambda text: datetime.fromisoformat(text).tzinfo is not None)
    schema = json.loads((shared / "reference/epcis/EPCIS-JSON-Schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema, format_checker=formats).validate


def events_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = document["epcisBody"]["eventList"]
    return events


def test_a_life_becomes_a_valid_document(parcel: Parcel, decisions: list[Decision], now: datetime, check: Any) -> None:
    life = life_of(parcel, decisions, office="5301", place="station-1")
    life.append(Happening(Occasion.PACKED, now + timedelta(hours=1), "5301", "hall", bag="袋 12/3"))
    life.append(Happening(Occasion.RECALLED, now + timedelta(hours=2), "5301", "hall"))
    document = to_epcis(parcel, life, now=now, inventory_no="53012026I000012345", zone=CHINA)
    check(json.loads(json.dumps(document)))
    assert [(e["bizStep"], e["disposition"]) for e in events_of(document)] == [
        ("arriving", "in_progress"),
        ("inspecting", "in_progress"),
        ("holding", "unavailable"),
        ("holding", "in_progress"),
        ("unpacking", "container_open"),
        ("commissioning", "active"),
        ("departing", "conformant"),
        ("departing", "in_transit"),
        ("packing", "in_progress"),
        ("holding", "recalled"),
    ]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("occasion", list(Occasion))
def test_every_state_and_occasion_fits_the_schema(
    parcel: Parcel, now: datetime, check: Any, state: State, occasion: Occasion
) -> None:
    happening = Happening(occasion, now, "5301", "belt 1/口", state, "release", bag="B1")
    document = to_epcis(parcel, [happening], now=now)
    check(document)
    without_event = occasion is Occasion.STATE and state in (State.PRE_ADVISED, State.REJECTED)
    assert len(events_of(document)) == (0 if without_event else 1)


def test_the_schema_would_notice_a_mistake(parcel: Parcel, now: datetime, check: Any) -> None:
    document = to_epcis(parcel, life_of(parcel, [], office="5301", place="x"), now=now)
    events_of(document)[0]["bizStep"] = "releasing"
    with pytest.raises(Exception, match="releasing"):
        check(document)


def test_the_code_is_bound_to_the_goods_when_it_is_made(
    parcel: Parcel, decisions: list[Decision], now: datetime
) -> None:
    events = events_of(to_epcis(parcel, life_of(parcel, decisions, office="5301", place="s"), now=now))
    (made,) = [event for event in events if event["bizStep"] == "commissioning"]
    assert made["action"] == "ADD"
    assert made["epcList"] == ["urn:x-guanjian:trace:T530120260000123455", "urn:x-guanjian:item:EE123456785CN"]
    assert [goods["guanjian:hsCode"] for goods in made["ilmd"]["guanjian:goods"]] == ["6109100000", "9503006000"]
    assert made["guanjian:state"] == "released"


def test_an_undone_decision_stays_and_is_declared_an_error(
    parcel: Parcel, decisions: list[Decision], now: datetime
) -> None:
    events = events_of(to_epcis(parcel, life_of(parcel, decisions, office="5301", place="s"), now=now))
    undone = [event for event in events if "errorDeclaration" in event]
    assert [event["guanjian:state"] for event in undone] == ["held"]
    assert undone[0]["errorDeclaration"] == {
        "declarationTime": "2026-11-21T08:31:20.000Z",
        "reason": "did_not_occur",
    }


def test_times_carry_the_posts_offset(parcel: Parcel, now: datetime) -> None:
    life = life_of(parcel, [], office="5301", place="s")
    west = timezone(-timedelta(hours=3, minutes=30))
    for zone, offset in ((CHINA, "+08:00"), (west, "-03:30")):
        event = events_of(to_epcis(parcel, life, now=now, zone=zone))[0]
        assert (event["eventTime"], event["eventTimeZoneOffset"]) == ("2026-11-21T08:30:00.000Z", offset)


def test_no_person_is_named(parcel: Parcel, decisions: list[Decision], now: datetime) -> None:
    document = json.dumps(
        to_epcis(parcel, life_of(parcel, decisions, office="5301", place="s"), now=now), ensure_ascii=False
    )
    assert not [name for name in ("张三", "Example Trading", "officer-1") if name in document]


def test_an_event_has_the_same_id_in_every_export(parcel: Parcel, decisions: list[Decision], now: datetime) -> None:
    life = life_of(parcel, decisions, office="5301", place="s")
    first, second = (
        [event["eventID"] for event in events_of(to_epcis(parcel, life, now=now + timedelta(days=days)))]
        for days in (0, 1)
    )
    assert first == second
    assert len(set(first)) == len(first)
