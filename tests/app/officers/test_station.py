"""Every act of an officer asks for his right, in the station and in all that hangs on it, before it does anything."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import app.build
from app.build import build_station
from app.customs.parcel import Kind
from app.customs.states import Action
from app.measured import Measured
from app.officers.errors import DemoDevicesError, DemoRefusedError, NotSignedInError, OfficerError, RightMissingError
from app.officers.rights import RIGHT_FOR, KnownOfficers, Right, Role, may
from app.settings import Detection, DeviceEntry, Officers, Settings
from app.station import Station
from app.store.store import Store

WHO = ("officer", "by", "review", "record")
"""How the officer who acts is called among the parameters of an act; a review and an examination record name him."""

FREE = {
    "station": "start close_devices stop use_detector use_further wait_until_idle is_idle queue counts parcel "
    "history search open_scan find_code trace verify_log label offers log_shown open_hits papers compare",
    "accounts": "is_badge make_first",
    "tracing": "trace label_of notices_on watch marks_on notices notice affected_by where same_as inventory_no life",
    "risk": "assess assess_again assess_declared day_of expect_delay_over has_drawn in_force redraw selected "
    "states today try_out versions with_rule",
    "orders": "counts hits hits_of orders",
    "batches": "preview",
    "filings": "counts facts_of page versions",
    "handovers": "of",
    "models": "models",
    "exams": "load parcel photographs records snap use_cameras",
    "sameness": "compare start stop use wake",
    "identities": "find load place_of references stop use",
    "forms": "offered",
    "statistics": "check make_report page rates span today",
    "tip": "start end give_way rates uses",
    "sharing": "start stop answers handed_to offers overview scan extend give_back",
}
"""What needs no right: the station's own running, and reading what whoever has signed in may see.

Statistics are open to every role. Whoever adds to a facet either gives the act an officer and asks for his right, or
says here that it needs none.
"""
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATA = (Settings, KnownOfficers, Measured)


class AskedError(Exception):
    """A right was asked for; what comes after it is not run."""


class Listening(KnownOfficers):
    """Notes which right is asked for, and lets nothing happen."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[Right] = []

    def require(self, officer: str, right: Right) -> None:
        self.asked.append(right)
        raise AskedError


@pytest.fixture
def listening() -> Listening:
    return Listening()


