"""The page of statistics: a plot of the span, the daily report and what lies behind it, and the files of both."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QTableWidgetItem, QWidget

from app.customs.statistics import Form, Period, Report, Series, Span, Table
from app.settings import Post
from app.statistics_files import column_words, said, span_words, write_report
from app.statistics_office import PAGED, ROWS, StatisticsOffice
from app.store.sealed import write_file
from app.texts import language, text
from app.ui import build, theme
from app.ui.pages.listing import Line, Listing, make_table
from app.ui.pages.page import Frame, Page

_PERIODS = {Qt.Key.Key_D: Period.DAY, Qt.Key.Key_W: Period.WEEK, Qt.Key.Key_M: Period.MONTH, Qt.Key.Key_Y: Period.YEAR}
_OF_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape)
_EXPORTS = {".csv": "F5", ".xlsx": "F6", ".pdf": "F7"}
_LEFT_EM = 13
_PLOT_EM = 12


class StatisticsPage(Page):
    """Tables are chosen with the arrow keys, spans with left and right, lengths with D, W, M and Y."""

    def __init__(self, frame: Frame, statistics: StatisticsOffice, post: Post) -> None:
        super().__init__(frame, "statistics")
        self._statistics, self._post = statistics, post
        self._span = statistics.span(Period.DAY)
        self._is_drill = False
        self._offset = 0
        self._chosen = ""
        self.report: Report | None = None
        self.plot = Plot()
        self.tables = Listing(1)
        self.table = make_table(1)
        self.shown = build.named(QLabel(), "section")
        self.note = build.named(QLabel(wordWrap=True), "soft")
        self.keys = build.named(QLabel(), "soft")
        self.exports = {ending: QPushButton() for ending in _EXPORTS}
        self._lay_out()
        self.tables.chosen.connect(self._turn_to)
        for ending, button in self.exports.items():
            button.clicked.connect(lambda _=False, ending=ending: self._export(ending))

    def show_page(self) -> None:
        self._read()
        self.tables.table.setFocus()

    def retranslate(self) -> None:
        super().retranslate()
        self.keys.setText(text("stats.page.keys"))
        for ending, button in self.exports.items():
            button.setText(f"{text('stats.page.export')} {ending[1:].upper()}  {_EXPORTS[ending]}")
        self.tables.set_titles([""])
        if self.report:
            self._show(self.report)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = Qt.Key(event.key())
        event.accept()
        if key in _PERIODS:
            self._go(self._statistics.span(_PERIODS[key], self._span.last))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(self._span.moved(1 if key == Qt.Key.Key_Right else -1))
        elif key == Qt.Key.Key_X:
            self._is_drill = not self._is_drill
            self._go(self._span)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._page(ROWS if key == Qt.Key.Key_PageDown else -ROWS)
        else:
            ending = next((each for each, name in _EXPORTS.items() if key == getattr(Qt.Key, f"Key_{name}")), "")
            if ending:
                self._export(ending)
            else:
                super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Only up and down are the list's own; what it would do with other keys is not wanted here."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() not in _OF_LIST:
            event.ignore()
            self.keyPressEvent(event)
            return event.isAccepted()
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        head = build.row(gap=12)
        head.addWidget(self.shown)
        head.addStretch()
        for button in self.exports.values():
            head.addWidget(button)
        self.plot.setFixedHeight(theme.text_px() * _PLOT_EM)
        self.tables.setFixedWidth(theme.text_px() * _LEFT_EM)
        self.tables.table.horizontalHeader().hide()
        self.tables.table.installEventFilter(self)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.horizontalHeader().setStretchLastSection(False)
        row = build.row(gap=12)
        row.addWidget(self.tables)
        row.addWidget(self.table, 1)
        self.body.addLayout(head)
        self.body.addWidget(self.plot)
        self.body.addLayout(row, 1)
        self.body.addWidget(self.note)
        self.body.addWidget(self.keys)

    def _go(self, span: Span) -> None:
        self._span, self._offset = span, 0
        self._read()

    def _read(self) -> None:
        statistics, span, officer, is_drill = self._statistics, self._span, self.frame.officer(), self._is_drill
        self.shown.setText(text("stats.page.loading"))
        self.ask(lambda: statistics.report(span, officer=officer, is_drill=is_drill), self._show, slot="report")

    def _show(self, report: Report) -> None:
        self.report = report
        self.shown.setText(f"{text(f'stats.period.{report.span.period}')}  {span_words(report.span)}")
        self.plot.show_series(report.series[0])
        names = [table.name for table in report.tables]
        # A day has a table that longer spans have not; the chosen one stays chosen by its name.
        at = names.index(self._chosen) if self._chosen in names else 0
        self.tables.table.blockSignals(True)
        self.tables.fill([Line((text(f"stats.table.{name}"),)) for name in names])
        self.tables.table.setCurrentCell(at, 0)
        self.tables.table.blockSignals(False)
        self._fill(report.tables[at])
        note = ""
        if report.is_drill:
            note = text("stats.page.drill_shown", key="X")
        elif report.drills:
            note = text("stats.page.drill_note", count=report.drills, key="X")
        self.note.setText(note)

    def _turn_to(self, row: int) -> None:
        self._offset = 0
        if self.report:
            self._chosen = self.report.tables[row].name
            self._fill(self.report.tables[row])

    def _page(self, step: int) -> None:
        """The next or the previous page of a long table."""
        table = self.report.tables[self.tables.current] if self.report and self.tables.current >= 0 else None
        if table is None or table.name not in PAGED:
            return
        offset = max(0, self._offset + step)
        statistics, name, span, is_drill = self._statistics, table.name, self._span, self._is_drill

        def then(found: Table) -> None:
            if found.rows:
                self._offset = offset
                self._fill(found)

        self.ask(lambda: statistics.page(name, span, is_drill=is_drill, offset=offset), then, slot="page")

    def _fill(self, table: Table) -> None:
        self.table.setColumnCount(len(table.columns))
        for column, (name, of) in enumerate(zip(column_words(table), table.columns, strict=True)):
            head = QTableWidgetItem(name)
            head.setTextAlignment(_side(of.form))
            self.table.setHorizontalHeaderItem(column, head)
        self.table.setRowCount(len(table.rows))
        for at, row in enumerate(table.rows):
            for column, (value, of) in enumerate(zip(row, table.columns, strict=True)):
                item = QTableWidgetItem(said(value, of.form))
                item.setTextAlignment(_side(of.form))
                if of.form is Form.MARK:
                    item.setForeground(theme.colour("warn"))
                self.table.setItem(at, column, item)

    def _export(self, ending: str) -> None:
        report, folder, office, officer = self.report, self.frame.data, self._statistics, self.frame.officer()
        if report is None or folder is None:
            return
        name = self._post.name_zh if language() == "zh_CN" else self._post.name_en
        drill = "-drill" if report.is_drill else ""
        stem = f"{report.span.period}-{report.span.first.isoformat()}{drill}-{datetime.now().astimezone():%H%M%S}"
        path = folder / "reports" / f"{stem}{ending}"

        def write() -> None:
            office.expect_may_export(officer)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_report(report, path, post=name, write=partial(write_file, store=folder))

        self.ask(write, lambda _: self.frame.wrote(path))


def _side(form: Form) -> Qt.AlignmentFlag:
    """Numbers stand to the right, words to the left."""
    is_word = form in (Form.TEXT, Form.NAME, Form.MARK)
    return (Qt.AlignmentFlag.AlignLeft if is_word else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter


class Plot(QWidget):
    """Bars side by side for each hour, day or month: arrived, decided, found."""

    def __init__(self) -> None:
        super().__init__()
        self._series: Series | None = None

    def show_series(self, series: Series) -> None:
        self._series = series
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        series = self._series
        if series is None or not series.labels:
            return
        painter = QPainter(self)
        painter.setFont(theme.font(theme.small_px()))
        line = painter.fontMetrics().height() + 4
        area = QRectF(self.rect()).adjusted(0, line, 0, -line)
        _paint_names(painter, series)
        _paint_bars(painter, series, area)
        painter.end()


_COLOURS = {"registered": "accent", "decided": "good", "found": "bad"}


def _paint_names(painter: QPainter, series: Series) -> None:
    at, height = 0, painter.fontMetrics().ascent()
    most = max((value for values in series.lines.values() for value in values), default=0)
    for name in series.lines:
        painter.fillRect(at, 2, height, height, theme.colour(_COLOURS[name]))
        painter.setPen(theme.colour("soft"))
        words = text(f"stats.line.{name}")
        painter.drawText(at + height + 6, height, words)
        at += height + 22 + painter.fontMetrics().horizontalAdvance(words)
    painter.drawText(at, height, f"≤ {most:,}")


def _paint_bars(painter: QPainter, series: Series, area: QRectF) -> None:
    most = max((value for values in series.lines.values() for value in values), default=0) or 1
    step = area.width() / len(series.labels)
    bar = step / (len(series.lines) + 1)
    widest = max(painter.fontMetrics().horizontalAdvance(label) for label in series.labels) + 8
    every = max(1, round(-(-widest // step)))
    painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), theme.colour("line_strong"))
    for place, label in enumerate(series.labels):
        left = area.left() + place * step
        for at, (name, values) in enumerate(series.lines.items()):
            height = (area.height() - 4) * values[place] / most
            box = QRectF(left + at * bar, area.bottom() - height, max(1.0, bar - 1), height)
            painter.fillRect(box, theme.colour(_COLOURS[name]))
        if place % every == 0:
            painter.setPen(theme.colour("soft"))
            painter.drawText(round(left), round(area.bottom()) + painter.fontMetrics().ascent() + 3, label)
