from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.trace.codes import Claims, issue
from app.trace.errors import (
    KeyListError,
    KeyStoreError,
    KeyStoreLockedError,
    KeyUnknownError,
    NoSigningKeyError,
)
from app.trace.keys import KeyList, PublicKey, parse_key_list, read_key_list
from app.trace.keystore import SIGN_FOR, create_key_store, open_key_store
from app.trace.verdicts import VerdictKind, verify

PASSPHRASE = "正确的 horse battery"


def test_a_new_store_signs_and_its_list_verifies(tmp_path: Path, claims: Claims, now: datetime) -> None:
    store = create_key_store(tmp_path / "keys.json", "5301", now=now)
    text = issue(claims, store.signer(now))
    store.public_keys().write(tmp_path / "list.json", now=now)
    assert verify(text, read_key_list(tmp_path / "list.json"), now=now).kind is VerdictKind.VALID


def test_a_code_issued_in_the_second_of_rotation_is_valid(tmp_path: Path, claims: Claims, now: datetime) -> None:
    store = create_key_store(tmp_path / "keys.json", "5301", now=now.replace(microsecond=900_000))
    text = issue(claims, store.signer(now.replace(microsecond=950_000)))
    assert verify(text, store.public_keys(), now=now).kind is VerdictKind.VALID


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_nothing_secret_is_readable_in_the_file(tmp_path: Path, now: datetime, passphrase: str | None) -> None:
    path = tmp_path / "keys.json"
    store = create_key_store(path, "5301", now=now, passphrase=passphrase)
    secret = store.signer(now).private.private_bytes_raw()  # type: ignore[attr-defined]
    content = path.read_bytes()
    assert secret not in content
    assert secret.hex().encode() not in content
    again = open_key_store(path, passphrase=passphrase)
    assert again.signer(now).kid == store.signer(now).kid
    if os.name == "posix":
        assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())


