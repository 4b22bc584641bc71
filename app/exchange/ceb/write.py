"""Writes messages: fields in the schema's order, the default namespace, the same content always as the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxml import etree

from app.exchange.ceb.message import Record
from app.exchange.ceb.read import read_message
from app.exchange.ceb.tables import NAMESPACE, Field, spec
from app.exchange.errors import MessageInvalidError


def write_message(kind: str, guid: str, records: Sequence[Record]) -> bytes:
    """A message that needs no tail, such as every receipt; what is not in the table is left out.

    Raises:
        MessageInvalidError: it would not be valid; the first fault is named.
    """
    table = spec(kind)
    if table.tail:
        raise MessageInvalidError(f"{kind} is sent by enterprises and not by customs.", detail=kind)
    root = etree.Element(
        f"{{{NAMESPACE}}}{kind}Message",
        {"guid": guid, "version": "1.0"},
        {None: NAMESPACE},  # type: ignore[dict-item]  # the stubs do not know the default namespace
    )
    for record in records:
        element = etree.SubElement(root, f"{{{NAMESPACE}}}{table.record.tag}")
        head = etree.SubElement(element, f"{{{NAMESPACE}}}{table.head}") if table.head else element
        _write_fields(head, table.record.fields, record.fields)
        for line in record.lines if table.line else ():
            assert table.line is not None
            _write_fields(etree.SubElement(element, f"{{{NAMESPACE}}}{table.line.tag}"), table.line.fields, line)
    text = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    for fault in read_message(text).faults:
        if fault.is_by_schema:
            detail = f"{fault.path}: {fault.kind.value} {fault.value!r}"
            raise MessageInvalidError(f"{kind} was not written, it would be invalid: {detail}.", detail=detail)
    return text


def _write_fields(element: etree._Element, fields: Sequence[Field], values: Mapping[str, str]) -> None:
    for field in fields:
        value = values.get(field.tag, "")
        if value or not field.is_optional:
            try:
                etree.SubElement(element, f"{{{NAMESPACE}}}{field.tag}").text = value
            except ValueError as error:
                detail = f"{field.tag} holds letters that XML cannot: {value!r}"
                raise MessageInvalidError(f"The message was not written: {detail}.", detail=detail) from error
