"""Every fault, paper and compared field has its words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app.customs.match as matching
from app.customs.documents import Paper
from app.exchange.ceb.message import FaultKind, Signature
from app.texts import LANGUAGES, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_its_words(language: str) -> None:
    for kind in FaultKind:
        said = text(f"ceb.fault.{kind}", lang=language, path="PATH", value="VALUE", expected="EXPECTED")
        assert "{" not in said
    for signature in Signature:
        assert text(f"ceb.signature.{signature}", lang=language)
    for paper in Paper:
        assert text(f"ceb.paper.{paper}", lang=language)
    source = Path(matching.__file__).read_text("utf-8")
    fields = set(re.findall(r'"([a-z_]{4,})"', source)) - {"self", *matching._OF_PAYMENT.values()}
    assert {"order_no", "quantity", "consignee_address", "hs_code"} <= fields
    for field in fields:
        assert text(f"ceb.field.{field}", lang=language)
