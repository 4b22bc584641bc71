"""Journeys of the customs process through the window, on a real station, in both languages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from app.build import build_station
from app.cli import cli
from app.customs.examination import Found, Handling
from app.customs.filings import Book
from app.customs.parcel import Declaration, GoodsLine
from app.customs.states import Action, State
from app.customs.waiting import WaitingKind
from app.exchange.ceb.read import read_message
from app.forms import FormKind
from app.settings import Detection, Officers, Settings, Work
from app.store.messages import Received
from app.texts import text
from app.ui.bridge import Bridge
from app.ui.pages.batch import BatchPage
from app.ui.pages.examination import ExaminationPage
from app.ui.pages.filings import FilingsPage
from app.ui.pages.orders import OrdersPage
from app.ui.pages.papers import PapersPage
from app.ui.pages.roll import make_pages
from app.ui.settings import UiSettings
from app.ui.window import MainWindow
from models.detector import Findings
from tests.app.ui.conftest import settle, show
from tests.flow.conftest import Desk

NUMBER, S10 = "LX000000014JP", "RR123456785CN"
NONE = Qt.KeyboardModifier.NoModifier
PAPERS = ("CEB311_order", "CEB411_payment", "CEB511_waybill", "CEB621_inventory_9610")
pytestmark = pytest.mark.parametrize("language", ["en", "zh_CN"])


class Clean:
    """A detector that finds nothing."""

    name = "clean 1"

    def find(self, scan: object) -> Findings:
        return Findings(self.name, 1.0, ())

    def close(self) -> None: ...


def without_chance(rules: str) -> str:
    """The rules without random control, which would choose one parcel in fifty by the secret of the day."""
    return "[[rule]]".join(part for part in rules.split("[[rule]]") if 'id = "random"' not in part)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Desk]:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        without_chance((resources.files("resources") / "rules" / "lanes.toml").read_text("utf-8")), "utf-8"
    )
    station = build_station(
        Settings(
            data=tmp_path / "data",
            detection=Detection(is_on=False),
            officers=Officers(sign_in="demo"),
            work=Work(rules=rules),
        )
    )
    station.use_detector(Clean())
    desk = Desk(station)
    yield desk
    assert station.stop()


@pytest.fixture
def sit_down(qtbot: QtBot, qapp: object, post: Desk) -> Callable[..., MainWindow]:
    """Opens the window on the real station, with all its pages."""

    def sit(language: str, officer: str = "officer-1") -> MainWindow:
        settings = UiSettings(officer=officer, language=language, data=post.station.settings.data)
        window = MainWindow(post.station, Bridge(), settings)
        qtbot.addWidget(window)
        window.parts.stack.set_kinds(make_pages(post.station))
        show(qtbot, window)
        return window

    return sit


def import_papers(post: Desk, shared: Path, tmp_path: Path, *names: str) -> None:
    """The files of a parcel's papers come through the command line."""
    inbox = tmp_path / "inbox"
    inbox.mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(shared / "reference" / "ceb-202205" / "messages" / f"{name}.xml", inbox / f"{name}.xml")
    result = CliRunner().invoke(cli, ["messages", "import", str(inbox), "--data", str(post.station.settings.data)])
    assert result.exit_code == 0, result.output


def told(post: Desk, tmp_path: Path, kind: str = "CEB622") -> list[str]:
    """The statuses of the receipts that the command line writes now."""
    out = tmp_path / "out"
    data = str(post.station.settings.data)
    result = CliRunner().invoke(cli, ["messages", "receipts", "--out", str(out), "--data", data])
    assert result.exit_code == 0, result.output
    paths = sorted(out.glob(f"{kind}_*.xml"))
    statuses = [record.fields["returnStatus"] for path in paths for record in read_message(path).records]
    shutil.rmtree(out, ignore_errors=True)
    return statuses


def open_page(qtbot: QtBot, window: MainWindow, key: str) -> object:
    strike(qtbot, window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window.parts.pages, key)
    settle(qtbot, window)
    return window.parts.stack.page


def strike(qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    """A key where the keyboard is: nobody clicks into a page first."""
    qtbot.keyClick(window.focusWidget(), key, modifier)
    settle(qtbot, window)


def open_parcel(qtbot: QtBot, window: MainWindow, parcel_id: int) -> None:
    window.open_parcel(parcel_id)
    settle(qtbot, window)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, *reason: str, shift: bool = False, **typed: str) -> None:
    """A decision by its key, its reason's key, and what the chooser asks for."""
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(window.parts.stage, key, modifier)
    for each in reason:
        qtbot.keyClick(window.parts.chooser, each)
    for name, value in typed.items():
        field = getattr(window.parts.chooser, name)
        field.setText(value)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(qtbot, window)


