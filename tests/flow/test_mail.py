"""A mail item over the limit is declared, taxed, paid and released; others go back, or are answered by nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import texts
from app.cli import cli
from app.customs.errors import OrderOpenError
from app.customs.parcel import Declaration, GoodsLine
from app.customs.postal import Deed, MailRefusedError
from app.customs.states import Action, State
from app.customs.tax import Standing
from app.customs.waiting import WaitingKind
from app.exchange.platform.schema import Request
from app.exchange.platform.simulator import Manner, run
from app.mail_messages import import_answers, send_requests
from app.mail_office import Correction
from app.officers.errors import RightMissingError
from tests.flow.conftest import Desk

ITEM = "EE876543216JP"
PLACE = "9999/station-1"


class Platform:
    """The folders between a desk and the simulated platform."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.outbox, self.inbox = desk, folder / "outbox", folder / "inbox"
        self.inbox.mkdir()
        self.sent: list[Request] = []

    def send(self) -> list[Request]:
        paths = list(send_requests(self.desk.station._store, self.outbox, PLACE))
        fresh = [Request.model_validate_json(path.read_text("utf-8")) for path in paths]
        self.sent += fresh
        return fresh

    def reply(self, manner: Manner) -> None:
        list(run(self.outbox, self.inbox, at=datetime.now(UTC), mix=(manner,)))
        assert [
            each.error for each in import_answers(self.desk.station.counters.mail, self.inbox, PLACE) if each.error
        ] == []

    def write(self, name: str, content: str) -> list[str]:
        """Put a file into the inbox and import it; returns the keys of what was refused."""
        (self.inbox / name).write_text(content, "utf-8")
        taken = import_answers(self.desk.station.counters.mail, self.inbox, PLACE)
        return [each.error.key for each in taken if each.error]


@pytest.fixture
def platform(desk: Desk, tmp_path: Path) -> Platform:
    return Platform(desk, tmp_path)


def arrive(desk: Desk, number: str = ITEM, value: int = 300_000_000) -> int:
    desk.station._store.add_declarations([Declaration(number, (GoodsLine("礼品", value=value),), origin="JP")])
    desk.scan(0, number)
    return desk.newest.id


def answer(kind: str, number: str, **more: object) -> str:
    return json.dumps(
        {"id": f"{kind}-{number}", "kind": kind, "item": ITEM, "at": "2026-11-22T04:00:00Z", "case": ""} | more
    )


def test_a_parcel_over_the_limit_is_declared_taxed_paid_and_released(
    desk: Desk, platform: Platform, language: str
) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk)
    seen = office.view(parcel_id)
    assert seen.estimate is not None
    assert seen.estimate.standing is Standing.OVER_LIMIT
    with pytest.raises(MailRefusedError):
        office.assess(office.view(parcel_id), officer="officer-1")

    office.ask(parcel_id, WaitingKind.SUPPLEMENT_DECLARATION, "请说明物品", officer="officer-1")
    assert desk.station.parcel(parcel_id).state is State.AWAITING_PARTY
    (row,) = office.queue()
    assert (row.waiting.kind, row.parcel.number) == (WaitingKind.SUPPLEMENT_DECLARATION, ITEM)
    (wanted,) = platform.send()
    assert (wanted.kind, wanted.item, wanted.note) == ("declaration_wanted", ITEM, "请说明物品")
    assert ITEM in wanted.notice[language]
    assert platform.send() == []

    one = {"name": "手表", "category": "watches", "count": 1, "value": "3000.00", "indivisible": True}
    assert platform.write(f"{wanted.id}.json", answer("declared", "1", articles=[one], case=wanted.case)) == []
    assert office.counts() == {WaitingKind.DECLARATION_REVIEW: 1}
    view = office.view(parcel_id)
    assert view.estimate is not None
    assert (view.estimate.standing, view.estimate.due_fen) == (Standing.SINGLE_ARTICLE, 150_000)
    assert all(rule.source for rule in view.estimate.rules)

    office.assess(office.view(parcel_id), officer="officer-1")
    assert desk.station.parcel(parcel_id).declaration.summary == "手表"  # type: ignore[union-attr]
    (due,) = platform.send()
    assert (due.kind, due.amount, due.estimate["due_fen"]) == ("tax_due", "1500.00", 150_000)  # type: ignore[index]
    assert "1500.00" in due.notice[language]
    platform.reply(Manner.DISPUTES)
    assert office.counts() == {WaitingKind.TAX_REVIEW: 1}
    with pytest.raises(OrderOpenError):
        desk.station.decide(parcel_id, Action.RELEASE, officer="officer-1", reason="no_suspicion")
    office.answer(office.view(parcel_id), Deed.UPHELD, officer="officer-1", reason="有成交记录")
    assert [each.kind for each in platform.send()] == ["tax_upheld"]
    platform.reply(Manner.WILLING)
    parcel = desk.station.parcel(parcel_id)
    assert (parcel.state, parcel.waiting, office.view(parcel_id).case.owed_fen) == (State.DOC_REVIEW, (), 0)

    desk.station.decide(parcel_id, Action.RELEASE, officer="officer-1", reason="documents_settled")
    assert [each.kind for each in platform.send()] == ["released"]
    assert desk.station.verify_log().problems == ()


