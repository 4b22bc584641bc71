"""Words, times and amounts as the officer reads them; pace and break."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import texts
from app.customs.likeness import compare
from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Kind, Lane, Seen
from app.customs.states import Action, State
from app.ui import chips, theme, words
from app.ui.pace import Pace
from imaging.errors import FileTornError, KnownError
from imaging.look import LOOKS
from models.detector import Level
from scanners.device import DeviceState, FaultKind

UI = Path(__file__).resolve().parents[3] / "app" / "ui"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_everything_that_may_be_shown_has_a_name(language: str) -> None:
    texts.set_language(language)
    for area, codes in (
        ("ui.state_short", State),
        ("ui.lane", Lane),
        ("ui.lane_letter", Lane),
        ("ui.kind", Kind),
        ("ui.finding", FindingKind),
        ("ui.finding_short", FindingKind),
        ("ui.level", Level),
        ("ui.device", DeviceState),
        ("ui.fault", FaultKind),
        ("look.name", LOOKS),
    ):
        for code in codes:
            assert texts.has_text(f"{area}.{code}"), (area, code)
    assert all(words.state_name(state) for state in State)
    assert all(words.action_name(action) for action in Action)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_text_key_in_the_code_exists(language: str) -> None:
    known = texts.catalogue(language)
    missing = [(path.name, key) for path in sorted(UI.glob("*.py")) for key in literal_keys(path) if key not in known]
    assert missing == []


def literal_keys(path: Path) -> list[str]:
    """First arguments of text("...") that are plain strings."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "text" and node.args]
    return [str(node.args[0].value) for node in named if isinstance(node.args[0], ast.Constant)]


def test_known_errors_speak_the_officers_language_and_others_name_themselves() -> None:
    torn = FileTornError("a.tif", "is empty")
    assert "a.tif" in words.error_words(torn)
    texts.set_language("zh_CN")
    assert "a.tif" in words.error_words(torn)
    assert "损坏" in words.error_words(torn)

    class StrangeError(KnownError):
        key = "never_translated"

    assert words.error_words(StrangeError("It is strange. Look again.")) == "It is strange. Look again."
    assert "ZeroDivisionError" in words.error_words(ZeroDivisionError("x"))


def test_spans_weights_and_money() -> None:
    assert [words.span(seconds) for seconds in (-3, 5, 65, 3600, 90_000)] == ["0:00", "0:05", "1:05", "1 h 00", "1 d"]
    assert words.weight(999) == "999 g"
    assert words.weight(1240) == "1.24 kg"
    assert words.weight(2000) == "2 kg"
    assert words.weight(None) == "not given"
    assert words.money(43_700_000, "CNY") == "437.00 CNY"


def test_findings_name_their_detail() -> None:
    assert words.finding_words(Finding(FindingKind.DETECTION, "firearm")).endswith("Firearm or part")
    assert words.finding_words(Finding(FindingKind.NO_CODE)) == "No code was read"


def test_an_undeclared_find_is_told_with_its_step() -> None:
    shirts = Declaration("N1", (GoodsLine("shirts", "61091000"),))
    gun = Seen("firearm", 0.9, "sure", (0, 0, 5, 5))
    said = words.finding_words(compare(shirts, None, [gun], {}).to_finding())
    assert said.endswith("Firearm or part (sure): no goods declared that would explain it.")
    earlier = '{"mismatch": 0.9, "remarks": [["undeclared_find", {"class": "firearm"}]]}'
    said = words.finding_words(Finding(FindingKind.NOT_AS_DECLARED, earlier))
    assert said.endswith("Firearm or part: no goods declared that would explain it.")


def test_clock_gives_the_date_only_when_it_is_not_today() -> None:
    assert len(words.clock(datetime.now(UTC))) == 5
    assert len(words.clock(datetime(2020, 1, 2, 3, 4, tzinfo=UTC))) == 11


def test_pace_counts_the_hour_and_the_break() -> None:
    now = [0.0]
    pace = Pace(1200, lambda: now[0])
    assert pace.per_hour == 0
    for _ in range(50):
        now[0] += 10
        pace.count()
    assert pace.per_hour == 360
    now[0] = 1199
    assert not pace.is_break_due
    now[0] = 1200
    assert pace.is_break_due
    pace.start_break()
    now[0] += 300
    assert pace.break_s == 300
    assert not pace.is_break_due
    pace.end_break()
    assert pace.on_task_s == 0
    assert pace.decided == 50


@pytest.mark.parametrize("name", theme.THEMES)
def test_texts_stand_out_from_their_ground(name: str) -> None:
    colours = theme.palette(name)
    for ground in ("ground", "panel", "raised", "field"):
        assert contrast(colours["text"], colours[ground]) >= 7
        assert contrast(colours["soft"], colours[ground]) >= 5
        for shade in ("faint", "good", "warn", "bad"):
            assert contrast(colours[shade], colours[ground]) >= 4.5, (shade, ground)
    for lane in Lane:
        assert contrast(colours["on_lane"], colours[f"lane_{lane}"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2 defines it."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_confidence_has_three_steps() -> None:
    assert [chips.BARS[level] for level in (Level.SURE, Level.LIKELY, Level.HINT, Level.BELOW)] == [3, 2, 1, 0]