def test_an_import_whose_papers_come_one_by_one_is_released(  # noqa: PLR0917  fixtures
    qtbot: QtBot, post: Desk, sit_down: Callable[[str], MainWindow], shared: Path, tmp_path: Path, language: str
) -> None:
    import_papers(post, shared, tmp_path, *PAPERS[:2], PAPERS[3])
    post.scan(0, NUMBER)
    window = sit_down(language)
    assert window.desk.opened is not None
    assert window.desk.opened.parcel.number == NUMBER
    page = open_page(qtbot, window, "d")
    assert isinstance(page, PapersPage)
    assert page.summary.text() == text("papers.waits", papers=text("ceb.paper.waybill"))
    assert page.listing.table.rowCount() > 15
    strike(qtbot, window, Qt.Key.Key_Escape)
    import_papers(post, shared, tmp_path, PAPERS[2])
    page = open_page(qtbot, window, "d")
    assert isinstance(page, PapersPage)
    assert page.summary.text() == text("papers.agree")
    strike(qtbot, window, Qt.Key.Key_Escape)
    press(qtbot, window, Qt.Key.Key_R)
    parcel = post.station.find_code(NUMBER)
    assert parcel is not None
    assert parcel.state is State.RELEASED
    assert told(post, tmp_path) == ["120", "800"]
    assert post.station.verify_log().is_ok


def test_an_import_is_opened_detained_and_handed_over_with_its_forms(  # noqa: PLR0917  fixtures
    qtbot: QtBot, post: Desk, sit_down: Callable[..., MainWindow], shared: Path, tmp_path: Path, language: str
) -> None:
    import_papers(post, shared, tmp_path, *PAPERS)
    post.scan(0, NUMBER)
    window = sit_down(language)
    parcel = post.station.find_code(NUMBER)
    assert parcel is not None
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_O, "5")
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_O, shift=True)
    open_parcel(qtbot, window, parcel.id)
    sign_record(qtbot, window, tmp_path)
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_A, "7", shift=True)
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_D, "3", shift=True, second="supervisor-1", note="KL-2026-001")
    assert post.station.parcel(parcel.id).state is State.DETAINED
    open_parcel(qtbot, window, parcel.id)
    page = open_page(qtbot, window, "x")
    assert isinstance(page, ExaminationPage)
    assert [kind for kind, button in page.forms.items() if button.isEnabled()] == [
        FormKind.EXAMINATION_RECORD, FormKind.DETENTION_NOTE, FormKind.HAND_OVER_LIST
    ]  # fmt: skip
    for kind in (FormKind.EXAMINATION_RECORD, FormKind.DETENTION_NOTE):
        page.forms[kind].click()
        settle(qtbot, window)
        assert "pdf" in page.message
    forms = sorted(path.name.partition("-")[0] for path in (post.station.settings.data / "forms").iterdir())
    assert forms == ["detention_note", "examination_record"]
    strike(qtbot, window, Qt.Key.Key_Escape)
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_L, "2", shift=True, second="supervisor-1")
    assert post.station.parcel(parcel.id).state is State.DETAINED, "who detained it may not lift that"
    window.close()
    window = sit_down(language, "officer-2")
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_L, "2", shift=True, second="supervisor-1")
    assert post.station.parcel(parcel.id).state is State.EXAM_ABNORMAL
    open_parcel(qtbot, window, parcel.id)
    press(qtbot, window, Qt.Key.Key_F, "1", shift=True, second="supervisor-1")
    assert post.station.parcel(parcel.id).state is State.TRANSFERRED
    assert told(post, tmp_path) == ["120", "500", "500", "500", "599", "500", "502"]
    assert post.station.verify_log().is_ok


