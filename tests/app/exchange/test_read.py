"""Reading messages: the shared ones, and thousands of faulty ones judged by customs' own schema."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from app.exchange.ceb.codes import is_day, is_identity_number, is_time, is_time_ms
from app.exchange.ceb.message import FaultKind, Message, Signature
from app.exchange.ceb.read import _MessageReader, read_message
from app.exchange.ceb.tables import specs
from app.exchange.errors import MessageBrokenError, MessageUnknownError
from tests.app.exchange.generated import make_message
from tests.app.exchange.variants import CEB, variant

Messages = dict[str, bytes]
Judge = Callable[[bytes], list[str]]
K = FaultKind


def kinds(message: Message) -> dict[FaultKind, str]:
    return {fault.kind: fault.path for fault in message.faults}


def change(text: bytes, tag: str, value: str | None) -> bytes:
    """Set the first element of a tag, in its place where it exists, or take it out; adds what is not there."""
    root = etree.fromstring(text)
    element = root.find(f".//{CEB}{tag}")
    if element is None:
        head = root[0][0] if len(root[0][0]) else root[0]
        element = etree.SubElement(head, f"{CEB}{tag}")
    if value is None:
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    else:
        element.text = value
    return etree.tostring(root)


def test_the_shared_messages_are_read_whole_and_without_a_fault(messages: Messages) -> None:
    assert len(messages) == 28
    for name, text in messages.items():
        message = read_message(text)
        assert message.type == name[:6]
        assert message.faults == (), name
        read = sum(len(record.fields) + sum(map(len, record.lines)) for record in message.records)
        root = etree.fromstring(text)
        tails = {f"{CEB}BaseTransfer", f"{CEB}BaseSubscribe", f"{CEB}ExtendMessage"}
        there = sum(
            1 for e in root.iter(f"{CEB}*") if not len(e) and not any(a.tag in tails for a in e.iterancestors())
        )
        assert read == there, name


def test_signatures_are_shown_and_never_called_good(messages: Messages) -> None:
    assert read_message(messages["CEB621_inventory_9610"]).signature is Signature.NOT_VERIFIED
    assert read_message(messages["CEB311_order"]).signature is Signature.ABSENT
    assert read_message(messages["CEB311_order"]).transfer["dxpId"] == "DXPENT0000000000"


def test_the_table_knows_all_messages_and_their_answers() -> None:
    table = specs()
    assert len(table) == 42
    for kind, spec in table.items():
        assert not spec.answer or table[spec.answer].record.fields[0].tag == "guid", kind
        assert bool(spec.answer) == bool(spec.tail), kind


def test_the_table_is_the_schema(folder: Path) -> None:
    """Every field with its order, length and occurrence, against the facts beside the schemas."""
    import json

    facts = json.loads((folder / "fields.json").read_text("utf-8"))
    for name, entry in facts.items():
        spec = specs()[name.removesuffix("Message")]
        ours = {field.tag: field for field in spec.record.fields}
        lines = {field.tag: field for field in spec.line.fields} if spec.line else {}
        depth = 3 if spec.head else 2
        for fact in entry["fields"]:
            path, facets = fact["path"], fact.get("facets") or {}
            if len(path) != depth + 1 or path[1] != spec.record.tag:
                continue
            field = (lines if spec.line and path[-2] == spec.line.tag else ours)[path[-1]]
            assert field.is_optional == (fact["min"] == "0"), path
            if fact["type"] == "xs:string":
                low = int(facets.get("length", facets.get("minLength", 0)))
                assert field.low == low, path
                assert field.high == int(facets.get("length", facets.get("maxLength", 1 << 30))), path


VARIANTS = int(os.environ.get("GUANJIAN_VARIANTS", "120"))
"""Of each of the 28 messages; 3600 make a hundred thousand."""


@pytest.mark.parametrize("part", range(4))
def test_faults_are_those_of_the_schema(messages: Messages, judge: Judge, part: int) -> None:
    """A variant has a fault by the schema exactly where customs' own schema refuses it."""
    faulty = 0
    for name, text in messages.items():
        for seed in range(part, VARIANTS, 4):
            changed = variant(text, seed, changes=1 + seed % 2)
            refused = judge(changed)
            if refused and all("xmldsig#" in said for said in refused):
                continue  # the inside of a signature is not looked at
            by_schema = [fault for fault in read_message(changed).faults if fault.is_by_schema]
            assert bool(by_schema) == bool(refused), (name, seed, by_schema, refused)
            faulty += bool(refused)
    assert faulty > 500


