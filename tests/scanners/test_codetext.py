"""What may pass for a code."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.codetext import check_text, decode_bytes, own_codes, parse_code
from scanners.device import CodeRefusedError
from tests.scanners.rigs import make_scan


@pytest.mark.parametrize("text", ["RR473124829GB", "01069012345678921712\x1d10A", "关检 12", "'; DROP TABLE--", "<b>"])
def test_printable_text_passes_unchanged(text: str) -> None:
    assert check_text(text) == text


@pytest.mark.parametrize("text", ["", "a" * 513, "a\n", "\x00", "a\u202eb", "\u200b", "\ufeff1", "\ud800", "a\x85"])
def test_hidden_text_is_refused(text: str) -> None:
    with pytest.raises(CodeRefusedError):
        check_text(text)


@given(st.text(max_size=40))
def test_nothing_hidden_ever_passes(text: str) -> None:
    try:
        check_text(text)
    except CodeRefusedError:
        return
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in text.replace("\x1d", "")
    )


@pytest.mark.parametrize(
    ("text", "aim", "symbology", "rest"),
    [
        ("]C1010690", "]C1", "Code128", "010690"),
        ("]Q3010690", "]Q3", "QRCode", "010690"),
        ("]d2010690", "]d2", "DataMatrix", "010690"),
        ("]L2ABC", "]L2", "PDF417", "ABC"),
        ("]E412345670", "]E4", "EAN8", "12345670"),
        ("]9xABC", "", "Unknown", "]9xABC"),
        ("RR473124829GB", "", "Unknown", "RR473124829GB"),
    ],
)
def test_aim_identifiers(text: str, aim: str, symbology: str, rest: str) -> None:
    code = parse_code(text)
    assert (code.aim, code.symbology, code.text, code.raw) == (aim, symbology, rest, rest.encode())


def test_an_aim_identifier_alone_is_no_code() -> None:
    with pytest.raises(CodeRefusedError):
        parse_code("]C1")


def test_bytes_are_utf8_or_gb18030() -> None:
    assert decode_bytes("包裹1".encode()) == "包裹1"
    assert decode_bytes("包裹1".encode("gb18030")) == "包裹1"
    with pytest.raises(CodeRefusedError):
        decode_bytes(b"\xff\xff")


def test_codes_of_the_machine_itself_are_checked_as_any() -> None:
    scan = replace(make_scan(), codes=("]C10109501101020917\x1d10AB", "evil\u202etxt", "EA123456785CN", ""))
    codes, refused = own_codes(scan)
    assert [(code.text, code.aim) for code in codes] == [("0109501101020917\x1d10AB", "]C1"), ("EA123456785CN", "")]
    assert [error.details["reason"] for error in refused] == ["U+202E", "empty"]
