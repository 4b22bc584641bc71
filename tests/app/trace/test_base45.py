from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trace.base45 import decode_base45, encode_base45
from app.trace.errors import Base45Error


@pytest.mark.parametrize(
    ("plain", "coded"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_matches_the_examples_of_the_rfc(plain: bytes, coded: str) -> None:
    assert encode_base45(plain) == coded
    assert decode_base45(coded) == plain


@given(st.binary(max_size=300))
def test_reads_back_what_it_writes(data: bytes) -> None:
    assert decode_base45(encode_base45(data)) == data


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=60))
def test_each_text_has_one_decoding_or_none(text: str) -> None:
    try:
        data = decode_base45(text)
    except Base45Error:
        return
    assert encode_base45(data) == text


@pytest.mark.parametrize("text", ["GGW", "::", ":::", "A", "ABCD", "ab", "BB8\n", "ＢＢ８"])
def test_what_is_not_base45_is_refused(text: str) -> None:
    with pytest.raises(Base45Error):
        decode_base45(text)
