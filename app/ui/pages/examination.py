"""The page of an examination: items and what was found, photographs, two signatures, and the forms to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.customs.examination import Examination, Found, Handling, Item, Photograph
from app.customs.parcel import Parcel
from app.exam_room import ExamRoom
from app.form_desk import FormDesk
from app.forms import FormKind
from app.texts import text
from app.ui import build, theme, words
from app.ui.forms import write_form
from app.ui.pages.page import Frame, Page

CARD_EM = 30
THUMB_PX = 120
_COLUMNS = ("name", "declared", "found", "result", "note")
_RESULT = _COLUMNS.index("result")
_FIELDS = ("place", "seal_before", "seal_after", "second", "pin", "to")


class ExaminationPage(Page):
    """The record of the parcel that is open at the desk; what is typed stays until it is signed or another is open."""

    def __init__(self, frame: Frame, room: ExamRoom, forms: FormDesk) -> None:
        super().__init__(frame, "examination")
        self._room, self._forms = room, forms
        self._parcel: Parcel | None = None
        self._records: Sequence[Examination] = ()
        self.number = build.named(QLabel(), "number")
        self.signed = build.named(QLabel(wordWrap=True), "soft")
        self.items = _table()
        self.add_item, self.drop_item = QPushButton(), QPushButton()
        self.handling = QComboBox()
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.fields["pin"].setEchoMode(QLineEdit.EchoMode.Password)
        self.remark = QPlainTextEdit()
        self.sign = QPushButton()
        self.photographs = _gallery()
        self.add_photograph = QPushButton()
        self.cameras = build.column(gap=6)
        self.forms = {kind: QPushButton() for kind in FormKind}
        names = ("items", "handling", "place", "seal_before", "seal_after", "remark", "second", "pin", "to")
        self._names = {name: QLabel() for name in names}
        self._heads = {name: build.named(QLabel(), "section") for name in ("photographs", "forms")}
        self._camera_buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self._connect()

    def show_page(self) -> None:
        parcel_id, room, forms = self.frame.parcel(), self._room, self._forms
        if parcel_id is None:
            self._show(None, (), (), ())
            return

        def read() -> tuple[Parcel, Sequence[Examination], list[tuple[Photograph, bytes]], Sequence[FormKind]]:
            photographs = [(each, room.load(each)) for each in room.photographs(parcel_id)]
            return room.parcel(parcel_id), room.records(parcel_id), photographs, forms.offered(parcel_id)

        self.ask(read, lambda found: self._show(*found), slot="record", is_quiet=True)

    def retranslate(self) -> None:
        super().retranslate()
        self.items.setHorizontalHeaderLabels([text(f"exam.column.{name}") for name in _COLUMNS])
        for name, label in self._names.items():
            label.setText(text(f"exam.page.{name}"))
        for name, head in self._heads.items():
            head.setText(text(f"exam.page.{name}"))
        buttons = {"add_item": self.add_item, "drop_item": self.drop_item, "sign": self.sign}
        for name, button in {**buttons, "add_photograph": self.add_photograph}.items():
            button.setText(text(f"exam.page.{name}"))
        for kind, button in self.forms.items():
            button.setText(text(f"exam.form.{kind}"))
        for camera, button in self._camera_buttons.items():
            button.setText(text("exam.page.take_photograph", camera=camera))
        _fill_combo(self.handling, [(each.value, text(f"exam.handling.{each}")) for each in Handling])
        for row in range(self.items.rowCount()):
            _fill_combo(self._result_of(row), _results())
        self._show_head()

    def _lay_out(self) -> None:
        left = build.column(gap=8)
        left.addWidget(self.number)
        left.addWidget(self.signed)
        left.addWidget(self._names["items"])
        left.addWidget(self.items, 3)
        rows = build.row(gap=8)
        rows.addWidget(self.add_item)
        rows.addWidget(self.drop_item)
        rows.addStretch()
        left.addLayout(rows)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        placed: dict[str, QWidget] = {"handling": self.handling, **self.fields}
        order = (("handling", "place"), ("seal_before", "seal_after"), ("second", "pin"))
        for at, pair in enumerate(order):
            for side, name in enumerate(pair):
                grid.addWidget(self._names[name], at, side * 2)
                grid.addWidget(placed[name], at, side * 2 + 1)
        left.addLayout(grid)
        left.addWidget(self._names["remark"])
        self.remark.setMaximumHeight(round(theme.text_px() * 4.5))
        left.addWidget(self.remark)
        left.addWidget(self.sign)
        card = build.named(QFrame(), "card")
        card.setFixedWidth(round(theme.text_px() * CARD_EM))
        right = build.column(card, gap=8, margins=(14, 12, 14, 12))
        right.addWidget(self._heads["photographs"])
        right.addWidget(self.photographs, 1)
        right.addWidget(self.add_photograph)
        right.addLayout(self.cameras)
        right.addSpacing(6)
        right.addWidget(self._heads["forms"])
        to = build.row(gap=8)
        to.addWidget(self._names["to"])
        to.addWidget(self.fields["to"], 1)
        right.addLayout(to)
        for button in self.forms.values():
            right.addWidget(button)
        row = build.row(gap=12)
        row.addLayout(left, 1)
        row.addWidget(card)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        self.add_item.clicked.connect(lambda: self._add_row(Item("", "", "")))
        self.drop_item.clicked.connect(lambda: self.items.removeRow(self.items.currentRow()))
        self.sign.clicked.connect(self._sign)
        self.add_photograph.clicked.connect(self._choose_photograph)
        for kind, button in self.forms.items():
            button.clicked.connect(partial(self._write, kind))

    def _show(
        self,
        parcel: Parcel | None,
        records: Sequence[Examination],
        photographs: Sequence[tuple[Photograph, bytes]],
        offered: Sequence[FormKind],
    ) -> None:
        is_other = (parcel and parcel.id) != (self._parcel and self._parcel.id)
        self._parcel, self._records = parcel, records
        if is_other:
            self._begin(parcel, records)
        self.photographs.clear()
        for photograph, content in photographs:
            self.photographs.addItem(QListWidgetItem(_icon(content), words.clock(photograph.taken_at)))
        for kind, button in self.forms.items():
            button.setEnabled(kind in offered)
        for widget in (self.sign, self.add_photograph, self.add_item):
            widget.setEnabled(parcel is not None)
        self._show_cameras()
        self._show_head()

    def _begin(self, parcel: Parcel | None, records: Sequence[Examination]) -> None:
        """A new form: the last record to correct, or what was declared."""
        self.items.setRowCount(0)
        for field in self.fields.values():
            field.clear()
        self.remark.clear()
        last = records[-1] if records else None
        goods = parcel.declaration.goods if parcel and parcel.declaration else ()
        declared = tuple(Item(line.name, f"{line.quantity} {line.unit}".strip(), "") for line in goods)
        for item in last.items if last else declared or ((Item("", "", ""),) if parcel else ()):
            self._add_row(item)
        if last is not None:
            self.handling.setCurrentIndex(self.handling.findData(last.handling.value))
            self.remark.setPlainText(last.remark)
            for name in ("place", "seal_before", "seal_after"):
                self.fields[name].setText(getattr(last, name))

    def _show_head(self) -> None:
        parcel = self._parcel
        if parcel is None:
            self.number.setText(text("exam.page.no_parcel"))
            self.signed.clear()
            return
        self.number.setText(text("exam.page.parcel", number=parcel.number, state=words.state_name(parcel.state)))
        last = self._records[-1] if self._records else None
        self.signed.setText(
            text(
                "exam.page.records", n=len(self._records), officer=last.officer, second=last.second_officer,
                time=words.clock(last.signed_at),
            )
            if last
            else ""
        )  # fmt: skip

    def _show_cameras(self) -> None:
        for camera in self._room.camera_names:
            if camera not in self._camera_buttons:
                button = self._camera_buttons[camera] = QPushButton(text("exam.page.take_photograph", camera=camera))
                button.clicked.connect(partial(self._take_photograph, camera))
                self.cameras.addWidget(button)
        for button in self._camera_buttons.values():
            button.setEnabled(self._parcel is not None)

    def _add_row(self, item: Item) -> None:
        row = self.items.rowCount()
        self.items.insertRow(row)
        for column, value in enumerate((item.name, item.declared, item.found, "", item.note)):
            self.items.setItem(row, column, QTableWidgetItem(value))
        combo = QComboBox()
        _fill_combo(combo, _results())
        combo.setCurrentIndex(combo.findData(item.result.value))
        self.items.setCellWidget(row, _RESULT, combo)
        self.items.setCurrentCell(row, 0)

    def _result_of(self, row: int) -> QComboBox:
        combo = self.items.cellWidget(row, _RESULT)
        assert isinstance(combo, QComboBox)
        return combo

    def record(self) -> Examination | None:
        """The record as it is typed now; None where no parcel is open."""
        if self._parcel is None:
            return None
        items = []
        for row in range(self.items.rowCount()):
            name, declared, found, _, note = (self._cell(row, column) for column in range(len(_COLUMNS)))
            items.append(Item(name, declared, found, Found(self._result_of(row).currentData()), note))
        return Examination(
            self._parcel.id,
            tuple(items),
            Handling(self.handling.currentData()),
            self.frame.officer(),
            self.fields["second"].text().strip(),
            datetime.now(UTC),
            place=self.fields["place"].text().strip(),
            seal_before=self.fields["seal_before"].text().strip(),
            seal_after=self.fields["seal_after"].text().strip(),
            remark=self.remark.toPlainText().strip(),
        )

    def _cell(self, row: int, column: int) -> str:
        item = self.items.item(row, column)
        return item.text().strip() if item is not None else ""

    def _sign(self) -> None:
        record, room, pin = self.record(), self._room, self.fields["pin"].text()
        if record is None:
            return
        self.fields["pin"].clear()

        def done(signed: Examination) -> None:
            self.tell(text("exam.page.signed", officer=signed.officer, second=signed.second_officer))
            self.show_page()

        self.ask(lambda: room.sign(record, second_pin=pin), done)

    def _choose_photograph(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, text("exam.page.file"), "", f"{text('exam.page.file')} (*.jpg *.jpeg *.png)"
        )  # fmt: skip
        if name and self._parcel is not None:
            room, parcel_id, officer = self._room, self._parcel.id, self.frame.officer()
            self.ask(lambda: room.add_photograph(parcel_id, Path(name), officer=officer), self._kept)

    def _take_photograph(self, camera: str) -> None:
        if self._parcel is not None:
            room, parcel_id, officer = self._room, self._parcel.id, self.frame.officer()
            self.ask(lambda: room.take_photograph(parcel_id, camera, officer=officer), self._kept)

    def _kept(self, _photograph: Photograph) -> None:
        self.tell(text("exam.page.kept"))
        self.show_page()

    def _write(self, kind: FormKind) -> None:
        folder = self.frame.data
        if self._parcel is None or folder is None:
            return
        forms, parcel_id, officer = self._forms, self._parcel.id, self.frame.officer()
        to = self.fields["to"].text().strip()
        self.ask(
            lambda: write_form(folder / "forms", forms.make(kind, parcel_id, officer=officer, to=to)),
            self.frame.wrote,
        )


def _table() -> QTableWidget:
    made = QTableWidget(0, len(_COLUMNS))
    made.verticalHeader().hide()
    made.setShowGrid(True)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
    head = made.horizontalHeader()
    head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    made.verticalHeader().setDefaultSectionSize(round(theme.text_px() * 2.4))
    return made


def _gallery() -> QListWidget:
    made = QListWidget()
    made.setViewMode(QListView.ViewMode.IconMode)
    made.setResizeMode(QListView.ResizeMode.Adjust)
    made.setMovement(QListView.Movement.Static)
    made.setIconSize(QSize(THUMB_PX, THUMB_PX))
    return made


def _icon(content: bytes) -> QIcon:
    image = QImage.fromData(QByteArray(content))
    small = image.scaled(THUMB_PX, THUMB_PX, Qt.AspectRatioMode.KeepAspectRatio)
    return QIcon(QPixmap.fromImage(small))


def _results() -> list[tuple[str, str]]:
    return [(each.value, text(f"exam.found.{each}")) for each in Found]


def _fill_combo(combo: QComboBox, entries: Sequence[tuple[str, str]]) -> None:
    chosen = combo.currentData()
    combo.clear()
    for code, name in entries:
        combo.addItem(name, code)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))
