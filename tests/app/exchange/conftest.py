"""The shared messages, and the schemas as judges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

IMPORT, EXPORT = "海关跨境进口业务节点报文定义202205.xsd", "海关跨境出口业务节点报文定义202205.xsd"


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    return shared / "reference" / "ceb-202205"


@pytest.fixture(scope="session")
def messages(folder: Path) -> dict[str, bytes]:
    """All shared messages by the name of their file."""
    return {path.stem: path.read_bytes() for path in sorted((folder / "messages").glob("*.xml"))}


@pytest.fixture(scope="session")
def judge(folder: Path) -> Callable[[bytes], list[str]]:
    """What customs' own schema says against a message; nothing where it is valid."""
    trees = [etree.parse(str(folder / name)) for name in (IMPORT, EXPORT)]
    schemas = [etree.XMLSchema(tree) for tree in trees]
    declared = {name: schema for tree, schema in zip(trees, schemas, strict=True) for name in _roots(tree)}

    def ask(text: bytes) -> list[str]:
        root = etree.fromstring(text)
        schema = declared.get(etree.QName(root).localname, schemas[0])
        return [] if schema.validate(root) else [error.message for error in schema.error_log]

    return ask


def _roots(tree: etree._ElementTree) -> list[str]:
    """The messages that a schema declares."""
    names = [each.get("name", "") for each in tree.getroot().iter("{http://www.w3.org/2001/XMLSchema}element")]
    return [name for name in names if name.startswith("CEB")]
