"""A label's way: released, printed, verified, copied, recalled, intercepted, withdrawn; keys that change meanwhile."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app import texts
from app.build import build_station
from app.cli import cli
from app.customs.notices import NoticeKind
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Lane
from app.customs.states import Action, State
from app.settings import Post, Printer
from app.store.messages import Received
from app.texts import text
from app.trace.codes import read_code
from app.trace.errors import RecallEmptyError
from app.trace.recall import Ground, Selector
from app.trace.verdicts import VerdictKind
from scanners.barcode import Code, Reading
from scanners.decode import decode
from tests.app.trace.test_epcis import check  # noqa: F401  the fixture that knows GS1's schema
from tests.app.trace.test_printing import READY_ZPL, Socketed
from tests.flow.conftest import T0, Desk

S10 = "RR123456785CN"
MILK = ("RR123456785CN", "EE123456785CN")
BOOK = "LX123456785CN"
NO_PAPER = READY_ZPL.replace(b"030,0", b"030,1", 1)


def declare(desk: Desk, number: str, *goods: str, sender: str = "", consignee: str = "") -> None:
    lines = tuple(GoodsLine(each) for each in goods)
    desk.station._store.add_declarations([Declaration(number, lines, sender=sender, consignee=consignee)])


def release(desk: Desk, number: str, at_s: float = 0) -> tuple[int, str]:
    """Let a parcel pass and go; its id and what its label's QR says."""
    desk.scan(at_s, number)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    return desk.newest.id, found.payload


def ask(desk: Desk, code: str) -> VerdictKind:
    """The officer's hand reader reads a code, and the window asks what it leads to."""
    desk.station._arrivals.take_code(
        desk.reader.model_copy(update={"lane": ""}), Reading(Code("QRCode", code), "hand", T0)
    )
    verdict = desk.station.trace(code).verdict
    assert verdict is not None
    return verdict.kind


