"""From a folder of messages through the store and an officer's decisions to receipts, each once."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import receipts
from app.commands.messages import message_commands
from app.customs.documents import Paper
from app.customs.match import match
from app.customs.parcel import Capture, FindingKind, Kind
from app.customs.states import Action, State
from app.exchange.ceb.message import Message, Record
from app.exchange.ceb.read import read_message
from app.exchange.errors import ExchangeFolderError
from app.receipts import send_receipts
from app.single_window import case_of, import_folder, keep_messages
from app.store.database import connect
from app.store.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NUMBER = "LX000000014JP"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1 << 16)
    yield opened
    opened.close()


@pytest.fixture
def inbox(shared: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    shutil.copytree(shared / "reference" / "ceb-202205" / "messages", folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o755)
    return folder


def read(path: Path) -> Message:
    return read_message(path)


def statuses(paths: list[Path], kind: str = "CEB622") -> list[str]:
    return [
        record.fields["returnStatus"] for path in paths if path.name[:6] == kind for record in read(path).records
    ]  # fmt: skip


def keep(store: Store, shared: Path, *names: str) -> None:
    folder = shared / "reference" / "ceb-202205" / "messages"
    keep_messages(store, [read(folder / f"{name}.xml") for name in names])


def test_a_folder_of_messages_becomes_declarations(store: Store, inbox: Path) -> None:
    names = sorted(path.name for path in inbox.iterdir())
    imported = list(import_folder(store, inbox))
    assert [each.path.name for each in imported] == names
    assert all(each.message for each in imported)
    assert sorted(path.name for path in (inbox / "done").iterdir()) == names
    assert list(inbox.glob("*.xml")) == []
    assert store.messages.count() == sum(len(each.message.records) for each in imported if each.message)
    declared = store.find_declaration(NUMBER)
    assert declared is not None
    assert (declared.channel, declared.origin, declared.currency) == ("cbec", "JP", "CNY")
    assert (declared.value, declared.gross_weight_g, declared.consignee) == (40_000_000, 1200, "测试甲")
    assert declared.goods[0].hs_code == "3304990029"
    assert store.find_declaration("LX000000028CN") is not None
    assert store.verify_log().problems == ()


def test_messages_that_come_twice_are_kept_once(store: Store, inbox: Path) -> None:
    copy = inbox.with_name("again")
    shutil.copytree(inbox, copy)
    list(import_folder(store, inbox))
    count, events = store.messages.count(), len(store.pending(1000))
    for path in copy.iterdir():
        shutil.copy(path, inbox)
    list(import_folder(store, inbox))
    assert (store.messages.count(), len(store.pending(1000))) == (count, events)
    assert len(list((inbox / "done").iterdir())) == 56, "no file replaced another"


def test_what_is_no_message_goes_aside_and_the_rest_goes_on(store: Store, inbox: Path) -> None:
    (inbox / "a-torn.xml").write_bytes(b"<ceb:CEB621Message")
    old = time.time() - 60
    os.utime(inbox / "a-torn.xml", (old, old))
    (inbox / "b-growing.xml").write_bytes(b"<ceb:CEB621Message")
    (inbox / "c-hostile.XML").write_bytes(b"<!DOCTYPE x><x/>")
    errors = {each.path.name for each in import_folder(store, inbox) if each.error}
    assert errors == {"a-torn.xml", "b-growing.xml", "c-hostile.XML"}
    assert {path.name for path in (inbox / "refused").iterdir()} == {"a-torn.xml", "c-hostile.XML"}
    assert [path.name for path in inbox.glob("*.xml")] == ["b-growing.xml"], "it may still be being written"
    assert len(list((inbox / "done").iterdir())) == 28


def test_drafts_and_withdrawn_inventories_declare_nothing(store: Store, shared: Path) -> None:
    text = (shared / "reference/ceb-202205/messages/CEB621_inventory_9610.xml").read_bytes()
    draft = text.replace(b"<ceb:appStatus>2", b"<ceb:appStatus>1")
    withdrawn = text.replace(b"<ceb:appType>1", b"<ceb:appType>3")
    assert keep_messages(store, [read_message(draft), read_message(withdrawn)]) == 2
    assert store.find_declaration(NUMBER) is None


def test_faults_are_kept_with_their_record(store: Store, shared: Path) -> None:
    text = (shared / "reference/ceb-202205/messages/CEB621_inventory_9610.xml").read_bytes()
    keep_messages(store, [read_message(text.replace(b"<ceb:packNo>1", b"<ceb:packNo>2"))])
    (kept,) = store.messages.find("number", [NUMBER])
    assert [fault["kind"] for fault in kept.record.faults] == ["wrong_code"]
    assert kept.record.fields["packNo"] == "2"


def test_a_return_is_held_against_its_inventory(store: Store, inbox: Path) -> None:
    path = inbox / "CEB625_return.xml"
    text = path.read_bytes()
    path.write_bytes(
        text.replace(b"<ceb:qty>1</ceb:qty>", b"<ceb:qty>9</ceb:qty>").replace(b"3304990029", b"9102110000")
    )
    assert path.read_bytes().count(b"9102110000") == path.read_bytes().count(b"<ceb:qty>9</ceb:qty>") == 1
    (found,) = [each.message for each in import_folder(store, inbox) if each.path == path]
    assert found is not None
    assert [(fault.kind, fault.path, fault.value, fault.expected) for fault in found.faults] == [
        ("unlike_original", "InvtRefund[1]/InvtRefundList[1]/gcode", "9102110000", "3304990029"),
        ("too_much", "InvtRefund[1]/InvtRefundList[1]/qty", "9", "2"),
    ]
    (kept,) = [kept for kept in store.messages.find("number", [NUMBER]) if kept.record.kind == "CEB625"]
    assert [fault["kind"] for fault in kept.record.faults] == ["unlike_original", "too_much"]


def test_papers_of_a_parcel_are_found_as_they_arrive(store: Store, shared: Path) -> None:
    assert case_of(store, NUMBER).missing == (Paper.ORDER, Paper.PAYMENT, Paper.WAYBILL, Paper.INVENTORY)
    keep(store, shared, "CEB621_inventory_9610")
    assert match(case_of(store, NUMBER)).missing == (Paper.ORDER, Paper.PAYMENT, Paper.WAYBILL)
    keep(store, shared, "CEB411_payment", "CEB311_order")
    assert match(case_of(store, NUMBER)).missing == (Paper.WAYBILL,)
    keep(store, shared, "CEB511_waybill")
    assert match(case_of(store, NUMBER)).is_equal


def test_an_order_names_the_consignee(store: Store, shared: Path) -> None:
    order = (shared / "reference/ceb-202205/messages/CEB311_order.xml").read_text("utf-8")
    other = order.replace("<ceb:consignee>测试甲", "<ceb:consignee>测试乙").encode()
    keep_messages(store, [read_message(other)])
    keep(store, shared, "CEB621_inventory_9610")
    declared = store.find_declaration(NUMBER)
    assert declared is not None
    assert declared.consignee == "测试乙"


def test_decisions_cause_receipts_each_once(store: Store, shared: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    keep(store, shared, "CEB311_order", "CEB621_inventory_9610")
    first = list(send_receipts(store, out))
    assert sorted(path.name[:6] for path in first) == ["CEB312", "CEB622"]
    assert statuses(first) == ["120"]
    parcel = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    assert list(send_receipts(store, out)) == []
    steps = ((Action.REFER, "random_check"), (Action.OPEN, ""), (Action.EXAM_NORMAL, ""))
    for minute, (action, reason) in enumerate(steps):
        decided_at = NOON + timedelta(minutes=minute)
        last = store.decide(parcel.id, action, officer="li", reason=reason, decided_at=decided_at)
    store.undo(last.id, officer="li", now=NOON + timedelta(minutes=2, seconds=5), within_s=60)
    sent = list(send_receipts(store, out))
    assert statuses(sent) == ["500", "500", "800", "500"]
    times = [read(path).records[0].fields["returnTime"] for path in sent]
    assert times == ["20260501200000000", "20260501200100000", "20260501200200000", "20260501200205000"]
    assert {read(path).records[0].fields["copNo"] for path in sent} == {"DEMO20260115000001"}
    assert list(send_receipts(store, out)) == []
    assert len(list(out.iterdir())) == 6


def test_a_crash_between_file_and_mark_writes_the_same_files(
    store: Store, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, shared, "CEB621_inventory_9610", "CEB625_return", "CEB623_cancel", "CEB711_stock_in")
    out = tmp_path / "out"

    def crash(seq: int, *, target: str = "hub") -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(store, "mark_sent", crash)
        with pytest.raises(KeyboardInterrupt):
            list(send_receipts(store, out))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    list(send_receipts(store, out))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert {name[:6] for name in before} == {"CEB622", "CEB624", "CEB626", "CEB712"}


def test_an_outbox_that_cannot_be_written_loses_nothing(store: Store, shared: Path, tmp_path: Path) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExchangeFolderError):
        list(send_receipts(store, tmp_path / "file"))
    assert statuses(list(send_receipts(store, tmp_path / "out"))) == ["120"]


def test_decisions_on_other_parcels_cause_none(store: Store, tmp_path: Path) -> None:
    parcel = store.register("EE123456785JP", Kind.PARCEL, arrived_at=NOON)
    store.decide(parcel.id, Action.REFER, officer="li", reason="random_check", decided_at=NOON)
    assert list(send_receipts(store, tmp_path)) == []


def test_a_lifted_hold_is_told_and_a_confiscation_has_no_status(store: Store, shared: Path, tmp_path: Path) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    parcel = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    hold = {"officer": "li", "reason": "intelligence"}
    store.decide(parcel.id, Action.HOLD, decided_at=NOON, **hold)
    store.decide(parcel.id, Action.LIFT_HOLD, officer="li", reason="doubt_settled", decided_at=NOON)
    store.decide(parcel.id, Action.HOLD, decided_at=NOON, **hold)
    store.decide(parcel.id, Action.CONFISCATE, officer="li", second_officer="wu", decided_at=NOON)
    assert store.parcel(parcel.id).state is State.CONFISCATED
    assert statuses(list(send_receipts(store, tmp_path))) == ["120", "600", "120", "600"]


def test_a_document_that_cannot_be_named_is_refused_and_others_are_answered(
    store: Store, shared: Path, tmp_path: Path
) -> None:
    text = (shared / "reference/ceb-202205/messages/CEB311_order.xml").read_bytes()
    other = text.replace(b"<ceb:ebpCode>4403DEMO01</ceb:ebpCode>", b"")
    keep_messages(store, [read_message(text), read_message(other)])
    sent = list(send_receipts(store, tmp_path))
    assert sorted(path.name[:6] for path in sent) == ["CEB312", "CEB900"]
    refusal = read(next(path for path in sent if path.name.startswith("CEB900")))
    assert "ebpCode" in refusal.records[0].fields["returnInfo"]
    assert refusal.faults == ()


def test_many_documents_share_files_of_a_hundred_at_most(store: Store, tmp_path: Path) -> None:
    from app.bench.ingest import make_inventories

    keep_messages(store, [read_message(make_inventories(first, 100)) for first in (0, 100, 200)])
    sent = list(send_receipts(store, tmp_path))
    counts = [len(read(path).records) for path in sent]
    assert sum(counts) == 300
    assert max(counts) <= 100
    assert len(counts) <= 5
    assert len({record.fields["guid"] for path in sent for record in read(path).records}) == 300
    assert all(read(path).faults == () for path in sent)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE messages SET body = replace(body, '400.00', '40.00') WHERE kind = 'CEB621'", "row_altered"),
        ("UPDATE messages SET faults = '[1]' WHERE id = 1", "row_altered"),
        ("DELETE FROM messages WHERE id = 1", "row_missing"),
    ],
)
def test_a_message_that_was_changed_afterwards_is_found(store: Store, shared: Path, sql: str, what: str) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    with closing(connect(store.folder / "store.sqlite")) as other:
        for verb in ("update", "delete"):
            other.execute(f"DROP TRIGGER messages_never_{verb}")
        assert other.execute(sql).rowcount
    assert what in {problem.what for problem in store.verify_log().problems}


def test_the_command_line_reads(shared: Path, tmp_path: Path) -> None:
    folder = shared / "reference" / "ceb-202205" / "messages"
    (tmp_path / "broken.xml").write_bytes(b"<")
    files = [
        str(folder / "CEB621_inventory_9610.xml"),
        str(tmp_path / "broken.xml"),
        str(folder / "CEB411_payment.xml"),
    ]
    result = CliRunner().invoke(message_commands, ["read", "--json", *files])
    assert result.exit_code == 3
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["file"], row["type"], [fault["kind"] for fault in row["faults"]]) for row in rows] == [
        (files[0], "CEB621", []),
        (files[1], None, ["message_broken"]),
        (files[2], "CEB411", []),
    ]
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [files[1]]
    assert rows[0]["records"][0]["lines"][0]["gcode"] == "3304990029"
    assert rows[0]["signature"] == "not_verified"
    plain = CliRunner().invoke(message_commands, ["read", str(folder)])
    assert plain.exit_code == 0
    assert len(plain.stdout.splitlines()) == 28


def test_the_command_line_imports_and_answers(inbox: Path, tmp_path: Path) -> None:
    data, out = ["--data", str(tmp_path / "data")], tmp_path / "out"
    (inbox / "no.xml").write_bytes(b"<x/>")
    result = CliRunner().invoke(message_commands, ["import", str(inbox), "--json", *data])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 28
    result = CliRunner().invoke(message_commands, ["receipts", "--out", str(out), *data])
    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == sorted(str(path) for path in out.iterdir())
    again = CliRunner().invoke(message_commands, ["receipts", "--out", str(out), *data])
    assert (again.exit_code, again.stdout) == (0, "")


def test_receipts_have_their_own_place_in_the_outbox(store: Store, shared: Path, tmp_path: Path) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    waiting = len(store.pending(100))
    list(send_receipts(store, tmp_path))
    assert store.pending(100, target=receipts.TARGET) == []
    assert len(store.pending(100)) == waiting


def cancel(store: Store, shared: Path, **changes: str) -> None:
    """The sample cancellation, with fields of its own."""
    folder = shared / "reference" / "ceb-202205" / "messages"
    message = read(folder / "CEB623_cancel.xml")
    (record,) = message.records
    keep_messages(store, [replace(message, records=(replace(record, fields={**record.fields, **changes}),))])


def test_a_cancellation_marks_the_parcel_and_its_rejection_answers_it(
    store: Store, shared: Path, tmp_path: Path
) -> None:
    keep(store, shared, "CEB311_order", "CEB621_inventory_9610")
    parcel = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    cancel(store, shared, logisticsNo=NUMBER, appStatus="2")
    assert FindingKind.WITHDRAWN in {finding.kind for finding in store.parcel(parcel.id).findings}
    list(send_receipts(store, tmp_path / "first"))
    store.decide(parcel.id, Action.HOLD, officer="li", decided_at=NOON, reason="intelligence")
    store.decide(parcel.id, Action.LIFT_HOLD, officer="li", decided_at=NOON, reason="doubt_settled")
    path = store.captures_folder / "x.tif"
    path.write_bytes(b"x")
    store.record_scan(parcel.id, Capture("x", "x.tif", "00", "belt", NOON), arrived_at=NOON)
    made = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
    assert made.after is State.DOC_REVIEW
    store.decide(parcel.id, Action.REJECT, officer="li", decided_at=NOON, reason="withdrawn_by_sender")
    sent = list(send_receipts(store, tmp_path / "second"))
    assert statuses(sent, "CEB624") == ["399"]
    assert statuses(sent)[-1] == "100"


def test_a_cancellation_that_comes_too_late_is_refused_at_once(store: Store, shared: Path, tmp_path: Path) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    parcel = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    store.decide(parcel.id, Action.REFER, officer="li", decided_at=NOON, reason="suspected_drugs")
    list(send_receipts(store, tmp_path / "first"))
    cancel(store, shared, logisticsNo=NUMBER, appStatus="2")
    sent = list(send_receipts(store, tmp_path / "second"))
    assert statuses(sent, "CEB624") == ["120", "100"]
    assert all(read(path).faults == () for path in sent)
    assert list(send_receipts(store, tmp_path / "third")) == []


def test_what_is_released_although_it_was_taken_back_refuses_the_cancellation(
    store: Store, shared: Path, tmp_path: Path
) -> None:
    keep(store, shared, "CEB621_inventory_9610")
    parcel = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    path = store.captures_folder / "x.tif"
    path.write_bytes(b"x")
    store.record_scan(parcel.id, Capture("x", "x.tif", "00", "belt", NOON), arrived_at=NOON)
    cancel(store, shared, logisticsNo=NUMBER, appStatus="2")
    store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
    made = store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
    assert statuses(list(send_receipts(store, tmp_path / "a")), "CEB624") == ["120", "100"]
    store.undo(made.id, officer="li", now=NOON, within_s=60)
    assert statuses(list(send_receipts(store, tmp_path / "b")), "CEB624") == ["120"]


def test_a_deleted_inventory_and_an_export_cancellation_take_back_too(store: Store, shared: Path) -> None:
    folder = shared / "reference" / "ceb-202205" / "messages"
    inventory = read(folder / "CEB603_export_inventory.xml")
    (first, *_) = inventory.records
    number = "20260501E000000001"
    given = {**first.fields, "invtNo": number}
    keep_messages(store, [replace(inventory, records=(replace(first, fields=given),))])
    parcel = store.register(first.fields["logisticsNo"], Kind.PARCEL, arrived_at=NOON)
    fields = {"guid": "G-605", "appStatus": "2", "invtNo": number, "reason": "test"}
    keep_messages(store, [Message("CEB605", "M", (Record(fields),), (), inventory.signature)])
    assert FindingKind.WITHDRAWN in {finding.kind for finding in store.parcel(parcel.id).findings}
    keep(store, shared, "CEB621_inventory_9610")
    other = store.register(NUMBER, Kind.PARCEL, arrived_at=NOON)
    message = read(folder / "CEB621_inventory_9610.xml")
    (record,) = message.records
    deleted = {**record.fields, "guid": "G-DEL", "appType": "3", "appStatus": "2"}
    keep_messages(store, [replace(message, records=(replace(record, fields=deleted),))])
    assert FindingKind.WITHDRAWN in {finding.kind for finding in store.parcel(other.id).findings}
