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
    schemas = [etree.XMLSchema(etree.parse(str(folder / name))) for name in (IMPORT, EXPORT)]

    def ask(text: bytes) -> list[str]:
        root = etree.fromstring(text)
        name = etree.QName(root).localname
        schema = schemas[0 if name[3:].startswith(IMPORTS) else 1]
        return [] if schema.validate(root) else [error.message for error in schema.error_log]

    return ask


IMPORTS = ("31", "41", "51", "62", "71", "81", "90")
"""How the numbers of import messages begin."""
