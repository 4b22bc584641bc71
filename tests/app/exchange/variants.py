"""Makes faulty messages out of sound ones: one random change each, of every kind that the schema can judge."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

CEB = "{http://www.chinaport.gov.cn/ceb}"
TEXTS = (
    "", " ", "1", "142", "1420", "9610", "x" * 4, "5" * 14, "2" * 17, "中" * 18, "y" * 19, "G" * 36, "G" * 37, "n" * 61,
    "n" * 101, "国" * 250, "n" * 251, "n" * 511, "n" * 1000, "n" * 1001, " 142", "142\n", "1 2",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "+1", "1.", ".5", ".", "", "1e5", "NaN", "1,5", "１", "00012.50000", "1.000001", "1.0000010000",
    "1.00001000", "12345678901234.12345", "123456789012345.12345", "12345678901234567890", "0.00001", " 3 ", "\t7\n",
    "-0", "--1", "1 2", "2147483647", "2147483648", "-2147483648", "-2147483649", "123456", "123456789", "1234567890",
    "0000000001", "+00005", "99999", "100000",
)  # fmt: skip


def leaves(root: etree._Element) -> list[etree._Element]:
    """Elements with text, outside of the signature."""
    return [e for e in root.iter(f"{CEB}*") if len(e) == 0]


def holders(root: etree._Element) -> list[etree._Element]:
    return [e for e in root.iter(f"{CEB}*") if len(e)]


def set_text(root: etree._Element, rng: random.Random) -> None:
    rng.choice(leaves(root)).text = rng.choice(TEXTS)


def set_number(root: etree._Element, rng: random.Random) -> None:
    numeric = [e for e in leaves(root) if (e.text or "").replace(".", "").isdecimal()]
    rng.choice(numeric or leaves(root)).text = rng.choice(NUMBERS)


def drop(root: etree._Element, rng: random.Random) -> None:
    element = rng.choice([e for e in root.iter() if e is not root])
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def double(root: etree._Element, rng: random.Random) -> None:
    element = rng.choice([e for e in root.iter(f"{CEB}*") if e is not root])
    element.addnext(deepcopy(element))


def swap(root: etree._Element, rng: random.Random) -> None:
    holder = rng.choice(holders(root))
    element = rng.choice(list(holder))
    holder.insert(rng.randrange(len(holder)), element)


def add_tag(root: etree._Element, rng: random.Random) -> None:
    tag = rng.choice((f"{CEB}surprise", f"{CEB}guid", "noNamespace", "{urn:x}other"))
    holder = rng.choice([*holders(root), *leaves(root)])
    holder.insert(rng.randrange(len(holder) + 1), holder.makeelement(tag))


def add_attribute(root: etree._Element, rng: random.Random) -> None:
    rng.choice(list(root.iter(f"{CEB}*"))).set(rng.choice(("id", "guid", "{urn:x}y")), rng.choice(("", "A" * 36)))


def add_text(root: etree._Element, rng: random.Random) -> None:
    element = rng.choice([e for e in root.iter(f"{CEB}*") if e is not root])
    element.tail = rng.choice((" stray ", "\n", "\xa0"))


CHANGES: tuple[Callable[[etree._Element, random.Random], None], ...] = (
    set_text, set_text, set_number, set_number, drop, double, swap, add_tag, add_attribute, add_text,
)  # fmt: skip


def variant(text: bytes, seed: int, changes: int = 1) -> bytes:
    """The message with random changes; the same seed gives the same ones."""
    rng = random.Random(seed)
    root = etree.fromstring(text)
    for _ in range(changes):
        if len(root):  # the change before may have taken everything out
            rng.choice(CHANGES)(root, rng)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
