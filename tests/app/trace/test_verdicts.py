from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.trace.base45 import ALPHABET, decode_base45, encode_base45
from app.trace.codes import PREFIX, Claims, issue
from app.trace.keys import Ed25519Signer, KeyList, PublicKey
from app.trace.verdicts import Sighting, Verdict, VerdictKind, judge, verify
from tests.app.trace.forging import forge


@pytest.fixture
def text(claims: Claims, signer: Ed25519Signer) -> str:
    return issue(claims, signer)


def test_a_genuine_code_is_valid(
    text: str, claims: Claims, keys: KeyList, signer: Ed25519Signer, now: datetime
) -> None:
    assert verify(text, keys, now=now) == Verdict(VerdictKind.VALID, claims, signer.kid)


def test_each_failure_has_its_own_verdict(
    text: str, claims: Claims, public_key: PublicKey, signer: Ed25519Signer, now: datetime
) -> None:
    def kind(key: PublicKey, code: str = text, at: datetime = now) -> VerdictKind:
        return verify(code, KeyList([key]), now=at).kind

    assert verify(text, KeyList(), now=now).kind is VerdictKind.UNKNOWN_KEY
    assert kind(replace(public_key, issuer="2233")) is VerdictKind.UNKNOWN_KEY
    assert kind(replace(public_key, revoked_at=now)) is VerdictKind.KEY_REVOKED
    assert kind(public_key, at=public_key.valid_until) is VerdictKind.KEY_EXPIRED
    assert kind(replace(public_key, valid_from=now + timedelta(seconds=1))) is VerdictKind.KEY_EXPIRED
    assert kind(replace(public_key, sign_until=now)) is VerdictKind.KEY_EXPIRED
    late = issue(replace(claims, issued_at=public_key.sign_until), signer)
    assert kind(public_key, late, public_key.sign_until) is VerdictKind.KEY_EXPIRED
    assert kind(public_key, text[:-1]) is VerdictKind.MALFORMED


def test_another_keys_signature_under_this_key_id_is_wrong(claims: Claims, keys: KeyList, now: datetime) -> None:
    class Impostor:
        alg = -8
        issuer = "5301"
        kid = next(iter(keys)).kid

        def sign(self, message: bytes) -> bytes:
            return Ed25519PrivateKey.generate().sign(message)

    verdict = verify(issue(claims, Impostor()), keys, now=now)
    assert verdict.kind is VerdictKind.WRONG_SIGNATURE
    assert not verdict.is_genuine
    assert verdict.claims == claims


def test_another_algorithm_is_not_taken_for_this_one(
    claims: Claims, keys: KeyList, signer: Ed25519Signer, now: datetime
) -> None:
    other = Ed25519Signer(signer.private, signer.issuer, alg=-7)
    assert verify(issue(claims, other), keys, now=now).kind is VerdictKind.WRONG_SIGNATURE


def assert_none_verifies(text: str, keys: KeyList, now: datetime, count: int) -> None:
    rng = random.Random(count)
    kinds: set[VerdictKind] = set()
    genuine = decode_base45(text.removeprefix(PREFIX))
    for _ in range(count):
        forged = forge(text, genuine, rng)
        if forged != text:
            verdict = verify(forged, keys, now=now)
            assert not verdict.is_genuine, forged
            kinds.add(verdict.kind)
    assert kinds == {VerdictKind.MALFORMED, VerdictKind.UNKNOWN_KEY, VerdictKind.WRONG_SIGNATURE}


