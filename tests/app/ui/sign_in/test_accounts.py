"""The officers' page: an admin's, and empty for everybody else."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.duty import Duty
from app.officers.rights import Role
from app.store.store import Store
from app.ui.pages.officers import OfficersPage
from app.ui.window import MainWindow
from tests.app.officers.conftest import TEMPORARY
from tests.app.ui.sign_in.conftest import is_shut, read, sign_in


def test_an_admin_makes_changes_and_closes_accounts_on_his_page(
    post: MainWindow, qtbot: QtBot, store: Store, duty: Duty
) -> None:
    sign_in(qtbot, post, "boss")
    page = post.parts.stack.open_page("officers")
    assert isinstance(page, OfficersPage)
    qtbot.waitUntil(lambda: page.table.rowCount() == 4)
    for name, value in {"login": "zhou", "name": "Zhou", "pin": TEMPORARY, "badge": ""}.items():
        page.fields[name].setText(value)
    page.role.setCurrentIndex(page.role.findData(Role.AUDITOR))
    page.acts["add"].click()
    qtbot.waitUntil(lambda: page.chosen is not None and page.chosen.login == "zhou")
    assert "zhou" in page.message
    made = store.officers.find("zhou")
    assert made is not None
    assert (made.role, made.changed_by, made.is_temporary) == ("auditor", "boss", True)
    assert page.fields["pin"].text() == ""
    page.acts["close"].click()
    qtbot.waitUntil(lambda: page.chosen is not None and not page.chosen.is_active)
    read(post, "GJ-000009")
    assert page.fields["badge"].text() == "GJ-000009"
    assert not is_shut(post)


def test_who_is_no_admin_sees_no_account(post: MainWindow, qtbot: QtBot) -> None:
    sign_in(qtbot, post)
    page = post.parts.stack.open_page("officers")
    assert isinstance(page, OfficersPage)
    qtbot.waitUntil(lambda: "may not" in page.message)
    assert page.table.rowCount() == 0