@pytest.fixture
def station(tmp_path: Path, listening: Listening, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setattr(app.build, "build_rights", lambda *_, **__: listening)
    made = build_station(Settings(data=tmp_path / "data", detection=Detection(is_on=False)))
    yield made
    made.stop()


def methods(station: Station) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public method of the station and of all of ours that is reached from it by a public name."""
    facets: dict[str, object] = {"station": station}
    for name, value in vars(station).items():
        if not name.startswith("_") and type(value).__module__.startswith("app.") and not isinstance(value, DATA):
            facets[name] = value
    for name, facet in facets.items():
        own = {method for method, _ in inspect.getmembers(type(facet), inspect.isfunction)}
        lent = {attribute for attribute, value in vars(facet).items() if inspect.ismethod(value)}
        for method in sorted(own | lent):
            if not method.startswith("_"):
                yield f"{name}.{method}", getattr(facet, method)


def is_free(name: str) -> bool:
    facet, _, method = name.partition(".")
    return method in FREE.get(facet, "").split()


def acts(station: Station) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, method in methods(station):
        if set(WHO) & set(inspect.signature(method).parameters) and not is_free(name):
            yield name, method


def attempt(method: Callable[..., Any], officer: str) -> None:
    """Call an act with nothing but its officer; what it needs besides is None."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name in ("review", "record"):
            given[name] = SimpleNamespace(officer=officer)
        elif name in WHO and not ("review" in given and name == "officer"):
            given[name] = officer
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given[name] = Action.RELEASE if name == "action" else None
    answer = method(**given)
    if inspect.isgenerator(answer):
        next(answer, None)


def ask(method: Callable[..., Any], listening: Listening) -> tuple[Right | None, str]:
    """The right that an act asks for first, or what it did instead."""
    listening.asked.clear()
    try:
        attempt(method, "x")
    except AskedError:
        return listening.asked[0], ""
    except Exception as error:
        return None, f"{type(error).__name__} before a right was asked for"
    return None, "no right was asked for"


def test_every_act_of_the_station_and_its_facets_asks_for_a_right_first(station: Station, listening: Listening) -> None:
    found = {name: ask(method, listening) for name, method in acts(station)}
    assert {name: said for name, (right, said) in found.items() if right is None} == {}


def test_what_has_no_officer_is_said_to_need_no_right(station: Station) -> None:
    asking = {name for name, _ in acts(station)}
    assert [name for name, _ in methods(station) if name not in asking and not is_free(name)] == []


@pytest.mark.parametrize("role", Role)
def test_every_role_is_refused_every_act_that_it_does_not_include(
    station: Station, listening: Listening, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for name, method in acts(station):
        right, _ = ask(method, listening)
        if right is None:
            continue  # told by the test above
        with monkeypatch.context() as patch:
            patch.setattr(listening, "require", KnownOfficers({"x": role}).require)
            if is_refused(method) == may(role, right):
                wrong.append((name, right))
    assert wrong == []


def is_refused(method: Callable[..., Any]) -> bool:
    try:
        attempt(method, "x")
    except RightMissingError:
        return True
    except Exception:
        return False  # it went on, and then missed what it was not given
    return False


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_every_action_of_the_table_is_decided_only_by_whose_role_includes_it(role: Role, action: Action) -> None:
    decides = role in (Role.OFFICER, Role.SUPERVISOR)
    assert may(role, RIGHT_FOR[action]) == decides


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Station]:
    """A demo with one officer of each role."""
    officers = Officers(sign_in="demo", demo={role.value: role for role in Role})
    made = build_station(Settings(data=tmp_path / "demo", detection=Detection(is_on=False), officers=officers))
    yield made
    made.stop()


def refusal(station: Station, parcel_id: int, action: Action, officer: str) -> Exception | None:
    try:
        station.decide(parcel_id, action, officer=officer, reason="documents")
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("role", Role)
def test_the_station_decides_nothing_for_a_role_that_may_not(known: Station, role: Role) -> None:
    store: Store = known._store
    parcel = store.register("RR123456785CN", Kind.PARCEL, arrived_at=NOON)
    offered = [offer for offer in known.offers(parcel.id, officer=role.value) if offer.is_allowed]
    assert bool(offered) == may(role, Right.SCREEN)
    for action in Action:
        error = refusal(known, parcel.id, action, role.value)
        assert isinstance(error, OfficerError) == (not may(role, RIGHT_FOR[action]))
    assert bool(store.history(parcel.id)) == may(role, Right.SCREEN)


def test_without_accounts_nobody_may_do_anything_in_a_post_of_ones_own(tmp_path: Path) -> None:
    made = build_station(Settings(data=tmp_path / "post", detection=Detection(is_on=False)))
    try:
        parcel = made._store.register("RR123456785CN", Kind.PARCEL, arrived_at=NOON)
        for officer in ("officer-1", "admin", ""):
            with pytest.raises(NotSignedInError):
                made.decide(parcel.id, Action.HOLD, officer=officer, reason="documents")
    finally:
        made.stop()


def test_a_demo_runs_on_simulators_only(tmp_path: Path) -> None:
    inbox = DeviceEntry(name="inbox", driver="watch-folder", options={"folder": str(tmp_path)})
    belt = DeviceEntry(name="belt", driver="simulated-belt")
    settings = Settings(data=tmp_path / "demo", officers=Officers(sign_in="demo"), devices=(belt, inbox))
    with pytest.raises(DemoDevicesError) as refused:
        build_station(settings)
    assert refused.value.details["devices"] == "inbox"


def test_a_store_with_accounts_is_opened_by_no_demo(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "post", detection=Detection(is_on=False))
    made = build_station(settings)
    made.accounts.make_first("boss", "Boss", "k7-wolf")
    made.stop()
    with pytest.raises(DemoRefusedError):
        build_station(settings.model_copy(update={"officers": Officers(sign_in="demo")}))
