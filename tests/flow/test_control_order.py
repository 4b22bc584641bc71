"""A control order from the port to the destination: two stations that know each other only by files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import texts
from app.build import build_station
from app.cli import cli
from app.customs.errors import GuardError, MoveUnknownError, OrderOpenError
from app.customs.examination import Examination, Handling, Item
from app.customs.orders import Part, Result, Step
from app.customs.parcel import Decision, Declaration, FindingKind, GoodsLine, Lane, QueueFilter
from app.customs.states import Action, State
from app.exchange.errors import DestinationWrongError, SealBrokenError
from app.exchange.sealed import read_sealed, write_sealed
from app.officers.errors import RightMissingError
from app.settings import Detection, Officers, Post, Settings
from app.store import decisions
from app.store.database import Connection
from app.store.decisions import Verdict
from app.store.errors import AlreadyKeptError, HandoverStateError, StoreFullError
from tests.flow.conftest import Desk

S10 = "RR123456785CN"
OFFICER, SUPERVISOR, OTHER = "officer-1", "supervisor-1", "officer-2"


@pytest.fixture
def open_post(tmp_path: Path) -> Iterator[Callable[[str, str], Desk]]:
    """Opens the station of an office; all are stopped at the end."""
    desks: list[Desk] = []

    def open_one(office: str, station: str) -> Desk:
        settings = Settings(
            data=tmp_path / office, detection=Detection(is_on=False), post=Post(office=office, station=station),
            officers=Officers(sign_in="demo"),
        )  # fmt: skip
        desks.append(Desk(build_station(settings)))
        return desks[-1]

    yield open_one
    for desk in desks:
        assert desk.station.stop()


def trust(one: Desk, other: Desk) -> None:
    """Give one post the key list of another, as `guanjian keys export` and `import` do."""
    keys = other.station._labelling.keys
    keys.store.public_keys().write(
        one.station._labelling.keys.folder / f"{other.station.settings.post.office}.json", now=datetime.now(UTC)
    )


def order_file(folder: Path, **changes: object) -> Path:
    now = datetime.now(UTC)
    record = {
        "id": "B5300-1", "issuer": "5300", "level": "both", "work": "exterior", "destination_work": "opening",
        "target": {"numbers": [S10]}, "valid_from": (now - timedelta(hours=1)).isoformat(),
        "valid_to": (now + timedelta(days=9)).isoformat(), "issued_at": now.isoformat(),
        "instruction": "核对品牌 look at the brand", **changes,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    path = folder / f"{record['id']}.json"
    path.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    return path


def send_on(port: Desk, folder: Path, to: str) -> tuple[int, Path]:
    """The port's half: the order hits, the outside is looked at, the parcel goes on under seal."""
    desk = port.station
    desk._store.add_declarations([Declaration(S10, (GoodsLine("手表", "9102"),), sender="ACME", consignee="测试甲")])
    inbox = folder / "orders"
    order_file(inbox)
    (brought,) = desk.orders.import_folder(inbox, officer=OFFICER)
    assert (brought.is_new, brought.error, brought.hits) == (True, None, ())
    assert (inbox / "done" / "B5300-1.json").is_file()
    port.scan(0, S10)
    parcel_id = port.newest.id
    assert (port.newest.lane, FindingKind.CONTROLLED in port.newest.findings) == (Lane.RED, True)
    here, there = desk.orders.hits_of(parcel_id)
    assert (here.part, there.part) == (Part.PORT, Part.DESTINATION)
    desk.decide(parcel_id, Action.DOC_REVIEW, officer=OFFICER)
    onward = {"reason": "destination_check", "officer": OFFICER, "second_officer": SUPERVISOR}
    with pytest.raises(OrderOpenError):
        desk.decide(parcel_id, Action.CONDITIONAL_RELEASE, **onward)  # type: ignore[arg-type]
    desk.orders.acknowledge(here.id, officer=OFFICER)
    desk.orders.execute(here.id, Result.NORMAL, note="封志完好", officer=OFFICER)
    with pytest.raises(HandoverStateError):
        desk.handovers.seal(parcel_id, to, folder, officer=OFFICER)
    desk.decide(parcel_id, Action.CONDITIONAL_RELEASE, **onward)  # type: ignore[arg-type]
    with pytest.raises(DestinationWrongError):
        desk.handovers.send(parcel_id, "lane-1", folder / "out", officer=OFFICER)
    return parcel_id, desk.handovers.seal(parcel_id, to, folder / "out", officer=OFFICER, seal="A778")