def test_prefix_and_order_do_not_matter_for_the_values(messages: Messages) -> None:
    for text in messages.values():
        plain = text.replace(b"<ceb:", b"<").replace(b"</ceb:", b"</").replace(b"xmlns:ceb=", b"xmlns=")
        assert read_message(plain) == read_message(text)
        root = etree.fromstring(text)
        for holder in [e for e in root.iter(f"{CEB}*") if len(e)]:
            for child in reversed(list(holder)):
                holder.append(child)
        turned = read_message(etree.tostring(root))
        assert {fault.kind for fault in turned.faults} <= {K.WRONG_ORDER, K.WRONG_NUMBERING}
        wanted = {record.guid: record.fields for record in read_message(text).records}
        assert {record.guid: record.fields for record in turned.records} == wanted


def test_unknown_tags_are_named_and_passed_over(messages: Messages) -> None:
    text = messages["CEB621_inventory_9610"].replace(b"<ceb:appType>", b"<ceb:novelty>x</ceb:novelty><ceb:appType>")
    message = read_message(text)
    assert kinds(message) == {K.UNKNOWN_TAG: "Inventory[1]/InventoryHead/novelty"}
    assert message.records[0].fields["orderNo"] == "DEMO-ORDER-0001"


def test_a_record_after_the_tail_is_read_and_named(messages: Messages, judge: Judge) -> None:
    root = etree.fromstring(messages["CEB513_waybill_signed_for"])
    root.append(etree.fromstring(etree.tostring(root[0]).replace(b"000000000008", b"000000000009")))
    message = read_message(etree.tostring(root))
    assert judge(etree.tostring(root))
    assert (len(message.records), kinds(message)) == (2, {K.WRONG_ORDER: "LogisticsStatus"})


def test_what_official_samples_do_wrong_is_read_and_named(messages: Messages) -> None:
    short_root = messages["CEB214_export_return_receipts"].replace(b"CEB214Message", b"CEB214")
    assert kinds(read_message(short_root)) == {K.WRONG_ROOT: "CEB214"}
    assert len(read_message(short_root).records) == 5
    root = etree.fromstring(messages["CEB603_export_inventory"])
    transfer = root.find(f"{CEB}BaseTransfer")
    assert transfer is not None
    root.append(etree.fromstring(etree.tostring(transfer)))
    assert kinds(read_message(etree.tostring(root))) == {K.TOO_MANY: "BaseTransfer"}


HEAD, LINE = "Inventory[1]/InventoryHead", "Inventory[1]/InventoryList[1]"


