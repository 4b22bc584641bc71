"""Makes sound messages of every kind in the table, with everything at random that the schema leaves open."""

from __future__ import annotations

import random

from lxml import etree

from app.exchange.ceb.tables import NAMESPACE, SIGNATURE, Field, Group, spec

_LETTERS = "ABXYZ019 -/.中文保税跨境&<>'\"é"
_DECIMALS = ("0", "1", "-1", "+1.5", ".5", "7.", "00012.50000", "99999999999999.99999", " 3 ", "\n4", "0.00001", "-0")
_INTEGERS = ("0", "1", "-7", "+00005", "0000000001", " 3 ", "9999")


def make_message(kind: str, seed: int) -> bytes:
    """A message that the schema accepts; the same seed gives the same one."""
    rng, table = random.Random(f"{kind} {seed}"), spec(kind)
    root = etree.Element(
        f"{{{NAMESPACE}}}{kind}Message", {"guid": _text(rng, 36, 36), "version": _text(rng, 1, 10)}, {"x": NAMESPACE}
    )
    for _ in range(_times(rng, table.record)):
        record = etree.SubElement(root, f"{{{NAMESPACE}}}{table.record.tag}")
        _fill(etree.SubElement(record, f"{{{NAMESPACE}}}{table.head}") if table.head else record, table.record, rng)
        for _ in range(_times(rng, table.line) if table.line else 0):
            assert table.line is not None
            _fill(etree.SubElement(record, f"{{{NAMESPACE}}}{table.line.tag}"), table.line, rng)
    for group in table.tail:
        for _ in range(_times(rng, group)):
            if group.tag == "Signature":
                root.append(_signature())
                continue
            element = etree.SubElement(root, f"{{{NAMESPACE}}}{group.tag}")
            _fill(element, group, rng)
            if group.tag == "ExtendMessage" and rng.random() < 0.5:
                etree.SubElement(etree.SubElement(element[-1], "{urn:local}report", {"of": "1"}), "plain").text = "1"
    return etree.tostring(root, xml_declaration=True, encoding=rng.choice(("UTF-8", "GB18030", "UTF-16")))


def _times(rng: random.Random, group: Group) -> int:
    return rng.randint(group.low, min(group.high, group.low + 2))


def _fill(element: etree._Element, group: Group, rng: random.Random) -> None:
    for field in group.fields:
        if not field.is_optional or rng.random() < 0.6:
            etree.SubElement(element, f"{{{NAMESPACE}}}{field.tag}").text = _value(field, rng)


def _value(field: Field, rng: random.Random) -> str:
    if field.is_fixed:
        return rng.choice((field.when_empty, ""))
    if field.letter == "X":
        return rng.choice(("", "\n"))
    if field.letter == "N":
        return rng.choice(_DECIMALS)
    if field.letter == "I":
        return rng.choice([each for each in _INTEGERS if len(each.strip(" +-").lstrip("0")) <= field.high])
    return _text(rng, field.low, min(field.high, field.low + 40))


def _text(rng: random.Random, low: int, high: int) -> str:
    text = "".join(rng.choices(_LETTERS, k=rng.randint(low, high)))
    # Whether a blank counts depends on its place; a value of blanks alone is a case of its own.
    return text if text.strip() == text else "Q" * len(text)


def _signature() -> etree._Element:
    """As the schema of signatures wants one; what it holds is worth nothing."""
    name = SIGNATURE.removesuffix("Signature")
    root = etree.Element(SIGNATURE, nsmap={"ds": name.strip("{}")})
    info = etree.SubElement(root, f"{name}SignedInfo")
    etree.SubElement(info, f"{name}CanonicalizationMethod", Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    etree.SubElement(info, f"{name}SignatureMethod", Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    reference = etree.SubElement(info, f"{name}Reference", URI="")
    etree.SubElement(reference, f"{name}DigestMethod", Algorithm="http://www.w3.org/2000/09/xmldsig#sha1")
    etree.SubElement(reference, f"{name}DigestValue").text = "AAAA"
    etree.SubElement(root, f"{name}SignatureValue").text = "AAAA"
    return root
