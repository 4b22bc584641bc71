"""What is no message, is cut, too large or means harm: refused quickly, and by name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.exchange.ceb.groups import MOST_FAULTS
from app.exchange.ceb.message import FaultKind
from app.exchange.ceb.read import read_message
from app.exchange.errors import (
    ExchangeError,
    MessageBrokenError,
    MessageHostileError,
    MessageTooLargeError,
    MessageUnknownError,
)
from app.exchange.xml import MAX_BYTES

Messages = dict[str, bytes]

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{}]>'.format(
    "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12))
)


@pytest.mark.parametrize(
    "text",
    [
        ENTITIES + "<x>&m;</x>",
        ENTITIES + '<x y="&m;"/>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        '<!DOCTYPE x SYSTEM "http://localhost:9/x.dtd"><x/>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://localhost:9/p"> %p;]><x/>',
    ],
)
@pytest.mark.parametrize("code", ["utf-8", "utf-16", "utf-16-be"])
def test_document_types_are_refused_unread(text: str, code: str) -> None:
    start = time.perf_counter()
    with pytest.raises(MessageHostileError):
        read_message(text.encode(code))
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", MessageBrokenError),
        (b"   ", MessageBrokenError),
        (b"<a" * 20, MessageBrokenError),
        (b"<a>" * 100_000, MessageBrokenError),
        (b"<a>" * 300 + b"</a>" * 300, MessageBrokenError),
        (b"\x00" * 1000, MessageBrokenError),
        (b"PK\x03\x04" + bytes(range(256)), MessageBrokenError),
        (b"<a>&undefined;</a>", MessageBrokenError),
        (b'<?xml version="1.0" encoding="no-such-code"?><a/>', MessageBrokenError),
        (b"<a/>" * 1_000_001, MessageTooLargeError),
        (b"<a>" + b"x" * MAX_BYTES + b"</a>", MessageTooLargeError),
        (b"<a/>", MessageUnknownError),
        (b'<CEB999Message xmlns="http://www.chinaport.gov.cn/ceb"/>', MessageUnknownError),
        (b'<CEB621Message xmlns="urn:other"/>', MessageUnknownError),
    ],
    ids=range(14),
)
def test_what_is_no_message_is_refused_quickly(text: bytes, error: type[ExchangeError]) -> None:
    start = time.perf_counter()
    with pytest.raises(error):
        read_message(text)
    assert time.perf_counter() - start < 10


def test_a_file_of_60_mb_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    with path.open("wb") as file:
        file.write(b"<a>")
        file.truncate(60 << 20)
    with pytest.raises(MessageTooLargeError):
        read_message(path)
    with pytest.raises(MessageBrokenError, match=r"no such file\.xml"):
        read_message(tmp_path / "no such file.xml")


def test_faults_of_one_message_are_bounded(messages: Messages) -> None:
    noise = b"".join(b"<ceb:x%d/>" % number for number in range(100_000))
    text = messages["CEB711_stock_in"].replace(b"<ceb:appType>", noise + b"<ceb:appType>")
    found = read_message(text).faults
    assert len(found) == MOST_FAULTS + 1
    assert found[-1].kind is FaultKind.MORE_FAULTS


def test_cut_messages_never_raise_anything_unknown(messages: Messages) -> None:
    for text in messages.values():
        for at in range(0, len(text), 37):
            with pytest.raises(ExchangeError):
                read_message(text[:at])
