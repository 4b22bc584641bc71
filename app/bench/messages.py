"""Fictitious messages for the benches: sound, different, and as full of fields as real ones."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from app.exchange.ceb.message import Record
from app.exchange.ceb.tables import NAMESPACE, Field, spec

_TRANSFER = {"copCode": "4403DEMO04", "copName": "示例报关有限公司", "dxpMode": "DXP", "dxpId": "DXPENT0000000000"}
_PLATFORM = {"ebpCode": "4403DEMO01", "ebpName": "示例跨境平台有限公司"}
_SELLER = {"ebcCode": "4403DEMO02", "ebcName": "示例跨境商贸有限公司"}
_CARRIER = {"logisticsCode": "4403DEMO03", "logisticsName": "示例国际物流有限公司"}
_SENT = {"appType": "1", "appTime": "20260115093000", "appStatus": "2"}
_BUYER_ID = "11010519491231002X"


def make_message(kind: str, number: int, records: Sequence[Record]) -> bytes:
    """A message of a kind that enterprises send, signed with a signature that is worth nothing."""
    table = spec(kind)
    root = etree.Element(f"{{{NAMESPACE}}}{kind}Message", {"guid": _guid(kind, number), "version": "1.0"})
    for record in records:
        element = etree.SubElement(root, f"{{{NAMESPACE}}}{table.record.tag}")
        _fill(etree.SubElement(element, f"{{{NAMESPACE}}}{table.head}"), table.record.fields, record.fields)
        for line in record.lines:
            assert table.line is not None
            _fill(etree.SubElement(element, f"{{{NAMESPACE}}}{table.line.tag}"), table.line.fields, line)
    _fill(etree.SubElement(root, f"{{{NAMESPACE}}}BaseTransfer"), table.tail[0].fields, _TRANSFER)
    signature = etree.SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}SignatureValue").text = "UExBQ0VIT0xERVI="
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def inventory(number: int) -> Record:
    """An import inventory (CEB621, 9610) with 45 fields and one to three lines of goods."""
    fields = {
        "guid": _guid("CEB621", number), **_SENT, "orderNo": _order_no(number), **_PLATFORM, **_SELLER,
        "logisticsNo": _waybill_no(number), **_CARRIER, "copNo": f"DEMO{number:014d}",
        "preNo": f"B20260115{number:09d}", "assureCode": "4403DEMO02", "ieFlag": "I", "declTime": "20260115",
        "customsCode": "5314", "portCode": "5314", "ieDate": "20260115", "buyerIdType": "1",
        "buyerIdNumber": _BUYER_ID, "buyerName": "测试甲", "buyerTelephone": "13800138000",
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
    return Record(fields, _numbered(number, line))


def order(number: int) -> Record:
    """The order (CEB311) of an inventory."""
    count = len(_numbered(number, {}))
    fields = {
        "guid": _guid("CEB311", number), **_SENT, "orderType": "I", "orderNo": _order_no(number), **_PLATFORM,
        **_SELLER, "goodsValue": f"{400 * count}", "freight": "0", "discount": "0", "taxTotal": "36.40",
        "acturalPaid": f"{400 * count + 36}.40", "currency": "142", "buyerRegNo": "demo-1", "buyerName": "测试甲",
        "buyerTelephone": "13800138000", "buyerIdType": "1", "buyerIdNumber": _BUYER_ID, "consignee": "测试甲",
        "consigneeTelephone": "13800138000", "consigneeAddress": "测试省测试市测试区示例路1号",
    }  # fmt: skip
    line = {
        "itemNo": "SKU-001", "itemName": "保湿面霜", "gmodel": "50ml/瓶", "unit": "011", "qty": "2", "price": "200.00",
        "totalPrice": "400.00", "currency": "142", "country": "116",
    }  # fmt: skip
    return Record(fields, _numbered(number, line))


def payment(number: int) -> Record:
    """The payment (CEB411) of an order."""
    paid = 400 * len(_numbered(number, {})) + 36
    fields = {
        "guid": _guid("CEB411", number), **_SENT, "payCode": "4403DEMO05", "payName": "示例支付有限公司",
        "payTransactionId": f"PAY{number:012d}", "orderNo": _order_no(number), **_PLATFORM, "payerIdType": "1",
        "payerIdNumber": _BUYER_ID, "payerName": "测试甲", "amountPaid": f"{paid}.40", "currency": "142",
        "payTime": "20260115092500",
    }  # fmt: skip
    return Record(fields)


def waybill(number: int) -> Record:
    """The waybill (CEB511) of an inventory."""
    fields = {
        "guid": _guid("CEB511", number), **_SENT, **_CARRIER, "logisticsNo": _waybill_no(number),
        "orderNo": _order_no(number), "freight": "0", "insuredFee": "0", "currency": "142", "weight": "1.20000",
        "packNo": "1", "goodsInfo": "保湿面霜", "consignee": "测试甲",
        "consigneeAddress": "测试省测试市测试区示例路1号", "consigneeTelephone": "13800138000",
    }  # fmt: skip
    return Record(fields)


def _numbered(number: int, line: dict[str, str]) -> tuple[dict[str, str], ...]:
    return tuple({"gnum": str(place + 1), **line} for place in range(1 + number % 3))


def _guid(kind: str, number: int) -> str:
    return f"00000{kind[3:]}-0000-4000-8000-{number:012d}"


def _order_no(number: int) -> str:
    return f"DEMO-ORDER-{number:09d}"


def _waybill_no(number: int) -> str:
    return f"DEMO{number:012d}"


def _fill(element: etree._Element, fields: tuple[Field, ...], values: dict[str, str]) -> None:
    for field in fields:
        if field.tag in values:
            etree.SubElement(element, f"{{{NAMESPACE}}}{field.tag}").text = values[field.tag]
