"""The open parcel in words: number and its check, findings, lane reasons, detections, declaration, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QWidget

from app.customs.identifiers import Candidate
from app.customs.orders import Hit
from app.customs.parcel import Decision, Declaration, FindingKind, GoodsLine, Parcel, Seen
from app.customs.risk.lanes import split_reason
from app.customs.states import Term
from app.papers import Compared
from app.texts import text
from app.ui import build, theme, words
from app.ui.chips import Bars, LaneChip
from app.ui.opening import Opened
from app.ui.orders import hit_words
from app.ui.papers import difference_words, summary

Line = tuple[str, str]
"""Words and their role: text, strong, soft, small, section, good, warn, bad, or a pair "name TAB value"."""
_GRAVE = frozenset(
    {
        FindingKind.BAD_CHECK_DIGIT,
        FindingKind.NO_CODE,
        FindingKind.SEVERAL_CODES,
        FindingKind.NO_SCAN,
        FindingKind.RECALLED,
        FindingKind.INTERCEPTED,
        FindingKind.DOUBTED_LABEL,
    }
)


_SAID_ELSEWHERE = frozenset({FindingKind.DETECTION, FindingKind.CONTROLLED})


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
        column = build.column(body, gap=4, margins=(14, 10, 14, 18))
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
        lines = [*_check_lines(parcel, opened.candidate)]
        if opened.scan_error is not None:
            lines.append((words.error_words(opened.scan_error), "bad"))
        lines += [
            *_hit_lines(opened.hits),
            *_waiting_lines(parcel),
            *_finding_lines(parcel),
            *self._lane_reasons(parcel),
            (text("ui.side.detections"), "section"),
        ]
        if not parcel.seen:
            is_unscreened = any(finding.kind == FindingKind.UNSCREENED for finding in parcel.findings)
            lines.append((text("ui.side.unscreened" if is_unscreened else "ui.side.no_detections"), "soft"))
        yield _block(lines)
        for seen in parcel.seen:
            row = DetectionRow(seen)
            row.chosen.connect(self.detection_chosen)
            yield row
        said = [*_model_lines(parcel), *_paper_lines(opened.papers), *_declaration_lines(parcel.declaration)]
        yield _block([*said, *_history_lines(opened.history)])

    def _lane_reasons(self, parcel: Parcel) -> Iterator[Line]:
        if parcel.lane_reasons:
            yield text("ui.side.lane_reasons"), "section"
        for reason in parcel.lane_reasons:
            rule_id, _, is_drawn = split_reason(reason)
            title = self._rule_titles.get(rule_id)
            name = words.term(title) if title else words.translated(rule_id)
            yield "· " + (text("risk.drawn", rule=name) if is_drawn else name), "text"


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


def _check_lines(parcel: Parcel, candidate: Candidate | None) -> Iterator[Line]:
    if candidate is not None:
        kind = text(f"identifier.kind.{candidate.kind}")
        if candidate.is_valid:
            yield f"✓ {kind} · {text('ui.side.check_good')}", "good"
        else:
            remark = text(f"identifier.finding.{candidate.finding}") if candidate.finding else ""
            yield f"✗ {kind} · {remark or text('ui.side.check_bad')}", "bad"
            if candidate.correction:
                yield text("ui.side.correction", number=candidate.correction), "soft"
    elif parcel.number:
        yield text("ui.side.check_unknown"), "soft"
    others = [code for code in parcel.codes if code != parcel.number]
    if others:
        yield text("ui.side.other_codes", codes=" · ".join(map(words.shorten, others))), "soft"
    if parcel.trace_code:
        yield text("ui.side.trace_code", code=parcel.trace_code), "soft"


def _finding_lines(parcel: Parcel) -> Iterator[Line]:
    shown = [finding for finding in parcel.findings if finding.kind not in _SAID_ELSEWHERE]
    if shown:
        yield text("ui.side.findings"), "section"
    for finding in shown:
        is_grave = finding.kind in _GRAVE
        yield ("▲ " if is_grave else "△ ") + words.finding_words(finding), "bad" if is_grave else "warn"


def _hit_lines(hits: Sequence[Hit]) -> Iterator[Line]:
    if hits:
        yield text("orders.section"), "section"
    now = datetime.now(UTC)
    for hit in hits:
        is_due = hit.due_at is not None and hit.acknowledged is None
        yield "▲ " + hit_words(hit, now), "bad" if is_due else "warn"


def _waiting_lines(parcel: Parcel) -> Iterator[Line]:
    if parcel.waiting:
        yield text("waiting.title"), "section"
    now = datetime.now(UTC)
    for waiting in parcel.waiting:
        age = text("waiting.since", age=words.span(words.since(waiting.since_at)))
        due = "" if waiting.due_at is None else text("waiting.due", day=f"{waiting.due_at.astimezone():%Y-%m-%d}")
        line = " · ".join(part for part in (words.waiting_name(waiting.kind), waiting.note, age, due) if part)
        yield ("▲ " + line, "bad") if waiting.is_overdue(now) else ("△ " + line, "warn")


def _model_lines(parcel: Parcel) -> Iterator[Line]:
    if parcel.captures and parcel.captures[-1].model:
        capture = parcel.captures[-1]
        took = "" if capture.detect_ms is None else f" · {capture.detect_ms:.0f} ms"
        yield text("ui.side.model", name=capture.model) + took, "small"


def _paper_lines(compared: Compared | None) -> Iterator[Line]:
    """How the papers agree, beside the picture; all their fields are on the page of papers."""
    if compared is None:
        return
    yield text("papers.section"), "section"
    signs = {"good": "✓ ", "warn": "△ ", "bad": "▲ "}
    for line, tone in summary(compared.match):
        yield signs[tone] + line, tone
    for difference in compared.match.differences:
        yield difference_words(difference), "text"


def _declaration_lines(declaration: Declaration | None) -> Iterator[Line]:
    yield text("ui.side.declaration"), "section"
    if declaration is None:
        yield text("ui.side.no_declaration"), "warn"
        return
    for line in declaration.goods:
        yield line.name, "strong"
        yield _goods_words(line, declaration.currency), "small"
    total = f"{words.weight(declaration.gross_weight_g)} · {words.money(declaration.value, declaration.currency)}"
    for name, value in (
        ("total", total),
        ("sender", declaration.sender),
        ("consignee", declaration.consignee),
        ("origin", declaration.origin),
        ("channel", words.name_of("channel", declaration.channel)),
        ("source", declaration.source),
    ):
        if value:
            yield f"{text(f'ui.side.{name}')}\t{value}", "pair"


def _goods_words(line: GoodsLine, currency: str) -> str:
    parts = [f"HS {line.hs_code}" if line.hs_code else "", f"{line.quantity} {line.unit}".strip()]
    parts.append(words.weight(line.weight_g) if line.weight_g is not None else "")
    parts.append(words.money(line.value, currency) if line.value is not None else "")
    parts.append(text("ui.side.from", origin=line.origin) if line.origin else "")
    return " · ".join(part for part in parts if part)


def _history_lines(history: tuple[Decision, ...]) -> Iterator[Line]:
    yield text("ui.side.history"), "section"
    if not history:
        yield text("ui.side.no_history"), "soft"
    for decision in history:
        undone = f" · {text('ui.side.undone')}" if decision.undone_at else ""
        at = words.clock(decision.decided_at, has_seconds=True)
        yield f"{at}  {words.action_name(decision.action)}{undone}", "text"
        reason = words.reason_name(decision.action, decision.reason) if decision.reason else ""
        yield " · ".join(part for part in (decision.officer, reason, decision.note) if part), "small"


def _block(lines: Sequence[Line]) -> QLabel:
    """Many lines in one label, for a label each would take longer to build than the picture to paint."""
    label = QLabel("".join(_html(line, role) for line, role in lines))
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _html(line: str, role: str) -> str:
    """One line as rich text; whatever comes from outside is escaped."""
    colours = theme.palette(theme.current())
    size = theme.small_px() if role in ("small", "section") else theme.text_px()
    weight = 700 if role in ("section", "strong", "good", "warn", "bad") else 400
    colour = colours[{"small": "soft", "section": "faint", "strong": "text", "pair": "text"}.get(role, role)]
    above = {"section": 10, "strong": 5}.get(role, 2)
    style = f"margin:{above}px 0 0 0; color:{colour}; font-size:{size}px; font-weight:{weight}"
    if role == "pair":
        name, _, value = line.partition("\t")
        return (
            f'<p style="{style}"><span style="color:{colours["soft"]}">{escape(name)}</span>&nbsp; {escape(value)}</p>'
        )
    return f'<p style="{style}">{escape(line)}</p>'


def _label(line: str, role: str = "", *, wraps: bool = True) -> QLabel:
    label = build.named(QLabel(line), role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    if wraps:
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label
