from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest

from app.customs.parcel import GoodsLine
from app.customs.states import State
from app.trace.base45 import encode_base45
from app.trace.codes import PREFIX, Claims, digest_goods, fit_item_id, issue, read_code
from app.trace.errors import ClaimsInvalidError, CodeMalformedError
from app.trace.keys import Ed25519Signer
from tests.app.trace.forging import mutants, parts_of


def pack(data: bytes) -> str:
    return PREFIX + encode_base45(data)


def test_holds_the_claims_under_their_numbers(claims: Claims, signer: Ed25519Signer) -> None:
    protected, unprotected, payload, signature = parts_of(issue(claims, signer))
    assert cbor2.loads(protected) == {1: -8, 4: signer.kid}
    assert unprotected == {}
    assert len(signature) == 64
    assert cbor2.loads(payload) == {
        1: "5301",
        6: int(claims.issued_at.timestamp()),
        -1: "T530120260000123455",
        -2: "EE123456785CN",
        -3: "53012026I000012345",
        -4: bytes(range(16)),
        -5: 1,
    }


def test_reads_back_what_it_issued(claims: Claims, signer: Ed25519Signer) -> None:
    code = read_code(issue(claims, signer))
    assert code.claims == claims
    assert (code.alg, code.kid) == (-8, signer.kid)
    without = replace(claims, inventory_no="", status=State.RETURNED)
    assert read_code(issue(without, signer)).claims == without


def test_signature_is_the_one_of_rfc_9052(claims: Claims, signer: Ed25519Signer) -> None:
    protected, _, payload, signature = parts_of(issue(claims, signer))
    structure = b"\x84\x6aSignature1" + cbor2.dumps(protected) + b"\x40" + cbor2.dumps(payload)
    signer.private.public_key().verify(signature, structure)


def test_fits_a_small_label(claims: Claims, signer: Ed25519Signer) -> None:
    assert len(issue(replace(claims, inventory_no=""), signer)) <= 232
    assert len(issue(claims, signer)) <= 262  # the most that a QR 9-M holds: 53 modules, 26.5 mm at four dots


def test_every_other_form_is_malformed(claims: Claims, signer: Ed25519Signer) -> None:
    for name, data in mutants(claims, signer).items():
        with pytest.raises(CodeMalformedError):
            pytest.fail(f"{name} was read as {read_code(pack(data)).claims}")


@pytest.mark.parametrize(
    "text",
    ["", "PT1:", "PT1", "pt1:ABC", "HC1:ABC", "PT1:" + "A" * 100_000, "PT1:\x00", "PT1:\u202e", "<b>", "PT1:ÄÖ"],
)
def test_other_text_is_malformed(text: str) -> None:
    with pytest.raises(CodeMalformedError):
        read_code(text)


@pytest.mark.parametrize(
    "change",
    [{"issuer": "53"}, {"item_id": ""}, {"item_id": "a b"}, {"goods_digest": b""}, {"status": State.ARRIVED},
     {"inventory_no": "5301"}, {"issued_at": datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)},
     {"issued_at": datetime(1999, 1, 1, tzinfo=UTC)}],
)  # fmt: skip
def test_claims_that_do_not_fit_are_refused(claims: Claims, change: dict[str, Any]) -> None:
    with pytest.raises(ClaimsInvalidError) as caught:
        replace(claims, **change)
    assert caught.value.details["fields"] == next(iter(change))


def test_unusual_parcel_numbers_are_carried_as_a_digest(claims: Claims) -> None:
    assert fit_item_id("EE123456785CN") == "EE123456785CN"
    for number in ("", "scan 0001 (copy)", "包裹一", "x" * 61, "#0123456789abcdef"):
        fitted = fit_item_id(number)
        assert fitted.startswith("#")
        assert len(fitted) == 17
        assert replace(claims, item_id=fitted).item_id == fitted


def test_goods_digest_depends_on_every_field_and_the_order() -> None:
    line = GoodsLine("T恤", "6109100000", "2", "件", 300, 1_990_000, "110")
    variants = [
        [],
        [line],
        [line, line],
        [replace(line, weight_g=301)],
        [replace(line, name="T恤衫")],
        [replace(line, weight_g=None)],
    ]
    digests = {digest_goods(lines) for lines in variants}
    assert len(digests) == 6
    assert all(len(digest) == 16 for digest in digests)
    other = replace(line, name="帽子")
    assert digest_goods([line, other]) != digest_goods([other, line])


def test_times_are_read_in_utc(claims: Claims, signer: Ed25519Signer) -> None:
    code = read_code(issue(claims, signer))
    assert code.claims.issued_at.utcoffset() == timedelta(0)
