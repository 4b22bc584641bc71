"""The page of officers' accounts: who has one, with which role, and what an admin does with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
)

from app.accounts import Accounts, Listed
from app.officers.rights import Role
from app.store.officers import Attended
from app.texts import text
from app.ui import build, theme, words
from app.ui.pages.listing import make_table
from app.ui.pages.page import Frame, Page

PAGE = 100
ATTENDED = 40
FORM_EM = 27
_COLUMNS = ("login", "name", "role", "state", "badge", "changed")
_FIELDS = ("login", "name", "pin", "badge")
_ACTS = ("add", "role", "reset", "badge", "close", "unlock")


class OfficersPage(Page):
    """The list on the left, the chosen account with its last comings and goings on the right."""

    def __init__(self, frame: Frame, accounts: Accounts) -> None:
        super().__init__(frame, "officers")
        self._accounts = accounts
        self._listed: list[Listed] = []
        self._attended: Sequence[tuple[int, Attended]] = ()
        self.table = build.named(make_table(len(_COLUMNS)), "rows")
        self.more = QPushButton()
        self.attended = build.named(make_table(3), "rows")
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.role = QComboBox()
        self.acts = {name: QPushButton() for name in _ACTS}
        self._names = {name: QLabel() for name in (*_FIELDS, "role")}
        self._heads = {name: build.named(QLabel(), "section") for name in ("account", "attended")}
        self._hint = build.named(QLabel(wordWrap=True), "small")
        self._lay_out()
        self._connect()

    def show_page(self) -> None:
        self._read("")

    def retranslate(self) -> None:
        super().retranslate()
        self.table.setHorizontalHeaderLabels([text(f"officers.page.{name}") for name in _COLUMNS])
        self.attended.setHorizontalHeaderLabels([text(f"officers.page.{name}") for name in ("at", "what", "detail")])
        for name, label in self._names.items():
            label.setText(text(f"officers.page.{name}"))
        for name, head in self._heads.items():
            head.setText(text(f"officers.page.{name}"))
        self.more.setText(text("officers.page.more"))
        self._hint.setText(text("officers.page.hint"))
        chosen = self.role.currentData() or Role.OFFICER
        self.role.clear()
        for role in Role:
            self.role.addItem(text(role.text_key), role)
        self.role.setCurrentIndex(self.role.findData(chosen))
        self._fill()
        self._fill_attended()

    def take_code(self, code: str) -> bool:
        """A badge that is read goes into its field."""
        if not self._accounts.is_badge(code):
            return False
        self.fields["badge"].setText(code)
        return True

    @property
    def chosen(self) -> Listed | None:
        """The account that is chosen in the list."""
        at = self.table.currentRow()
        return self._listed[at] if 0 <= at < len(self._listed) else None

    def _lay_out(self) -> None:
        for name in ("pin", "badge"):
            self.fields[name].setEchoMode(QLineEdit.EchoMode.Password)
        left, right = build.column(gap=8), build.named(QFrame(), "card")
        left.addWidget(self.table, 1)
        left.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        right.setFixedWidth(round(theme.text_px() * FORM_EM))
        form = build.column(right, gap=8, margins=(14, 12, 14, 12))
        form.addWidget(self._heads["account"])
        grid = _grid()
        for at, (name, field) in enumerate({**self.fields, "role": self.role}.items()):
            grid.addWidget(self._names[name], at, 0)
            grid.addWidget(field, at, 1)
        form.addLayout(grid)
        form.addWidget(self._hint)
        buttons = _grid()
        for at, button in enumerate(self.acts.values()):
            buttons.addWidget(button, at // 2, at % 2)
        form.addLayout(buttons)
        form.addWidget(self._heads["attended"])
        form.addWidget(self.attended, 1)
        row = build.row(gap=12)
        row.addLayout(left, 1)
        row.addWidget(right)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "add": self._add,
            "role": self._set_role,
            "reset": self._reset,
            "badge": self._set_badge,
            "close": self._close_or_open,
            "unlock": self._unlock,
        }
        for name, act in acts.items():
            self.acts[name].clicked.connect(act)
        self.more.clicked.connect(lambda: self._read(self._listed[-1].login))
        self.table.itemSelectionChanged.connect(self._choose)

    def _read(self, after: str, login: str = "") -> None:
        """The list from its beginning, or what comes after an account; then `login` is chosen again."""
        accounts, officer = self._accounts, self.frame.officer()
        self.ask(
            lambda: accounts.every(officer=officer, after=after, limit=PAGE + 1),
            partial(self._show, after, login),
            slot="list",
            is_quiet=bool(login),
        )

    def _show(self, after: str, login: str, found: Sequence[Listed]) -> None:
        self._listed = [*(self._listed if after else ()), *found[:PAGE]]
        self.more.setVisible(len(found) > PAGE)
        self._fill()
        at = next((at for at, each in enumerate(self._listed) if each.login == login), -1)
        if at >= 0:
            self.table.selectRow(at)
        else:
            self.table.clearSelection()
            self.table.setCurrentItem(None)  # type: ignore[call-overload]  # missing in the stubs
        self._show_acts()

    def _fill(self) -> None:
        self.table.setRowCount(len(self._listed))
        for at, each in enumerate(self._listed):
            badge = text(f"officers.page.{'yes' if each.has_badge else 'no'}")
            changed = f"{words.clock(each.changed_at)}  {each.changed_by}"
            cells = (each.login, each.name, text(each.role.text_key), _state(each), badge, changed)
            for column, cell in enumerate(cells):
                self.table.setItem(at, column, QTableWidgetItem(cell))
        self._show_acts()

    def _choose(self) -> None:
        chosen = self.chosen
        self._show_acts()
        if chosen is None:
            return
        self.fields["login"].setText(chosen.login)
        self.fields["name"].setText(chosen.name)
        self.role.setCurrentIndex(self.role.findData(chosen.role))
        accounts, officer, login = self._accounts, self.frame.officer(), chosen.login
        self.ask(
            lambda: accounts.attendance(officer=officer, login=login, limit=ATTENDED),
            self._show_attended,
            slot="attended",
            is_quiet=True,
        )

    def _show_attended(self, attended: Sequence[tuple[int, Attended]]) -> None:
        self._attended = attended
        self._fill_attended()

    def _fill_attended(self) -> None:
        self.attended.setRowCount(len(self._attended))
        for at, (_, each) in enumerate(self._attended):
            what = text(f"officers.attended.{each.what}")
            for column, cell in enumerate((words.clock(each.at, has_seconds=True), what, each.detail)):
                self.attended.setItem(at, column, QTableWidgetItem(cell))

    def _show_acts(self) -> None:
        """Each act with its name, and only those that make sense for the chosen account."""
        chosen = self.chosen
        for name, button in self.acts.items():
            button.setEnabled(name == "add" or chosen is not None)
            button.setText(text(f"officers.page.act_{name}"))
        if chosen is not None:
            self.acts["unlock"].setEnabled(chosen.wait_s > 0)
            self.acts["close"].setText(text(f"officers.page.act_{'close' if chosen.is_active else 'open'}"))

    def _add(self) -> None:
        login, name, pin, badge = (self.fields[each].text().strip() for each in _FIELDS)
        accounts, officer, role = self._accounts, self.frame.officer(), Role(self.role.currentData())
        self._act(login, "added", lambda: accounts.add(login, name, role, pin, officer=officer, badge=badge))

    def _set_role(self) -> None:
        role = Role(self.role.currentData())
        self._change("changed_done", lambda accounts, login, officer: accounts.set_role(login, role, officer=officer))

    def _reset(self) -> None:
        pin = self.fields["pin"].text()
        self._change("reset", lambda accounts, login, officer: accounts.reset(login, pin, officer=officer))

    def _set_badge(self) -> None:
        badge = self.fields["badge"].text().strip()
        self._change("changed_done", lambda accounts, login, officer: accounts.set_badge(login, badge, officer=officer))

    def _close_or_open(self) -> None:
        is_active = self.chosen is not None and self.chosen.is_active

        def change(accounts: Accounts, login: str, officer: str) -> None:
            (accounts.disable if is_active else accounts.enable)(login, officer=officer)

        self._change("changed_done", change)

    def _unlock(self) -> None:
        self._change("changed_done", lambda accounts, login, officer: accounts.unlock(login, officer=officer))

    def _change(self, done: str, change: Callable[[Accounts, str, str], None]) -> None:
        chosen = self.chosen
        if chosen is not None:
            accounts, officer, login = self._accounts, self.frame.officer(), chosen.login
            self._act(login, done, lambda: change(accounts, login, officer))

    def _act(self, login: str, done: str, act: Callable[[], None]) -> None:
        def then(_: None) -> None:
            for name in ("pin", "badge"):
                self.fields[name].clear()
            self.tell(text(f"officers.page.{done}", login=login))
            self._read("", login)

        self.ask(act, then)


def _state(listed: Listed) -> str:
    if not listed.is_active:
        return text("officers.state.disabled")
    if listed.wait_s:
        return text("officers.state.waits", span=words.span(listed.wait_s))
    state = "temporary" if listed.is_temporary else "directory" if listed.in_directory else "active"
    return text(f"officers.state.{state}")


def _grid() -> QGridLayout:
    made = QGridLayout()
    made.setHorizontalSpacing(8)
    made.setVerticalSpacing(8)
    return made