@pytest.mark.parametrize(
    ("name", "tag", "value", "kind", "path"),
    [
        ("CEB621_inventory_9610", "packNo", "2", K.WRONG_CODE, f"{HEAD}/packNo"),
        ("CEB511_waybill", "packNo", "2", K.WRONG_CODE, "Logistics[1]/LogisticsHead/packNo"),
        ("CEB621_inventory_9610", "buyerIdType", "2", K.WRONG_CODE, f"{HEAD}/buyerIdType"),
        ("CEB411_payment", "payerIdType", "2", K.WRONG_CODE, "Payment[1]/PaymentHead/payerIdType"),
        ("CEB311_order", "currency", "502", K.WRONG_FIXED, "Order[1]/OrderHead/currency"),
        ("CEB621_inventory_9610", "trafNo", None, K.NEEDED, f"{HEAD}/trafNo"),
        ("CEB621_inventory_9610", "voyageNo", None, K.NEEDED, f"{HEAD}/voyageNo"),
        ("CEB621_inventory_9610", "billNo", "", K.NEEDED, f"{HEAD}/billNo"),
        ("CEB621_inventory_1210_bonded", "emsNo", None, K.NEEDED, f"{HEAD}/emsNo"),
        ("CEB621_inventory_1210_bonded", "areaCode", None, K.NEEDED, f"{HEAD}/areaCode"),
        ("CEB621_inventory_1210_bonded", "areaName", "", K.NEEDED, f"{HEAD}/areaName"),
        ("CEB621_inventory_1210_bonded", "itemRecordNo", None, K.NEEDED, f"{LINE}/itemRecordNo"),
        ("CEB621_inventory_1210_bonded", "trafNo", "X", K.FORBIDDEN, f"{HEAD}/trafNo"),
        ("CEB621_inventory_1210_bonded", "billNo", "X", K.FORBIDDEN, f"{HEAD}/billNo"),
        ("CEB621_inventory_1210_bonded", "country", "116", K.WRONG_CODE, f"{HEAD}/country"),
        ("CEB621_inventory_9610", "tradeMode", "0110", K.WRONG_CODE, f"{HEAD}/tradeMode"),
        ("CEB621_inventory_9610", "netWeight", "1.3", K.TOO_MUCH, f"{HEAD}/netWeight"),
        ("CEB621_inventory_9610", "buyerIdNumber", "110105194912310021", K.WRONG_SHAPE, f"{HEAD}/buyerIdNumber"),
        ("CEB621_inventory_9610", "gnum", "2", K.WRONG_NUMBERING, f"{LINE}/gnum"),
        ("CEB621_inventory_9610", "qty", "-2", K.NEGATIVE, f"{LINE}/qty"),
        ("CEB621_inventory_9610", "appTime", "20260231093000", K.WRONG_SHAPE, f"{HEAD}/appTime"),
        ("CEB621_inventory_9610", "declTime", "20261301", K.WRONG_SHAPE, f"{HEAD}/declTime"),
        ("CEB621_inventory_9610", "appType", "4", K.WRONG_CODE, f"{HEAD}/appType"),
        ("CEB621_inventory_9610", "guid", "a" * 36, K.WRONG_SHAPE, f"{HEAD}/guid"),
        ("CEB513_waybill_signed_for", "logisticsStatus", "R", K.WRONG_CODE, "LogisticsStatus[1]/logisticsStatus"),
        ("CEB311_order", "acturalPaid", "1", K.WRONG_SUM, "Order[1]/OrderHead/acturalPaid"),
        ("CEB311_order", "totalPrice", "1", K.WRONG_SUM, "Order[1]/OrderList[1]/totalPrice"),
        ("CEB311_order", "price", "0", K.WRONG_SUM, "Order[1]/OrderList[1]/totalPrice"),
        ("CEB213_export_return_apply", "country", "142", K.WRONG_CODE, "InvtRefund[1]/InvtRefundHead/country"),
        ("CEB622_receipt_100", "returnStatus", "777", K.WRONG_SHAPE, "InventoryReturn[1]/returnStatus"),
        ("CEB816_tax", "status", "4", K.WRONG_CODE, "Tax[1]/TaxHeadRd/status"),
        ("CEB603_export_inventory", "orderNo", "", K.EMPTY, f"{HEAD}/orderNo"),
        ("CEB603_export_inventory", "tradeMode", "1210", K.NEEDED, f"{HEAD}/iacName"),
    ],
)
def test_conditions_beyond_the_schema_are_checked(
    messages: Messages, name: str, tag: str, value: str | None, *, kind: FaultKind, path: str
) -> None:
    found = read_message(change(messages[name], tag, value)).faults
    assert (kind, path) in {(fault.kind, fault.path) for fault in found}


def test_a_declared_inventory_without_signature_is_a_fault(messages: Messages) -> None:
    for name in ("CEB621_inventory_9610", "CEB623_cancel", "CEB625_return", "CEB711_stock_in"):
        unsigned = re.sub(rb"<ds:Signature .*</ds:Signature>", b"", messages[name], flags=re.DOTALL)
        message = read_message(unsigned)
        assert kinds(message) == {K.UNSIGNED: "Signature"}
        assert message.signature is Signature.ABSENT


def test_a_gift_costs_nothing(messages: Messages) -> None:
    gift = messages["CEB311_order"]
    for tag, value in (
        ("price", "0"),
        ("totalPrice", "0"),
        ("goodsValue", "0"),
        ("taxTotal", "0"),
        ("acturalPaid", "0"),
    ):
        gift = change(gift, tag, value)
    assert K.WRONG_SUM not in kinds(read_message(gift))


def test_two_records_with_one_guid_are_named(messages: Messages) -> None:
    text = messages["CEB622_receipts_release_path"].replace(b"8000-000000000015", b"8000-000000000014")
    assert kinds(read_message(text)) == {K.SAME_GUID: "InventoryReturn[2]"}


