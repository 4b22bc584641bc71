"""The signed trace code: `PT1:` + Base45 of a COSE_Sign1 (RFC 9052) over a CBOR map of claims (RFC 8392 keys).

Exactly one text stands for one signed code: the CBOR must be the deterministic encoding (RFC 8949, 4.2), the
unprotected header empty, the structure tagged. So a changed text is a changed code, and no changed code verifies.
Nothing personal goes in. A copied label verifies like its original: only the log of scans can show it (`judge`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cbor2

from app.customs.parcel import GoodsLine
from app.customs.states import State
from app.trace.base45 import decode_base45, encode_base45
from app.trace.errors import ClaimsInvalidError, CodeMalformedError, TraceError
from app.trace.ids import TraceId, parse_trace_id
from app.trace.keys import Signer

PREFIX = "PT1:"
MAX_TEXT = 512
DIGEST_BYTES = 16
SIGNATURE_BYTES = 64

_ALG, _KID = 1, 4
_ISSUER, _ISSUED_AT, _TRACE_ID, _ITEM_ID, _INVENTORY_NO, _DIGEST, _STATUS = 1, 6, -1, -2, -3, -4, -5
_REQUIRED = {_ISSUER, _ISSUED_AT, _TRACE_ID, _ITEM_ID, _DIGEST, _STATUS}
_TAGGED_SIGN1 = b"\xd2\x84"
_ITEM_SHAPE = re.compile(r"#?[0-9A-Za-z][0-9A-Za-z._/-]{0,59}\Z")
_INVENTORY_SHAPE = re.compile(r"[0-9]{8}[IE][0-9]{9,11}\Z")
_EARLIEST, _LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

# Numbers of this table are in printed labels: append, never renumber.
_STATUS_NUMBERS = {
    State.RELEASED: 1,
    State.COND_RELEASED: 2,
    State.CLOSED: 3,
    State.RETURNED: 4,
    State.TRANSFERRED: 5,
    State.CONFISCATED: 6,
    State.DESTROYED: 7,
    State.ABANDONED: 8,
    State.HELD: 9,
    State.DETAINED: 10,
}
_STATUSES = {number: state for state, number in _STATUS_NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a trace code says. `issuer` is the office code, `item_id` the S10 or waybill number on the parcel.

    `inventory_no` (清单编号) is empty where there is none; `goods_digest` comes from `digest_goods`.

    Raises:
        ClaimsInvalidError: a claim does not fit into a code.
    """

    issuer: str
    issued_at: datetime
    trace_id: TraceId
    item_id: str
    goods_digest: bytes
    status: State
    inventory_no: str = ""

    def __post_init__(self) -> None:
        checks = {
            "issuer": re.fullmatch(r"[0-9]{4}", self.issuer),
            "issued_at": self.issued_at.microsecond == 0 and _EARLIEST <= self.issued_at < _LATEST,
            "item_id": _ITEM_SHAPE.match(self.item_id),
            "goods_digest": len(self.goods_digest) == DIGEST_BYTES,
            "status": self.status in _STATUS_NUMBERS,
            "inventory_no": not self.inventory_no or is_inventory_no(self.inventory_no),
        }
        if wrong := [name for name, is_right in checks.items() if not is_right]:
            raise ClaimsInvalidError(
                f"{', '.join(wrong)} cannot stand in a trace code; check the parcel's data.", fields=", ".join(wrong)
            )


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A trace code taken apart, its signature not yet looked at."""

    alg: int
    kid: bytes
    claims: Claims
    signed: bytes
    signature: bytes


def fit_item_id(number: str) -> str:
    """The parcel's number as a code can carry it: itself, or `#` and a digest where it has unusual letters."""
    if _ITEM_SHAPE.match(number) and not number.startswith("#"):
        return number
    return "#" + hashlib.sha256(number.encode()).hexdigest()[:16]


def is_inventory_no(text: str) -> bool:
    return _INVENTORY_SHAPE.match(text) is not None


def digest_goods(goods: Iterable[GoodsLine]) -> bytes:
    """16 bytes of SHA-256 over the goods lines in their order: whoever has the declaration can compare."""
    lines = [[g.name, g.hs_code, g.quantity, g.unit, g.weight_g, g.value, g.origin] for g in goods]
    return hashlib.sha256(cbor2.dumps(lines, canonical=True)).digest()[:DIGEST_BYTES]


