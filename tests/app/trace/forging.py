"""Codes that are not genuine, for the tests of verifiers in Python and in the browser."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import cbor2

from app.trace.base45 import ALPHABET, decode_base45, encode_base45
from app.trace.codes import PREFIX, Claims, issue
from app.trace.keys import Ed25519Signer


def parts_of(text: str) -> list[Any]:
    return list(cbor2.loads(decode_base45(text.removeprefix(PREFIX))).value)


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


def forge(text: str, genuine: bytes, rng: random.Random) -> str:
    """A code with one thing changed: bits of its bytes, letters of its text, bytes moved, cut or added."""
    data = bytearray(genuine)
    match rng.randrange(5):
        case 0:
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 1:
            place = rng.randrange(len(text))
            return text[:place] + rng.choice(ALPHABET) + text[place + 1 :]
        case 2:
            place = rng.randrange(len(data))
            data[place] = rng.randrange(256)
        case 3:
            start = rng.randrange(len(data))
            del data[start : start + rng.randrange(1, 4)]
        case _:
            place = rng.randrange(len(data) + 1)
            data[place:place] = rng.randbytes(rng.randrange(1, 4))
    return PREFIX + encode_base45(bytes(data))
