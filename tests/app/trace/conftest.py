"""A key store's keys, claims and a signed code that the tests of this folder share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.customs.states import State
from app.trace.codes import Claims
from app.trace.ids import TraceId
from app.trace.keys import Ed25519Signer, KeyList, PublicKey

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def signer() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "5301")


@pytest.fixture(scope="session")
def public_key(signer: Ed25519Signer) -> PublicKey:
    start = NOW - timedelta(days=30)
    public = signer.private.public_key().public_bytes_raw()
    return PublicKey(signer.kid, "5301", public, start, start + timedelta(days=365), start + timedelta(days=5 * 365))


@pytest.fixture(scope="session")
def keys(public_key: PublicKey) -> KeyList:
    return KeyList([public_key])


@pytest.fixture(scope="session")
def claims() -> Claims:
    return Claims(
        issuer="5301",
        issued_at=NOW,
        trace_id=TraceId("5301", 2026, 12345),
        item_id="EE123456785CN",
        goods_digest=bytes(range(16)),
        status=State.RELEASED,
        inventory_no="53012026I000012345",
    )