def issue(claims: Claims, signer: Signer) -> str:
    """The signed code of these claims, ready for an alphanumeric QR."""
    protected = cbor2.dumps({_ALG: signer.alg, _KID: signer.kid}, canonical=True)
    payload = cbor2.dumps(_to_map(claims), canonical=True)
    signature = signer.sign(_to_be_signed(protected, payload))
    return PREFIX + encode_base45(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]), canonical=True))


def read_code(text: str) -> SignedCode:
    """Take a trace code apart without trusting it.

    Raises:
        CodeMalformedError: it is not a trace code in the one accepted form; the message says why.
    """
    if len(text) > MAX_TEXT or not text.startswith(PREFIX):
        raise CodeMalformedError("This is not a trace code of the customs; one begins with PT1:.")
    data = decode_base45(text[len(PREFIX) :])
    if not data.startswith(_TAGGED_SIGN1):
        raise CodeMalformedError("The code does not hold a signed structure (COSE_Sign1).")
    tagged = _decode(data)
    match tagged.value if isinstance(tagged, cbor2.CBORTag) else None:
        case [bytes() as protected, unprotected, bytes() as payload, bytes() as signature]:
            pass
        case _:
            raise CodeMalformedError("The signed structure does not have its four parts.")
    if unprotected != {} or len(signature) != SIGNATURE_BYTES:
        raise CodeMalformedError("The code has an open header or a signature of the wrong length.")
    alg, kid = _read_header(protected)
    return SignedCode(alg, kid, _read_claims(payload), _to_be_signed(protected, payload), signature)


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052, 4.4, without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def _to_map(claims: Claims) -> dict[int, int | str | bytes]:
    values: dict[int, int | str | bytes] = {
        _ISSUER: claims.issuer,
        _ISSUED_AT: int(claims.issued_at.timestamp()),
        _TRACE_ID: str(claims.trace_id),
        _ITEM_ID: claims.item_id,
        _DIGEST: claims.goods_digest,
        _STATUS: _STATUS_NUMBERS[claims.status],
    }
    if claims.inventory_no:
        values[_INVENTORY_NO] = claims.inventory_no
    return values


def _decode(data: bytes) -> Any:
    """One CBOR item in deterministic encoding.

    Encoding it again must give the same bytes: that refuses trailing bytes, repeated keys, indefinite
    lengths, long forms of short numbers and keys out of order at once.
    """
    try:
        value = cbor2.loads(data)
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise CodeMalformedError("The code is not valid CBOR; scan it again.") from error
    if again != data:
        raise CodeMalformedError("The code is not in deterministic CBOR.")
    return value


def _read_header(protected: bytes) -> tuple[int, bytes]:
    header = _decode(protected)
    if not isinstance(header, dict) or [(type(key), key) for key in header] != [(int, _ALG), (int, _KID)]:
        raise CodeMalformedError("The code's header does not hold exactly an algorithm and a key id.")
    alg, kid = header[_ALG], header[_KID]
    if type(alg) is not int or not isinstance(kid, bytes) or not 4 <= len(kid) <= 8:
        raise CodeMalformedError("The code's algorithm or key id is of the wrong type or length.")
    return alg, kid


def _read_claims(payload: bytes) -> Claims:
    values = _decode(payload)
    if not isinstance(values, dict) or not _REQUIRED <= set(values) <= _REQUIRED | {_INVENTORY_NO}:
        raise CodeMalformedError("The code does not hold the claims of a trace code.")
    types = {_ISSUED_AT: int, _DIGEST: bytes, _STATUS: int}
    if any(type(key) is not int or type(value) is not types.get(key, str) for key, value in values.items()):
        raise CodeMalformedError("A claim of the code is of the wrong type.")
    trace_id, status = values[_TRACE_ID], _STATUSES.get(values[_STATUS])
    if status is None or values.get(_INVENTORY_NO) == "":
        raise CodeMalformedError("A claim of the code has a value that is not known.")
    try:
        claims = Claims(
            issuer=values[_ISSUER],
            issued_at=datetime.fromtimestamp(values[_ISSUED_AT], UTC),
            trace_id=parse_trace_id(trace_id),
            item_id=values[_ITEM_ID],
            goods_digest=values[_DIGEST],
            status=status,
            inventory_no=values.get(_INVENTORY_NO, ""),
        )
    except (TraceError, ValueError, OverflowError, OSError) as error:
        raise CodeMalformedError("A claim of the code is out of its range.") from error
    if str(claims.trace_id) != trace_id:
        raise CodeMalformedError("The trace id in the code is not in its one form.")
    return claims
