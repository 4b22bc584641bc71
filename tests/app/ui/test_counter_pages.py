"""The counters' pages on a real station, led by keys as an officer does, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app import texts
from app.build import build_station
from app.customs import postal
from app.customs.dated import local_day
from app.customs.parcel import Declaration, GoodsLine, Kind
from app.customs.postal import PLATFORM, DeclaredArticle
from app.customs.states import Action, State
from app.customs.waiting import WaitingKind
from app.exchange.counters import read_forms, read_manifests
from app.exchange.returns import read_applications
from app.settings import Detection, Officers, Settings
from app.store.messages import Received
from app.ui.bridge import Bridge
from app.ui.pages.baggage import BaggagePage
from app.ui.pages.counter import ROWS, CounterPage
from app.ui.pages.lab import LabPage
from app.ui.pages.mail import MailPage
from app.ui.pages.refund import RefundPage
from app.ui.pages.returns import ReturnsPage
from app.ui.pages.roll import make_pages
from app.ui.pages.vehicles import VehiclesPage
from app.ui.window import MainWindow
from scanners.barcode import Code, Reading
from tests.app.ui.conftest import settle
from tests.flow.conftest import Desk

ITEM, CREAM, CONTAINER, TAG = "EE876543216JP", "6901234567892", "CSQU3054383", "0784123456"
TODAY = local_day(datetime.now(UTC))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    chosen = Officers(sign_in="demo")
    made = Desk(build_station(Settings(data=tmp_path / "data", detection=Detection(is_on=False), officers=chosen)))
    yield made
    assert made.station.stop()


class Screen:
    """A window on a desk, and the keys of the page in front."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window

    def open(self, key: str) -> CounterPage:
        self.qtbot.keyClick(self.window.parts.stage, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClick(self.window.parts.pages, key)
        self.settle()
        page = self.window.parts.stack.page
        assert isinstance(page, CounterPage)
        return page

    def press(self, keys: str) -> None:
        for key in keys:
            self.qtbot.keyClick(self.page, key)
            self.settle()

    def answer(self, *answers: str) -> None:
        """Answer what is asked, one after the other; "" takes what is given."""
        for words in answers:
            asked: QWidget = self.page.question.field
            if self.page.question.options.isVisible():
                asked = self.page.question.options
                if words:
                    self.page.question.options.setCurrentIndex(self.page.question.options.findData(words))
            elif words:
                self.page.question.field.setText(words)
            self.qtbot.keyClick(asked, Qt.Key.Key_Return)
            self.settle()

    def read(self, code: str) -> None:
        self.window.course.show_code(Reading(Code("Code128", code), "hand", datetime.now(UTC)))
        self.settle()

    @property
    def page(self) -> CounterPage:
        page = self.window.parts.stack.page
        assert isinstance(page, CounterPage)
        return page

    @property
    def detail(self) -> str:
        return self.page.detail.toPlainText().replace("\xa0", " ")

    def settle(self) -> None:
        settle(self.qtbot, self.window)


@pytest.fixture(params=texts.LANGUAGES)
def screen(
    request: pytest.FixtureRequest, qtbot: QtBot, desk: Desk, bridge: Bridge, open_window: Callable[..., MainWindow]
) -> Screen:
    window = open_window(desk.station, language=request.param)
    window.parts.stack.set_kinds(make_pages(desk.station))
    return Screen(qtbot, window)


def declare(desk: Desk, number: str, goods: str = "礼品", value: int = 300_000_000) -> int:
    desk.station._store.add_declarations([Declaration(number, (GoodsLine(goods, value=value),), origin="JP")])
    desk.scan(0, number)
    return desk.newest.id


def test_mail_is_reviewed_taxed_and_answered_by_keys(desk: Desk, screen: Screen) -> None:
    office, parcel_id = desk.station.counters.mail, declare(desk, ITEM)
    page = screen.open("m")
    assert isinstance(page, MailPage)
    assert page.table.rowCount() == 0
    screen.press("/")
    screen.answer(ITEM)
    assert texts.text("mail.standing.over_limit") in screen.detail
    screen.press("T")
    assert page.message != ""
    screen.press("D")
    screen.answer("")
    assert page.table.rowCount() == 1
    assert texts.text("waiting.kind.supplement_declaration") in screen.detail

    watch = DeclaredArticle("手表", "other", 1, 300_000_000)
    office.take(parcel_id, lambda _, case: postal.declare(case, [watch]), actor=PLATFORM)
    screen.press("2")
    assert page.table.item(0, 0).text() == texts.text("waiting.kind.declaration_review")
    page.table.selectRow(0)
    screen.settle()
    screen.press("N")
    assert page.question.isVisible()
    screen.qtbot.keyClick(page.question.field, Qt.Key.Key_Escape)
    assert not page.question.isVisible()
    screen.press("IC")
    screen.answer("watches")
    assert "1,500.00" in screen.detail
    assert texts.text("mail.standing.single_article") in screen.detail
    screen.press("T")
    assert office.view(parcel_id).case.due_fen == 150_000
    assert page.message == texts.text("mail.done.assessed")

    office.take(parcel_id, lambda _, case: postal.dispute(case, "太贵"), actor=PLATFORM)
    screen.press("4")
    page.table.selectRow(0)
    screen.settle()
    assert "太贵" in screen.detail
    screen.press("N")
    screen.answer("有成交记录")
    office.take(parcel_id, lambda _, case: postal.pay(case, 160_000, "R1"), actor=PLATFORM)
    screen.press("7")
    page.table.selectRow(0)
    screen.settle()
    screen.press("Y")
    screen.answer("", "多缴")
    case = office.view(parcel_id).case
    assert (case.kept_fen, case.waits) == (150_000, frozenset())
    screen.press("0")
    assert page.table.rowCount() == 0


def test_another_declaration_of_the_mail_is_looked_at_before_it_is_answered(desk: Desk, screen: Screen) -> None:
    office, parcel_id = desk.station.counters.mail, declare(desk, ITEM)
    office.ask(parcel_id, WaitingKind.SUPPLEMENT_DECLARATION, "", officer="officer-1")
    shirt, socks, coat = (DeclaredArticle(name, "textiles", 1, 10_000_000) for name in ("衬衫", "袜子", "大衣"))

    def come(*articles: DeclaredArticle) -> None:
        office.take(parcel_id, lambda _, case: postal.declare(case, articles), actor=PLATFORM)

    come(shirt, socks)
    page = screen.open("m")
    screen.press("V")
    screen.answer("2", "900")
    assert "900.00" in screen.detail
    come(shirt, coat)
    screen.press("T")
    assert office.view(parcel_id).case.estimate is None
    assert "大衣" in screen.detail
    assert "900.00" not in screen.detail
    assert page.message == texts.text("mail.declared_anew")

    come(socks, coat)
    screen.press("Y")
    assert not office.view(parcel_id).case.is_accepted
    assert page.message == texts.text("error.mail_refused_unseen")
    come(shirt)
    screen.press("N")
    screen.answer("价格不实")
    assert office.view(parcel_id).case.waits == {WaitingKind.DECLARATION_REVIEW}
    screen.press("V")
    come(coat, shirt)
    page.read(0)
    screen.settle()
    assert not page.question.isVisible()
    screen.press("Y")
    case = office.view(parcel_id).case
    assert (case.is_accepted, [each.name for each in case.declared]) == (True, ["大衣", "衬衫"])


def test_what_waits_is_opened_at_the_desk(desk: Desk, screen: Screen) -> None:
    parcel_id = declare(desk, ITEM)
    desk.station.counters.mail.ask(parcel_id, WaitingKind.DOCUMENTS, "", officer="officer-1")
    page = screen.open("m")
    assert texts.text("waiting.kind.documents") in screen.detail
    screen.qtbot.keyClick(page, Qt.Key.Key_Return)
    screen.settle()
    assert screen.window.desk.open_id == parcel_id


def test_a_return_is_scanned_and_accepted_by_keys(desk: Desk, screen: Screen, tmp_path: Path) -> None:
    line = {"gnum": "1", "gname": "面霜", "gcode": "3304990029", "barCode": CREAM, "qty": "3", "unit": "007"}
    fields = {"logisticsNo": "SF1", "invtNo": "53012026I000000001", "tradeMode": "1210"}
    received = Received("CEB621", "G1", fields, [line], "SF1", "O1", fields["invtNo"])
    desk.station._store.messages.add([(received, None)])
    desk.station.decide(declare(desk, "SF1"), Action.RELEASE, officer="officer-1", reason="no_suspicion")
    said = {"id": "R1", "number": "YT1", "inventory_no": fields["invtNo"], "mode": "1210", "applied_on": str(TODAY),
            "lines": [{"line": 1, "name": "面霜", "quantity": "1"}]}  # fmt: skip
    path = tmp_path / "r.json"
    path.write_text(json.dumps(said), "utf-8")
    office = desk.station.counters.returns
    office.apply(read_applications(path)[0], officer="officer-1")
    desk.scan(60, "YT1")

    page = screen.open("t")
    assert isinstance(page, ReturnsPage)
    screen.read("YT1")
    assert page.out.image is not None
    assert page.back.image is not None
    screen.read("4006381333931")
    assert texts.text("returns.fault.not_in_inventory", lang=None, found="4006381333931 × 1", line=0, expected="") in (
        screen.detail
    )
    screen.press("U")
    screen.read(CREAM)
    assert texts.text("returns.fits") in screen.detail
    screen.press("DW")
    assert texts.text("returns.way.abroad") in screen.detail
    screen.press("Y")
    view = office.find("YT1")
    assert view.outcome == "accepted"
    assert view.matter.steps[-1].body["dispositions"] == {"1": "abroad"}
    assert texts.text("returns.stand.accepted") in screen.detail


def test_a_refund_form_is_ticked_off_and_verified(desk: Desk, screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "forms.csv"
    rows = "".join(f"TX2026{n},百货,{TODAY},E12345678,茶具,2,880.00\nTX2026{n},,,,丝巾,1,520.00\n" for n in (1, 2))
    path.write_text(f"id,shop,bought_on,traveller,name,count,amount\n{rows}", "utf-8")
    office = desk.station.counters.refunds
    for form in read_forms(path):
        office.receive(form, officer="officer-1")
    page = screen.open("e")
    assert isinstance(page, RefundPage)
    screen.read("TX20261")
    assert "1,400.00" in screen.detail
    screen.press("1V")
    assert office.scan("TX20261").outcome == ""
    screen.press("2V")
    assert office.scan("TX20261").outcome == "verified"
    assert page.table.rowCount() == 1
    screen.read("TX20262")
    screen.press("AN")
    screen.answer("实物不符")
    assert office.scan("TX20262").outcome == "refused"
    assert "实物不符" in screen.detail


def test_a_sample_is_taken_and_its_result_recorded(desk: Desk, screen: Screen) -> None:
    parcel_id = declare(desk, ITEM)
    desk.station.decide(parcel_id, Action.REFER, officer="officer-1", reason="suspected_drugs")
    desk.station.decide(parcel_id, Action.OPEN, officer="officer-1")
    page = screen.open("l")
    assert isinstance(page, LabPage)
    screen.press("S")
    screen.answer(ITEM, "化验中心", "authenticity", "")
    assert desk.station.parcel(parcel_id).state is State.AWAITING_LAB
    assert "化验中心" in screen.detail
    screen.press("N")
    screen.answer("L1", "infringement", "仿冒商标")
    assert desk.station.parcel(parcel_id).state is State.EXAM_ABNORMAL
    assert "仿冒商标" in screen.detail
    assert page.table.rowCount() == 0


def test_a_vehicle_is_weighed_and_referred_by_keys(desk: Desk, screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    goods = [{"name": "瓷砖", "hs_code": "6907211000", "quantity": "500", "weight_kg": "10000"}]
    said = {"id": "M1", "container": CONTAINER, "plate": "粤B12345", "seal_no": "S1", "gross_kg": "10000",
            "tare_kg": "8000", "lines": goods}  # fmt: skip
    path.write_text(json.dumps(said), "utf-8")
    lane = desk.station.counters.vehicles
    ((reference, manifest, declared),) = read_manifests(path)
    lane.announce(reference, manifest, declared, officer="officer-1")
    desk.scan(0, CONTAINER, kind=Kind.CONTAINER)
    page = screen.open("h")
    assert isinstance(page, VehiclesPage)
    assert page.table.rowCount() == 0
    screen.read("粤B·12345")
    assert page.picture.image is not None
    screen.press("A")
    screen.answer("")
    assert page.table.rowCount() == 1
    screen.press("W")
    screen.answer("18,900")
    screen.press("S")
    screen.answer("")
    screen.press("P")
    assert page.message != ""
    screen.press("R")
    screen.answer("")
    assert lane.find(CONTAINER).outcome == "referred"
    assert desk.station.parcel(desk.newest.id).state is State.REFERRED


def test_a_bag_is_met_stopped_and_let_go(desk: Desk, screen: Screen) -> None:
    bag_id = declare(desk, TAG, "行李")
    page = screen.open("b")
    assert isinstance(page, BaggagePage)
    screen.read(TAG)
    assert texts.text("counters.hall.not_decided") in screen.detail
    assert page.picture.image is not None
    screen.press("S")
    screen.answer("suspected_weapon", "")
    assert desk.station.parcel(bag_id).state is State.REFERRED
    screen.read(TAG)
    assert texts.text("counters.hall.stop") in screen.detail
    screen.press("L")
    assert desk.station.counters.baggage.stopped() == []


def test_a_long_list_is_read_in_pages_as_one_scrolls(
    desk: Desk, tmp_path: Path, qtbot: QtBot, bridge: Bridge, open_window: Callable[..., MainWindow]
) -> None:
    path = tmp_path / "forms.csv"
    rows = "".join(f"F{n:05d},店,{TODAY},物品,1.00\n" for n in range(ROWS + 30))
    path.write_text(f"id,shop,bought_on,name,amount\n{rows}", "utf-8")
    for form in read_forms(path):
        desk.station.counters.refunds.receive(form, officer="officer-1")
    window = open_window(desk.station)
    window.parts.stack.set_kinds(make_pages(desk.station))
    page = Screen(qtbot, window).open("e")
    assert page.table.rowCount() == ROWS
    bar = page.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    settle(qtbot, window)
    assert page.table.rowCount() == ROWS + 30
    numbers = [page.table.item(row, 1).text() for row in range(page.table.rowCount())]
    assert numbers == sorted(numbers)


def test_a_question_left_open_answers_nothing(desk: Desk, screen: Screen) -> None:
    declare(desk, ITEM)
    page = screen.open("m")
    screen.press("/")
    screen.answer(ITEM)
    screen.press("D")
    assert page.escape()
    assert not page.escape()
    assert desk.station.counters.mail.queue() == []
