"""Makes docs/pictures/rules-*.png and statistics-*.png: the two pages on a store of fictitious parcels.

QT_QPA_PLATFORM=offscreen .venv/bin/python docs/make_rule_pictures.py [--size 1366x768] [--to FOLDER]
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.build import load_rules
from app.customs.parcel import Capture, Declaration, GoodsLine, Kind, Seen
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
GOODS = (("8211930000", "折叠刀"), ("4901990000", "书"), ("2402200000", "卷烟"), ("3304990029", "面霜"))


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--size", default="1366x768")
    given.add_argument("--to", type=Path, default=Path(__file__).parent / "pictures")
    given.add_argument("--themes", default="dark")
    options = given.parse_args()
    width, height = map(int, options.size.split("x"))
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), station="docs", ballast_bytes=1 << 16)
        rights = KnownOfficers(DEMO)
        risk = RiskOffice(store, Post(), rights, load_rules(None))
        statistics = StatisticsOffice(store, Post(), rights, risk.states)
        _fill(store, risk)
        for name in options.themes.split(","):
            for chosen in ("zh_CN", "en"):
                set_language(chosen)
                theme.use(name, theme.text_px_for(height))
                application.setStyleSheet(theme.style_sheet())
                suffix = chosen if name == "dark" else f"{chosen}-{name}"
                _draw(risk, statistics, options.to, suffix, (width, height))
        store.close()


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
            None, Capture(f"s{n}", f"{n}.tif", "0" * 64, "belt", at), number=number, seen=seen, model="parcel-1",
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


def _draw(risk: RiskOffice, statistics: StatisticsOffice, folder: Path, suffix: str, size: tuple[int, int]) -> None:
    worker = Background("pictures")
    frame = Frame(worker, lambda: "officer-1", None)
    rules = RulesPage(frame, risk, statistics)
    figures = StatisticsPage(frame, statistics, Post())
    for name, page in (("rules", rules), ("statistics", figures)):
        page.resize(*size)
        page.retranslate()
        page.show()
        page.show_page()
        _settle()
        if isinstance(page, RulesPage):
            _try_example(page)
        page.grab().save(str(folder / f"{name}-{suffix}.png"))
        page.close()
    worker.close()


def _try_example(page: RulesPage) -> None:
    found = re.search(r"```toml\n(.*?)```", (Path(__file__).parent / "risk.md").read_text("utf-8"), re.DOTALL)
    assert found
    rule = parse_rules(found[1])[1]
    QTest.keyClick(page, Qt.Key.Key_F2)
    page.form.zh.setText(rule.title.zh)
    page.form.en.setText(rule.title.en)
    page.form.condition.setPlainText(rule.text(language()))
    QTest.keyClick(page, Qt.Key.Key_F5)
    _settle()


def _settle() -> None:
    for _ in range(40):
        QTest.qWait(50)
        QApplication.processEvents()


if __name__ == "__main__":
    main()
