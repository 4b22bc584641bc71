"""Turns records of messages into the papers and the declaration that the customs domain works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from app.customs.documents import Document, Inventory, Line, Order, Payment, Return, Waybill, to_units
from app.customs.parcel import Declaration, GoodsLine
from app.exchange.ceb.codes import is_time
from app.exchange.ceb.message import Record

CHINA: Final = timezone(timedelta(hours=8))
"""Times in messages carry no zone; they are those of China."""

INVENTORIES = ("CEB621", "CEB603")
CANCELLATIONS = ("CEB623", "CEB605")
RETURNS = ("CEB625", "CEB213")

# Source: the codes of JGS-20 that public documents show; one that is not here stays the number that it is.
_COUNTRIES = {
    "110": "HK", "116": "JP", "131": "SA", "132": "SG", "136": "TH", "138": "AE", "141": "VN", "142": "CN",
    "402": "AR", "410": "BR", "429": "MX", "501": "CA", "502": "US", "601": "AU",
}  # fmt: skip
_CURRENCIES = {"110": "HKD", "116": "JPY", "142": "CNY", "502": "USD"}


def paper_of(kind: str, record: Record) -> Document | None:
    """The paper that a record of a kind of message is, None where it is none of the four."""
    read = _PAPERS.get(kind)
    return read(record) if read else None


def declaration_of(
    kind: str, record: Record, *, order: Order | None = None, waybill: Waybill | None = None
) -> Declaration:
    """The declaration that an inventory makes; order and waybill, where they are there, name the consignee.

    `source` is the kind of message and the record's guid: "CEB621/" and 36 letters.
    """
    fields = record.fields
    gross, net = to_units(fields.get("grossWeight", "")), to_units(fields.get("netWeight", ""))
    weight_g = _grams(net) if len(record.lines) == 1 and net is not None else None
    goods = tuple([_goods(line, weight_g) for line in record.lines])
    totals = [line.value for line in goods if line.value is not None]
    is_import = fields.get("ieFlag", "I") != "E"
    consignee = (order.consignee if order else "") or (waybill.consignee if waybill else "")
    return Declaration(
        number=fields.get("logisticsNo", ""),
        goods=goods,
        channel="cbec",
        sender=fields.get("ebcName", ""),
        consignee=consignee or fields.get("buyerName", ""),
        origin=country(fields.get("country", "")) if is_import else "CN",
        gross_weight_g=None if gross is None else _grams(gross),
        value=sum(totals) if goods and len(totals) == len(goods) else None,
        currency=_currency(fields, record),
        declared_at=time_of(fields.get("appTime", "")),
        source=source_of(kind, record),
    )


def source_of(kind: str, record: Record) -> str:
    """Where a declaration came from, by which its receipts find the message again."""
    return f"{kind}/{record.guid}"


def country(code: str) -> str:
    """A country's ISO code where the customs number is known, else the number."""
    return _COUNTRIES.get(code, code)


@lru_cache(maxsize=4096)
def time_of(text: str) -> datetime | None:
    """A time yyyyMMddHHmmss as an aware time, None where it is none."""
    if not is_time(text):
        return None
    # Python reads ISO times several times faster than other forms.
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}").replace(tzinfo=CHINA)


def _currency(fields: dict[str, str], record: Record) -> str:
    """The currency of the goods: an import's is in the head, an export's in its lines."""
    code = fields.get("currency") or next((line["currency"] for line in record.lines if "currency" in line), "142")
    return _CURRENCIES.get(code, code)


def _grams(kilograms: int) -> int:
    """Grams of a weight in 1e-5 kg, to the nearest."""
    return (kilograms + 50) // 100


def _goods(line: dict[str, str], weight_g: int | None) -> GoodsLine:
    """A line of goods; only the weight of a single line is known, because the head says it."""
    return GoodsLine(
        name=line.get("gname", ""),
        hs_code=line.get("gcode", ""),
        quantity=line.get("qty", ""),
        unit=line.get("unit", ""),
        weight_g=weight_g,
        value=to_units(line.get("totalPrice", "")),
        origin=country(line.get("country", "")),
    )


