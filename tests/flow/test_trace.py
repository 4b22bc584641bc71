"""A label's way: released, verified, copied, looked up, withdrawn, told as a life; keys that change meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.customs.states import Action, State
from app.settings import Post
from app.store.messages import Received
from app.texts import text
from app.trace.codes import read_code
from app.trace.recall import Ground, Selector
from app.trace.verdicts import VerdictKind
from tests.app.trace.test_epcis import check  # noqa: F401  the fixture that knows GS1's schema
from tests.flow.conftest import T0, Desk
from tests.flow.labels import BOOK, MILK, S10, ask, declare, guanjian, release


def test_a_label_is_verified_from_its_picture_and_an_exported_key_list(
    desk: Desk, tmp_path: Path, language: str
) -> None:
    declare(desk, S10, "棉衬衫")
    key, payload = release(desk, S10)
    assert guanjian(desk, "keys", "export", str(tmp_path / "list.json")).exit_code == 0

    label, keys = str(desk.station.label(key)), str(tmp_path / "list.json")
    offline = CliRunner().invoke(cli, ["verify", label, "--keys", keys, "--json"])
    assert offline.exit_code == 0, offline.output
    answer = json.loads(offline.stdout)
    assert (answer["verdict"], answer["item_id"]) == ("valid", S10)
    assert answer["words"].startswith(text("trace.verdict.valid"))

    forged = CliRunner().invoke(cli, ["verify", payload[:-6] + "000000", "--keys", keys])
    assert forged.exit_code == 1
    assert text("trace.verdict.valid") not in forged.stdout


def test_an_inventory_number_goes_into_the_code_where_the_declaration_has_one(desk: Desk) -> None:
    number = "99992026I000012345"
    declare(desk, number, "婴儿奶粉")
    _, payload = release(desk, number)
    verdict = desk.station.trace(payload).verdict
    assert verdict is not None
    assert verdict.claims is not None
    assert verdict.claims.inventory_no == number


def test_an_inventory_number_of_the_message_goes_into_the_code(desk: Desk) -> None:
    number = "99992026I000012345"
    desk.station._store.messages.add([(Received("CEB621", "guid-1", {}, number=S10, inventory_no=number), None)])
    _, payload = release(desk, S10)
    verdict = desk.station.trace(payload).verdict
    assert verdict is not None
    assert verdict.claims is not None
    assert (verdict.claims.item_id, verdict.claims.inventory_no) == (S10, number)


def test_a_label_that_was_scanned_elsewhere_may_be_a_copy(open_desk: Callable[..., Desk]) -> None:
    here, there = Post(station="belt-1"), Post(station="hall-9")
    desk = open_desk(post=here)
    _, payload = release(desk, S10)
    assert ask(desk, payload) == VerdictKind.VALID
    assert ask(desk, payload) == VerdictKind.VALID

    assert ask(open_desk(post=there), payload) == VerdictKind.SEEN_ELSEWHERE
    ordinary = there.model_copy(update={"ordinary_places": ("9999/belt-1",)})
    desk = open_desk(post=ordinary)
    assert ask(desk, payload) == VerdictKind.VALID
    places = {
        sighted.place for sighted in desk.station._store.labels.sightings(str(read_code(payload).claims.trace_id))
    }
    assert places == {"9999/belt-1", "9999/hall-9"}
    assert desk.station._store.verify_log().is_ok


def test_a_forgery_that_names_a_label_casts_no_doubt_on_it(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(post=Post(station="hall-9"))
    _, payload = release(desk, S10)
    foreign = open_desk(post=Post(station="belt-1"), data=desk.station.settings.data.with_name("foreign"))
    _, forged = release(foreign, S10)
    desk = open_desk(post=Post(station="hall-9"))
    assert ask(desk, forged) == VerdictKind.UNKNOWN_KEY
    desk = open_desk(post=Post(station="belt-1"))
    assert ask(desk, payload) == VerdictKind.VALID


def test_looking_a_code_up_is_no_scan_of_its_label(desk: Desk, tmp_path: Path) -> None:
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    for arguments in (["trace", payload], ["verify", payload], ["label", payload, "-o", str(tmp_path / "a.png")]):
        assert guanjian(desk, *arguments).exit_code == 0
    assert desk.station._store.labels.sightings(trace_id) == []
    ask(desk, payload)
    assert desk.station._store.labels.sightings(trace_id) != []


def test_the_words_of_a_life_are_the_officers(desk: Desk, language: str) -> None:
    release(desk, S10)
    told = guanjian(desk, "trace", S10).stdout
    for term in ("state.released", "state.imaged", "action.release", "reason.release.no_suspicion"):
        assert text(term) in told
    assert "no_suspicion" not in told


@pytest.mark.parametrize(
    "command", [["list"], ["export", "x.json"], ["page", "x.html"], ["revoke", "00", "--reason", "x"]]
)
def test_looking_at_keys_makes_none(tmp_path: Path, command: list[str], language: str) -> None:
    done = CliRunner().invoke(cli, ["keys", *command, "--data", str(tmp_path)])
    assert (done.exit_code, list(tmp_path.iterdir())) == (3, [])
    assert str(tmp_path) in done.stderr


def test_an_undone_release_withdraws_its_label(desk: Desk, language: str) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    desk.station.undo(decided.decision.id, officer="a")
    assert ask(desk, found.payload) == VerdictKind.WITHDRAWN
    assert text("trace.verdict.withdrawn") in guanjian(desk, "trace", found.payload).stdout


def test_a_running_station_heeds_keys_that_another_program_changed(desk: Desk) -> None:
    _, before = release(desk, S10)
    assert guanjian(desk, "keys", "rotate").exit_code == 0
    _, after = release(desk, BOOK, 20)
    kids = [desk.station.trace(code).verdict.kid for code in (before, after)]  # type: ignore[union-attr]
    assert kids[0] != kids[1]
    assert (ask(desk, before), ask(desk, after)) == (VerdictKind.VALID, VerdictKind.VALID)

    assert guanjian(desk, "keys", "revoke", kids[0].hex(), "--reason", "lost").exit_code == 0
    assert (ask(desk, before), ask(desk, after)) == (VerdictKind.KEY_REVOKED, VerdictKind.VALID)
    assert "lost" in guanjian(desk, "keys", "list").stdout


def test_a_label_of_another_office_verifies_by_its_imported_list(
    open_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    other = open_desk(data=tmp_path / "other", post=Post(office="8888"))
    _, payload = release(other, S10)
    exported = tmp_path / "8888.json"
    other.station._labelling.keys.store.public_keys().write(exported, now=T0)
    desk = open_desk()
    assert ask(desk, payload) == VerdictKind.UNKNOWN_KEY
    assert guanjian(desk, "keys", "import", str(exported)).exit_code == 0
    assert ask(desk, payload) == VerdictKind.VALID

    (desk.station.settings.data / "keys" / "damaged.json").write_text("{", "utf-8")
    assert ask(desk, payload) == VerdictKind.VALID
    assert [error.key for error in desk.watched.errors] == ["key_list"]


def test_what_else_came_from_this_shipper(desk: Desk) -> None:
    for number in MILK:
        declare(desk, number, "婴儿奶粉", sender="Example Dairy")
    declare(desk, BOOK, "书籍", sender="Example Books")
    first, _ = release(desk, MILK[0])
    release(desk, MILK[1], 10)
    release(desk, BOOK, 20)
    rows = desk.station.tracing.same_as(first, Ground.ENTERPRISE)
    assert [row.released.number for row in rows] == [MILK[1]]
    listed = guanjian(desk, "trace", MILK[0], "--same", "goods", "--json")
    assert [row["number"] for row in json.loads(listed.stdout)["same"]] == [MILK[1]]


def test_a_parcels_life_is_exported_as_epcis(desk: Desk, tmp_path: Path, check: Any) -> None:  # noqa: F811
    declare(desk, S10, "婴儿奶粉")
    key, payload = release(desk, S10)
    desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    ask(desk, payload)
    target = tmp_path / "life.json"
    assert guanjian(desk, "trace", payload, "--epcis", str(target)).exit_code == 0
    document = json.loads(target.read_text("utf-8"))
    check(document)
    steps = [event["bizStep"] for event in document["epcisBody"]["eventList"]]
    assert {"arriving", "inspecting", "commissioning", "departing", "holding"} <= set(steps)
    assert desk.station.parcel(key).state == State.RELEASED
