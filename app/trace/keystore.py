"""The signing keys of an office at rest: one file, AES-256-GCM over everything in it, revocations included.

The lock is a passphrase (Argon2id) or, so that a station starts without a question, a key file of 32 random bytes
beside it, readable by its owner only. Who can read both files can sign: a post that needs more sets a passphrase.

A post that signs its codes with SM2 has an Ed25519 key too: checkpoints of the log are signed with that one only.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.trace import sm2
from app.trace.errors import KeyStoreError, KeyStoreLockedError, KeyUnknownError, NoSigningKeyError
from app.trace.keys import EDDSA, SM2, Ed25519Signer, KeyList, PublicKey, Signer, Sm2Signer, key_id
from imaging.files.durable import PRIVATE, make_folder, write_whole

SIGN_FOR = timedelta(days=365)
VERIFY_FOR = timedelta(days=5 * 365)
RENEW_BEFORE = timedelta(days=30)
MIN_PASSPHRASE = 8
MAX_STORE_BYTES = 4_000_000
_BYTES_AS_HEX = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex")


class _Lock(BaseModel):
    """How the file is locked. The upper bounds keep a damaged file from asking for all memory."""

    model_config = _BYTES_AS_HEX

    kind: Literal["passphrase", "key_file"]
    salt: Annotated[bytes, Field(min_length=16, max_length=64)]
    time_cost: Annotated[int, Field(ge=1, le=16)] = 3
    memory_kib: Annotated[int, Field(ge=8, le=1_048_576)] = 65_536
    lanes: Annotated[int, Field(ge=1, le=16)] = 4


class _Envelope(BaseModel):
    model_config = _BYTES_AS_HEX

    format: Literal["guanjian-key-store"] = "guanjian-key-store"
    version: Literal[1] = 1
    lock: _Lock
    nonce: Annotated[bytes, Field(min_length=12, max_length=12)]
    box: bytes


@dataclass(frozen=True, slots=True)
class _Held:
    """A key and its secret, which is empty once a newer key has taken over."""

    public: PublicKey
    secret: bytes


class _Content(BaseModel):
    model_config = _BYTES_AS_HEX

    issuer: str
    keys: tuple[_Held, ...]


class KeyStore:
    """The signing keys of one office, opened. Every change is written before it counts. `alg` signs trace codes."""

    def __init__(self, path: Path, lock: _Lock, wrap_key: bytes, content: _Content, alg: int) -> None:
        self._path = path
        self._lock = lock
        self._wrap_key = wrap_key
        self._content = content
        self._alg = alg

    @property
    def issuer(self) -> str:
        return self._content.issuer

    def public_keys(self) -> KeyList:
        """All keys ever made here, for the list that verifiers get."""
        return KeyList(held.public for held in self._content.keys)

    def signer(self, now: datetime, alg: int | None = None) -> Signer:
        """The newest key that may sign now, with the algorithm of trace codes unless another is given.

        Raises:
            NoSigningKeyError: there is none; rotate.
        """
        for held in reversed(self._content.keys):
            key = held.public
            if key.alg != (alg or self._alg) or not held.secret:
                continue
            if key.revoked_at is None and key.valid_from <= now < key.sign_until:
                return _make_signer(held)
        raise NoSigningKeyError("No key may sign now: check the station's clock, then run `guanjian keys rotate`.")

    def rotate(self, now: datetime, alg: int | None = None) -> PublicKey:
        """Make a new key for trace codes, or of another algorithm; its older ones lose their secrets but verify.

        Raises:
            Sm2MissingError: an SM2 key needs its library.
        """
        alg = alg or self._alg
        secret, public = _make_key(alg)
        start = now.replace(microsecond=0)  # codes are dated in whole seconds
        key = PublicKey(key_id(public), self.issuer, public, start, start + SIGN_FOR, start + VERIFY_FOR, alg=alg)
        older = (replace(held, secret=b"") if held.public.alg == alg else held for held in self._content.keys)
        self._save((*older, _Held(key, secret)))
        return key

    def rotate_if_due(self, now: datetime) -> PublicKey | None:
        """Make a new key of each kind that ends within a month or is not there; for the station's start.

        A revoked key is not replaced by itself: a person decides whether this machine may sign again.
        Returns the last one made: that of trace codes where both were due.
        """
        made = [self.rotate(now, alg) for alg in dict.fromkeys((EDDSA, self._alg)) if self._is_due(alg, now)]
        return made[-1] if made else None

    def _is_due(self, alg: int, now: datetime) -> bool:
        newest = next((held.public for held in reversed(self._content.keys) if held.public.alg == alg), None)
        if newest is None:
            return True
        return newest.revoked_at is None and newest.valid_from <= now and now >= newest.sign_until - RENEW_BEFORE

    def revoke(self, kid: bytes, reason: str, now: datetime) -> PublicKey:
        """Withdraw a key and everything it signed.

        Raises:
            KeyUnknownError: no key here has this id.
        """
        found = next((held for held in self._content.keys if held.public.kid == kid), None)
        if found is None:
            raise KeyUnknownError(f"There is no key {kid.hex()} in this store.", kid=kid.hex())
        if found.public.revoked_at is not None:
            return found.public
        revoked = _Held(replace(found.public, revoked_at=now, revoked_reason=reason), b"")
        self._save(tuple(revoked if held is found else held for held in self._content.keys))
        return revoked.public

    def _save(self, keys: tuple[_Held, ...]) -> None:
        content = self._content.model_copy(update={"keys": keys})
        nonce = secrets.token_bytes(12)
        box = AESGCM(self._wrap_key).encrypt(nonce, content.model_dump_json().encode(), _bound(self._lock))
        envelope = _Envelope(lock=self._lock, nonce=nonce, box=box)
        make_folder(self._path.parent)
        write_whole(self._path, envelope.model_dump_json(indent=1).encode(), mode=PRIVATE)
        self._content = content


def create_key_store(
    path: Path, issuer: str, *, now: datetime, passphrase: str | None = None, alg: int = EDDSA
) -> KeyStore:
    """A new store with a first key for an office.

    Raises:
        KeyStoreError: there is already one, or the passphrase is too short.
        Sm2MissingError: SM2 is asked for and its library is not installed.
    """
    _check_library(alg)
    for file in (path, _key_file(path)):
        if file.exists():
            raise KeyStoreError(f"{file.name} exists already; move it away if its keys are really not needed.")
    lock, wrap_key = _new_lock(path, passphrase)
    store = KeyStore(path, lock, wrap_key, _Content(issuer=issuer, keys=()), alg)
    store.rotate_if_due(now)
    return store


def open_key_store(path: Path, *, passphrase: str | None = None, alg: int = EDDSA) -> KeyStore:
    """Open the signing keys; `alg` is what trace codes are signed with from now on.

    Raises:
        KeyStoreLockedError: the passphrase or key file is missing or wrong, or the file was altered.
        KeyStoreError: the file is missing or is no key store.
        Sm2MissingError: SM2 is asked for and its library is not installed.
    """
    _check_library(alg)
    try:
        with path.open("rb") as file:
            envelope = _Envelope.model_validate_json(file.read(MAX_STORE_BYTES))
    except OSError as error:
        raise KeyStoreError(f"The key store {path.name} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise KeyStoreError(f"{path.name} is damaged or no key store; restore it from the backup.") from error
    wrap_key = _open_lock(path, envelope.lock, passphrase)
    try:
        plain = AESGCM(wrap_key).decrypt(envelope.nonce, envelope.box, _bound(envelope.lock))
    except InvalidTag as error:
        raise KeyStoreLockedError(f"The passphrase or key file does not open {path.name}.") from error
    return KeyStore(path, envelope.lock, wrap_key, _Content.model_validate_json(plain), alg)


def _check_library(alg: int) -> None:
    if alg == SM2:
        sm2.load_library()


def _make_key(alg: int) -> tuple[bytes, bytes]:
    if alg == SM2:
        return sm2.make_key()
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def _make_signer(held: _Held) -> Signer:
    key = held.public
    if key.alg == SM2:
        return Sm2Signer(held.secret, key.public, key.issuer)
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(held.secret), key.issuer)


def _bound(lock: _Lock) -> bytes:
    return json.dumps(lock.model_dump(mode="json"), sort_keys=True).encode()


def _key_file(store: Path) -> Path:
    return store.with_name(f"{store.name}.key")


def _new_lock(path: Path, passphrase: str | None) -> tuple[_Lock, bytes]:
    if passphrase is not None:
        if len(passphrase) < MIN_PASSPHRASE:
            raise KeyStoreError(f"The passphrase needs at least {MIN_PASSPHRASE} letters.", letters=MIN_PASSPHRASE)
        lock = _Lock(kind="passphrase", salt=secrets.token_bytes(16))
        return lock, _open_lock(path, lock, passphrase)
    wrap_key = secrets.token_bytes(32)
    make_folder(path.parent)
    write_whole(_key_file(path), wrap_key.hex().encode(), mode=PRIVATE)
    return _Lock(kind="key_file", salt=secrets.token_bytes(16)), wrap_key


def _open_lock(path: Path, lock: _Lock, passphrase: str | None) -> bytes:
    if lock.kind == "passphrase":
        if not passphrase:
            raise KeyStoreLockedError(f"{path.name} is locked with a passphrase; give it to open the signing keys.")
        return hash_secret_raw(passphrase.encode(), lock.salt, lock.time_cost, lock.memory_kib, lock.lanes, 32, Type.ID)
    return _read_key_file(_key_file(path))


def _read_key_file(path: Path) -> bytes:
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise KeyStoreLockedError(f"{path.name} can be read by others; give it mode 0600 and rotate the key.")
        wrap_key = bytes.fromhex(path.read_text(encoding="ascii")[:64])
    except (OSError, ValueError) as error:
        raise KeyStoreLockedError(f"The key file {path.name} is missing or damaged; restore it from backup.") from error
    if len(wrap_key) != 32:
        raise KeyStoreLockedError(f"The key file {path.name} is damaged; restore it from backup.")
    return wrap_key