def test_port_and_destination_carry_out_one_order_and_both_close(
    open_post: Callable[[str, str], Desk], tmp_path: Path
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    trust(port, there)
    trust(there, port)
    parcel_id, sealed = send_on(port, tmp_path, "2233/lane-1")

    destination = there.station
    parcel = destination.handovers.take(sealed, officer=OFFICER)
    assert (parcel.number, parcel.state, parcel.lane) == (S10, State.COND_RELEASED, Lane.RED)
    assert parcel.declaration is not None
    assert parcel.declaration.goods == (GoodsLine("手表", "9102"),)
    assert destination.open_scan(parcel.id) is not None
    assert [row.number for row in destination.queue(QueueFilter())] == [S10]
    with pytest.raises(AlreadyKeptError):
        destination.handovers.open(sealed, officer=OFFICER)
    (hit,) = destination.orders.hits_of(parcel.id)
    assert hit.due_at is not None
    with pytest.raises(OrderOpenError):
        destination.decide(parcel.id, Action.DESTINATION_NORMAL, officer=OFFICER)
    destination.orders.acknowledge(hit.id, officer=OFFICER)
    with pytest.raises(GuardError):
        destination.orders.execute(hit.id, Result.NORMAL, officer=OFFICER)
    record = Examination(
        parcel.id, (Item("手表", "1", "1"),), Handling.RELEASE, OFFICER, OTHER, datetime.now(UTC), seal_before="A778"
    )
    destination._store.examinations.sign(record)
    destination.orders.execute(hit.id, Result.NORMAL, officer=OFFICER)
    with pytest.raises(HandoverStateError):
        destination.handovers.close(parcel.id, tmp_path, officer=OFFICER)
    destination.decide(parcel.id, Action.DESTINATION_NORMAL, officer=OFFICER)
    closing = destination.handovers.send(parcel.id, "", tmp_path / "back", officer=OFFICER)

    closed = port.station.handovers.take(closing, officer=OFFICER)
    assert (closed.id, closed.state) == (parcel_id, State.CLOSED)
    last = port.station.orders.hits_of(parcel_id)[-1].ended
    assert last is not None
    assert (last.step, last.result, last.officer) == (Step.SETTLED, "normal", f"2233/lane-1/{OFFICER}")
    with pytest.raises(AlreadyKeptError):
        port.station.handovers.take_closing(closing, officer=OFFICER)
    assert [each.way for each in port.station.handovers.of(parcel_id)] == ["sent", "closed"]
    for desk in (port, there):
        assert desk.station.verify_log().is_ok


def test_a_sealed_parcel_goes_its_way_by_commands_in_the_officers_language(
    open_post: Callable[[str, str], Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    trust(port, there)
    trust(there, port)
    parcel_id, sealed = send_on(port, tmp_path, "2233/lane-1")
    for name, value in (("OFFICERS__SIGN_IN", "demo"), ("DEVICES", "[]"), ("DETECTION__IS_ON", "false")):
        monkeypatch.setenv(f"GUANJIAN_{name}", value)

    def run(desk: Desk, *arguments: str) -> str:
        settings = desk.station.settings
        monkeypatch.setenv("GUANJIAN_POST__OFFICE", settings.post.office)
        monkeypatch.setenv("GUANJIAN_POST__STATION", settings.post.station)
        done = CliRunner().invoke(cli, ["orders", *arguments, "--data", str(settings.data)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run(there, "open", str(sealed)).split() == [S10, *texts.text("state.cond_released", lang=language).split()]
    parcel = there.station.find_code(S10)
    assert parcel is not None
    (hit,) = there.station.orders.hits_of(parcel.id)
    run(there, "acknowledge", str(hit.id))
    there.station._store.examinations.sign(
        Examination(parcel.id, (Item("手表", "1", "1"),), Handling.RELEASE, OFFICER, OTHER, datetime.now(UTC))
    )
    run(there, "execute", str(hit.id), "--result", "normal")
    there.station.decide(parcel.id, Action.DESTINATION_NORMAL, officer=OFFICER)
    closing = run(there, "close", S10, "--out", str(tmp_path / "back")).strip()
    assert run(port, "closing", closing).split() == [S10, *texts.text("state.closed", lang=language).split()]
    assert port.station.parcel(parcel_id).state is State.CLOSED
    assert port.station.verify_log().is_ok


def test_what_the_destination_seizes_is_handed_over_in_the_port_record(
    open_post: Callable[[str, str], Desk], tmp_path: Path
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    trust(port, there)
    trust(there, port)
    _, sealed = send_on(port, tmp_path, "2233/lane-1")
    destination = there.station
    parcel = destination.handovers.open(sealed, officer=OFFICER)
    destination.decide(parcel.id, Action.DESTINATION_ABNORMAL, officer=OFFICER, reason="prohibited_goods")
    destination.decide(
        parcel.id, Action.CONFISCATE, officer=OFFICER, reason="prohibited_goods", second_officer=SUPERVISOR
    )
    closing = destination.handovers.close(parcel.id, tmp_path / "back", officer=OFFICER)
    assert port.station.handovers.take_closing(closing, officer=OFFICER).state is State.TRANSFERRED
    assert port.station.orders.counts() == (0, 0)
    assert port.station.verify_log().is_ok


def close_there(there: Desk, sealed: Path, folder: Path, *, is_normal: bool) -> Path:
    """The destination's half: the order is carried out and the parcel closed, or confiscated."""
    destination = there.station
    parcel = destination.handovers.open(sealed, officer=OFFICER)
    if is_normal:
        (hit,) = destination.orders.hits_of(parcel.id)
        destination.orders.lift(hit.id, reason="by mistake", officer=OFFICER, second_officer=SUPERVISOR)
        destination.decide(parcel.id, Action.DESTINATION_NORMAL, officer=OFFICER)
    else:
        given = {"officer": OFFICER, "reason": "prohibited_goods"}
        destination.decide(parcel.id, Action.DESTINATION_ABNORMAL, **given)  # type: ignore[arg-type]
        destination.decide(parcel.id, Action.CONFISCATE, second_officer=SUPERVISOR, **given)  # type: ignore[arg-type]
    return destination.handovers.close(parcel.id, folder, officer=OFFICER)


def stands_as_before(port: Desk, parcel_id: int, state: State) -> bool:
    ways = [each.way for each in port.station.handovers.of(parcel_id)]
    last = port.station.orders.hits_of(parcel_id)[-1]
    return (ways, last.part, last.ended, port.station.parcel(parcel_id).state) == (
        ["sent"], Part.DESTINATION, None, state,
    )  # fmt: skip


@pytest.mark.parametrize(("is_normal", "end"), [(True, State.CLOSED), (False, State.TRANSFERRED)])
def test_a_closing_that_meets_a_hold_is_taken_once_the_hold_is_lifted(
    open_post: Callable[[str, str], Desk], tmp_path: Path, is_normal: bool, end: State
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    trust(port, there)
    trust(there, port)
    parcel_id, sealed = send_on(port, tmp_path, "2233/lane-1")
    closing = close_there(there, sealed, tmp_path / "back", is_normal=is_normal)
    desk = port.station
    desk._store.decide(parcel_id, Action.HOLD, officer="hub", decided_at=datetime.now(UTC), reason="hub_conflict")
    with pytest.raises(MoveUnknownError):
        desk.handovers.take(closing, officer=OFFICER)
    assert stands_as_before(port, parcel_id, State.HELD)
    desk.decide(parcel_id, Action.LIFT_HOLD, officer=OFFICER, reason="settled")
    assert desk.handovers.take(closing, officer=OFFICER).state is end
    with pytest.raises(AlreadyKeptError):
        desk.handovers.take(closing, officer=OFFICER)
    assert [each.way for each in desk.handovers.of(parcel_id)] == ["sent", "closed"]
    assert desk.verify_log().is_ok


def test_a_closing_that_is_cut_off_at_its_last_move_leaves_nothing_half_done(
    open_post: Callable[[str, str], Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    trust(port, there)
    trust(there, port)
    parcel_id, sealed = send_on(port, tmp_path, "2233/lane-1")
    closing = close_there(there, sealed, tmp_path / "back", is_normal=False)
    whole = decisions.decide

    def cut_off(connection: Connection, decided_id: int, verdict: Verdict) -> Decision:
        if verdict.action is Action.TRANSFER:
            raise StoreFullError("The disk is full.")
        return whole(connection, decided_id, verdict)

    with monkeypatch.context() as patch:
        patch.setattr(decisions, "decide", cut_off)
        with pytest.raises(StoreFullError):
            port.station.handovers.take(closing, officer=OFFICER)
    assert stands_as_before(port, parcel_id, State.COND_RELEASED)
    assert port.station.handovers.take(closing, officer=OFFICER).state is State.TRANSFERRED
    assert port.station.verify_log().is_ok


def test_a_sealed_record_is_opened_only_as_it_was_sealed_and_by_whom_it_is_for(
    open_post: Callable[[str, str], Desk], tmp_path: Path
) -> None:
    port, there = open_post("5301", "hall"), open_post("2233", "lane-1")
    _, sealed = send_on(port, tmp_path, "2233/lane-1")
    with pytest.raises(SealBrokenError, match="key"):
        there.station.handovers.open(sealed, officer=OFFICER)
    trust(there, port)
    opened = read_sealed(sealed)
    changed = tmp_path / "changed.sealed"

    def pack(content: bytes, files: dict[str, bytes]) -> None:
        changed.write_bytes(write_sealed(content, kid=opened.kid, signature=opened.signature, files=files))

    pack(opened.content.replace(b'"A778"', b'"A779"'), dict(opened.files))
    with pytest.raises(SealBrokenError, match="signature"):
        there.station.handovers.open(changed, officer=OFFICER)
    pack(opened.content, {name: data + b"x" for name, data in opened.files.items()})
    with pytest.raises(SealBrokenError, match="picture"):
        there.station.handovers.open(changed, officer=OFFICER)
    changed.write_bytes(b"PK no zip")
    with pytest.raises(SealBrokenError):
        there.station.handovers.open(changed, officer=OFFICER)
    with pytest.raises(SealBrokenError, match="2233"):
        port.station.handovers.open(sealed, officer=OFFICER)
    assert there.station.queue(QueueFilter()) == []


def test_orders_come_as_csv_faults_are_named_and_answers_go_out_once(
    open_post: Callable[[str, str], Desk], tmp_path: Path
) -> None:
    desk = open_post("5301", "hall")
    inbox = tmp_path / "in"
    inbox.mkdir()
    now = datetime.now(UTC)
    span = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ},{now + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    head = "id,issuer,level,work,numbers,words,valid_from,valid_to,issued_at\n"
    (inbox / "a.csv").write_text(
        f"{head}C1,5300,image_only,image,{S10};X1,,{span},2026-05-01T08:00:00Z\n"
        f"C2,5300,port,opening,,手表;watch,{span},2026-05-01T08:00:00Z\n",
        "utf-8-sig",
    )
    (inbox / "b.csv").write_text(f"{head}C3,5300,image_only,opening,{S10},,{span},2026-05-01T08:00:00Z\n", "utf-8")
    results = list(desk.station.orders.import_folder(inbox, officer=OFFICER))
    assert [(each.order_id, each.error is None) for each in results] == [("C1", True), ("C2", True), ("", False)]
    assert "image only" in str(results[-1].error)
    assert (inbox / "refused" / "b.csv").is_file()
    desk.scan(0, S10)
    (hit,) = desk.station.orders.hits(limit=9)
    assert desk.newest.lane is Lane.YELLOW
    desk.station.orders.acknowledge(hit.id, officer=OFFICER)
    desk.station.orders.execute(hit.id, Result.ABNORMAL, note="dense block", officer=OFFICER)
    paths = list(desk.station.orders.send_answers(tmp_path / "out", officer=OFFICER))
    answers = [json.loads(path.read_text("utf-8")) for path in paths]
    assert [(each["step"], each["result"], each["in_time"]) for each in answers] == [
        ("acknowledged", None, True),
        ("executed", "abnormal", True),
    ]
    assert (answers[1]["order"], answers[1]["parcel"], answers[1]["note"]) == ("C1", S10, "dense block")
    assert list(desk.station.orders.send_answers(tmp_path / "out", officer=OFFICER)) == []


def test_an_order_is_lifted_with_a_superior_and_revoked_by_its_issuer(
    open_post: Callable[[str, str], Desk], tmp_path: Path
) -> None:
    desk = open_post("5301", "hall")
    for name in ("D1", "D2"):
        order_file(tmp_path / "in", id=name, level="port")
    list(desk.station.orders.import_folder(tmp_path / "in", officer=OFFICER))
    desk.scan(0, S10)
    first, _ = desk.station.orders.hits_of(desk.newest.id)
    with pytest.raises(RightMissingError):
        desk.station.orders.lift(first.id, reason="by mistake", officer=OFFICER, second_officer=OTHER)
    desk.station.orders.lift(first.id, reason="by mistake", officer=OFFICER, second_officer=SUPERVISOR)
    revocations = [{"kind": "revocation", "id": name, "issuer": "5300"} for name in ("D2", "D9")]
    (tmp_path / "in" / "r.json").write_text(json.dumps(revocations), "utf-8")
    revoked, unknown = desk.station.orders.import_folder(tmp_path / "in", officer=OFFICER)
    assert (revoked.hits, unknown.error is None) == ((desk.newest.id,), False)
    assert desk.station.orders.counts() == (0, 0)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer=OFFICER)
    assert decided.parcel.state is State.RELEASED
