"""Reads a message leniently: by namespace, in any order, past what it does not know; and names every fault."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

from lxml import etree

from app.exchange.ceb.envelope import open_envelope
from app.exchange.ceb.groups import Faults, Reader, Usual, local_name
from app.exchange.ceb.message import Envelope, Fault, FaultKind, Message, Record, Signature
from app.exchange.ceb.oddities import Oddities
from app.exchange.ceb.rules import check_record
from app.exchange.ceb.tables import NAMESPACE, SIGNATURE, Field, Group, Spec, specs
from app.exchange.errors import MessageUnknownError
from app.exchange.xml import parse_xml

_ROOT = re.compile(rf"(?P<space>\{{{re.escape(NAMESPACE)}\}})?(?P<kind>CEB[0-9]{{3}})(?:Message)?", re.ASCII).fullmatch
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_GUID = Field("@guid", "C36", "C", 36, 36, False)
_VERSION = Field("@version", "C1..10", "C", 1, 10, False)


def read_message(source: Path | bytes) -> Message:
    """Read a message from a file or from its text, also out of a DxpMsg envelope.

    Raises:
        MessageTooLargeError, MessageHostileError, MessageBrokenError: it is no XML that may be read.
        MessageUnknownError: it is XML, but no message of the table.
    """
    root = parse_xml(source)
    root, envelope = open_envelope(root)
    match = _ROOT(root.tag)
    if match is None or match["kind"] not in specs():
        name = local_name(root.tag)
        raise MessageUnknownError(f"No message is called {name}; this station reads CEB messages.", detail=name)
    if match["space"]:
        return _reader(match["kind"]).read(root, envelope)
    _name_space(root)
    message = _reader(match["kind"]).read(root, envelope)
    nameless = Fault(FaultKind.WRONG_ROOT, local_name(root.tag), expected=root.tag)
    return replace(message, faults=(nameless, *message.faults))


def _name_space(root: etree._Element) -> None:
    """Give a message that was written without a namespace that of the messages."""
    for element in root.iter(etree.Element):
        if not element.tag.startswith("{"):
            element.tag = f"{{{NAMESPACE}}}{element.tag}"


@cache
def _reader(kind: str) -> _MessageReader:
    return _MessageReader(specs()[kind])


class _MessageReader:
    """Reads the messages of one kind."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._places = {_full(group.tag): (place, group) for place, group in enumerate((spec.record, *spec.tail))}
        self._fields = Reader(spec.record.fields, names_empty=bool(spec.tail))
        self._lines = Reader(spec.line.fields, names_empty=bool(spec.tail)) if spec.line else None
        self._tails = {_full(group.tag): Reader(group.fields, names_empty=False) for group in spec.tail}
        self._oddities = Oddities(spec)

    def read(self, root: etree._Element, envelope: Envelope | None) -> Message:
        spec, faults = self._spec, Faults()
        records: list[Record] = []
        transfer: dict[str, str] = {}
        guid = self._read_root(root, faults)
        self._check_sequence(root, faults)
        signature = _signature(root, faults)
        record_tag, are_usual = _full(spec.record.tag), True
        for element in root:
            if element.tag == record_tag:
                path = f"{spec.record.tag}[{len(records) + 1}]"
                record = self._read_usual(element, faults, path)
                if record is None:
                    record, are_usual = self._read_record(element, faults, path), False
                check_record(spec.type, record, signature, faults, path)
                records.append(record)
            elif element.tag in self._tails and element.tag != SIGNATURE:
                values = self._tails[element.tag].read(element, faults, local_name(element.tag))
                if element.tag == _full("BaseTransfer") and not transfer:
                    transfer = values
        self._oddities.name(root, faults, are_records_usual=are_usual)
        _check_guids(spec, records, faults)
        return Message(spec.type, guid, tuple(records), tuple(faults), signature, transfer, envelope)

    def _read_root(self, root: etree._Element, faults: Faults) -> str:
        """The message's guid; its root's name and attributes are checked."""
        name = local_name(root.tag)
        if name != f"{self._spec.type}Message":
            faults.put(FaultKind.WRONG_ROOT, name, expected=f"{self._spec.type}Message")
        for field, value in ((_GUID, root.get("guid")), (_VERSION, root.get("version"))):
            if value is None:
                faults.put(FaultKind.MISSING, field.tag)
            elif len(value) < field.low:
                faults.put(FaultKind.TOO_SHORT, field.tag, value, field.form)
            elif len(value) > field.high:
                faults.put(FaultKind.TOO_LONG, field.tag, value, field.form)
        for attribute in map(str, root.attrib):
            if attribute not in ("guid", "version") and not attribute.startswith(_XSI):
                faults.put(FaultKind.UNKNOWN_ATTRIBUTE, f"@{attribute}")
        return (root.get("guid") or "").strip()

    def _check_sequence(self, root: etree._Element, faults: Faults) -> None:
        """Name what stands below the root too often, too seldom, in the wrong place, or at all."""
        spec = self._spec
        counts: Counter[str] = Counter()
        last = 0
        for element in root:
            if element.tag not in self._places:
                faults.put(FaultKind.UNKNOWN_TAG, local_name(element.tag))
                continue
            place, group = self._places[element.tag]
            counts[element.tag] += 1
            if place < last and counts[element.tag] <= group.high:
                faults.put(FaultKind.WRONG_ORDER, local_name(element.tag))
            last = max(last, place)
        for group in (spec.record, *spec.tail):
            _check_count(group, counts[_full(group.tag)], faults, group.tag)

    def _read_usual(self, element: etree._Element, faults: Faults, path: str) -> Record | None:
        """The record, from its text as the parser understood it, None unless all in it is usual.

        Elements of lxml one by one take three times as long.
        """
        spec, prefix = self._spec, element.prefix
        if not spec.head or element.attrib or not self._fields.is_learned(prefix):
            return None
        text = etree.tostring(element, encoding="unicode", with_tail=False)
        head = self._fields.match(text, text.index(">") + 1, prefix)
        if head is None:
            return None
        lines: list[Usual] = []
        at = head.end
        while self._lines is not None and (line := self._lines.match(text, at, prefix)):
            lines.append(line)
            at = line.end
        if not text.startswith("</", at) or text.find(">", at) != len(text) - 1:
            return None
        fields = head.read(faults, f"{path}/{spec.head}")
        if spec.line is None:
            return Record(fields)
        where = f"{path}/{spec.line.tag}"
        record = Record(fields, tuple([each.read(faults, f"{where}[{place}]") for place, each in enumerate(lines, 1)]))
        _check_count(spec.line, len(lines), faults, where)
        return record

    def _read_record(self, element: etree._Element, faults: Faults, path: str) -> Record:
        spec = self._spec
        if not spec.head:
            return Record(self._fields.read(element, faults, path))
        head, line_tag = _full(spec.head), _full(spec.line.tag) if spec.line else ""
        fields: dict[str, str] = {}
        lines: list[dict[str, str]] = []
        heads = 0
        for child in element:
            tag = child.tag
            if tag == head:
                heads += 1
                if heads > 1:
                    faults.put(FaultKind.TOO_MANY, f"{path}/{spec.head}", str(heads), "1")
                    continue
                if lines:
                    faults.put(FaultKind.WRONG_ORDER, f"{path}/{spec.head}")
                fields = self._fields.read(child, faults, f"{path}/{spec.head}")
            elif tag == line_tag and self._lines is not None and spec.line is not None:
                lines.append(self._lines.read(child, faults, f"{path}/{spec.line.tag}[{len(lines) + 1}]"))
            else:
                faults.put(FaultKind.UNKNOWN_TAG, f"{path}/{local_name(tag)}")
        if not heads:
            faults.put(FaultKind.MISSING, f"{path}/{spec.head}")
        if spec.line:
            _check_count(spec.line, len(lines), faults, f"{path}/{spec.line.tag}")
        return Record(fields, tuple(lines))


def _full(tag: str) -> str:
    return SIGNATURE if tag == "Signature" else f"{{{NAMESPACE}}}{tag}"


def _check_count(group: Group, count: int, faults: Faults, path: str) -> None:
    if count > group.high:
        faults.put(FaultKind.TOO_MANY, path, str(count), str(group.high))
    elif count < group.low:
        faults.put(FaultKind.UNSIGNED if group.tag == "Signature" else FaultKind.MISSING, path)


def _signature(root: etree._Element, faults: Faults) -> Signature:
    element = root.find(SIGNATURE)
    if element is None:
        return Signature.ABSENT
    if not (element.findtext(SIGNATURE.replace("Signature", "SignatureValue")) or "").strip():
        faults.put(FaultKind.SIGNATURE_EMPTY, "Signature")
    return Signature.NOT_VERIFIED


def _check_guids(spec: Spec, records: list[Record], faults: Faults) -> None:
    """Name records that carry another one's guid."""
    seen: set[str] = set()
    for number, record in enumerate(records, 1):
        if record.guid and record.guid in seen:
            faults.put(FaultKind.SAME_GUID, f"{spec.record.tag}[{number}]", record.guid)
        seen.add(record.guid)
