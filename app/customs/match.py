"""The three-document match (三单比对): order, payment and waybill against the inventory, field by field.

Source: annotations of the 202205 schemas, which say what has to agree with what. A field that one paper leaves empty
is not compared: that it must be stated is its own schema's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace

from app.customs.documents import Document, Inventory, Line, Order, Paper, Payment, Return, Waybill, from_units


@dataclass(frozen=True, slots=True)
class Difference:
    """Two papers that do not agree. `field` is the field's name in the records; `line` is 0 for the head."""

    field: str
    first: Paper
    first_value: str
    second: Paper
    second_value: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """The papers of one parcel as far as they have arrived."""

    inventory: Inventory | None = None
    order: Order | None = None
    payment: Payment | None = None
    waybill: Waybill | None = None

    @property
    def missing(self) -> tuple[Paper, ...]:
        """What is waited for. A bonded or direct import needs all four."""
        papers = {
            Paper.ORDER: self.order,
            Paper.PAYMENT: self.payment,
            Paper.WAYBILL: self.waybill,
            Paper.INVENTORY: self.inventory,
        }
        return tuple(paper for paper, document in papers.items() if document is None)

    def with_document(self, document: Document) -> Case:
        """The case with a paper more; a newer one replaces the older of its kind."""
        match document:
            case Inventory():
                return replace(self, inventory=document)
            case Order():
                return replace(self, order=document)
            case Payment():
                return replace(self, payment=document)
            case Waybill():
                return replace(self, waybill=document)


