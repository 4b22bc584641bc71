"""Rules and statistics in the window: ten examples of the docs written, tried and switched on by keys; figures read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.build import load_rules
from app.customs.parcel import Capture, Declaration, GoodsLine, Kind, Seen
from app.customs.risk.errors import RulesError
from app.customs.risk.rule import STRICTNESS, Rule
from app.customs.risk.table import parse_rules, to_json
from app.customs.states import Action
from app.officers.rights import DEMO, KnownOfficers
from app.risk_office import RiskOffice
from app.settings import Post
from app.statistics_office import StatisticsOffice
from app.store.store import Store
from app.texts import LANGUAGES, text
from app.ui.pages.page import PageKind
from app.ui.pages.rules import RulesPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.window import MainWindow
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation

DOC = Path(__file__).parents[3] / "docs" / "risk.md"
_FOUND = re.search(r"```toml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
assert _FOUND
EXAMPLES = parse_rules(_FOUND[1])


class Offices:
    """Both offices of a station on a store with twenty parcels, every fifth of them with a blade that was found."""

    def __init__(self, folder: Path, rules: list[Rule]) -> None:
        self.store = Store.open(folder, station="test", ballast_bytes=1 << 16)
        rights = KnownOfficers(DEMO)
        self.risk = RiskOffice(self.store, Post(), rights, rules)
        self.statistics = StatisticsOffice(self.store, Post(), rights, self.risk.states)
        now = datetime.now(UTC)
        for n in range(20):
            self.add(n, now - timedelta(minutes=n))

    def add(self, n: int, at: datetime | None = None) -> None:
        at = at or datetime.now(UTC)
        number = f"RB{n:09d}XX"
        goods = (GoodsLine("餐具", hs_code="7323930000", value=600_000_000),)
        declared = Declaration(number, goods, "mail", f"示例{n % 3}", "测试甲", "XX", 1_500, 600_000_000)
        self.store.add_declarations([declared])
        seen = (Seen("blade", 0.9, "likely", (0, 0, 9, 9)),) if n % 5 == 0 else ()
        found = self.risk.assess(number, at, seen, (), Kind.PARCEL)
        parcel = self.store.record_scan(
            None, Capture(f"scan-{n}", f"{n}.tif", "0" * 64, "belt", at), number=number, seen=seen, model="m",
            lane=found.lane, lane_reasons=found.reasons, arrived_at=at,
        )  # fmt: skip
        if seen:
            for action in (Action.REFER, Action.OPEN, Action.EXAM_ABNORMAL):
                self.store.decide(parcel.id, action, officer="officer-1", decided_at=at, reason="prohibited_goods")


@pytest.fixture
def offices(tmp_path: Path) -> Iterator[Offices]:
    made = Offices(tmp_path / "store", [rule for rule in load_rules(None) if rule.id in ("hs-tobacco", "random")])
    yield made
    made.store.close()


@pytest.fixture
def open_page(
    qtbot: QtBot, open_window: Callable[..., MainWindow], station: MemoryStation, offices: Offices, tmp_path: Path
) -> Callable[..., tuple[MainWindow, QWidget]]:
    def make(key: str, **settings: object) -> tuple[MainWindow, QWidget]:
        window = open_window(station, data=tmp_path / "data", **settings)
        kinds = [
            PageKind("rules", "R", lambda frame: RulesPage(frame, offices.risk, offices.statistics)),
            PageKind("statistics", "S", lambda frame: StatisticsPage(frame, offices.statistics, Post())),
        ]
        window.parts.stack.set_kinds(kinds)
        qtbot.keyClick(window.parts.stage, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(window.parts.pages, key)
        settle(qtbot, window)
        page = window.parts.stack.page
        assert page is not None
        return window, page

    return make


def write(qtbot: QtBot, field: QLineEdit, words: str) -> None:
    field.selectAll()
    field.insert(words)


def write_rule(qtbot: QtBot, page: RulesPage, rule: Rule, language: str) -> str:
    """Fill the form as an officer does, the condition key by key where it is ASCII; returns the new rule's id."""
    qtbot.keyClick(page, Qt.Key.Key_F2)
    form = page.form
    write(qtbot, form.zh, rule.title.zh)
    write(qtbot, form.en, rule.title.en)
    form.condition.setFocus()
    condition = rule.text(language)
    if condition.isascii():
        qtbot.keyClicks(form.condition, condition)
    else:
        form.condition.insertPlainText(condition)
    form.lane.setCurrentIndex(STRICTNESS.index(rule.lane))
    form.first.setDate(form.first.date().fromString(rule.valid_from.isoformat(), "yyyy-MM-dd"))
    form.expected.setValue(100 * (rule.expected or 0))
    form.floor.setValue(100 * rule.floor)
    form.precedence.setValue(rule.precedence)
    form.delay_min.setValue(rule.delay_min)
    return form.rule_id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ten_examples_are_written_tried_and_switched_on(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]], offices: Offices, language: str
) -> None:
    window, page = open_page("r", language=language)
    assert len(EXAMPLES) == 10
    wanted: dict[str, object] = {}
    for rule in EXAMPLES:
        rule_id = write_rule(qtbot, page, rule, language)
        wanted[rule_id] = to_json(rule)
        assert page.form.said.objectName() == "soft"
        qtbot.keyClick(page, Qt.Key.Key_F5)
        settle(qtbot, window)
        assert page.below.table.rowCount() >= 2
        assert rule_id not in {each.id for each in offices.risk.in_force()}
        qtbot.keyClick(page, Qt.Key.Key_F6)
        settle(qtbot, window)
        assert page.message == text("risk.page.saved", rule=rule_id)
        qtbot.keyClick(page, Qt.Key.Key_F7)
        settle(qtbot, window)
        assert rule_id not in {each.id for each in offices.risk.in_force()}, "the officer himself may not"
        write(qtbot, page.form.approver, "supervisor-1")
        qtbot.keyClick(page, Qt.Key.Key_F7)
        settle(qtbot, window)
        assert page.message == text("risk.page.switched_on", rule=rule_id)
    on = {each.id: to_json(each) for each in offices.risk.in_force()}
    assert wanted.items() <= on.items()
    qtbot.keyClick(page, Qt.Key.Key_F4)
    settle(qtbot, window)
    write(qtbot, page.form.approver, "supervisor-1")
    qtbot.keyClick(page, Qt.Key.Key_F4)
    settle(qtbot, window)
    assert rule_id not in {each.id for each in offices.risk.in_force()}
    assert offices.store.verify_log(with_pictures=False).is_ok


