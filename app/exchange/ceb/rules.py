"""What a record must keep beyond its schema: the conditions that the schemas state in words only.

Source: annotations of the 202205 schemas. Every rule gets a record that may be faulty, and says nothing about what
is missing or no number: that is named already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.customs.documents import UNIT, from_units, to_units
from app.exchange.ceb.codes import is_identity_number
from app.exchange.ceb.groups import Faults
from app.exchange.ceb.message import FaultKind, Record, Signature
from app.exchange.ceb.tables import spec

_CENT = UNIT // 100
_CHINA = "142"
_DIRECT, _BONDED = "9610", ("1210", "1239")
_Rule = Callable[[Record, Faults, str], None]


def check_record(kind: str, record: Record, signature: Signature, faults: Faults, path: str) -> None:
    """Name what a record of a kind of message does wrong beyond its schema; `path` is the record's own."""
    for rule in _RULES.get(kind, ()):
        rule(record, faults, path)
    if signature is Signature.ABSENT and kind in _SIGNED and record.fields.get("appStatus") == "2":
        faults.put(FaultKind.NEEDED, "Signature", expected="appStatus 2")


def _head(kind: str, path: str) -> str:
    head = spec(kind).head
    return f"{path}/{head}" if head else path


def _need(record: Record, tags: Iterable[str], why: str, faults: Faults, path: str) -> None:
    for tag in tags:
        if tag not in record.fields:
            faults.put(FaultKind.NEEDED, f"{path}/{tag}", expected=why)


def _check_mode(record: Record, faults: Faults, path: str) -> None:
    """Direct import (直购, 9610) names its transport; bonded import (保税, 1210) its books and warehouse."""
    mode, fields, head = record.fields.get("tradeMode", ""), record.fields, f"{path}/InventoryHead"
    if mode == _DIRECT:
        _need(record, ("trafNo", "voyageNo", "billNo"), mode, faults, head)
    elif mode in _BONDED:
        _need(record, ("emsNo", "areaCode", "areaName"), mode, faults, head)
        for tag in ("trafNo", "voyageNo", "billNo"):
            if tag in fields:
                faults.put(FaultKind.FORBIDDEN, f"{head}/{tag}", fields[tag], mode)
        if fields.get("country", _CHINA) != _CHINA:
            faults.put(FaultKind.WRONG_CODE, f"{head}/country", fields["country"], _CHINA)
        _need_record_numbers(record, mode, faults, path)


def _check_export_mode(record: Record, faults: Faults, path: str) -> None:
    """An export from a special zone names the firm inside and its record numbers."""
    mode = record.fields.get("tradeMode", "")
    if mode in _BONDED:
        _need(record, ("iacCode", "iacName"), mode, faults, f"{path}/InventoryHead")
        _need_record_numbers(record, mode, faults, path)


def _need_record_numbers(record: Record, mode: str, faults: Faults, path: str) -> None:
    for number, line in enumerate(record.lines, 1):
        if "itemRecordNo" not in line:
            faults.put(FaultKind.NEEDED, f"{path}/InventoryList[{number}]/itemRecordNo", expected=mode)


def _check_paid(record: Record, faults: Faults, path: str) -> None:
    """Paid is goods, freight and tax less the discount."""
    goods, freight, tax, discount, paid = (
        to_units(record.fields.get(tag, "")) for tag in ("goodsValue", "freight", "taxTotal", "discount", "acturalPaid")
    )
    if goods is None or freight is None or tax is None or discount is None or paid is None:
        return
    if paid != (due := goods + freight + tax - discount):
        faults.put(FaultKind.WRONG_SUM, f"{path}/OrderHead/acturalPaid", record.fields["acturalPaid"], from_units(due))


def _check_totals(record: Record, faults: Faults, path: str) -> None:
    """A line's total is price times quantity, to less than a cent; so a gift, at price 0, costs nothing."""
    for number, line in enumerate(record.lines, 1):
        price, quantity, total = (to_units(line.get(tag, "")) for tag in ("price", "qty", "totalPrice"))
        if price is None or quantity is None or total is None:
            continue
        due = price * quantity // UNIT
        if abs(total - due) >= _CENT or (price == 0 and total != 0):
            faults.put(
                FaultKind.WRONG_SUM, f"{path}/OrderList[{number}]/totalPrice", line["totalPrice"], from_units(due)
            )


