"""The alarm over the image, and the lamp of the label printer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.customs.notices import Notice, NoticeKind
from app.printing import PrinterStatus
from app.texts import text
from app.trace.verdicts import Verdict, VerdictKind
from app.tracing import Alarm
from app.ui.bridge import Bridge
from app.ui.window import MainWindow
from scanners.barcode import Code, Reading
from tests.app.ui.conftest import settle
from tests.app.ui.memory_station import MemoryStation

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def make_alarm(notice_id: str, kind: NoticeKind = NoticeKind.RECALL) -> Alarm:
    return Alarm(Notice(notice_id, kind, "salmonella", frozenset({"X1"}), NOW, "a"), "X1", NOW)


def test_an_alarm_stands_until_the_officer_takes_note(
    qtbot: QtBot, window: MainWindow, bridge: Bridge, station: MemoryStation
) -> None:
    banner = window.parts.alarm
    assert not banner.isVisible()
    bridge.alarmed(make_alarm("R2026-0001"))
    bridge.alarmed(make_alarm("R2026-0001"))
    bridge.alarmed(make_alarm("I2026-0001", NoticeKind.INTERCEPT))
    bridge.deliver()
    assert banner.isVisible()
    assert "R2026-0001: salmonella" in banner.words
    assert "X1" in banner.words
    assert "1 more" in banner.words

    qtbot.keyClick(window.parts.stage, Qt.Key.Key_Escape)
    assert banner.isVisible(), "only taking note ends it"
    window.set_language("zh_CN")
    assert "召回 R2026-0001" in banner.words

    qtbot.keyClick(window.parts.stage, Qt.Key.Key_F12)
    assert "拦截 I2026-0001" in banner.words
    qtbot.keyClick(window.parts.stage, Qt.Key.Key_F12)
    assert not banner.isVisible()
    settle(qtbot, window)
    assert station.acknowledged == [("R2026-0001", "officer-1"), ("I2026-0001", "officer-1")]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (PrinterStatus("label"), "ready"),
        (PrinterStatus("label", waiting=2), "2 to print"),
        (PrinterStatus("label", waiting=3, error_key="printer_paper_out"), "out of paper, 3 to print"),
        (PrinterStatus("label", unsure=1), "did the last label come out"),
    ],
)
def test_the_printers_lamp_says_how_it_does(
    window: MainWindow, bridge: Bridge, status: PrinterStatus, words: str
) -> None:
    bridge.printer_changed(PrinterStatus("label", waiting=9))
    bridge.printer_changed(status)
    bridge.deliver()
    assert words in window.parts.status.printer_words


@pytest.mark.parametrize("kind", list(VerdictKind))
def test_what_a_scanned_trace_code_is_worth_is_said(
    qtbot: QtBot, window: MainWindow, station: MemoryStation, kind: VerdictKind
) -> None:
    station.verdicts["PT1:X"] = Verdict(kind)
    window.course.show_code(Reading(Code("QRCode", "PT1:X"), "hand", NOW))
    settle(qtbot, window)
    assert window.parts.notice.isVisible()
    assert text(f"trace.verdict.{kind}") in window.parts.notice.words
