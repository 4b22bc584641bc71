"""The page of projected threats and the commands: own scores for an officer, rates and all scores for who leads."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from app import texts
from app.cli import cli
from app.customs.states import Action
from app.officers.rights import Role
from app.settings import Officers
from app.store import sealed
from app.store.store import Store
from app.ui.background import Background
from app.ui.pages.page import Frame
from app.ui.pages.tip import TipPage
from app.ui.start import make_application
from imaging.tip.threats import build_library
from tests.flow.conftest import Desk
from tests.flow.tips import ALWAYS, take

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
ROLES = Officers(sign_in="demo", demo={"a": Role.OFFICER, "b": Role.OFFICER, "boss": Role.SUPERVISOR})


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture
def desk(open_desk: Callable[..., Desk], tmp_path: Path) -> Desk:
    build_library(tmp_path / "lib", per_category=1, categories=("battery",))
    desk = open_desk(tip=ALWAYS.model_copy(update={"library": tmp_path / "lib"}), officers=ROLES)
    for number, (officer, action) in enumerate((("a", Action.REFER), ("b", Action.RELEASE)), start=1):
        parcel, scan = take(desk, number)
        prepared = desk.station.tip.prepare(parcel, scan, officer=officer)
        assert prepared is not None
        desk.station.tip.resolve(desk.station.tip.show(prepared, officer=officer), officer=officer, action=action)
    return desk


def test_who_leads_sees_all_sets_rates_and_writes_a_file_and_an_officer_sees_his_own(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    texts.set_language("en")
    worker, who = Background("page"), ["boss"]
    page = TipPage(Frame(worker, lambda: who[0], tmp_path), desk.station.tip, desk.station.rights)
    qtbot.addWidget(page)
    page.retranslate()
    page.show()
    page.show_page()
    qtbot.waitUntil(lambda: page.told is not None and worker.is_idle)
    assert {page.scores.table.item(row, 0).text() for row in range(page.scores.table.rowCount())} == {"a", "b"}  # type: ignore[union-attr]
    page.share.setValue(25)
    page.lane.setText("mail")
    page.set_button.click()
    qtbot.waitUntil(lambda: bool(page.told and page.told.rates))
    assert [(rate.lane, rate.share, rate.set_by) for rate in desk.station.tip.rates()] == [("mail", 0.025, "boss")]
    qtbot.keyClick(page, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: any((tmp_path / "reports").glob("tip-*.csv")))
    rows = list(csv.DictReader(next((tmp_path / "reports").glob("*.csv")).read_text("utf-8-sig").splitlines()))
    assert {row["officer"] for row in rows} == {"a", "b"}
    sealed.make_key(tmp_path / sealed.KEY_FILE, "passphrase", "six lanes and one lamp")
    qtbot.keyClick(page, Qt.Key.Key_F5)
    reports = tmp_path / "reports"
    qtbot.waitUntil(lambda: any(sealed.is_sealed(path.read_bytes()) for path in reports.glob("tip-*.csv")))
    sealed.forget()
    who[0], page.told = "a", None
    page.show_page()
    qtbot.waitUntil(lambda: page.told is not None and worker.is_idle)
    assert page.told is not None
    assert {score.officer for score in page.told.scores} == {"a"}
    assert page._leads.isHidden()
    worker.close()
    texts.set_language("zh_CN")


def test_commands_make_a_library_set_a_rate_and_tell_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANJIAN_DETECTION__IS_ON", "false")
    data = ["--data", str(tmp_path / "data")]
    build_library(tmp_path / "data" / "tip", per_category=1, categories=("battery",))
    Store.open(tmp_path / "data", station="station-1", ballast_bytes=1024).close()
    runner = CliRunner()
    assert runner.invoke(cli, ["tip", "rate", "0.02", "--lane", "mail", *data]).exit_code == 0
    assert runner.invoke(cli, ["tip", "rate", "7", *data]).exit_code == 3
    told = runner.invoke(cli, ["tip", "library", "--json", *data])
    assert [json.loads(line)["shown"] for line in told.stdout.splitlines() if line.startswith("{")] == [0]
    scores = runner.invoke(cli, ["tip", "scores", "--json", *data])
    assert (scores.exit_code, scores.stdout.strip()) == (0, "")
    assert runner.invoke(cli, ["tip", "scores", "--officer", "officer-1", *data]).exit_code == 3
    assert runner.invoke(cli, ["tip", "scores", "--own", "--officer", "officer-1", *data]).exit_code == 0