def test_a_release_without_tax_and_a_refund_after_it(desk: Desk, platform: Platform) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk, value=60_000_000)
    office.assess(office.view(parcel_id), officer="officer-1")
    assert [each.kind for each in platform.send()] == ["tax_due"]
    platform.reply(Manner.WILLING)
    desk.station.decide(parcel_id, Action.RELEASE, officer="officer-1", reason="documents_settled")
    assert platform.write("d.json", answer("disputed", "9", reason="已付过")) == []
    assert [row.waiting.kind for row in office.queue()] == [WaitingKind.REFUND_REQUEST]
    office.refund(parcel_id, 12_000, "重复缴纳", officer="officer-1")
    assert office.queue() == []
    assert [each.kind for each in platform.send()] == ["released", "refunded"]


def test_a_consignee_asks_for_the_parcel_to_go_back(desk: Desk, platform: Platform) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk)
    desk.station.decide(parcel_id, Action.DOC_REVIEW, officer="officer-1")
    desk.station.decide(parcel_id, Action.REQUIRE_PARTY, officer="officer-1", reason="supplement_declaration")
    assert [each.kind for each in platform.send()] == ["declaration_wanted"]
    platform.reply(Manner.RETURNS)
    assert [row.waiting.kind for row in office.queue([WaitingKind.RETURN_REQUEST])] == [WaitingKind.RETURN_REQUEST]
    office.answer(office.view(parcel_id), Deed.RETURN_GRANTED, officer="officer-1")
    assert desk.station.parcel(parcel_id).state is State.RETURNED
    assert [each.kind for each in platform.send()] == ["return_granted"]


def test_a_silent_consignee_only_grows_older(desk: Desk, platform: Platform) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk)
    office.ask(parcel_id, WaitingKind.SUPPLEMENT_DECLARATION, "", officer="officer-1")
    platform.send()
    platform.reply(Manner.SILENT)
    (row,) = office.queue()
    assert row.waiting.due_at is not None
    assert row.waiting.is_overdue(row.waiting.due_at.replace(year=2030))


def test_answers_that_come_twice_count_once_and_wrong_ones_change_nothing(desk: Desk, platform: Platform) -> None:
    parcel_id = arrive(desk)
    desk.station.counters.mail.ask(parcel_id, WaitingKind.SUPPLEMENT_DECLARATION, "", officer="officer-1")
    rows = "id,kind,item,at,name,category,count,value,currency,indivisible\n" + "".join(
        f"c1,declared,{ITEM},2026-11-22T12:00:00+08:00,{name},textiles,1,{value},CNY,false\n"
        for name, value in (("衬衫", "100.00"), ("袜子", "20"))
    )
    assert platform.write("c.csv", rows) == []
    assert platform.write("c.csv", rows) == []
    case = desk.station.counters.mail.view(parcel_id).case
    assert (case.submissions, [each.name for each in case.declared]) == (1, ["衬衫", "袜子"])
    wrong = {
        "no.json": ("{", "records_broken"),
        "big.json": ("[" * 100_000, "records_broken"),
        "odd.csv": ("id,kind\nx,declared,more\n", "records_broken"),
        "bad.json": (answer("paid", "2", amount="1.234", receipt="r"), "answer_invalid"),
        "unknown.json": (answer("paid", "3", amount="1.00", receipt="r", item="EE000000005JP"), "parcel_unknown"),
        "elsewhere.json": (answer("paid", "4", amount="1.00", receipt="r", case="1/other/1"), "answer_invalid"),
        "early.json": (answer("paid", "5", amount="1.00", receipt="r"), "mail_refused_unexpected"),
        "none.json": ("[]", "records_broken"),
    }
    for name, (content, key) in wrong.items():
        assert platform.write(name, content) == [key], name
        assert (platform.inbox / "refused" / name).is_file()
    assert desk.station.counters.mail.view(parcel_id).case == case


