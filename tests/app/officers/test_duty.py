"""Signing in, waiting after failures, locking, approving: who may act, and what the log holds of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.accounts import Accounts
from app.customs.errors import SameOfficerError
from app.duty import Duty
from app.officers.errors import (
    DirectoryError,
    LockedOutError,
    LoginInvalidError,
    NotSignedInError,
    OfficerUnknownError,
    PinTemporaryError,
    PinWeakError,
    RightMissingError,
    SetUpError,
    SignInRefusedError,
)
from app.officers.rights import Right, Role
from app.settings import Directory, Officers
from app.store.errors import AccountChangedError, AdminMissingError, BadgeTakenError
from app.store.store import Store
from tests.app.officers.conftest import BADGES, LIGHT, PIN, TEMPORARY, Clock, logged

Employ = Callable[..., None]
BADGE = "GJ-123456"


def attended(store: Store, login: str) -> list[str]:
    return [each.what for _, each in reversed(store.officers.attendance(login=login))]


def test_there_is_no_account_before_the_first_admin_and_only_one_first(store: Store, duty: Duty) -> None:
    assert not duty.is_set_up()
    with pytest.raises(SignInRefusedError):
        duty.sign_in("admin", "admin")
    accounts = Accounts(store.officers, duty, Officers(), hashing=LIGHT)
    for weak in ("", "admin", "123456"):
        with pytest.raises(PinWeakError):
            accounts.make_first("boss", "Boss", weak)
    accounts.make_first("boss", "Boss", PIN)
    with pytest.raises(SetUpError):
        accounts.make_first("other", "Other", PIN)
    assert duty.sign_in("boss", PIN).role is Role.ADMIN


def test_a_shift_begins_and_ends_in_the_log_and_gives_the_rights_of_the_role(
    store: Store, duty: Duty, employ: Employ
) -> None:
    employ("chen")
    with pytest.raises(NotSignedInError):
        duty.require("chen", Right.SCREEN)
    seat = duty.sign_in("Chen ", PIN)
    assert (seat.login, seat.role) == ("chen", Role.OFFICER)
    duty.require("chen", Right.SCREEN)
    with pytest.raises(RightMissingError):
        duty.require("chen", Right.KEYS)
    with pytest.raises(NotSignedInError):
        duty.require("boss", Right.KEYS)
    duty.sign_out()
    with pytest.raises(NotSignedInError):
        duty.require("chen", Right.SCREEN)
    assert attended(store, "chen")[-4:] == ["tried", "proved", "signed_in", "signed_out"]


def test_who_signs_in_after_another_ends_the_others_shift(store: Store, duty: Duty, employ: Employ) -> None:
    employ("chen")
    duty.sign_in("boss", PIN)
    duty.sign_in("chen", PIN)
    assert attended(store, "boss")[-1] == "signed_out"
    with pytest.raises(NotSignedInError):
        duty.require("boss", Right.OFFICERS)


def test_wrong_pins_make_him_wait_longer_and_longer_even_with_the_right_one(
    duty: Duty, accounts: Accounts, clock: Clock
) -> None:
    for wait in (0, 0, 1, 5, 30):
        clock.go(wait)
        with pytest.raises(SignInRefusedError):
            duty.sign_in("boss", "wrong-pin")
    with pytest.raises(LockedOutError) as refused:
        duty.sign_in("boss", PIN)
    assert refused.value.details["seconds"] == 900
    clock.go(899)
    with pytest.raises(LockedOutError):
        duty.sign_in("boss", PIN)
    clock.go(1)
    with pytest.raises(SignInRefusedError):
        duty.sign_in("boss", "wrong-pin")
    clock.go(901)
    with pytest.raises(LockedOutError):
        duty.sign_in("boss", PIN)
    clock.go(1800)
    duty.sign_in("boss", PIN)
    with pytest.raises(SignInRefusedError):
        duty.sign_in("boss", "wrong-pin")
    duty.sign_in("boss", PIN)


def lock_out(duty: Duty, clock: Clock) -> None:
    for wait in (0, 0, 1, 5, 30):
        clock.go(wait)
        with pytest.raises(SignInRefusedError):
            duty.sign_in("boss", "wrong-pin")


@pytest.mark.parametrize("jump_s", [901, 10 * 365 * 86_400, -901, -20 * 365 * 86_400])
def test_setting_the_clock_neither_opens_an_account_nor_keeps_it_locked(
    duty: Duty, accounts: Accounts, clock: Clock, jump_s: float
) -> None:
    lock_out(duty, clock)
    clock.set(jump_s)
    with pytest.raises(LockedOutError) as refused:
        duty.sign_in("boss", PIN)
    assert refused.value.details["seconds"] == 900
    clock.go(899)
    with pytest.raises(LockedOutError):
        duty.sign_in("boss", PIN)
    clock.go(1)
    assert duty.sign_in("boss", PIN).login == "boss"


@pytest.mark.parametrize("jump_s", [0, 300, 86_400, -86_400])
def test_after_a_restart_it_is_locked_until_the_machine_has_run_as_long(
    duty: Duty, accounts: Accounts, clock: Clock, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    """The machine was off for so long, or somebody set the clock by that meanwhile: nobody can tell which."""
    lock_out(duty, clock)
    monkeypatch.setattr("app.store.audit.BOOT", "another start")
    clock.set(jump_s)
    clock.running_s = 0.0
    clock.go(899)
    with pytest.raises(LockedOutError):
        duty.sign_in("boss", PIN)
    clock.go(1)
    assert duty.sign_in("boss", PIN).login == "boss"


def test_the_wait_outlives_the_station_and_an_admin_ends_it(
    store: Store, duty: Duty, accounts: Accounts, employ: Employ, clock: Clock
) -> None:
    employ("chen")
    for wait in (0, 0, 1, 5, 30):
        clock.go(wait)
        with pytest.raises(SignInRefusedError):
            duty.sign_in("chen", "wrong-pin")
    again = Duty(store.officers, Officers(), hashing=LIGHT, now=clock)
    with pytest.raises(LockedOutError):
        again.sign_in("chen", PIN)
    duty.sign_in("boss", PIN)
    (listed,) = [each for each in accounts.every(officer="boss") if each.login == "chen"]
    assert listed.wait_s == 900
    accounts.unlock("chen", officer="boss")
    assert again.sign_in("chen", PIN).login == "chen"


def test_many_guesses_at_once_gain_nothing(duty: Duty, store: Store, accounts: Accounts) -> None:
    def guess(number: int) -> str:
        try:
            duty.sign_in("boss", f"guess-{number}-x")
        except (SignInRefusedError, LockedOutError) as error:
            return error.key
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(24)))
    assert outcomes.count("sign_in_refused") == 2  # the third try has to wait a second
    assert outcomes.count("locked_out") == 22


def test_names_that_nobody_has_wait_too_and_are_not_logged(duty: Duty, store: Store, accounts: Accounts) -> None:
    for name in ("my-secret-pin", "nobody"):
        with pytest.raises(SignInRefusedError) as refused:
            duty.sign_in(name, "whatever-1")
        assert "officer" not in refused.value.details
    with pytest.raises(LockedOutError):
        duty.sign_in("another", "whatever-1")
    assert not [event for event in logged(store) if "my-secret-pin" in json.dumps(dict(event.body))]


def test_locked_nobody_acts_and_the_same_officer_goes_on(store: Store, duty: Duty, employ: Employ) -> None:
    employ("chen")
    begun = duty.sign_in("chen", PIN)
    duty.lock("idle")
    duty.lock("key")
    with pytest.raises(NotSignedInError):
        duty.require("chen", Right.SCREEN)
    with pytest.raises(SignInRefusedError):
        duty.unlock("wrong-pin")
    assert duty.unlock(PIN).since == begun.since
    duty.require("chen", Right.SCREEN)
    assert attended(store, "chen")[-5:] == ["locked", "tried", "tried", "proved", "unlocked"]
    duty.lock("badge")
    assert duty.sign_in("chen", PIN).since == begun.since
    assert attended(store, "chen")[-4:] == ["locked", "tried", "proved", "unlocked"]


def test_a_temporary_pin_is_only_good_for_choosing_ones_own(duty: Duty, accounts: Accounts) -> None:
    duty.sign_in("boss", PIN)
    accounts.add("chen", "Chen", Role.OFFICER, TEMPORARY, officer="boss")
    with pytest.raises(PinTemporaryError):
        duty.sign_in("chen", TEMPORARY)
    with pytest.raises(PinTemporaryError):
        duty.sign_in("chen", TEMPORARY, new_pin=TEMPORARY)
    with pytest.raises(PinWeakError):
        duty.sign_in("chen", TEMPORARY, new_pin="123456")
    with pytest.raises(PinTemporaryError):
        duty.approve("chen", TEMPORARY, first="boss", right=Right.SCREEN)
    assert duty.seat is not None
    assert duty.seat.login == "boss"
    duty.sign_in("chen", TEMPORARY, new_pin=PIN)
    with pytest.raises(SignInRefusedError):
        duty.sign_in("chen", TEMPORARY)


def test_a_pin_that_was_reset_under_a_lock_does_not_unlock(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    employ("chen")
    duty.sign_in("boss", PIN)
    elsewhere = Duty(accounts._officers, BADGES, hashing=LIGHT)
    elsewhere.sign_in("chen", PIN)
    elsewhere.lock("key")
    accounts.reset("chen", TEMPORARY, officer="boss")
    with pytest.raises(PinTemporaryError):
        elsewhere.unlock(TEMPORARY)
    assert elsewhere.sign_in("chen", TEMPORARY, new_pin=PIN).login == "chen"


def test_a_badge_stands_for_the_name_and_never_for_the_pin(store: Store, duty: Duty, employ: Employ) -> None:
    employ("chen", badge=BADGE)
    with pytest.raises(SignInRefusedError):
        duty.sign_in(BADGE, "")
    with pytest.raises(SignInRefusedError):
        duty.sign_in("GJ-999999", PIN)
    assert duty.sign_in(BADGE, PIN).login == "chen"
    said = json.dumps([dict(event.body) for event in logged(store)])
    assert "123456" not in said


def test_a_badge_belongs_to_one_officer(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    employ("chen", badge=BADGE)
    employ("lin")
    duty.sign_in("boss", PIN)
    with pytest.raises(BadgeTakenError):
        accounts.set_badge("lin", BADGE, officer="boss")
    with pytest.raises(LoginInvalidError):
        accounts.set_badge("lin", "RR123456785CN", officer="boss")
    accounts.set_badge("chen", "", officer="boss")
    accounts.set_badge("lin", BADGE, officer="boss")
    assert duty.sign_in(BADGE, PIN).login == "lin"


def test_the_second_officer_is_another_one_with_his_own_secret_and_the_right(duty: Duty, employ: Employ) -> None:
    employ("chen")
    employ("lin", Role.SUPERVISOR, BADGE)
    employ("zhou", Role.AUDITOR)
    duty.sign_in("chen", PIN)
    with pytest.raises(SameOfficerError):
        duty.approve("chen", PIN, first="chen", right=Right.SEIZE)
    with pytest.raises(SignInRefusedError):
        duty.approve("lin", "wrong-pin", first="chen", right=Right.SEIZE)
    with pytest.raises(RightMissingError):
        duty.approve("zhou", PIN, first="chen", right=Right.SEIZE)
    assert duty.approve(BADGE, PIN, first="chen", right=Right.SEIZE) == "lin"
    assert duty.seat is not None
    assert duty.seat.login == "chen"


def test_what_is_taken_from_an_officer_is_taken_at_once(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    employ("chen")
    duty.sign_in("boss", PIN)
    elsewhere = Duty(accounts._officers, Officers(), hashing=LIGHT)
    elsewhere.sign_in("chen", PIN)
    elsewhere.require("chen", Right.SCREEN)
    accounts.set_role("chen", Role.VIEWER, officer="boss")
    with pytest.raises(RightMissingError):
        elsewhere.require("chen", Right.SCREEN)
    accounts.disable("chen", officer="boss")
    with pytest.raises(OfficerUnknownError):
        elsewhere.require("chen", Right.STATISTICS)
    with pytest.raises(SignInRefusedError):
        Duty(accounts._officers, Officers(), hashing=LIGHT).sign_in("chen", PIN)


def test_one_active_admin_is_always_left(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    duty.sign_in("boss", PIN)
    for take in (accounts.disable, lambda login, officer: accounts.set_role(login, Role.VIEWER, officer=officer)):
        with pytest.raises(AdminMissingError):
            take("boss", officer="boss")
    employ("other", Role.ADMIN)
    duty.sign_in("other", PIN)
    accounts.disable("boss", officer="other")


def test_an_account_that_exists_is_not_made_again(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    employ("chen")
    duty.sign_in("boss", PIN)
    with pytest.raises(AccountChangedError):
        accounts.add("chen", "Chen", Role.ADMIN, TEMPORARY, officer="boss")
    with pytest.raises(OfficerUnknownError):
        accounts.set_role("nobody", Role.ADMIN, officer="boss")


def test_accounts_are_listed_in_pages_without_their_hashes(duty: Duty, accounts: Accounts, employ: Employ) -> None:
    for login in ("chen", "lin", "zhou"):
        employ(login)
    duty.sign_in("boss", PIN)
    first = accounts.every(officer="boss", limit=2)
    rest = accounts.every(officer="boss", limit=2, after=first[-1].login)
    assert [each.login for each in (*first, *rest)] == ["boss", "chen", "lin", "zhou"]
    assert not {"pin", "badge"} & set(dir(first[0]))
    assert "argon2" not in repr(accounts._officers.find("chen"))


def test_who_changed_what_is_in_the_log_and_the_log_is_sound(store: Store, duty: Duty, employ: Employ) -> None:
    employ("chen", badge=BADGE)
    changes = [event.body["officer"] for event in logged(store) if event.kind == "officer_changed"]
    assert [(row[0], row[1], row[9]) for row in changes] == [
        ("boss", 1, "boss"),
        ("chen", 1, "boss"),
        ("chen", 2, "chen"),
    ]
    kept = store.officers.find("chen")
    assert kept is not None
    said = json.dumps(changes)
    assert kept.pin not in said
    assert kept.badge not in said
    assert store.verify_log().is_ok


class Book:
    """A directory of one officer."""

    is_away = False

    def is_right(self, login: str, secret: str) -> bool:
        if self.is_away:
            raise DirectoryError("The directory is away.", detail="away")
        return (login, secret) == ("wu", "from the directory")


def test_a_directory_checks_the_secret_and_the_station_the_role(
    store: Store, duty: Duty, accounts: Accounts, clock: Clock
) -> None:
    duty.sign_in("boss", PIN)
    with pytest.raises(DirectoryError):
        accounts.add("wu", "Wu", Role.OFFICER, "", officer="boss", in_directory=True)
    settings = Officers(directory=Directory(url="ldaps://directory.example", user_dn="uid={login},dc=example"))
    book = Book()
    with_directory = Duty(store.officers, settings, directory=book, hashing=LIGHT, now=clock)
    Accounts(store.officers, duty, settings, hashing=LIGHT).add(
        "wu", "Wu", Role.OFFICER, "", officer="boss", in_directory=True
    )
    with pytest.raises(SignInRefusedError):
        with_directory.sign_in("wu", "")
    assert with_directory.sign_in("wu", "from the directory").role is Role.OFFICER
    book.is_away = True
    with pytest.raises(DirectoryError):
        with_directory.unlock("from the directory")
    # A post that has lost its directory lets nobody in by an empty PIN.
    with pytest.raises(SignInRefusedError):
        duty.sign_in("wu", "")
