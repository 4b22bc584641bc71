"""The page of identity checks: the register of references, and a camera's picture beside the nearest of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from app.customs.references import Check, Reference, ReferenceKind
from app.exam_room import ExamRoom
from app.identity_desk import Checked, IdentityDesk
from app.store.errors import MatterUnknownError
from app.texts import text
from app.ui import build
from app.ui.pages.counter import ROWS, Act, CounterPage, grid, heading, lines
from app.ui.pages.page import Frame
from app.ui.pages.picture import Picture

FILES = "*.jpg *.jpeg *.png"
SHOWN_CHECKS = 12


class IdentityPage(CounterPage):
    """K checks a picture from a file, C what a camera sees; R, A and W keep the register."""

    columns = ("kind", "name", "code", "pictures", "checked")

    def __init__(self, frame: Frame, desk: IdentityDesk, cameras: ExamRoom) -> None:
        self._desk = desk
        self._cameras = cameras
        self._rows: list[Reference] = []
        self._reference: Reference | None = None
        self._checked: Checked | None = None
        super().__init__(frame, "identity")
        self.asked, self.known = Picture(), Picture()
        pictures = build.row(gap=8)
        pictures.addWidget(self.asked)
        pictures.addWidget(self.known)
        self.beside.addLayout(pictures)

    def acts(self) -> Iterable[Act]:
        yield Act("check", "K", lambda: self._choose_files(self._check, is_one=True))
        yield Act("camera", "C", self._check_by_camera)
        yield Act("register", "R", self._register)
        yield Act("add", "A", self._add)
        yield Act("withdraw", "W", self._withdraw)

    def retranslate(self) -> None:
        super().retranslate()
        self._show_detail()

    def read(self, after: int) -> None:
        desk = self._desk
        last = self._rows[after - 1] if after else None
        self.ask(
            lambda: desk.references(limit=ROWS, after=desk.place_of(last) if last else None),
            lambda rows: self._show(after, rows),
            slot="rows",
            is_quiet=True,
        )

    def choose(self, row: int) -> None:
        if row < len(self._rows):
            self._checked = None
            self._look_at(self._rows[row])

    def enter_code(self, code: str) -> None:
        """A name, an ear tag or a number opens its reference."""
        desk = self._desk

        def find() -> Reference:
            found = desk.find(code)
            if found is None:
                raise MatterUnknownError(f"No reference is known by {code}.", id=code)
            return found

        self.ask(find, self._look_at, slot="code")

    def _show(self, after: int, rows: Sequence[Reference]) -> None:
        self._rows = [*self._rows[:after], *rows]
        self.show_rows([_cells(row) for row in rows], after=after)
        model = text("identity.model", name=self._desk.model) if self._desk.model else text("identity.no_model")
        self.show_counts(f"{text('identity.count', count=len(self._rows))}    {model}")
        if self._reference is None and rows:
            self.table.selectRow(0)

    def _look_at(self, reference: Reference) -> None:
        desk = self._desk
        checked = self._checked

        def read() -> tuple[QImage | None, QImage | None]:
            if checked is None:
                return None, _image(desk.load(reference.pictures[0]))
            return _image(desk.load(checked.picture)), _image(desk.load(checked.best.picture))

        self.ask(read, lambda pair: self._show_pair(reference, *pair), slot="pictures", is_quiet=True)

    def _show_pair(self, reference: Reference, asked: QImage | None, known: QImage | None) -> None:
        self._reference = reference
        self.asked.show_picture(asked, text("identity.picture.asked"))
        self.known.show_picture(known, text("identity.picture.reference", name=reference.name))
        self._show_detail()

    def _show_detail(self) -> None:
        reference, checked = self._reference, self._checked
        if reference is None:
            self.show_detail()
            return
        pairs = (
            ("kind", text(f"identity.kind.{reference.kind}")),
            ("code", reference.code),
            ("note", reference.note),
            ("registered", f"{reference.registered_at.astimezone():%Y-%m-%d}  {reference.registered_by}"),
            ("pictures", str(len(reference.pictures))),
        )
        self.show_detail(
            *(self._verdict(checked) if checked else ()),
            heading(reference.name),
            grid((text(f"identity.field.{name}"), value) for name, value in pairs if value),
            lines(*(_check_line(each) for each in reference.checks[: -SHOWN_CHECKS - 1 : -1])),
        )

    def _verdict(self, checked: Checked) -> tuple[str, ...]:
        best = checked.best
        said = text(
            f"identity.said.{best.likeness}",
            name=best.reference.name,
            code=best.reference.code,
            score=_score(best.score),
        )
        others = ((_score(each.score), each.reference.name, each.reference.code) for each in checked.nearest[1:])
        return heading(said), lines(text("identity.advice"), tone="soft"), grid(others)

    # What keys do

    def _check(self, paths: Sequence[Path]) -> None:
        desk, officer = self._desk, self.frame.officer()
        self.ask(lambda: desk.check(paths[0], officer=officer), self._show_checked)

    def _check_by_camera(self) -> None:
        desk, officer, cameras = self._desk, self.frame.officer(), self._cameras

        def check(camera: str) -> None:
            self.ask(lambda: desk.check_content(cameras.snap(camera), camera, officer=officer), self._show_checked)

        names = [(name, name) for name in cameras.camera_names]
        if len(names) == 1:
            check(names[0][0])
        elif names:
            self.ask_for(text("identity.question.camera"), check, options=names)
        else:
            self.tell(text("identity.no_camera"), "warn")

    def _show_checked(self, checked: Checked) -> None:
        self._checked = checked
        self.table.blockSignals(True)  # what is shown is the nearest, and no row that was chosen
        self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(False)
        self._look_at(checked.best.reference)
        self.read(0)

    def _register(self) -> None:
        """Kind, name and number one after the other, then the pictures."""
        kinds = [(kind.value, text(f"identity.kind.{kind}")) for kind in ReferenceKind]

        def ask_name(kind: str) -> None:
            self.ask_for(text("identity.question.name"), lambda name: ask_code(kind, name))

        def ask_code(kind: str, name: str) -> None:
            self.ask_for(text("identity.question.code"), lambda code: take(kind, name, code))

        def take(kind: str, name: str, code: str) -> None:
            desk, officer = self._desk, self.frame.officer()
            self._choose_files(
                lambda paths: self.act(
                    lambda: desk.register(ReferenceKind(kind), name, paths, code=code, officer=officer),
                    text("identity.done.registered", name=name),
                )
            )

        self.ask_for(text("identity.question.kind"), ask_name, options=kinds)

    def _add(self) -> None:
        reference = self._reference
        if reference is None:
            return
        desk, officer = self._desk, self.frame.officer()
        self._choose_files(
            lambda paths: self.act(
                lambda: desk.add_pictures(reference.id, paths, officer=officer), text("identity.done.added")
            )
        )

    def _withdraw(self) -> None:
        reference = self._reference
        if reference is None:
            return
        desk, officer = self._desk, self.frame.officer()

        def withdraw(reason: str) -> None:
            self._reference = self._checked = None
            self._show_detail()
            self.act(
                lambda: desk.withdraw(reference.id, reason, officer=officer),
                text("identity.done.withdrawn", name=reference.name),
            )

        self.ask_for(text("identity.question.withdraw"), withdraw)

    def _choose_files(self, then: Callable[[Sequence[Path]], None], *, is_one: bool = False) -> None:
        ask = QFileDialog.getOpenFileName if is_one else QFileDialog.getOpenFileNames
        found, _ = ask(self, text("identity.picture.choose"), "", FILES)
        paths = [Path(each) for each in ([found] if isinstance(found, str) else found) if each]
        if paths:
            then(paths)


def _cells(row: Reference) -> tuple[str, ...]:
    last = row.checks[-1] if row.checks else None
    checked = f"{_time(last.at)}  {text(f'identity.likeness.{last.likeness}')}" if last else ""
    return text(f"identity.kind.{row.kind}"), row.name, row.code, str(len(row.pictures)), checked


def _check_line(check: Check) -> str:
    return text(
        "identity.check.line",
        at=_time(check.at),
        likeness=text(f"identity.likeness.{check.likeness}"),
        score=_score(check.score),
        officer=check.officer,
    )


def _score(score: float) -> str:
    """Two digits, and no minus before a zero."""
    return f"{round(score, 2) + 0.0:.2f}"


def _time(at: datetime) -> str:
    return f"{at.astimezone():%m-%d %H:%M}"


def _image(content: bytes) -> QImage:
    return QImage.fromData(QByteArray(content))
