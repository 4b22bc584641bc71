"""Figures of ingest: messages of the Single Window parsed, checked and kept, on one core."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from lxml import etree

from app.bench.rows import Row, rate
from app.exchange.ceb.message import Record
from app.exchange.ceb.read import read_message
from app.exchange.ceb.tables import NAMESPACE, Field, spec
from app.exchange.xml import parse_xml
from app.single_window import keep_messages
from app.store.store import Store

REACH = 5_000
"""Declarations a second on one core."""

MESSAGES = 60
RECORDS = 100
_SINGLES = 1000
_ROUNDS = 3


def run(data: Path | None) -> list[Row]:
    """Reading alone, reading and keeping, and single messages; beside lxml, which only parses.

    What is to be reached is counted in processor time, as "per core" means; waiting for the disk and for other
    programs is in the last figure.
    """
    del data
    batches = [make_inventories(number * RECORDS, RECORDS) for number in range(MESSAGES)]
    singles = [make_inventories(number, 1) for number in range(_SINGLES)]
    count = MESSAGES * RECORDS
    parse = rate(count, lambda: [parse_xml(text) for text in batches], _ROUNDS)
    read = rate(count, lambda: [read_message(text) for text in batches], _ROUNDS)
    one = rate(len(singles), lambda: [read_message(text) for text in singles], _ROUNDS)
    kept = [_keep(batches, count) for _ in range(_ROUNDS)]
    keep, by_clock = max(rate for rate, _ in kept), max(rate for _, rate in kept)
    peer = "lxml, parsing only"
    return [
        Row("ingest.read_and_checked_per_second", read, "1/s", REACH, read >= REACH, peer, parse),
        Row("ingest.single_messages_per_second", one, "1/s"),
        Row("ingest.kept_per_second", keep, "1/s", REACH, keep >= REACH, peer, parse),
        Row("ingest.kept_per_second_by_clock", by_clock, "1/s"),
    ]


def make_inventories(first: int, count: int) -> bytes:
    """An import message (CEB621, 9610) of so many different inventories, all of them sound."""
    table = spec("CEB621")
    root = etree.Element(f"{{{NAMESPACE}}}CEB621Message", {"guid": _guid(first), "version": "1.0"})
    for number in range(first, first + count):
        record = _inventory(number)
        element = etree.SubElement(root, f"{{{NAMESPACE}}}Inventory")
        _fill(etree.SubElement(element, f"{{{NAMESPACE}}}InventoryHead"), table.record.fields, record.fields)
        for line in record.lines:
            assert table.line is not None
            _fill(etree.SubElement(element, f"{{{NAMESPACE}}}InventoryList"), table.line.fields, line)
    transfer = {"copCode": "4403DEMO04", "copName": "示例报关有限公司", "dxpMode": "DXP", "dxpId": "DXPENT0000000000"}
    _fill(etree.SubElement(root, f"{{{NAMESPACE}}}BaseTransfer"), table.tail[0].fields, transfer)
    signature = etree.SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}SignatureValue").text = "UExBQ0VIT0xERVI="
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _fill(element: etree._Element, fields: tuple[Field, ...], values: dict[str, str]) -> None:
    for field in fields:
        if field.tag in values:
            etree.SubElement(element, f"{{{NAMESPACE}}}{field.tag}").text = values[field.tag]


def _guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _inventory(number: int) -> Record:
    """A fictitious inventory with 45 fields and one to three lines of goods."""
    fields = {
        "guid": _guid(number), "appType": "1", "appTime": "20260115093000", "appStatus": "2",
        "orderNo": f"DEMO-ORDER-{number:09d}", "ebpCode": "4403DEMO01", "ebpName": "示例跨境平台有限公司",
        "ebcCode": "4403DEMO02", "ebcName": "示例跨境商贸有限公司", "logisticsNo": f"DEMO{number:012d}",
        "logisticsCode": "4403DEMO03", "logisticsName": "示例国际物流有限公司", "copNo": f"DEMO{number:014d}",
        "preNo": f"B20260115{number:09d}", "assureCode": "4403DEMO02", "ieFlag": "I", "declTime": "20260115",
        "customsCode": "5314", "portCode": "5314", "ieDate": "20260115", "buyerIdType": "1",
        "buyerIdNumber": "11010519491231002X", "buyerName": "测试甲", "buyerTelephone": "13800138000",
        "consigneeAddress": "测试省测试市测试区示例路1号", "agentCode": "4403DEMO04", "agentName": "示例报关有限公司",
        "tradeMode": "9610", "trafMode": "5", "trafNo": "ZZ0001", "voyageNo": "ZZ0001", "billNo": "00000000011",
        "country": "116", "freight": "0", "insuredFee": "0", "currency": "142", "wrapType": "2", "packNo": "1",
        "grossWeight": "1.20000", "netWeight": "1.00000",
    }  # fmt: skip
    line = {
        "itemNo": "SKU-001", "itemName": "保湿面霜", "gcode": "3304990029", "gname": "保湿面霜",
        "gmodel": "4|3|护肤|示例牌|50ml/瓶", "barCode": "4900000000009", "country": "116", "currency": "142",
        "qty": "2", "unit": "011", "qty1": "0.10000", "unit1": "035", "price": "200.00", "totalPrice": "400.00",
    }  # fmt: skip
    return Record(fields, tuple({"gnum": str(place + 1), **line} for place in range(1 + number % 3)))


def _keep(batches: list[bytes], count: int) -> tuple[float, float]:
    """Messages read and kept in a new store, with rows, declarations, goods and events, all on disk at the end.

    Two at a time fill a transaction, as they do when a folder is imported.

    How many a second of processor time, of all threads, and by the clock.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), station="bench", ballast_bytes=1 << 16)
        try:
            start, started = time.process_time(), time.perf_counter()
            for pair in zip(batches[::2], batches[1::2], strict=True):
                keep_messages(store, map(read_message, pair))
            spent, passed = time.process_time() - start, time.perf_counter() - started
        finally:
            store.close()
    return count / spent, count / passed