def test_no_forgery_verifies(text: str, keys: KeyList, now: datetime) -> None:
    assert_none_verifies(text, keys, now, 5_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_forgery_of_very_many_verifies(text: str, keys: KeyList, now: datetime) -> None:
    """100,000 here; `guanjian bench trace` tries a million."""
    assert_none_verifies(text, keys, now, 100_000)


def test_every_single_bit_counts(text: str, keys: KeyList, now: datetime) -> None:
    data = decode_base45(text.removeprefix(PREFIX))
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not verify(PREFIX + encode_base45(bytes(flipped)), keys, now=now).is_genuine


@pytest.mark.parametrize(
    "field", ["issuer", "issued_at", "trace_id", "item_id", "goods_digest", "status", "inventory_no"]
)
def test_an_edited_claim_under_the_old_signature_is_wrong(
    claims: Claims, signer: Ed25519Signer, keys: KeyList, now: datetime, field: str
) -> None:
    class Replayed:
        alg, kid, issuer = signer.alg, signer.kid, signer.issuer

        def sign(self, message: bytes) -> bytes:
            return decode_base45(issue(claims, signer).removeprefix(PREFIX))[-64:]

    edits: dict[str, Any] = {
        "issuer": "5302",
        "issued_at": now + timedelta(seconds=1),
        "trace_id": replace(claims.trace_id, serial=12346),
        "item_id": "EE123456785CX",
        "goods_digest": bytes(16),
        "status": next(state for state in type(claims.status) if state == "closed"),
        "inventory_no": "",
    }
    edited = replace(claims, **{field: edits[field]})
    assert verify(issue(edited, Replayed()), keys, now=now).kind is VerdictKind.WRONG_SIGNATURE


@given(
    st.text(max_size=600)
    | st.text(max_size=500).map(lambda t: PREFIX + t)
    | st.text(ALPHABET).map(lambda t: PREFIX + t)
)
def test_hostile_text_is_only_malformed(text: str) -> None:
    assert verify(text, KeyList(), now=datetime.now().astimezone()).kind is VerdictKind.MALFORMED


@given(st.binary(max_size=300))
def test_hostile_bytes_are_only_malformed(data: bytes) -> None:
    for body in (data, b"\xd2\x84" + data):
        verdict = verify(PREFIX + encode_base45(body), KeyList(), now=datetime.now().astimezone())
        assert verdict.kind is VerdictKind.MALFORMED


def test_a_scan_at_a_strange_place_is_shown(text: str, keys: KeyList, claims: Claims, now: datetime) -> None:
    verdict = verify(text, keys, now=now)
    trace_id = str(claims.trace_id)
    seen = [
        Sighting(trace_id, "hall-1", now - timedelta(hours=3)),
        Sighting(trace_id, "gate-9", now - timedelta(hours=2)),
        Sighting(trace_id, "gate-8", now - timedelta(hours=4)),
        Sighting("T530120260000123463", "gate-7", now),
    ]
    judged = judge(verdict, place="hall-1", sightings=seen)
    assert (judged.kind, judged.elsewhere, judged.claims) == (VerdictKind.SEEN_ELSEWHERE, seen[1], claims)
    assert judged.is_genuine
    assert judge(verdict, place="hall-1", sightings=seen, own_places={"gate-9", "gate-8"}).kind is VerdictKind.VALID


def test_a_recall_weighs_more_than_a_copy(text: str, keys: KeyList, claims: Claims, now: datetime) -> None:
    seen = [Sighting(str(claims.trace_id), "gate-9", now)]
    judged = judge(verify(text, keys, now=now), place="hall-1", sightings=seen, notices=["R-1"])
    assert (judged.kind, judged.notices, judged.elsewhere) == (VerdictKind.RECALLED, ("R-1",), seen[0])


def test_a_withdrawn_label_weighs_most(text: str, keys: KeyList, now: datetime) -> None:
    judged = judge(verify(text, keys, now=now), place="hall-1", notices=["R-1"], is_withdrawn=True)
    assert (judged.kind, judged.notices, judged.is_genuine) == (VerdictKind.WITHDRAWN, ("R-1",), True)


def test_a_code_that_is_not_genuine_stays_so(text: str, now: datetime) -> None:
    unknown = verify(text, KeyList(), now=now)
    assert judge(unknown, place="hall-1", notices=["R-1"]) == unknown