def test_the_wrong_passphrase_or_a_changed_file_does_not_open(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "keys.json"
    create_key_store(path, "5301", now=now, passphrase=PASSPHRASE)
    for wrong in (None, "", "wrong passphrase"):
        with pytest.raises(KeyStoreLockedError):
            open_key_store(path, passphrase=wrong)
    envelope = json.loads(path.read_text())
    envelope["lock"]["lanes"] = 1
    path.write_text(json.dumps(envelope))
    with pytest.raises(KeyStoreLockedError):
        open_key_store(path, passphrase=PASSPHRASE)


def test_a_key_file_that_is_open_to_others_or_gone_is_refused(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "keys.json"
    create_key_store(path, "5301", now=now)
    key_file = tmp_path / "keys.json.key"
    if os.name == "posix":
        key_file.chmod(0o644)
        with pytest.raises(KeyStoreLockedError, match="0600"):
            open_key_store(path)
        key_file.chmod(0o600)
    key_file.write_text("00" * 31)
    with pytest.raises(KeyStoreLockedError):
        open_key_store(path)
    key_file.unlink()
    with pytest.raises(KeyStoreLockedError):
        open_key_store(path)


def test_a_damaged_store_is_a_clear_error(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(KeyStoreError, match="cannot be read"):
        open_key_store(path)
    create_key_store(path, "5301", now=now)
    envelope = json.loads(path.read_text())
    envelope["lock"]["memory_kib"] = 2**40
    for content in ("", "{}", path.read_text()[:-20], json.dumps(envelope)):
        path.write_text(content)
        with pytest.raises(KeyStoreError, match="damaged"):
            open_key_store(path)


def test_no_store_is_ever_overwritten(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "keys.json"
    create_key_store(path, "5301", now=now)
    with pytest.raises(KeyStoreError, match="exists"):
        create_key_store(path, "5301", now=now)
    path.rename(tmp_path / "away.json")
    with pytest.raises(KeyStoreError, match=r"keys\.json\.key exists"):
        create_key_store(path, "5301", now=now)


def test_rotation_keeps_old_codes_valid(tmp_path: Path, claims: Claims, now: datetime) -> None:
    path = tmp_path / "keys.json"
    store = create_key_store(path, "5301", now=now)
    old = issue(claims, store.signer(now))
    later = now + timedelta(days=300)
    new_key = store.rotate(later)
    again = open_key_store(path)
    assert again.signer(later).kid == new_key.kid
    new = issue(replace(claims, issued_at=later), again.signer(later))
    keys = again.public_keys()
    assert len(keys) == 2
    assert [verify(text, keys, now=later).kind for text in (old, new)] == [VerdictKind.VALID] * 2


def test_revocation_reaches_old_codes_and_stops_signing(tmp_path: Path, claims: Claims, now: datetime) -> None:
    path = tmp_path / "keys.json"
    store = create_key_store(path, "5301", now=now)
    old = issue(claims, store.signer(now))
    revoked = store.revoke(store.signer(now).kid, "laptop stolen", now + timedelta(days=1))
    again = open_key_store(path)
    assert verify(old, again.public_keys(), now=now).kind is VerdictKind.KEY_REVOKED
    with pytest.raises(NoSigningKeyError):
        again.signer(now + timedelta(days=1))
    assert again.revoke(revoked.kid, "other reason", now + timedelta(days=2)) == revoked
    with pytest.raises(KeyUnknownError):
        again.revoke(b"12345678", "", now)
    again.rotate(now + timedelta(days=1))
    assert again.signer(now + timedelta(days=1)).issuer == "5301"


def test_an_expired_key_does_not_sign(tmp_path: Path, now: datetime) -> None:
    store = create_key_store(tmp_path / "keys.json", "5301", now=now)
    for at in (now + SIGN_FOR, now - timedelta(seconds=1)):
        with pytest.raises(NoSigningKeyError):
            store.signer(at)


def test_a_key_is_renewed_in_time_but_never_after_its_revocation(tmp_path: Path, now: datetime) -> None:
    store = create_key_store(tmp_path / "keys.json", "5301", now=now)
    assert store.rotate_if_due(now - timedelta(days=1)) is None
    assert store.rotate_if_due(now + SIGN_FOR - timedelta(days=31)) is None
    soon, late = now + SIGN_FOR - timedelta(days=30), now + 9 * SIGN_FOR
    for at in (soon, late):
        key = store.rotate_if_due(at)
        assert key is not None
        assert store.signer(at).kid == key.kid
    store.revoke(key.kid, "stolen", late)
    assert store.rotate_if_due(late) is None


def test_a_short_passphrase_makes_no_store(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(KeyStoreError, match="at least 8"):
        create_key_store(tmp_path / "keys.json", "5301", now=now, passphrase="short")
    assert not (tmp_path / "keys.json").exists()


def test_a_key_list_is_checked_as_it_is_read(
    keys: KeyList, public_key: PublicKey, now: datetime, tmp_path: Path
) -> None:
    text = keys.to_json(now=now)
    assert list(parse_key_list(text)) == [public_key]
    content = json.loads(text)
    content["keys"][0]["public"] = "00" * 32
    for wrong in (
        "",
        "[]",
        text[:-3],
        json.dumps(content),
        text.replace('"version":1', '"version":2').replace('"version": 1', '"version": 2'),
        " " * 5_000_000,
    ):
        with pytest.raises(KeyListError):
            parse_key_list(wrong)
    with pytest.raises(KeyListError, match="cannot be read"):
        read_key_list(tmp_path / "none.json")


def test_merged_lists_never_forget_a_revocation(public_key: PublicKey, now: datetime) -> None:
    revoked = replace(public_key, revoked_at=now, revoked_reason="lost")
    for order in ([public_key, revoked], [revoked, public_key]):
        merged = KeyList(order).get(public_key.kid)
        assert merged is not None
        assert merged.revoked_at == now
    with pytest.raises(KeyListError, match="Two different keys"):
        KeyList([public_key, replace(public_key, issuer="2233")])