def test_a_message_in_its_envelope(messages: Messages) -> None:
    inner = messages["CEB311_order"]
    envelope = (
        '<dxp:DxpMsg xmlns:dxp="http://www.chinaport.gov.cn/dxp" ver="1.0"><dxp:TransInfo>'
        "<dxp:CopMsgId>M-1</dxp:CopMsgId><dxp:SenderId>DXPENT0000000000</dxp:SenderId><dxp:ReceiverIds><dxp:ReceiverId>DXPEDCCEB0000002</dxp:ReceiverId>"
        "</dxp:ReceiverIds><dxp:CreatTime>2026-01-15T09:30:00</dxp:CreatTime><dxp:MsgType>CEB311Message</dxp:MsgType>"
        "</dxp:TransInfo><dxp:Data>\n{}\n</dxp:Data></dxp:DxpMsg>"
    )
    text = base64.encodebytes(inner).decode()
    for wrapped in (
        envelope.format(text),
        f'<DxpMsgSv xmlns="http://www.chinaport.gov.cn/dxp" ver="1.0">{envelope.format(text)}</DxpMsgSv>',
    ):
        message = read_message(wrapped.encode())
        assert message.envelope is not None
        assert (message.envelope.message_id, message.envelope.receivers) == ("M-1", ("DXPEDCCEB0000002",))
        assert message.records == read_message(inner).records
    for damaged in ("", "no base64!", base64.b64encode(b"<broken").decode()):
        with pytest.raises(MessageBrokenError):
            read_message(envelope.format(damaged).encode())
    nested = base64.b64encode(envelope.format(text).encode()).decode()
    with pytest.raises(MessageUnknownError):
        read_message(envelope.format(nested).encode())


def test_encodings_of_chinese_systems(messages: Messages) -> None:
    text = messages["CEB311_order"].decode().partition("?>")[2]
    for code in ("gbk", "gb18030", "gb2312", "utf-16", "utf-8-sig"):
        encoded = f'<?xml version="1.0" encoding="{code.removesuffix("-sig")}"?>{text}'.encode(code)
        assert read_message(encoded) == read_message(messages["CEB311_order"])


def test_a_name_that_its_declared_encoding_cannot_write_is_read(messages: Messages) -> None:
    """As systems write GB 2312: 镕 is in GBK only, 䶮 in GB 18030."""
    text = change(messages["CEB311_order"], "buyerName", "朱镕䶮").decode("ascii")
    said = text.replace("&#26417;&#38229;&#19886;", "朱镕䶮")
    for code in ("GB2312", "gbk"):
        encoded = f"<?xml version='1.0' encoding='{code}'?>{said}".encode("gb18030")
        assert read_message(encoded).records[0].fields["buyerName"] == "朱镕䶮"


def test_a_message_without_a_namespace_is_read_and_named(messages: Messages) -> None:
    for name, text in messages.items():
        bare = re.sub(rb' xmlns:ceb="[^"]*"', b"", text).replace(b"<ceb:", b"<").replace(b"</ceb:", b"</")
        message = read_message(bare)
        assert kinds(message) == {K.WRONG_ROOT: f"{name[:6]}Message"}, name
        assert message.records == read_message(text).records


SEEDS = int(os.environ.get("GUANJIAN_SEEDS", "6"))
"""Of each of the 42 kinds of messages."""


@pytest.mark.parametrize("kind", specs())
def test_every_kind_of_message_is_judged_as_the_schema_judges_it(judge: Judge, kind: str) -> None:
    for seed in range(SEEDS):
        sound = make_message(kind, seed)
        assert judge(sound) == [], seed
        message = read_message(sound)
        assert (message.type, [fault for fault in message.faults if fault.is_by_schema]) == (kind, []), seed
        assert len(message.records) == len(etree.fromstring(sound).findall(f"{CEB}{specs()[kind].record.tag}")) > 0
        changed = variant(sound, seed)
        refused = judge(changed)
        if not refused or not all("xmldsig#" in said for said in refused):
            by_schema = [fault for fault in read_message(changed).faults if fault.is_by_schema]
            assert bool(by_schema) == bool(refused), (seed, by_schema, refused)


def test_times_and_identity_numbers() -> None:
    assert is_time("20260228235959")
    assert not any(map(is_time, ("20260229000000", "20260228240000", "20260228236000", "2026022823595", "", "２" * 14)))
    assert is_time_ms("20240229235959999")
    assert is_day("20240229")
    assert not is_day("0000 101")
    assert is_identity_number("11010519491231002X")
    assert not any(map(is_identity_number, ("11010519491231002x", "110105194913310021", "", "１" * 18)))


def test_the_quick_look_and_the_close_one_say_the_same(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence of tags that comes often is looked at as a whole; nothing else may follow from that."""
    for name, text in messages.items():
        texts = [text, *(variant(text, seed) for seed in range(24))]
        read: list[list[Message]] = []
        for often in (1, 1 << 30):
            monkeypatch.setattr("app.exchange.ceb.groups._OFTEN", often)
            reader = _MessageReader(specs()[name[:6]])
            read.append([reader.read(etree.fromstring(each), None) for each in texts])
        assert read[0] == read[1], name
