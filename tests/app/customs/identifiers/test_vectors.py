"""Every vector of the reference sheet, valid and invalid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.customs.identifiers import Candidate, IdentifierKind, Remark, parse

KINDS = {
    "s10_valid": IdentifierKind.S10,
    "s10_special": IdentifierKind.S10,
    "awb_valid": IdentifierKind.AWB,
    "sscc_valid": IdentifierKind.SSCC,
    "gtin13_valid": IdentifierKind.GTIN,
    "iso6346_valid": IdentifierKind.CONTAINER,
    "uscc_valid": IdentifierKind.USCC,
    "resident_id_valid_standard_example": IdentifierKind.RESIDENT_ID,
    "invtNo_valid": IdentifierKind.INVT_NO,
    "preNo_valid": IdentifierKind.PRE_NO,
}
WRONG_CHECK = {
    "s10_invalid": IdentifierKind.S10,
    "awb_invalid": IdentifierKind.AWB,
    "iso6346_invalid": IdentifierKind.CONTAINER,
}
SHAPES = {"EA1234567CN": Remark.LENGTH, "1A123456785CN": Remark.MISREAD_LETTER}


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, list[str]]:
    raw = json.loads((shared / "reference/identifier_vectors.json").read_text(encoding="utf-8"))
    raw.pop("note")
    return {
        name: [text.split(" ")[0] for text in (entry.values() if isinstance(entry, dict) else entry)]
        for name, entry in raw.items()
    }


def of_kind(text: str, kind: IdentifierKind) -> Candidate:
    return next(candidate for candidate in parse(text) if candidate.kind is kind)


def test_every_group_of_vectors_is_tested(vectors: dict[str, list[str]]) -> None:
    assert set(vectors) == KINDS.keys() | WRONG_CHECK.keys()


@pytest.mark.parametrize("group", KINDS)
def test_valid_numbers_are_the_first_candidate(vectors: dict[str, list[str]], group: str) -> None:
    for text in vectors[group]:
        first = parse(text)[0]
        assert (first.kind, first.is_valid, first.finding) == (KINDS[group], True, None), text


@pytest.mark.parametrize("group", WRONG_CHECK)
def test_invalid_numbers_keep_their_kind(vectors: dict[str, list[str]], group: str) -> None:
    for text in vectors[group]:
        found = of_kind(text, WRONG_CHECK[group])
        assert not found.is_valid
        assert found.finding is SHAPES.get(text, Remark.CHECK_DIGIT)
        if found.finding is Remark.CHECK_DIGIT:
            assert of_kind(found.correction, found.kind).is_valid
