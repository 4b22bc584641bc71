from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest

from app.customs.parcel import GoodsLine
from app.customs.states import State
from app.trace.base45 import decode_base45, encode_base45
from app.trace.codes import PREFIX, Claims, digest_goods, fit_item_id, issue, read_code
from app.trace.errors import ClaimsInvalidError, CodeMalformedError
from app.trace.keys import Ed25519Signer


def pack(data: bytes) -> str:
    return PREFIX + encode_base45(data)


def parts_of(text: str) -> list[Any]:
    return list(cbor2.loads(decode_base45(text.removeprefix(PREFIX))).value)


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


def mutants(claims: Claims, signer: Ed25519Signer) -> dict[str, bytes]:
    """Byte strings that a careless reader would take for the same code or for a good one."""
    protected, _, payload, signature = parts_of(issue(claims, signer))
    good = cbor2.loads(payload)

    def envelope(parts: Any, tag: int = 18) -> bytes:
        return cbor2.dumps(cbor2.CBORTag(tag, parts), canonical=True)

    def with_payload(data: bytes) -> bytes:
        body = cbor2.dumps(["Signature1", protected, b"", data])
        return envelope([protected, {}, data, signer.sign(body)])

    def with_claim(key: Any, value: Any) -> bytes:
        return with_payload(cbor2.dumps(good | {key: value}, canonical=True))

    def with_header(header: Any) -> bytes:
        return envelope([cbor2.dumps(header, canonical=True), {}, payload, signature])

    whole = envelope([protected, {}, payload, signature])
    repeated = bytes([payload[0] + 1]) + payload[1:] + cbor2.dumps(1) + cbor2.dumps("2233")
    return {
        "trailing byte": whole + b"\x00",
        "cut off": whole[:-1],
        "empty": b"",
        "no tag": whole[1:],
        "other tag": envelope([protected, {}, payload, signature], tag=17),
        "five parts": envelope([protected, {}, payload, signature, b""]),
        "open header": envelope([protected, {4: signer.kid}, payload, signature]),
        "short signature": envelope([protected, {}, payload, signature[:-1]]),
        "text payload": envelope([protected, {}, "x", signature]),
        "indefinite array": b"\xd2\x9f" + whole[2:] + b"\xff",
        "long length": b"\xd2\x98\x04" + whole[2:],
        "indefinite map": with_payload(b"\xbf" + payload[1:] + b"\xff"),
        "repeated key": with_payload(repeated),
        "unsorted keys": with_payload(cbor2.dumps(dict(reversed(good.items())))),
        "trailing byte in claims": with_payload(payload + b"\x00"),
        "claims are a list": with_payload(cbor2.dumps([1, 2])),
        "unknown claim": with_claim(-9, "x"),
        "missing claim": with_payload(cbor2.dumps({k: v for k, v in good.items() if k != -4}, canonical=True)),
        "true as key 1": with_payload(
            cbor2.dumps({(True if k == 1 else k): v for k, v in good.items()}, canonical=True)
        ),
        "office as number": with_claim(1, 5301),
        "office too long": with_claim(1, "53011"),
        "time as float": with_claim(6, 1.5),
        "time as tag": with_claim(6, datetime(2026, 1, 1, tzinfo=UTC)),
        "time beyond all calendars": with_claim(6, 2**63),
        "time before all codes": with_claim(6, -1),
        "status true": with_claim(-5, True),
        "status unknown": with_claim(-5, 99),
        "digest too short": with_claim(-4, b"123"),
        "item with markup": with_claim(-2, "<script>alert(1)</script>"),
        "item with newline": with_claim(-2, "EE123456785CN\n"),
        "item with bidi": with_claim(-2, "EE\u202e123"),
        "inventory number empty": with_claim(-3, ""),
        "trace id with wrong check digit": with_claim(-1, "T530120260000123456"),
        "trace id in groups": with_claim(-1, "T5301-2026-000012345-5"),
        "header without key id": with_header({1: -8}),
        "header with a third entry": with_header({1: -8, 4: signer.kid, 3: 0}),
        "key id too short": with_header({1: -8, 4: b"123"}),
        "algorithm as text": with_header({1: "EdDSA", 4: signer.kid}),
        "regular expression tag": b"\xd2\x84\xd8\x23\x64(((a",
        "deep nesting": b"\xd2\x84" + b"\x81" * 300 + b"\x00",
        "announced gigabytes": b"\xd2\x84\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        "map with list key": with_payload(b"\xa1\x81\x01\x02"),
    }


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