@dataclass(frozen=True, slots=True)
class Match:
    """What the comparison found among the papers that are there, and which are missing."""

    differences: tuple[Difference, ...]
    missing: tuple[Paper, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def is_equal(self) -> bool:
        """All papers are there and agree."""
        return self.is_complete and not self.differences


@dataclass(frozen=True, slots=True)
class Row:
    """A field as each paper states it, for the table of the match; papers that do not have it are left out."""

    field: str
    line: int
    values: Mapping[Paper, str]
    is_different: bool


def compare(case: Case) -> tuple[Row, ...]:
    """Every field that has to agree, as the papers that are there state it; differing ones are marked."""
    differing = {(difference.field, difference.line) for difference in match(case).differences}
    papers = {Paper.ORDER: case.order, Paper.PAYMENT: case.payment, Paper.WAYBILL: case.waybill}
    heads: dict[Paper, object] = {**papers, Paper.INVENTORY: case.inventory}
    lines = {
        paper: {line.number: line for line in document.lines}
        for paper, document in ((Paper.ORDER, case.order), (Paper.INVENTORY, case.inventory))
        if document is not None
    }
    found = [_row(name, 0, heads, differing) for name in _HEAD_FIELDS]
    for number in sorted({number for each in lines.values() for number in each}):
        of_line: dict[Paper, object] = {paper: each.get(number) for paper, each in lines.items()}
        found += [_row(name, number, of_line, differing) for name in _LINE_FIELDS]
    return tuple(row for row in found if row.values)


def _row(name: str, line: int, papers: Mapping[Paper, object], differing: Set[tuple[str, int]]) -> Row:
    values = {paper: _stated(document, name) for paper, document in papers.items() if document is not None}
    is_different = (name, line) in differing or (name == "name" and ("line", line) in differing)
    return Row(name, line, {paper: value for paper, value in values.items() if value}, is_different)


def _stated(document: object, name: str) -> str:
    """A field of a paper as text; a payment names the buyer as payer, and what was paid as its amount."""
    own = _OF_PAYMENT.get(name, name) if isinstance(document, Payment) else name
    value = getattr(document, own, "")
    if isinstance(value, int):
        return from_units(value)
    return value or ""


_OF_PAYMENT = {"buyer_name": "payer_name", "buyer_id": "payer_id", "paid": "amount"}
_HEAD_FIELDS = (
    "order_no", "number", "carrier", "platform", "seller", "buyer_name", "buyer_id", "buyer_phone", "consignee",
    "consignee_phone", "consignee_address", "payment_no", "paid", "currency",
)  # fmt: skip
_LINE_FIELDS = ("name", "item_no", "hs_code", "bar_code", "quantity", "unit", "price", "total")


def match(case: Case) -> Match:
    """Compare the papers that are there, each pair on the fields that have to agree."""
    differences: list[Difference] = []
    if case.order and case.payment:
        differences += _order_payment(case.order, case.payment)
    if case.order and case.waybill:
        differences += _order_waybill(case.order, case.waybill)
    if case.inventory and case.order:
        differences += _inventory_order(case.inventory, case.order)
    if case.inventory and case.waybill:
        differences += _inventory_waybill(case.inventory, case.waybill)
    return Match(tuple(differences), case.missing)


def match_return(applied: Return, inventory: Inventory) -> tuple[Difference, ...]:
    """What a return asks for that the inventory does not hold: other goods, or more of them than were declared."""
    declared = {line.number: line for line in inventory.lines}
    return tuple(found for line in applied.lines for found in _returned(line, declared.get(line.number)))


def _returned(line: Line, declared: Line | None) -> Iterator[Difference]:
    pair = (Paper.RETURN, Paper.INVENTORY)
    if declared is None:
        yield Difference("line", *_sides(pair, line.name, ""), line=line.number)
        return
    for name in ("hs_code", "name", "unit"):
        yield from _texts(pair, (name, getattr(line, name), getattr(declared, name)), line.number)
    if line.quantity is not None and declared.quantity is not None and line.quantity > declared.quantity:
        values = _sides(pair, from_units(line.quantity), from_units(declared.quantity))
        yield Difference("quantity", *values, line=line.number)


def _order_payment(order: Order, payment: Payment) -> Iterator[Difference]:
    pair = (Paper.ORDER, Paper.PAYMENT)
    yield from _texts(pair, ("order_no", order.order_no, payment.order_no))
    yield from _texts(pair, ("platform", order.platform, payment.platform))
    yield from _texts(pair, ("payment_no", order.payment_no, payment.payment_no))
    yield from _texts(pair, ("buyer_name", order.buyer_name, payment.payer_name))
    yield from _texts(pair, ("buyer_id", order.buyer_id, payment.payer_id))
    yield from _texts(pair, ("currency", order.currency, payment.currency))
    yield from _amounts(pair, ("paid", order.paid, payment.amount))


def _order_waybill(order: Order, waybill: Waybill) -> Iterator[Difference]:
    pair = (Paper.ORDER, Paper.WAYBILL)
    yield from _texts(pair, ("order_no", order.order_no, waybill.order_no))
    for name in ("consignee", "consignee_phone", "consignee_address"):
        yield from _texts(pair, (name, getattr(order, name), getattr(waybill, name)))


def _inventory_order(inventory: Inventory, order: Order) -> Iterator[Difference]:
    pair = (Paper.INVENTORY, Paper.ORDER)
    for name in ("order_no", "platform", "seller", "buyer_name", "buyer_id", "buyer_phone", "consignee_address"):
        yield from _texts(pair, (name, getattr(inventory, name), getattr(order, name)))
    ordered = {line.number: line for line in order.lines}
    for line in inventory.lines:
        other = ordered.pop(line.number, None)
        if other is None:
            yield Difference("line", *_sides(pair, line.name, ""), line=line.number)
        else:
            yield from _lines(line, other)
    for line in ordered.values():
        yield Difference("line", *_sides(pair, "", line.name), line=line.number)


def _lines(declared: Line, ordered: Line) -> Iterator[Difference]:
    pair, number = (Paper.INVENTORY, Paper.ORDER), declared.number
    for name in ("name", "item_no", "bar_code", "unit"):
        yield from _texts(pair, (name, getattr(declared, name), getattr(ordered, name)), number)
    for name in ("quantity", "price", "total"):
        yield from _amounts(pair, (name, getattr(declared, name), getattr(ordered, name)), number)


def _inventory_waybill(inventory: Inventory, waybill: Waybill) -> Iterator[Difference]:
    pair = (Paper.INVENTORY, Paper.WAYBILL)
    yield from _texts(pair, ("number", inventory.number, waybill.number))
    yield from _texts(pair, ("carrier", inventory.carrier, waybill.carrier))
    yield from _texts(pair, ("order_no", inventory.order_no, waybill.order_no))


_Pair = tuple[Paper, Paper]


def _texts(pair: _Pair, said: tuple[str, str, str], line: int = 0) -> Iterator[Difference]:
    name, one, two = said
    if one and two and one != two:
        yield Difference(name, *_sides(pair, one, two), line=line)


def _amounts(pair: _Pair, said: tuple[str, int | None, int | None], line: int = 0) -> Iterator[Difference]:
    name, one, two = said
    if one is not None and two is not None and one != two:
        yield Difference(name, *_sides(pair, from_units(one), from_units(two)), line=line)


def _sides(pair: _Pair, one: str, two: str) -> tuple[Paper, str, Paper, str]:
    return pair[0], one, pair[1], two
