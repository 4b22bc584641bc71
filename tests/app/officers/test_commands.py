"""The command line of a post with accounts: who proves nothing, or is not allowed, gets nothing done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import texts
from app.accounts import Accounts
from app.cli import cli
from app.duty import Duty
from app.officers.rights import Role
from app.settings import load_settings
from app.store.database import connect
from app.store.store import Store
from tests.app.officers.conftest import LIGHT, PIN, TEMPORARY

Guanjian = Callable[..., Result]
PROFILE = """
version = 1
[post]
office = "1234"
station = "belt-1"
[officers]
badge_pattern = "GJ-[0-9]{6}"
"""


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a post's store; its profile is in the environment, and hashing costs nothing."""
    profile = tmp_path / "post.toml"
    profile.write_text(PROFILE, "utf-8")
    monkeypatch.setenv("GUANJIAN_PROFILE", str(profile))
    for name in ("app.duty", "app.accounts"):
        monkeypatch.setattr(f"{name}.Hashing", lambda: LIGHT)
    return tmp_path / "data"


@pytest.fixture
def guanjian(post: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guanjian]:
    texts.set_language("en")

    def run(*arguments: str | Path, who: str = "", pin: str = PIN, new_pin: str = "") -> Result:
        for name, value in (("GUANJIAN_PIN", pin), ("GUANJIAN_NEW_PIN", new_pin)):
            monkeypatch.setenv(name, value)
        given = [*map(str, arguments), *(["--officer", who] if who else [])]
        return CliRunner().invoke(cli, [*given, "--data", str(post)] if "restore" not in given else given)

    yield run
    texts.set_language("zh_CN")


@pytest.fixture
def staff(post: Path, guanjian: Guanjian) -> None:
    """One officer of each role, named as his role."""
    settings = load_settings().officers
    with closing(Store.open(post, station="belt-1", ballast_bytes=1024)) as store:
        duty = Duty(store.officers, settings, hashing=LIGHT)
        accounts = Accounts(store.officers, duty, settings, hashing=LIGHT)
        accounts.make_first("admin", "Boss", PIN)
        for role in Role:
            if role is not Role.ADMIN:
                duty.sign_in("admin", PIN)
                accounts.add(role, role.title(), role, TEMPORARY, officer="admin")
                duty.sign_in(role, TEMPORARY, new_pin=PIN)


def acts(post: Path) -> dict[str, tuple[tuple[str | Path, ...], tuple[Role, ...]]]:
    """Commands that act, and who may."""
    admin, supervisor, auditor = (Role.ADMIN,), (Role.SUPERVISOR,), (Role.AUDITOR,)
    officers = (Role.OFFICER, Role.SUPERVISOR)
    away = post.parent
    return {
        "recall": (("recall", "add", "--reason", "test", "--goods", "x"), supervisor),
        "recall close": (("recall", "close", "R2026-0001"), supervisor),
        "intercept": (("intercept", "add", "RR123456785CN", "--reason", "test"), officers),
        "label": (("label", "1", "--out", away / "label.png"), officers),
        "keys rotate": (("keys", "rotate"), admin),
        "keys revoke": (("keys", "revoke", "00" * 8, "--reason", "test"), admin),
        "keys import": (("keys", "import", away / "keys.json"), admin),
        "backup": (("backup", away / "backups"), admin),
        "retention": (("retention",), admin),
        "log verify": (("log", "verify"), (*supervisor, *admin, *auditor)),
        "log export": (("log", "export", away / "package.zip"), auditor),
        "messages": (("messages", "import", away), officers),
        "orders answers": (("orders", "answers", "--out", away / "orders"), officers),
        "mail send": (("mail", "send", "--out", away / "mail"), officers),
        "mail import": (("mail", "import", away), officers),
        "stats out": (("stats", "--out", away / "day.csv"), (*officers, *auditor)),
        "stats rebuild": (("stats", "--rebuild"), (*supervisor, *admin, *auditor)),
        "officers list": (("officers", "list"), admin),
        "officers add": (("officers", "add", "mole", "--name", "Mole", "--role", "admin"), admin),
        "officers role": (("officers", "role", "viewer", "admin"), admin),
        "officers reset": (("officers", "reset", "viewer"), admin),
        "officers disable": (("officers", "disable", "viewer"), admin),
        "officers unlock": (("officers", "unlock", "viewer"), admin),
        "officers badge": (("officers", "badge", "viewer", "GJ-000001"), admin),
    }


def was_refused(result: Result) -> bool:
    """Whether an error of the officers' accounts, and no other, stopped it."""
    return result.exit_code == 3 and any(
        words in result.stderr
        for words in ("that role may not", "PIN is wrong", "Nobody has an account", "not signed in")
    )


