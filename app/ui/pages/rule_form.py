"""The form of one rule: its condition is checked while it is written, and read back in the other language."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QTextEdit,
    QWidget,
)

from app.customs.parcel import Lane
from app.customs.risk.errors import RuleTextError
from app.customs.risk.parse import parse
from app.customs.risk.rule import MOST_DELAY_MIN, STRICTNESS, Rule, make_rule
from app.customs.risk.spell import spell
from app.customs.risk.versions import RuleState
from app.customs.risk.vocabulary import COLLECTIONS, FIELDS, UNITS, WORDS, Scope
from app.customs.states import Term
from app.texts import language, text
from app.ui import build, theme, words

_FAR = date(2999, 12, 31)
"""Stands in the field for a rule that has no end."""


class RuleForm(QWidget):
    """`condition` is the editor; `said` tells below it what is wrong, or the same rule in the other language."""

    def __init__(self) -> None:
        super().__init__()
        self.rule_id = ""
        self.zh, self.en, self.reason = QLineEdit(), QLineEdit(), QLineEdit()
        self.lane = QComboBox()
        self.condition = _Condition()
        self.said = build.named(QLabel(wordWrap=True), "soft")
        self.about = build.named(QLabel(wordWrap=True), "small")
        self.first, self.last = QDateEdit(), QDateEdit()
        self.precedence, self.delay_min = QSpinBox(), QSpinBox()
        self.expected, self.floor = QDoubleSpinBox(), QDoubleSpinBox()
        self.approver, self.pin = QLineEdit(), QLineEdit()
        self._labels = {name: QLabel() for name in ("zh", "en", "lane", "reason", "dates", "expected", "floor",
                                                    "precedence", "delay", "approver")}  # fmt: skip
        self._set_up()
        self._lay_out()
        self.condition.textChanged.connect(self._check)

    def retranslate(self) -> None:
        for name, label in self._labels.items():
            label.setText(text(f"risk.form.{name}"))
        self.condition.setPlaceholderText(text("risk.form.example"))
        self.pin.setPlaceholderText(text("risk.form.pin"))
        self.approver.setPlaceholderText(text("risk.form.approver_hint"))
        for at, lane in enumerate(STRICTNESS):
            self.lane.setItemText(at, words.name_of("lane", lane))
        self._spell_again()

    def show_rule(self, state: RuleState) -> None:
        """Show the newest version of a rule, and what stands about its versions."""
        rule = state.newest.rule
        self._fill(rule)
        on = state.in_force.rule.version if state.in_force else 0
        by = state.switch.officer if state.switch else ""
        self.about.setText(
            text("risk.form.version", rule=rule.id, version=rule.version, author=state.newest.author,
                 at=words.clock(state.newest.written_at))
            + "  " + (text("risk.form.in_force", version=on, officer=by) if on else text("risk.form.not_in_force"))
        )  # fmt: skip

    def begin(self, rule_id: str, today: date) -> None:
        """Begin a new rule, with the officer at its name."""
        self._fill(make_rule(rule_id, Term("-", "-"), "declared", Lane.YELLOW, today))
        for field in (self.zh, self.en):
            field.clear()
        self.condition.clear()
        self.about.setText(text("risk.form.new", rule=rule_id))
        (self.zh if language() == "zh_CN" else self.en).setFocus()

    def rule(self) -> Rule:
        """The rule as it stands here. Raises RulesError where it is none."""
        zh, en = self.zh.text().strip(), self.en.text().strip()
        last = _date(self.last)
        return make_rule(
            self.rule_id,
            Term(en or zh, zh or en),
            self.condition.toPlainText(),
            Lane(self.lane.currentData()),
            _date(self.first),
            valid_to=None if last == _FAR else last,
            reason=self.reason.text().strip(),
            precedence=self.precedence.value(),
            expected=self.expected.value() / 100 if self.expected.value() else None,
            floor=self.floor.value() / 100,
            delay_min=self.delay_min.value(),
        )

    def take_approval(self) -> tuple[str, str]:
        """Who stands beside the officer, with his PIN; both are good for one act."""
        given = self.approver.text().strip(), self.pin.text()
        self.approver.clear()
        self.pin.clear()
        return given

    def show_words(self) -> None:
        """All words of the rules, in place of the reading."""
        self.said.setText(words_of_rules())
        self.said.setObjectName("soft")
        self.said.style().polish(self.said)

    def _set_up(self) -> None:
        for lane in STRICTNESS:
            self.lane.addItem("", lane.value)
        for field in (self.first, self.last):
            field.setDisplayFormat("yyyy-MM-dd")
            field.setCalendarPopup(True)
        for share in (self.expected, self.floor):
            share.setRange(0, 100)
            share.setDecimals(1)
            share.setSuffix(" %")
        self.precedence.setRange(-100, 100)
        self.delay_min.setRange(0, MOST_DELAY_MIN)
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.condition.setFixedHeight(theme.text_px() * 6)
        self.said.setMinimumHeight(theme.text_px() * 3)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _lay_out(self) -> None:
        rows: tuple[tuple[str, tuple[QWidget, ...]], ...] = (
            ("zh", (self.zh,)), ("en", (self.en,)), ("lane", (self.lane,)), ("reason", (self.reason,)),
            ("dates", (self.first, self.last)),
        )  # fmt: skip
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        for at, (name, fields) in enumerate(rows):
            grid.addWidget(self._labels[name], at, 0)
            for place, field in enumerate(fields):
                grid.addWidget(field, at, 1 + 2 * place, 1, 3 if len(fields) == 1 else 1)
        pairs = (
            ("expected", self.expected, "floor", self.floor),
            ("precedence", self.precedence, "delay", self.delay_min),
        )
        for row, (name, field, other, beside) in enumerate(pairs, len(rows)):
            for place, widget in enumerate((self._labels[name], field, self._labels[other], beside)):
                grid.addWidget(widget, row, place)
        last = len(rows) + len(pairs)
        grid.addWidget(self._labels["approver"], last, 0)
        grid.addWidget(self.approver, last, 1)
        grid.addWidget(self.pin, last, 2, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        column = build.column(self, gap=8)
        column.addWidget(self.about)
        column.addWidget(self.condition)
        column.addWidget(self.said)
        column.addLayout(grid)

    def _fill(self, rule: Rule) -> None:
        self.rule_id = rule.id
        self.zh.setText(rule.title.zh)
        self.en.setText(rule.title.en)
        self.reason.setText(rule.reason)
        self.lane.setCurrentIndex(self.lane.findData(rule.lane.value))
        self.first.setDate(_qdate(rule.valid_from))
        self.last.setDate(_qdate(rule.valid_to or _FAR))
        self.precedence.setValue(rule.precedence)
        self.delay_min.setValue(rule.delay_min)
        self.expected.setValue(100 * (rule.expected or 0))
        self.floor.setValue(100 * rule.floor)
        self.condition.setPlainText(rule.text(language()))
        for field in (self.zh, self.en, self.reason):
            field.setCursorPosition(0)

    def _spell_again(self) -> None:
        """After a change of language the rule stands there in the new one, where it can be read."""
        try:
            self.condition.setPlainText(spell(parse(self.condition.toPlainText()), language()))
        except RuleTextError:
            self._check()

    def _check(self) -> None:
        written = self.condition.toPlainText()
        self.condition.mark(None)
        tone = "soft"
        if not written.strip():
            self.said.clear()
            return
        try:
            other = "en" if language() == "zh_CN" else "zh_CN"
            self.said.setText(text("risk.form.reads", condition=spell(parse(written), other)))
        except RuleTextError as error:
            tone = "bad"
            self.condition.mark(error)
            self.said.setText(words.error_words(error))
        self.said.setObjectName(tone)
        self.said.style().polish(self.said)


class _Condition(QPlainTextEdit):
    """The text of a condition; the place of an error is underlined. Tab goes to the next field."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setFont(theme.font(is_mono=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mark(self, error: RuleTextError | None) -> None:
        if error is None:
            self.setExtraSelections([])
            return
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(theme.colour("bad"))
        look.setBackground(QColor(theme.colour("bad", 60)))
        end = len(self.toPlainText())
        cursor = self.textCursor()
        # At the end there is nothing to underline but the last character.
        start = min(error.at, max(0, end - 1))
        cursor.setPosition(start)
        cursor.setPosition(min(end, start + max(1, error.length)), QTextCursor.MoveMode.KeepAnchor)
        marked = QTextEdit.ExtraSelection()
        marked.cursor, marked.format = cursor, look
        self.setExtraSelections([marked])


def words_of_rules() -> str:
    """Every word that a condition may have, in the officer's language."""

    def say(term: Term) -> str:
        return term.zh if language() == "zh_CN" else term.en

    gap = "、" if language() == "zh_CN" else ", "
    parts = [
        text("risk.words.fields", words=gap.join(say(field.term) for field in FIELDS if field.scope is Scope.PARCEL))
    ]
    for scope, (term, _) in COLLECTIONS.items():
        own = gap.join(say(field.term) for field in FIELDS if field.scope is scope)
        parts.append(text("risk.words.of", name=say(term), words=own))
    joints = [say(term) for name, term in WORDS.items() if name not in ("consignor", "consignee")]
    parts.append(text("risk.words.joints", words=gap.join(joints)))
    parts.append(text("risk.words.units", words=gap.join(say(unit.term) for unit in UNITS.values())))
    return "\n".join(parts)


def _date(field: QDateEdit) -> date:
    found = field.date()
    return date(found.year(), found.month(), found.day())


def _qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