def _lines(record: Record, name: str) -> tuple[Line, ...]:
    """The lines; `name` is the tag that has to agree with the name in the order."""
    return tuple(
        Line(
            number=int(line["gnum"]) if line.get("gnum", "").isdecimal() else place,
            name=line.get(name, ""),
            item_no=line.get("itemNo", ""),
            hs_code=line.get("gcode", ""),
            bar_code=line.get("barCode", ""),
            quantity=to_units(line.get("qty", "")),
            unit=line.get("unit", ""),
            price=to_units(line.get("price", "")),
            total=to_units(line.get("totalPrice", "")),
            origin=line.get("country", ""),
        )
        for place, line in enumerate(record.lines, 1)
    )


def _order(record: Record) -> Order:
    said = record.fields.get
    return Order(
        guid=record.guid,
        order_no=said("orderNo", ""),
        platform=said("ebpCode", ""),
        seller=said("ebcCode", ""),
        buyer_name=said("buyerName", ""),
        buyer_id=said("buyerIdNumber", ""),
        buyer_phone=said("buyerTelephone", ""),
        consignee=said("consignee", ""),
        consignee_phone=said("consigneeTelephone", ""),
        consignee_address=said("consigneeAddress", ""),
        paid=to_units(said("acturalPaid", "")),
        currency=said("currency", ""),
        payment_no=said("payTransactionId", ""),
        lines=_lines(record, "itemName"),
    )


def _payment(record: Record) -> Payment:
    said = record.fields.get
    return Payment(
        guid=record.guid,
        order_no=said("orderNo", ""),
        platform=said("ebpCode", ""),
        payer_name=said("payerName", ""),
        payer_id=said("payerIdNumber", ""),
        amount=to_units(said("amountPaid") or said("charge", "")),
        currency=said("currency", ""),
        payment_no=said("payTransactionId") or said("payNo", ""),
    )


def _waybill(record: Record) -> Waybill:
    said = record.fields.get
    return Waybill(
        guid=record.guid,
        number=said("logisticsNo", ""),
        carrier=said("logisticsCode", ""),
        order_no=said("orderNo", ""),
        consignee=said("consignee", ""),
        consignee_phone=said("consigneeTelephone", ""),
        consignee_address=said("consigneeAddress", ""),
    )


def _inventory(record: Record) -> Inventory:
    said = record.fields.get
    # An import's name of the goods has to be the order's; an export's is that of the tariff.
    name = "itemName" if said("ieFlag") == "E" else "gname"
    return Inventory(
        guid=record.guid,
        number=said("logisticsNo", ""),
        order_no=said("orderNo", ""),
        platform=said("ebpCode", ""),
        seller=said("ebcCode", ""),
        carrier=said("logisticsCode", ""),
        buyer_name=said("buyerName", ""),
        buyer_id=said("buyerIdNumber", ""),
        buyer_phone=said("buyerTelephone", ""),
        consignee_address=said("consigneeAddress", ""),
        inventory_no=said("invtNo", ""),
        lines=_lines(record, name),
    )


def original_of(record: Record) -> Inventory:
    """An inventory as a return is held against it: its lines have the names of the tariff."""
    return replace(_inventory(record), lines=_lines(record, "gname"))


def return_of(record: Record) -> Return:
    """The application that a record of CEB625 or CEB213 is."""
    said = record.fields.get
    return Return(record.guid, said("logisticsNo", ""), said("invtNo", ""), said("reason", ""), _lines(record, "gname"))


_PAPERS: dict[str, Callable[[Record], Document]] = {
    "CEB311": _order,
    "CEB303": _order,
    "CEB411": _payment,
    "CEB403": _payment,
    "CEB511": _waybill,
    "CEB505": _waybill,
    "CEB621": _inventory,
    "CEB603": _inventory,
}