def guanjian(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--data", str(desk.station.settings.data)])


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.fixture(params=texts.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = texts.language()
    texts.set_language(request.param)
    yield request.param
    texts.set_language(before)


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


def test_recalled_goods_are_found_marked_and_stopped(desk: Desk, language: str) -> None:
    for number in MILK:
        declare(desk, number, "婴儿奶粉 批号：A-77", sender="Example Dairy", consignee="consignee-1")
    declare(desk, BOOK, "书籍")
    milk = [release(desk, number, 10 * n) for n, number in enumerate(MILK)]
    book_id, book = release(desk, BOOK, 40)

    done = guanjian(desk, "recall", "add", "--goods", "奶粉", "--batch", "a77", "--reason", "salmonella", "--json")
    assert done.exit_code == 0, done.output
    notice, *rows = map(json.loads, done.stdout.splitlines())
    assert {row["number"] for row in rows} == set(MILK)
    assert {row["consignee"] for row in rows} == {"consignee-1"}
    assert all(row["last"]["what"] == "released" for row in rows)

    parcel = desk.station.parcel(milk[0][0])
    assert [finding.kind for finding in parcel.findings if finding.kind == FindingKind.RECALLED]
    assert ask(desk, milk[1][1]) == VerdictKind.RECALLED
    assert [(alarm.notice.id, alarm.code) for alarm in desk.watched.alarms] == [(notice["id"], milk[1][1])]
    assert ask(desk, book) == VerdictKind.VALID
    assert desk.station.parcel(book_id).lane != Lane.RED

    told = guanjian(desk, "trace", milk[1][1])
    assert text("trace.verdict.recalled") in told.stdout
    assert text("ui.finding.recalled") in told.stdout
    shown = guanjian(desk, "recall", "show", notice["id"])
    assert text("trace.alarm.recall", id=notice["id"], reason="salmonella") in shown.stdout
    assert text("trace.told.scanned") in shown.stdout
    assert "9999/station-1" in shown.stdout

    assert guanjian(desk, "recall", "close", notice["id"]).exit_code == 0
    assert ask(desk, milk[1][1]) == VerdictKind.VALID
    assert FindingKind.RECALLED not in {finding.kind for finding in desk.station.parcel(milk[0][0]).findings}
    assert desk.station._store.verify_log().is_ok


def test_a_recalled_parcel_that_comes_back_alarms_at_the_belt(desk: Desk) -> None:
    declare(desk, S10, "婴儿奶粉")
    release(desk, S10)
    recalled = desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    desk.scan(100, S10)
    assert desk.newest.lane == Lane.RED
    assert FindingKind.RECALLED in desk.newest.findings
    assert [alarm.notice.id for alarm in desk.watched.alarms] == [recalled.notice.id]


def findings(desk: Desk) -> set[FindingKind]:
    return set(desk.newest.findings)


def test_a_label_of_ours_at_the_belt_leads_to_its_parcel(desk: Desk) -> None:
    declare(desk, S10, "书籍")
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code
    assert trace_id is not None
    for n, code in enumerate((payload, trace_id, f"{trace_id[:5]}-{trace_id[5:]}".lower())):
        desk.scan(100 + 50 * n, code)
        assert desk.newest.number == S10
        assert {FindingKind.ALREADY_RELEASED, FindingKind.REPEATED_NUMBER} <= findings(desk)
        assert not {FindingKind.SEVERAL_CODES, FindingKind.NO_DECLARATION} & findings(desk)
        assert desk.newest.lane == Lane.YELLOW
        found = [each for each in desk.station.parcel(desk.newest.id).findings if each.kind == "already_released"]
        assert [each.detail for each in found] == [trace_id]
    desk.read(300.5, S10)
    desk.read(300.6, payload)
    desk.scan(300)
    assert (desk.newest.number, FindingKind.SEVERAL_CODES in findings(desk)) == (S10, False)
    desk.scan(350, S10)
    desk.read(350.5, payload)
    assert FindingKind.ALREADY_RELEASED in findings(desk), "also where the label is read behind the tunnel"
    desk.scan(400, S10, payload, BOOK)
    assert FindingKind.SEVERAL_CODES in findings(desk)


def test_a_recalled_label_alarms_at_the_belt_by_code_and_by_trace_id(desk: Desk) -> None:
    declare(desk, S10, "婴儿奶粉")
    key, payload = release(desk, S10)
    desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    trace_id = desk.station.parcel(key).trace_code or ""
    for n, code in enumerate((payload, trace_id)):
        desk.scan(100 + 50 * n, code)
        assert {FindingKind.RECALLED, FindingKind.ALREADY_RELEASED} <= findings(desk)
        assert desk.newest.lane == Lane.RED
        assert desk.watched.alarms[-1].code == code


def test_a_label_that_is_not_good_at_the_belt_is_doubted(desk: Desk, tmp_path: Path) -> None:
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    foreign = Desk(build_station(desk.station.settings.model_copy(update={"data": tmp_path / "foreign"})))
    _, forged = release(foreign, S10)
    foreign.station.stop()
    wrong = f"{trace_id[:-1]}{(int(trace_id[-1]) + 1) % 10}"
    for n, code in enumerate((forged, payload[:-4] + "0000", "PT1:6BF", wrong)):
        desk.scan(100 + 50 * n, code)
        assert FindingKind.DOUBTED_LABEL in findings(desk)
        assert FindingKind.ALREADY_RELEASED not in findings(desk)
        assert (desk.newest.number, desk.newest.lane) == (code, Lane.RED), "a forgery borrows no parcel's number"
        other = f"{'EACL'[n]}E123456785CN"
        desk.scan(125 + 50 * n, code, other)
        assert desk.newest.number == other
    desk.scan(500, "T888820260000000010")
    assert FindingKind.DOUBTED_LABEL not in findings(desk), "another office's number, of which nothing is known here"


def test_a_withdrawn_label_is_doubted_and_names_its_parcel(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    desk.station.undo(decided.decision.id, officer="a")
    before = desk.newest.id
    desk.scan(100, found.payload)
    assert (desk.newest.id, desk.newest.number) == (before, S10), "it never left"
    assert FindingKind.DOUBTED_LABEL in findings(desk)


def test_looking_a_code_up_is_no_scan_of_its_label(desk: Desk, tmp_path: Path) -> None:
    key, payload = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    for arguments in (["trace", payload], ["verify", payload], ["label", payload, "-o", str(tmp_path / "a.png")]):
        assert guanjian(desk, *arguments).exit_code == 0
    assert desk.station._store.labels.sightings(trace_id) == []
    ask(desk, payload)
    assert desk.station._store.labels.sightings(trace_id) != []


def test_a_recall_shows_what_is_out_and_with_all_also_what_was_taken_back(desk: Desk) -> None:
    desk.scan(0, S10)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    notice = desk.station.intercept([decided.decision.trace_code or ""], "tip", "a")
    assert S10 in guanjian(desk, "recall", "show", notice.id).stdout
    desk.station.undo(decided.decision.id, officer="a")
    assert S10 not in guanjian(desk, "recall", "show", notice.id).stdout
    assert S10 in guanjian(desk, "recall", "show", notice.id, "--all").stdout


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


def test_a_recall_that_means_nothing_is_refused(desk: Desk) -> None:
    release(desk, S10)
    with pytest.raises(RecallEmptyError):
        desk.station.recall(Selector(goods="奶粉"), "salmonella", "a")
    assert guanjian(desk, "recall", "add", "--reason", "salmonella").exit_code == 3
    assert desk.station.tracing.notices() == []


def test_an_intercept_alarms_by_belt_reader_machine_and_hand(desk: Desk) -> None:
    done = guanjian(desk, "intercept", "add", S10, "0012345678", "--reason", "flagged at the belt")
    assert done.exit_code == 0, done.output
    desk.read(0.5, S10)
    desk.scan(0)
    assert (desk.newest.lane, FindingKind.INTERCEPTED in desk.newest.findings) == (Lane.RED, True)
    desk.scan(50, "0012345678")
    assert FindingKind.INTERCEPTED in desk.newest.findings
    desk.station._arrivals.take_code(
        desk.reader.model_copy(update={"lane": ""}), Reading(Code("Code128", S10), "hand", T0)
    )
    assert [alarm.code for alarm in desk.watched.alarms] == [S10, "0012345678", S10]
    assert {alarm.notice.kind for alarm in desk.watched.alarms} == {NoticeKind.INTERCEPT}

    desk.station.acknowledge(desk.watched.alarms[0], officer="a")
    assert desk.station._store.verify_log().is_ok


def test_an_intercept_marks_what_stands_here_already(desk: Desk) -> None:
    desk.scan(0, S10)
    notice = desk.station.intercept([S10], "tip", "a")
    assert desk.newest.lane == Lane.RED
    assert FindingKind.INTERCEPTED in desk.newest.findings
    desk.station.tracing.lift(notice.id, "a")
    assert FindingKind.INTERCEPTED not in desk.newest.findings
    assert desk.newest.lane != Lane.RED


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


@pytest.fixture
def printer() -> Iterator[Socketed]:
    made = Socketed({b"~HS\r\n": NO_PAPER})
    yield made
    made.close()


def at(port: int) -> Printer:
    return Printer(kind="tcp", address=f"127.0.0.1:{port}", language="zpl")


def test_a_label_of_unsure_fate_is_settled_from_the_command_line(
    open_desk: Callable[..., Desk], printer: Socketed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.trace.printing.ROUND_S", 0.05)
    printer.answers[b"~HS\r\n"] = NO_PAPER
    desk = open_desk(printer=at(printer.port))
    key, _ = release(desk, S10)
    trace_id = desk.station.parcel(key).trace_code or ""
    wait_until(lambda: bool(desk.watched.printer) and desk.watched.printer[-1].error_key == "printer_paper_out")
    assert guanjian(desk, "prints", "confirm", trace_id).exit_code == 3, "it only waits: it cannot have come out"
    folder = desk.station.settings.data / "prints"
    desk.station.stop()
    (job,) = folder.glob("*.job.json")
    job.write_text(job.read_text("utf-8").replace('"waiting"', '"printing"'), "utf-8")  # as a power cut leaves it

    printer.answers[b"~HS\r\n"] = READY_ZPL
    desk = open_desk(printer=at(printer.port))
    assert desk.watched.printer[-1].unsure == 1
    assert trace_id in guanjian(desk, "prints", "list").stdout
    assert printer.printed == []
    done = guanjian(desk, "prints", "again", trace_id)
    assert done.exit_code == 0, done.output
    wait_until(lambda: len(printer.printed) == 1)
    wait_until(lambda: json.loads(guanjian(desk, "prints", "list", "--json").stdout or "null") is None)
    assert guanjian(desk, "prints", "drop", trace_id).exit_code == 3
    assert desk.station._store.verify_log().is_ok


def test_a_printer_out_of_paper_is_shown_and_prints_when_it_has_some(
    open_desk: Callable[..., Desk], printer: Socketed
) -> None:
    desk = open_desk(printer=at(printer.port))
    key, _ = release(desk, S10)
    wait_until(lambda: desk.watched.printer[-1].error_key == "printer_paper_out")
    assert desk.watched.printer[-1].waiting == 1
    printer.answers[b"~HS\r\n"] = READY_ZPL
    wait_until(lambda: desk.watched.printer[-1].waiting == 0)
    assert desk.watched.printer[-1].error_key == ""

    job = desk.station.print_label(key, officer="a")
    assert job is not None
    assert job.copy == 1
    wait_until(lambda: len(printer.printed) == 2)
    first, again = printer.printed
    assert first.startswith(b"^XA")
    assert first != again, "a reprint is marked"
    assert desk.station._store.verify_log().is_ok


def test_a_label_for_a_printer_that_is_off_is_printed_by_the_next_run(
    open_desk: Callable[..., Desk], printer: Socketed
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()[1]
    desk = open_desk(printer=at(dead))
    release(desk, S10)
    wait_until(lambda: desk.watched.printer[-1].error_key == "printer_unreachable")
    printer.answers[b"~HS\r\n"] = READY_ZPL
    desk = open_desk(printer=at(printer.port))
    wait_until(lambda: len(printer.printed) == 1)
    wait_until(lambda: desk.watched.printer[-1].waiting == 0)


def test_a_slow_printer_holds_nobody_up(open_desk: Callable[..., Desk], printer: Socketed) -> None:
    del printer.answers[b"~HS\r\n"]  # it never says how it is, which costs each label a second
    desk = open_desk(printer=at(printer.port))
    for n, number in enumerate((*MILK, BOOK)):
        release(desk, number, 10 * n)
    assert len(printer.printed) < 3, "the officer was ahead of the printer"
    wait_until(lambda: len(printer.printed) == 3)


def test_labels_go_into_a_folder_and_say_the_code(open_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = open_desk(printer=Printer(kind="folder", address=str(tmp_path / "out"), language="png"))
    _, payload = release(desk, S10)
    wait_until(lambda: any((tmp_path / "out").glob("*.png")))
    (file,) = (tmp_path / "out").glob("*.png")
    picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert [code.text for code in decode(np.asarray(picture, np.uint8))] == [payload]


def test_without_a_printer_the_window_prints(desk: Desk) -> None:
    key, _ = release(desk, S10)
    assert desk.station.print_label(key, officer="a") is None