@pytest.mark.slow
@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("role", Role)
def test_an_officer_beyond_his_role_gets_nothing_done(guanjian: Guanjian, post: Path, role: Role) -> None:
    for name, (command, allowed) in acts(post).items():
        result = guanjian(*command, who=role, new_pin="some-other-9")
        assert was_refused(result) == (role not in allowed), (name, result.output)
        if role not in allowed:
            assert "that role may not" in result.stderr


@pytest.mark.usefixtures("staff")
def test_who_has_no_right_pin_gets_nothing_done(guanjian: Guanjian, post: Path) -> None:
    for who, pin in (("admin", "guess-1"), ("nobody", PIN), ("admin", "admin"), ("officer-1", "")):
        refused = guanjian("keys", "rotate", who=who, pin=pin)
        assert refused.exit_code == 3
        assert "guess-1" not in refused.output
    assert not (post / "keys").exists()


@pytest.mark.usefixtures("staff")
def test_the_demo_profile_does_not_open_a_posts_store(
    guanjian: Guanjian, post: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("GUANJIAN_PROFILE", "demo"), ("GUANJIAN_OFFICERS__SIGN_IN", "demo")):
        monkeypatch.setenv(name, value)
        for command in (("keys", "rotate"), ("log", "export", post.parent / "x.zip"), ("backup", post.parent / "b")):
            refused = guanjian(*command, who="admin-1")
            assert refused.exit_code == 3
            assert "nobody works on it without signing in" in refused.stderr
    assert not (post.parent / "x.zip").exists()
    assert not (post / "keys").exists()


def test_before_the_first_admin_nothing_is_done_and_nobody_makes_a_second_first(guanjian: Guanjian) -> None:
    refused = guanjian("keys", "rotate", who="admin")
    assert (refused.exit_code, "accounts begin" in refused.stderr) == (3, True)
    weak = guanjian("officers", "first", "admin", "--name", "Boss", new_pin="admin1")
    assert (weak.exit_code, "too easy" in weak.stderr) == (3, True)
    assert guanjian("officers", "first", "admin", "--name", "Boss", new_pin=PIN).exit_code == 0
    assert guanjian("officers", "first", "mole", "--name", "Mole", new_pin=PIN).exit_code == 3


@pytest.mark.usefixtures("staff")
def test_the_list_is_for_machines_too_and_holds_no_hash(guanjian: Guanjian) -> None:
    listed = guanjian("officers", "list", "--json", who="admin")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["login"], row["role"]) for row in rows] == [(role, role) for role in sorted(Role)]
    assert "argon2" not in listed.stdout


@pytest.mark.usefixtures("staff")
def test_a_pin_comes_through_a_descriptor(guanjian: Guanjian, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{PIN}\n".encode())
    os.close(writing)
    monkeypatch.setenv("GUANJIAN_PIN_FD", str(reading))
    try:
        assert guanjian("officers", "list", who="admin", pin="").exit_code == 0
    finally:
        os.close(reading)


@pytest.mark.usefixtures("staff")
def test_where_nobody_can_be_asked_it_says_how_to_give_the_pin(guanjian: Guanjian) -> None:
    refused = guanjian("officers", "list", who="admin", pin="")
    assert refused.exit_code == 3
    assert "GUANJIAN_PIN" in refused.stderr


@pytest.mark.usefixtures("staff")
def test_a_backup_is_put_back_only_by_an_admin_of_its_own(guanjian: Guanjian, post: Path) -> None:
    target, place = post.parent / "backups", post.parent / "restored"
    assert guanjian("backup", target, who="admin").exit_code == 0
    refused = guanjian("restore", target, "--data", place, who="officer")
    assert was_refused(refused)
    assert not (place / "store.sqlite").exists()
    done = guanjian("restore", target, "--data", place, who="admin")
    assert done.exit_code == 0, done.output
    assert (place / "store.sqlite").exists()


@pytest.mark.usefixtures("staff")
def test_an_account_that_is_changed_in_the_file_is_found(guanjian: Guanjian, post: Path) -> None:
    with closing(connect(post / "store.sqlite")) as other:
        guards = other.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'officers'")
        kept = guards.fetchall()
        for name, _ in kept:
            other.execute(f"DROP TRIGGER {name}")
        other.execute("UPDATE officers SET role = 'admin' WHERE login = 'viewer'")
        for _, sql in kept:
            other.execute(sql)
    found = guanjian("log", "verify", who="admin")
    assert found.exit_code == 1
    assert "officers viewer" in found.stdout


def test_a_scripted_officer_decides_in_a_demo_only(guanjian: Guanjian) -> None:
    refused = guanjian("run", "--auto", "--offscreen", "--parcels", "1")
    assert refused.exit_code == 2
    assert "--auto" in refused.output


def test_a_demo_has_no_accounts(guanjian: Guanjian, monkeypatch: pytest.MonkeyPatch, post: Path) -> None:
    monkeypatch.setenv("GUANJIAN_PROFILE", "demo")
    assert guanjian("officers", "first", "boss", "--name", "Boss", new_pin=PIN).exit_code == 2
    assert not post.exists()
