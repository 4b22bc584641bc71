"""Which role may do what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.customs.states import Action
from app.officers.errors import OfficerUnknownError, RightMissingError
from app.officers.rights import RIGHT_FOR, RIGHTS, KnownOfficers, Right, Role, may

DECIDES = frozenset(RIGHT_FOR.values())
APP = Path(__file__).resolve().parents[3] / "app"
PAGE = APP.parent / "docs" / "officers.md"


def test_every_action_of_the_table_needs_a_right() -> None:
    assert set(RIGHT_FOR) == set(Action)


def test_every_right_is_held_by_some_role_and_none_holds_all() -> None:
    assert frozenset().union(*RIGHTS.values()) == set(Right)
    assert all(held < set(Right) for held in RIGHTS.values())


def test_every_right_is_asked_for_somewhere() -> None:
    """A right that nobody asks for would promise what nothing enforces."""
    sources = (path.read_text("utf-8") for path in sorted(APP.rglob("*.py")) if path.name != "rights.py")
    asked = {name for source in sources for name in re.findall(r"\bRight\.([A-Z_]+)", source)}
    assert {right.name for right in set(Right) - DECIDES} - asked == set()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.VIEWER])
def test_only_officers_and_supervisors_decide_approve_or_undo(role: Role) -> None:
    assert not RIGHTS[role] & (DECIDES | {Right.APPROVE, Right.UNDO})


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_manages_officers_keys_and_backups(role: Role) -> None:
    assert not RIGHTS[role] & {Right.OFFICERS, Right.KEYS, Right.BACKUP, Right.RESTORE}


def test_a_supervisor_may_all_that_an_officer_may() -> None:
    assert RIGHTS[Role.OFFICER] < RIGHTS[Role.SUPERVISOR]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_a_right_that_is_missing_is_refused_with_officer_role_and_right(role: Role, right: Right) -> None:
    rights = KnownOfficers({"li": role})
    if may(role, right):
        rights.require("li", right)
        return
    with pytest.raises(RightMissingError) as refused:
        rights.require("li", right)
    assert refused.value.key == "right_missing"
    assert refused.value.details == {"officer": "li", "role": role.value, "right": right.value}


def test_who_is_not_known_may_nothing() -> None:
    with pytest.raises(OfficerUnknownError):
        KnownOfficers({"li": Role.OFFICER}).require("wang", Right.STATISTICS)


def test_the_page_for_officers_names_every_right_and_who_has_it() -> None:
    page = PAGE.read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    roles = [Role(name) for name in re.search(r"^\| right \| \| (.*) \|$", page, re.MULTILINE)[1].split(" | ")]  # type: ignore[index]
    told = {
        Right(name.strip("`")): {role for role, mark in zip(roles, marks, strict=True) if mark}
        for name, _, *marks in rows
    }
    assert told == {right: {role for role in Role if may(role, right)} for right in Right}
