"""Makes docs/pictures/rules-*.png, rule-E*.png and statistics-*.png: the two pages on a store of fictitious parcels.

The ten examples of docs/risk.md are written, tried and switched on by the page's keys, a picture each.

QT_QPA_PLATFORM=offscreen .venv/bin/python docs/make_rule_pictures.py [--size 1366x768] [--to FOLDER]
"""

from __future__ import annotations

import argparse
import io
import random
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.build import load_rules
from app.customs.parcel import Capture, Declaration, GoodsLine, Kind, Seen
from app.customs.risk.rule import STRICTNESS, Rule
from app.customs.risk.table import parse_rules
from app.customs.states import Action
from app.officers.rights import DEMO, KnownOfficers
from app.risk_office import RiskOffice
from app.settings import Post
from app.statistics_office import StatisticsOffice
from app.store.store import Store
from app.texts import language, set_language
from app.ui import theme
from app.ui.background import Background
from app.ui.pages.page import Frame
from app.ui.pages.rules import RulesPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.start import make_application

PARCELS = 400
COLOURS = 24
GOODS = (("8211930000", "折叠刀"), ("4901990000", "书"), ("2402200000", "卷烟"), ("3304990029", "面霜"))


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--size", default="1366x768")
    given.add_argument("--to", type=Path, default=Path(__file__).parent / "pictures")
    given.add_argument("--themes", default="dark")
    options = given.parse_args()
    width, height = map(int, options.size.split("x"))
    application = make_application()
    for name in options.themes.split(","):
        for chosen in ("zh_CN", "en"):
            set_language(chosen)
            theme.use(name, theme.text_px_for(height))
            application.setStyleSheet(theme.style_sheet())
            with tempfile.TemporaryDirectory() as folder:
                _draw(Path(folder), options.to, chosen if name == "dark" else f"{chosen}-{name}", (width, height))


def _fill(store: Store, risk: RiskOffice) -> None:
    chance, now = random.Random(7), datetime.now(UTC)
    for n in range(PARCELS):
        at = now - timedelta(minutes=7 * n)
        number = f"RB{n:09d}DE"
        hs_code, name = chance.choice(GOODS)
        value = chance.randrange(100, 4_000) * 100_000
        goods = (GoodsLine(name, hs_code, "2", value=value),)
        declared = Declaration(number, goods, "cbec", f"示例商贸{n % 5}", f"测试{n % 40}", "DE", 900, value)
        store.add_declarations([declared])
        seen = (Seen("blade", 0.9, chance.choice(("sure", "likely")), (0, 0, 9, 9)),) if chance.random() < 0.15 else ()
        found = risk.assess(number, at, seen, (), Kind.PARCEL)
        parcel = store.record_scan(
            None, Capture(f"s{n}", f"{n}.tif", "0" * 64, "belt", at), number=number, seen=seen, model="parcel-3",
            lane=found.lane, lane_reasons=found.reasons, arrived_at=at,
        )  # fmt: skip
        _decide(store, parcel.id, at + timedelta(seconds=chance.randrange(20, 400)), chance, is_seen=bool(seen))


def _decide(store: Store, parcel_id: int, at: datetime, chance: random.Random, *, is_seen: bool) -> None:
    officer = chance.choice(("officer-1", "officer-2"))
    if not is_seen:
        store.decide(parcel_id, Action.RELEASE, officer=officer, decided_at=at, reason="no_suspicion")
        return
    for action in (Action.REFER, Action.OPEN, chance.choice((Action.EXAM_ABNORMAL, Action.EXAM_NORMAL))):
        store.decide(parcel_id, action, officer=officer, decided_at=at, reason="prohibited_goods")


def _draw(data: Path, folder: Path, suffix: str, size: tuple[int, int]) -> None:
    store = Store.open(data, station="docs", ballast_bytes=1 << 16)
    rights = KnownOfficers(DEMO)
    risk = RiskOffice(store, Post(), rights, load_rules(None))
    statistics = StatisticsOffice(store, Post(), rights, risk.states)
    _fill(store, risk)
    worker = Background("pictures")
    frame = Frame(worker, lambda: "officer-1", None)
    rules = RulesPage(frame, risk, statistics)
    figures = StatisticsPage(frame, statistics, Post())
    for page in (rules, figures):
        page.resize(*size)
        page.retranslate()
        page.show()
        page.show_page()
        _settle(worker)
    _save(figures, folder / f"statistics-{suffix}.png")
    for number, rule in enumerate(_examples(), 1):
        _write(rules, rule)
        _settle(worker)
        if number == 2:
            _save(rules, folder / f"rules-{suffix}.png")
        QTest.keyClick(rules, Qt.Key.Key_F6)
        _settle(worker)
        rules.form.approver.setText("supervisor-1")
        QTest.keyClick(rules, Qt.Key.Key_F7)
        _settle(worker)
        _save(rules, folder / f"rule-E{number:02d}-{suffix}.png")
    rules.close()
    figures.close()
    worker.close()
    store.close()


def _examples() -> list[Rule]:
    found = re.search(r"```toml\n(.*?)```", (Path(__file__).parent / "risk.md").read_text("utf-8"), re.DOTALL)
    assert found
    return list(parse_rules(found[1]))


def _write(page: RulesPage, rule: Rule) -> None:
    """Fill the form and try the rule."""
    form = page.form
    QTest.keyClick(page, Qt.Key.Key_F2)
    form.zh.setText(rule.title.zh)
    form.en.setText(rule.title.en)
    form.condition.setPlainText(rule.text(language()))
    form.lane.setCurrentIndex(STRICTNESS.index(rule.lane))
    form.expected.setValue(100 * (rule.expected or 0))
    form.floor.setValue(100 * rule.floor)
    form.precedence.setValue(rule.precedence)
    form.delay_min.setValue(rule.delay_min)
    QTest.keyClick(page, Qt.Key.Key_F5)


def _save(page: QWidget, file: Path) -> None:
    """As a picture of few colours, which a page of text needs no more of."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    page.grab().save(buffer, "PNG")
    picture = Image.open(io.BytesIO(buffer.data().data())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def _settle(worker: Background) -> None:
    """Wait until the worker is done and its answers are on the page."""
    quiet = 0
    while quiet < 4:
        QTest.qWait(20)
        quiet = quiet + 1 if worker.is_idle else 0


if __name__ == "__main__":
    main()