def _check_weights(record: Record, faults: Faults, path: str) -> None:
    """Goods weigh no more than goods and packing."""
    gross, net = to_units(record.fields.get("grossWeight", "")), to_units(record.fields.get("netWeight", ""))
    if gross is not None and net is not None and net > gross:
        where = f"{path}/InventoryHead/netWeight"
        faults.put(FaultKind.TOO_MUCH, where, record.fields["netWeight"], record.fields["grossWeight"])


def _check_numbering(record: Record, faults: Faults, path: str, tag: str) -> None:
    for number, line in enumerate(record.lines, 1):
        said = line.get("gnum", "")
        if said != str(number) and to_units(said) not in (None, number * UNIT):
            faults.put(FaultKind.WRONG_NUMBERING, f"{path}/{tag}[{number}]/gnum", said, str(number))


def _numbering(tag: str) -> _Rule:
    return lambda record, faults, path: _check_numbering(record, faults, path, tag)


def _check_different_lines(record: Record, faults: Faults, path: str) -> None:
    """Lines of a return name the lines of the original; none is named twice."""
    seen: set[str] = set()
    for number, line in enumerate(record.lines, 1):
        said = line.get("gnum", "")
        if said and said in seen:
            faults.put(FaultKind.WRONG_NUMBERING, f"{path}/InvtRefundList[{number}]/gnum", said)
        seen.add(said)


def _identity(prefix: str, kind: str) -> _Rule:
    """A number of an identity card has its check letter; other papers (type 2) are not checked."""

    def check(record: Record, faults: Faults, path: str) -> None:
        number = record.fields.get(f"{prefix}IdNumber", "")
        if number and record.fields.get(f"{prefix}IdType") == "1" and not is_identity_number(number):
            faults.put(FaultKind.WRONG_SHAPE, f"{_head(kind, path)}/{prefix}IdNumber", number, "GB 11643")

    return check


def _check_return_country(record: Record, faults: Faults, path: str) -> None:
    """What comes back from abroad does not come from China."""
    if record.fields.get("country") == _CHINA:
        faults.put(FaultKind.WRONG_CODE, f"{path}/InvtRefundHead/country", _CHINA)


def _check_span(record: Record, faults: Faults, path: str) -> None:
    """Start and end of a summary come as a pair, in order."""
    start, end = record.fields.get("startTime", ""), record.fields.get("endTime", "")
    head = f"{path}/SummaryApplyHead"
    if bool(start) != bool(end):
        faults.put(FaultKind.NEEDED, f"{head}/{'endTime' if start else 'startTime'}")
    elif end < start:
        faults.put(FaultKind.WRONG_SPAN, f"{head}/endTime", end, start)


def _split_message(kind: str) -> _Rule:
    """A part of a split message has a number from 1 to the count."""

    def check(record: Record, faults: Faults, path: str) -> None:
        count, number = (to_units(record.fields.get(tag, "")) for tag in ("msgCount", "msgSeqNo"))
        if count is not None and number is not None and not UNIT <= number <= count:
            where, said = f"{_head(kind, path)}/msgSeqNo", record.fields["msgSeqNo"]
            faults.put(FaultKind.WRONG_NUMBERING, where, said, f"1..{record.fields['msgCount']}")

    return check


_SIGNED = frozenset({"CEB607"})
"""Messages that the schema lets go unsigned, and its words not once they are declared."""

_RULES: dict[str, tuple[_Rule, ...]] = {
    "CEB311": (_check_paid, _check_totals, _numbering("OrderList"), _identity("buyer", "CEB311")),
    "CEB411": (_identity("payer", "CEB411"),),
    "CEB621": (_check_mode, _check_weights, _numbering("InventoryList"), _identity("buyer", "CEB621")),
    "CEB623": (_identity("buyer", "CEB623"),),
    "CEB625": (_check_different_lines, _identity("buyer", "CEB625")),
    "CEB816": (_numbering("TaxListRd"),),
    "CEB303": (_numbering("OrderList"),),
    "CEB603": (_check_export_mode, _check_weights, _numbering("InventoryList")),
    "CEB213": (_check_different_lines, _check_return_country),
    "CEB701": (_check_span, _split_message("CEB701")),
    "CEB507": (_split_message("CEB507"),),
    "CEB509": (_split_message("CEB509"),),
    "CEB607": (_numbering("WayBillList"), _split_message("CEB607")),
    "CEB792": (_split_message("CEB792"),),
}