def test_a_rule_is_switched_on_as_it_was_saved_a_moment_before(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]], offices: Offices
) -> None:
    window, page = open_page("r")
    before = {each.id for each in offices.risk.in_force()}
    rule_id = write_rule(qtbot, page, EXAMPLES[0], "en")
    write(qtbot, page.form.approver, "supervisor-1")
    qtbot.keyClick(page, Qt.Key.Key_F6)
    qtbot.keyClick(page, Qt.Key.Key_F7)
    settle(qtbot, window)
    assert page.message == text("risk.page.switched_on", rule=rule_id)
    assert {each.id for each in offices.risk.in_force()} == {*before, rule_id}
    write(qtbot, page.form.reason, "said anew")
    write(qtbot, page.form.approver, "supervisor-1")
    for key in (Qt.Key.Key_F6, Qt.Key.Key_F6, Qt.Key.Key_F7):
        qtbot.keyClick(page, key)
    settle(qtbot, window)
    (on,) = [each for each in offices.risk.in_force() if each.id == rule_id]
    assert (on.version, on.reason) == (2, "said anew")


def test_a_rule_that_could_not_be_saved_is_not_switched_on(
    qtbot: QtBot,
    open_page: Callable[..., tuple[MainWindow, RulesPage]],
    offices: Offices,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(rule: Rule, *, officer: str) -> None:
        raise RulesError("The store is full.", detail="")

    window, page = open_page("r")
    before = offices.risk.in_force()
    chosen = page.chosen
    assert chosen is not None
    monkeypatch.setattr(offices.risk, "write", refuse)
    write(qtbot, page.form.approver, "supervisor-1")
    for key in (Qt.Key.Key_F6, Qt.Key.Key_F4):
        qtbot.keyClick(page, key)
    settle(qtbot, window)
    assert page.message
    assert offices.risk.in_force() == before
    assert page.form.approver.text() == "supervisor-1", "nothing was taken of the approval"


def test_a_trial_says_what_would_change(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]], offices: Offices
) -> None:
    window, page = open_page("r")
    write_rule(qtbot, page, EXAMPLES[1], "en")
    qtbot.keyClick(page, Qt.Key.Key_F5)
    settle(qtbot, window)
    cells = [page.below.table.item(1, column).text() for column in range(5)]
    assert cells == ["R001", "– → 4", "– → 4", "– → 4", "– → 0"]
    assert "20 parcels" in page.message