def declared(number: str, *articles: tuple[str, str]) -> str:
    lines = [{"name": name, "category": "textiles", "value": value} for name, value in articles]
    return answer("declared", number, articles=lines)


def test_a_declaration_that_was_not_seen_is_not_answered(desk: Desk, platform: Platform) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk)
    office.ask(parcel_id, WaitingKind.SUPPLEMENT_DECLARATION, "", officer="officer-1")
    asked = office.view(parcel_id)
    platform.write("1.json", declared("1", ("衬衫", "100"), ("袜子", "20")))
    first = office.view(parcel_id)
    platform.write("2.json", declared("2", ("围巾", "50"), ("大衣", "900")))
    now, corrections = office.view(parcel_id), {2: Correction(value_fen=1_000)}
    for seen in (asked, first):
        for deed in (
            lambda seen=seen: office.accept(seen, officer="officer-1"),
            lambda seen=seen: office.assess(seen, corrections, officer="officer-1"),
            lambda seen=seen: office.answer(seen, Deed.REFUSED, officer="officer-1", reason="价格不实"),
        ):
            with pytest.raises(MailRefusedError) as refused:
                deed()
            assert refused.value.key == "mail_refused_unseen"
    assert office.view(parcel_id).case == now.case
    assert office.accept(now, officer="officer-1").is_accepted
    assert desk.station.parcel(parcel_id).declaration.summary.startswith("围巾")  # type: ignore[union-attr]
    office.assess(now, corrections, officer="officer-1")
    assert office.view(parcel_id).case.due_fen == 0


def test_corrections_in_papers_that_were_replaced_are_refused(desk: Desk) -> None:
    office, parcel_id = desk.station.counters.mail, arrive(desk, value=60_000_000)
    seen = office.view(parcel_id)
    other = Declaration(ITEM, (GoodsLine("手表", value=150_000_000),), origin="JP")
    desk.station._store.add_declarations([other])
    assert office.view(parcel_id).parcel.declaration == other
    with pytest.raises(MailRefusedError, match="since"):
        office.assess(seen, {1: Correction(value_fen=100)}, officer="officer-1")


def test_who_may_not_is_refused_before_anything_changes(desk: Desk) -> None:
    parcel_id = arrive(desk)
    with pytest.raises(RightMissingError):
        desk.station.counters.mail.ask(parcel_id, WaitingKind.DOCUMENTS, "", officer="auditor-1")
    with pytest.raises(RightMissingError):
        desk.station.counters.mail.assess(desk.station.counters.mail.view(parcel_id), officer="auditor-1")
    assert desk.station.counters.mail.view(parcel_id).steps == ()


def test_the_command_line_leads_a_case(desk: Desk, platform: Platform) -> None:
    arrive(desk)
    data = str(desk.station.settings.data)
    runner = CliRunner()

    def call(*arguments: str, code: int = 0) -> str:
        result = runner.invoke(cli, ["mail", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    folders = ("--outbox", str(platform.outbox), "--inbox", str(platform.inbox))
    call("ask", ITEM, "--data", data)
    assert texts.text("waiting.kind.supplement_declaration") in call("list", "--data", data)
    call("send", "-o", str(platform.outbox), "--data", data)
    assert "declared" in call("simulate", *folders, "--manner", "willing")
    call("import", str(platform.inbox), "--data", data)
    shown = json.loads(call("show", ITEM, "--json", "--data", data))
    assert shown["waits"] == ["declaration_review"]
    assert "海关总署公告2024年第176号" in call("show", ITEM, "--data", data)
    assert shown["submissions"] == 1
    assert texts.text("mail.submissions", count=1) in call("show", ITEM, "--data", data)
    for deed in (["accept", ITEM], ["assess", ITEM], ["answer", ITEM, "refused", "--reason", "x"]):
        call(*deed, "--seen", "0", "--data", data, code=3)
    call("accept", ITEM, "--seen", "1", "--data", data)
    call("assess", ITEM, "--category", "1=books", "--value", "1=1000", "--data", data)
    call("send", "-o", str(platform.outbox), "--data", data)
    call("simulate", *folders, "--manner", "willing")
    call("import", str(platform.inbox), "--data", data)
    shown = json.loads(call("show", ITEM, "--json", "--data", data))
    assert (shown["due_fen"], shown["paid_fen"], shown["waits"]) == (13_000, 13_000, [])
    call("refund", ITEM, "10", "--reason", "x", "--data", data)
    call("answer", ITEM, "upheld", "--reason", "x", "--data", data, code=3)
    assert "request" in json.loads(call("schema"))
