"""The papers of a cross-border parcel (跨境电商单证): order, payment, waybill, inventory; whoever sent them, however.

Money and quantities are integers in 1e-5 units, as exact as the declared text; None where it says
nothing that can be read. Empty text means: not stated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

UNIT: Final = 100_000
"""Units in one yuan or piece."""

_DECIMAL = re.compile(r"([+-]?)([0-9]{0,19})(?:\.([0-9]{0,19}))?", re.ASCII).fullmatch


class Paper(StrEnum):
    """The four papers of a parcel in the order in which they come to be, and the one by which it goes back."""

    ORDER = "order"
    PAYMENT = "payment"
    WAYBILL = "waybill"
    INVENTORY = "inventory"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of goods in an order or inventory (商品项)."""

    number: int
    name: str = ""
    item_no: str = ""
    hs_code: str = ""
    bar_code: str = ""
    quantity: int | None = None
    unit: str = ""
    price: int | None = None
    total: int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order (订单). `paid` is what the buyer paid (实际支付金额)."""

    guid: str
    order_no: str
    platform: str = ""
    seller: str = ""
    buyer_name: str = ""
    buyer_id: str = ""
    buyer_phone: str = ""
    consignee: str = ""
    consignee_phone: str = ""
    consignee_address: str = ""
    paid: int | None = None
    currency: str = ""
    payment_no: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment (支付凭证), or on the export side a collection (收款单)."""

    guid: str
    order_no: str
    platform: str = ""
    payer_name: str = ""
    payer_id: str = ""
    amount: int | None = None
    currency: str = ""
    payment_no: str = ""


@dataclass(frozen=True, slots=True)
class Waybill:
    """A waybill (运单) with its carrier. An export waybill does not say for which order it is."""

    guid: str
    number: str
    carrier: str = ""
    order_no: str = ""
    consignee: str = ""
    consignee_phone: str = ""
    consignee_address: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """An inventory (清单), by which the parcel is declared."""

    guid: str
    number: str
    order_no: str
    platform: str = ""
    seller: str = ""
    carrier: str = ""
    buyer_name: str = ""
    buyer_id: str = ""
    buyer_phone: str = ""
    consignee_address: str = ""
    inventory_no: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """An application to return goods (退货申请单); its lines carry the numbers of the inventory's."""

    guid: str
    number: str
    inventory_no: str
    reason: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A sender takes a declaration back (撤单). `source` is the kind of message and the record's guid."""

    number: str
    source: str
    reason: str = ""


Document = Order | Payment | Waybill | Inventory


@lru_cache(maxsize=1 << 14)
def to_units(text: str) -> int | None:
    """A decimal as declared, in 1e-5 units; None where it is none. What lies behind the fifth place is cut."""
    match = _DECIMAL(text)
    if match is None or not (match[2] or match[3]):
        return None
    value = int(match[2] or 0) * UNIT + int((match[3] or "")[:5].ljust(5, "0"))
    return -value if match[1] == "-" else value


def from_units(value: int) -> str:
    """A value in 1e-5 units as the shortest decimal."""
    whole, part = divmod(abs(value), UNIT)
    text = f"{whole}.{part:05d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text