def sign_record(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    """The officer fills the record of the open parcel, adds a photograph, and two sign it."""
    picture = tmp_path / "photo.jpg"
    Image.fromarray(np.full((60, 80, 3), 120, np.uint8)).save(picture)
    page = open_page(qtbot, window, "x")
    assert isinstance(page, ExaminationPage)
    page.sign.click()
    settle(qtbot, window)
    assert page.message == text("error.examination_incomplete")
    for row in range(page.items.rowCount()):
        item = page.items.item(row, 2)
        assert item is not None
        item.setText("3")
    result = page.items.cellWidget(0, 3)
    result.setCurrentIndex(result.findData(Found.INFRINGEMENT.value))  # type: ignore[union-attr]
    note = page.items.item(0, 4)
    assert note is not None
    note.setText("imitation")
    page.handling.setCurrentIndex(page.handling.findData(Handling.DETAIN.value))
    page.fields["second"].setText("officer-2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(picture), ""))
        page.add_photograph.click()
        settle(qtbot, window)
    assert page.photographs.count() == 1
    page.sign.click()
    settle(qtbot, window)
    assert page.message == text("exam.page.signed", officer="officer-1", second="officer-2")
    strike(qtbot, window, Qt.Key.Key_Escape)


BILL = "784-12345675"


def test_a_consignment_is_released_in_batch_but_for_what_is_not_clear(
    qtbot: QtBot, post: Desk, sit_down: Callable[[str], MainWindow], language: str
) -> None:
    numbers = ["RR123456785CN", "EE876543216CN", "LX000000014JP", "LX000000028CN"]
    store = post.station._store
    for number in numbers:
        record = Received("CEB621", f"G-{number}", {"billNo": BILL}, number=number)
        store.messages.add([(record, Declaration(number, (GoodsLine("棉衬衫", "6205200000"),)))])
    for at, number in enumerate(numbers):
        post.scan(at * 10, number)
    waits = store.find_number(numbers[3])
    assert waits is not None
    store.waiting.begin(waits.id, WaitingKind.DOCUMENTS, officer="officer-1", since_at=datetime.now(UTC))
    window = sit_down(language)
    page = open_page(qtbot, window, "c")
    assert isinstance(page, BatchPage)
    page.bill.setText(BILL)
    qtbot.keyClick(page.bill, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert page.said.text() == text("batch.some", clear=3, excluded=1)
    why = page.excluded_list.table.item(0, 1)
    assert why is not None
    assert why.text() == text("batch.why.waiting", detail=text("waiting.kind.documents"))
    changed = store.find_number(numbers[2])
    assert changed is not None
    post.station.decide(changed.id, Action.HOLD, officer="officer-2", reason="intelligence")
    strike(qtbot, window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.message.startswith(text("batch.released_some", n=2, refused=1))
    states = [post.station.find_code(number).state for number in numbers]  # type: ignore[union-attr]
    assert states == [State.RELEASED, State.RELEASED, State.HELD, State.IMAGED]
    (logged,) = [event for event in store.pending(10_000, target="test") if event.body.get("noted") == "batch_released"]
    assert (len(logged.body["released"]), [why for _, why, _ in logged.body["excluded"]]) == (2, ["waiting", "refused"])
    assert post.station.verify_log().is_ok


def test_a_control_order_is_taken_in_acknowledged_and_carried_out_on_its_page(
    qtbot: QtBot, post: Desk, sit_down: Callable[[str], MainWindow], tmp_path: Path, language: str
) -> None:
    post.station._store.add_declarations([Declaration(S10, (GoodsLine("手表"),))])
    post.scan(0, S10)
    now = datetime.now(UTC)
    inbox = tmp_path / "orders"
    inbox.mkdir()
    order = {
        "id": "B1", "issuer": "5300", "level": "image_only", "work": "image", "target": {"words": ["手表"]},
        "valid_from": (now - timedelta(days=1)).isoformat(), "valid_to": (now + timedelta(days=1)).isoformat(),
        "issued_at": now.isoformat(), "instruction": "look for a second watch",
    }  # fmt: skip
    (inbox / "b1.json").write_text(json.dumps(order), "utf-8")
    window = sit_down(language)
    page = open_page(qtbot, window, "k")
    assert isinstance(page, OrdersPage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(inbox))
        page.acts["import"].click()
        settle(qtbot, window)
    assert page.message == text("orders.page.imported", n=1, hits=1, refused=0)
    assert "look for a second watch" in page.order.text()
    assert not page.acts["normal"].isEnabled()
    strike(qtbot, window, Qt.Key.Key_A)
    page.note.setText("one watch only")
    page.listing.table.setFocus()
    strike(qtbot, window, Qt.Key.Key_N)
    assert post.station.orders.counts() == (0, 0)
    page.open_only.setChecked(False)
    settle(qtbot, window)
    assert page.listing.table.rowCount() == 1
    page.acts["answers"].click()
    settle(qtbot, window)
    assert len(list((post.station.settings.data / "outbox" / "orders").iterdir())) == 2
    page.listing.table.setFocus()
    strike(qtbot, window, Qt.Key.Key_Return)
    assert window.parts.stack.page is None
    assert window.desk.opened is not None
    assert window.desk.opened.parcel.number == S10


def test_a_table_of_filings_is_previewed_then_taken_and_found(
    qtbot: QtBot, post: Desk, sit_down: Callable[[str], MainWindow], tmp_path: Path, language: str
) -> None:
    table = tmp_path / "negative.csv"
    table.write_text("商品编码,名称\n93,武器\n9503,仿真枪\nxx,\n", "utf-8")
    window = sit_down(language)
    page = open_page(qtbot, window, "f")
    assert isinstance(page, FilingsPage)
    page.book.setCurrentIndex(page.book.findData(Book.NEGATIVE))
    page.preview(table)
    settle(qtbot, window)
    assert page.right.table.rowCount() == 1
    assert page.right.count.text() == text("filings.would_do", new=2, changed=0, same=0, wrong=1)
    assert post.station.filings.counts() == {}
    strike(qtbot, window, Qt.Key.Key_Escape)
    assert window.parts.stack.page is page
    page.preview(table)
    settle(qtbot, window)
    page.take.click()
    settle(qtbot, window)
    assert post.station.filings.counts() == {Book.NEGATIVE: 2}
    page.search.setText("95")
    settle(qtbot, window)
    assert [page.listing.table.item(0, column).text() for column in (0, 1)] == ["9503", "仿真枪"]  # type: ignore[union-attr]
    assert page.right.table.rowCount() == 1
