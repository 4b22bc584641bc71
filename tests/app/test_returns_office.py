"""Applications at the returns counter: which record of the Single Window a code opens, and what came back before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.customs.documents import UNIT, Line
from app.customs.matters import Entry
from app.customs.returns import Application, FaultKind, Flow, ReturnLine, ReturnRefusedError, Site
from app.officers.rights import KnownOfficers, Role
from app.returns_office import Deed, ReturnsOffice, ReturnView
from app.store.errors import MatterUnknownError
from app.store.messages import Received
from app.store.store import Store
from app.tables import load_tables

WAYBILL, INVENTORY_NO, CREAM = "SF1234567890123", "53012026I000000001", "6901234567892"
Send = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1 << 16)
    line = {"gnum": "1", "gname": "面霜", "gcode": "3304990029", "barCode": CREAM, "qty": "3", "unit": "007"}
    fields = {"logisticsNo": WAYBILL, "invtNo": INVENTORY_NO, "tradeMode": "1210", "customsCode": "9999"}
    opened.messages.add([(Received("CEB621", "G1", fields, [line], WAYBILL, "O1", INVENTORY_NO), None)])
    yield opened
    opened.close()


@pytest.fixture
def office(store: Store) -> ReturnsOffice:
    return ReturnsOffice(store, KnownOfficers({"li": Role.OFFICER}), load_tables())


@pytest.fixture
def send(store: Store) -> Send:
    """Keeps a return record; declared and new, where nothing else is said."""

    def keep(guid: str, *, qty: str = "1", number: str = WAYBILL, **said: str) -> None:
        fields = {
            "guid": guid, "appType": "1", "appStatus": "2", "appTime": "20261122120000", "customsCode": "9999",
            "logisticsNo": number, "invtNo": INVENTORY_NO, "reason": guid,
        } | said  # fmt: skip
        line = {"gnum": "1", "gname": "面霜", "gcode": "3304990029", "qty": qty, "unit": "007"}
        store.messages.add([(Received("CEB625", guid, fields, [line], number, "O1", INVENTORY_NO), None)])

    return keep


def found(office: ReturnsOffice, code: str = WAYBILL) -> tuple[str, str]:
    """The guid of what a code opens, and where it stands."""
    matter = office.find(code).matter
    return matter.steps[0].reference.removeprefix("ceb/"), matter.stand


def refuse(office: ReturnsOffice, code: str = WAYBILL) -> ReturnView:
    return office.refuse(office.find(code).matter.id, "货物不符", officer="li")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"appStatus": "1"}, "return_refused_draft"),
        ({"appStatus": "1", "appType": "3"}, "return_refused_draft"),
        ({"appType": "3"}, "return_refused_deleted"),
    ],
)
def test_a_draft_or_a_deletion_is_no_application_and_the_officer_is_told(
    office: ReturnsOffice, send: Send, said: dict[str, str], code: str
) -> None:
    send("A", **said)
    for key in (WAYBILL, INVENTORY_NO):
        with pytest.raises(ReturnRefusedError) as refused:
            office.find(key)
        assert refused.value.key == code
    assert office.queue() == []
    with pytest.raises(MatterUnknownError):
        office.find("SF0")


def test_what_was_a_draft_is_opened_once_it_is_declared(office: ReturnsOffice, send: Send) -> None:
    send("A", appStatus="1")
    send("A")
    send("B", appStatus="1")
    assert found(office) == ("A", "awaiting_goods")


def test_an_application_that_its_sender_deleted_is_not_opened_any_more(office: ReturnsOffice, send: Send) -> None:
    send("A", copNo="C1")
    send("B", copNo="C2")
    send("D", copNo="C2", appType="3")
    assert found(office) == ("A", "awaiting_goods")
    refuse(office)
    assert found(office) == ("A", "")
    send("E")
    send("E", appType="3")
    assert found(office) == ("A", "")


def test_a_deleted_application_alone_is_said_to_be_deleted(office: ReturnsOffice, send: Send) -> None:
    send("A")
    send("D", appType="3")
    with pytest.raises(ReturnRefusedError, match="deleted"):
        office.find(WAYBILL)


def test_a_corrected_application_is_opened_once_the_first_is_settled(office: ReturnsOffice, send: Send) -> None:
    send("A", qty="9")
    assert found(office) == ("A", "awaiting_goods")
    send("B", qty="1")
    assert found(office) == ("A", "awaiting_goods"), "what is open is decided first"
    refuse(office)
    assert found(office) == ("B", "awaiting_goods")
    assert found(office, INVENTORY_NO) == ("B", "awaiting_goods")
    refuse(office)
    assert found(office) == ("B", "")
    with pytest.raises(ReturnRefusedError, match="settled"):
        refuse(office)


def test_a_changed_application_takes_the_place_of_what_it_changes(office: ReturnsOffice, send: Send) -> None:
    send("A", copNo="C1")
    send("B", copNo="C1", appType="2")
    assert found(office) == ("B", "awaiting_goods")
    refuse(office)
    assert found(office) == ("B", ""), "what was changed is not opened in its turn"


def test_each_part_of_a_return_is_reached_by_the_inventorys_number(office: ReturnsOffice, send: Send) -> None:
    send("A", number="YT1")
    assert found(office, INVENTORY_NO) == ("A", "awaiting_goods")
    send("B", number="YT2")
    assert found(office, "YT2") == ("B", "awaiting_goods")
    refuse(office, "YT2")
    assert found(office, INVENTORY_NO) == ("A", "awaiting_goods"), "what is open comes before what is settled"
    refuse(office, "YT1")
    send("C", number="YT3")
    assert found(office, INVENTORY_NO) == ("C", "awaiting_goods")


def test_every_line_that_came_back_before_counts(office: ReturnsOffice, store: Store) -> None:
    now = datetime.now(UTC)

    def apply(key: str, *quantities: int) -> int:
        lines = tuple(ReturnLine(Line(1, "面霜", quantity=quantity)) for quantity in quantities)
        site = Site.ORIGINAL
        said = Application(key, key, INVENTORY_NO, Flow.IMPORT, "1210", site, date(2026, 11, 22), lines)
        return office.apply(said, officer="li").id

    before = apply("R1", 2 * UNIT, UNIT, -5 * UNIT)
    assert FaultKind.REPEATED in [fault.kind for fault in office.view(before).faults]
    # As one was accepted before repeated lines were refused.
    store.matters.lead_on(before, lambda _: Entry(Deed.ACCEPTED), actor="li", at=now)
    view = office.view(apply("R2", UNIT))
    assert view.original is not None
    assert view.original.returned == {1: 3 * UNIT}
    assert FaultKind.TOO_MANY in [fault.kind for fault in view.faults]