def test_the_last_parcels_of_a_rule_are_listed_and_opened(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]], offices: Offices
) -> None:
    window, page = open_page("r")
    write_rule(qtbot, page, EXAMPLES[0], "en")
    qtbot.keyClick(page, Qt.Key.Key_F6)
    settle(qtbot, window)
    offices.risk.switch_on("R001", 1, officer="supervisor-1")
    offices.add(20)
    page.show_page()
    settle(qtbot, window)
    assert page.below.table.item(0, 0).text() == "RB000000020XX"
    with qtbot.waitSignal(page.parcel_chosen) as chosen:
        qtbot.keyClick(page.below, Qt.Key.Key_Return)
    assert chosen.args == [21]


def test_a_mistake_is_told_while_it_is_written_and_again_when_it_is_saved(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]]
) -> None:
    window, page = open_page("r")
    qtbot.keyClick(page, Qt.Key.Key_F2)
    page.form.condition.setFocus()
    qtbot.keyClicks(page.form.condition, "valeu > 5")
    assert "Did you mean value" in page.form.said.text()
    assert page.form.condition.extraSelections()[0].cursor.selectedText() == "valeu"
    write(qtbot, page.form.en, "Wrong")
    qtbot.keyClick(page, Qt.Key.Key_F6)
    settle(qtbot, window)
    assert "Did you mean value" in page.message
    qtbot.keyClick(page, Qt.Key.Key_F3)
    assert "blacklisted" in page.form.said.text()


def test_a_rule_stands_in_the_language_that_is_chosen(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, RulesPage]]
) -> None:
    window, page = open_page("r")
    assert page.form.condition.toPlainText() == 'any goods (hs starts_with "24")'
    assert "任一 商品" in page.form.said.text()
    window.set_language("zh_CN")
    assert page.form.condition.toPlainText() == '任一 商品 (税号 开头为 "24")'


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_read_by_keys_and_written_as_files(
    qtbot: QtBot, open_page: Callable[..., tuple[MainWindow, StatisticsPage]], tmp_path: Path, language: str
) -> None:
    window, page = open_page("s", language=language)
    assert page.report is not None
    assert page.table.item(6, 1).text() == "20"
    table = page.tables.table
    names = [each.name for each in page.report.tables]
    for _ in range(names.index("officer")):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert page.table.item(0, 0).text() == "officer-1"
    qtbot.keyClick(table, Qt.Key.Key_M)
    settle(qtbot, window)
    first = page.report.span.first
    assert first.day == 1
    qtbot.keyClick(table, Qt.Key.Key_Left)
    settle(qtbot, window)
    assert page.report.span.last == first - timedelta(days=1)
    assert page.table.rowCount() == 0
    qtbot.keyClick(table, Qt.Key.Key_Right)
    qtbot.keyClick(table, Qt.Key.Key_X)
    settle(qtbot, window)
    assert page.report.is_drill
    qtbot.keyClick(table, Qt.Key.Key_X)
    settle(qtbot, window)
    for key in (Qt.Key.Key_F5, Qt.Key.Key_F6, Qt.Key.Key_F7):
        qtbot.keyClick(table, key)
        settle(qtbot, window)
    written = sorted(path.suffix for path in (tmp_path / "data" / "reports").iterdir())
    assert written == [".csv", ".pdf", ".xlsx"]
