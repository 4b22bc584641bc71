"""The open parcel in words: number and its check, findings, lane reasons, detections, declaration, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from app.customs.identifiers import Candidate
from app.customs.parcel import Decision, Declaration, FindingKind, GoodsLine, Parcel, Seen
from app.customs.states import Term
from app.texts import text
from app.ui import build, theme, words
from app.ui.chips import Bars, LaneChip
from app.ui.opening import Opened

_GRAVE = frozenset({FindingKind.BAD_CHECK_DIGIT, FindingKind.NO_CODE, FindingKind.SEVERAL_CODES, FindingKind.NO_SCAN})


class SidePanel(QScrollArea):
    """Shows an opened parcel; built anew for each, so that nothing of the last one can stay."""

    detection_chosen = Signal(object)

    def __init__(self, rule_titles: Mapping[str, Term]) -> None:
        super().__init__()
        self._rule_titles = rule_titles
        self._opened: Opened | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_parcel(None)

    def show_parcel(self, opened: Opened | None) -> None:
        is_same = opened is not None and self._opened is not None and opened.parcel.id == self._opened.parcel.id
        at = self.verticalScrollBar().value() if is_same else 0
        self._opened = opened
        body = build.named(QFrame(), "side")
        column = build.column(body, gap=4, margins=(14, 10, 14, 10))
        if opened is None:
            column.addWidget(_label(text("ui.side.nothing"), "soft"))
        else:
            for widget in self._parts(opened):
                column.addWidget(widget)
        column.addStretch()
        self.setWidget(body)
        self.verticalScrollBar().setValue(at)

    def retranslate(self) -> None:
        self.show_parcel(self._opened)

    def _parts(self, opened: Opened) -> Iterator[QWidget]:
        parcel = opened.parcel
        yield _head(parcel)
        yield from _check_lines(parcel, opened.candidate)
        if opened.scan_error is not None:
            yield _label(words.error_words(opened.scan_error), "bad")
        yield from self._findings(parcel)
        yield from self._lane_reasons(parcel)
        yield from self._detections(parcel)
        yield from _declaration_lines(parcel.declaration)
        yield from _history_lines(opened.history)

    def _findings(self, parcel: Parcel) -> Iterator[QWidget]:
        shown = [finding for finding in parcel.findings if finding.kind != FindingKind.DETECTION]
        if shown:
            yield _section("findings")
        for finding in shown:
            sign = "▲ " if finding.kind in _GRAVE else "△ "
            yield _label(sign + words.finding_words(finding), "bad" if finding.kind in _GRAVE else "warn")

    def _lane_reasons(self, parcel: Parcel) -> Iterator[QWidget]:
        if parcel.lane_reasons:
            yield _section("lane_reasons")
        for rule_id in parcel.lane_reasons:
            title = self._rule_titles.get(rule_id)
            yield _label("· " + (words.term(title) if title else words.translated(rule_id)))

    def _detections(self, parcel: Parcel) -> Iterator[QWidget]:
        yield _section("detections")
        if not parcel.seen:
            is_unscreened = any(finding.kind == FindingKind.UNSCREENED for finding in parcel.findings)
            yield _label(text("ui.side.unscreened" if is_unscreened else "ui.side.no_detections"), "soft")
        for seen in parcel.seen:
            row = DetectionRow(seen)
            row.chosen.connect(self.detection_chosen)
            yield row
        if parcel.captures and parcel.captures[-1].model:
            capture = parcel.captures[-1]
            took = "" if capture.detect_ms is None else f" · {capture.detect_ms:.0f} ms"
            yield _label(text("ui.side.model", name=capture.model) + took, "small")


class DetectionRow(QFrame):
    """One detection: confidence in bars and words, class, score; pressing it marks its box."""

    chosen = Signal(object)

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.setObjectName("card")
        self._seen = seen
        row = build.row(self, gap=8, margins=(8, 4, 8, 4))
        row.addWidget(Bars(seen.level))
        name = _label(words.name_of("class", seen.label))
        name.setFont(theme.font(is_bold=True))
        row.addWidget(name, 1)
        row.addWidget(_label(text(f"ui.level.{seen.level}"), "soft", wraps=False))
        row.addWidget(_label(f"{seen.score:.0%}", "mono", wraps=False))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        self.chosen.emit(self._seen)


def _head(parcel: Parcel) -> QWidget:
    holder = QWidget()
    row = build.row(holder, gap=8)
    chip = LaneChip()
    chip.set_lane(parcel.lane)
    row.addWidget(chip)
    column = build.column()
    number = _label(parcel.number or text("ui.queue.no_number"), "number")
    number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    number.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    column.addWidget(number)
    arrived = text("ui.side.arrived", time=words.clock(parcel.arrived_at, has_seconds=True))
    state = f"{words.name_of('kind', parcel.kind)} · {words.state_name(parcel.state)} · {arrived}"
    column.addWidget(_label(state, "soft"))
    row.addLayout(column, 1)
    return holder


def _check_lines(parcel: Parcel, candidate: Candidate | None) -> Iterator[QWidget]:
    if candidate is not None:
        kind = text(f"identifier.kind.{candidate.kind}")
        if candidate.is_valid:
            yield _label(f"✓ {kind} · {text('ui.side.check_good')}", "good")
        else:
            remark = text(f"identifier.finding.{candidate.finding}") if candidate.finding else ""
            yield _label(f"✗ {kind} · {remark or text('ui.side.check_bad')}", "bad")
            if candidate.correction:
                yield _label(text("ui.side.correction", number=candidate.correction), "soft")
    elif parcel.number:
        yield _label(text("ui.side.check_unknown"), "soft")
    others = [code for code in parcel.codes if code != parcel.number]
    if others:
        yield _label(text("ui.side.other_codes", codes=" · ".join(others)), "soft")
    if parcel.trace_code:
        yield _label(text("ui.side.trace_code", code=parcel.trace_code), "soft")


def _declaration_lines(declaration: Declaration | None) -> Iterator[QWidget]:
    yield _section("declaration")
    if declaration is None:
        yield _label(text("ui.side.no_declaration"), "warn")
        return
    for line in declaration.goods:
        yield _goods_card(line, declaration.currency)
    total = f"{words.weight(declaration.gross_weight_g)} · {words.money(declaration.value, declaration.currency)}"
    yield _pair("total", total)
    for name, value in (
        ("sender", declaration.sender),
        ("consignee", declaration.consignee),
        ("origin", declaration.origin),
        ("channel", words.name_of("channel", declaration.channel)),
        ("source", declaration.source),
    ):
        if value:
            yield _pair(name, value)


def _goods_card(line: GoodsLine, currency: str) -> QWidget:
    card = build.named(QFrame(), "card")
    column = build.column(card, margins=(8, 4, 8, 4))
    name = _label(line.name)
    name.setFont(theme.font(is_bold=True))
    column.addWidget(name)
    parts = [f"HS {line.hs_code}" if line.hs_code else "", f"{line.quantity} {line.unit}".strip()]
    parts.append(words.weight(line.weight_g) if line.weight_g is not None else "")
    parts.append(words.money(line.value, currency) if line.value is not None else "")
    parts.append(text("ui.side.from", origin=line.origin) if line.origin else "")
    column.addWidget(_label(" · ".join(part for part in parts if part), "small"))
    return card


def _history_lines(history: tuple[Decision, ...]) -> Iterator[QWidget]:
    yield _section("history")
    if not history:
        yield _label(text("ui.side.no_history"), "soft")
    for decision in history:
        undone = f" · {text('ui.side.undone')}" if decision.undone_at else ""
        line = f"{words.clock(decision.decided_at, has_seconds=True)}  {words.action_name(decision.action)}{undone}"
        yield _label(line)
        reason = words.reason_name(decision.action, decision.reason) if decision.reason else ""
        more = " · ".join(part for part in (decision.officer, reason, decision.note) if part)
        yield _label(more, "small")


def _pair(name: str, value: str) -> QWidget:
    holder = QWidget()
    row = build.row(holder, gap=8)
    title = _label(text(f"ui.side.{name}"), "soft", wraps=False)
    title.setAlignment(Qt.AlignmentFlag.AlignTop)
    title.setMinimumWidth(round(theme.text_px() * 5.2))
    row.addWidget(title)
    row.addWidget(_label(value), 1)
    return holder


def _section(name: str) -> QLabel:
    label = _label(text(f"ui.side.{name}"), "section", wraps=False)
    label.setContentsMargins(0, 8, 0, 1)
    return label


def _label(line: str, role: str = "", *, wraps: bool = True) -> QLabel:
    label = build.named(QLabel(line, textFormat=Qt.TextFormat.PlainText, wordWrap=wraps), role)
    if wraps:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
