"""Encryption at rest (静态加密): the data key of a store, its key file, and files that only this key opens.

One random data key a store. From it come the key of the database and that of the pictures. It lies beside the store in
`store.key`, itself encrypted with a passphrase or with a secret in the system's keyring, so that the passphrase can
change without anything else being written anew. A process unlocks a store once.

The hash in a picture's row is that of the plain picture: the log vouches for what was seen, whether the file is
encrypted or not, and stays true when encryption is switched on.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.store.errors import KeyFileError, KeyringMissingError, StoreLockedError, WeakPassphraseError
from app.store.places import NESTED
from imaging.files.durable import PRIVATE, Seal, write_whole

KEY_FILE = "store.key"
PENDING = "store.key.new"
"""The key file while a store is being encrypted."""
PASSPHRASE = "GUANJIAN_STORE_PASSPHRASE"
"""The environment variable that may hold it; nobody is asked then."""
MIN_PASSPHRASE = 12
KEYRING = "guanjian-store"
_MARK = b"GJSEALED\x01"
_LINE_MARK = binascii.b2a_base64(_MARK, newline=False)
_ID, _NONCE = 8, 12
_HEAD = len(_MARK) + _ID + _NONCE
_MAX_KEY_FILE = 10_000
_HEX = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex")

Kind = Literal["passphrase", "keyring"]
Asking = Callable[[Path], str]


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """What a store is encrypted with; `id` says which one it is and gives nothing away."""

    secret: bytes

    @property
    def id(self) -> bytes:
        return self._derive(b"id")[:_ID]

    @property
    def of_database(self) -> bytes:
        return self._derive(b"database")

    def seal(self, content: bytes) -> bytes:
        """A file's content as it lies on disk: mark, key id, nonce, then AES-256-GCM over it."""
        head = _MARK + self.id + secrets.token_bytes(_NONCE)
        return head + AESGCM(self._derive(b"files")).encrypt(head[-_NONCE:], content, head)

    def seal_lines(self, content: bytes) -> bytes:
        """The same for a file to which lines are added: each of them sealed by itself, in base64."""
        return b"".join(binascii.b2a_base64(self.seal(line)) for line in content.splitlines())

    def open(self, content: bytes) -> bytes | None:
        """What `seal` was given; None where the file was altered."""
        head = content[:_HEAD]
        try:
            return AESGCM(self._derive(b"files")).decrypt(head[-_NONCE:], content[_HEAD:], head)
        except InvalidTag:
            return None

    def _derive(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, None, b"guanjian store " + purpose).derive(self.secret)


class _KeyFile(BaseModel):
    """The key file. The upper bounds keep a damaged one from asking for all memory."""

    model_config = _HEX

    format: Literal["guanjian-store-key"] = "guanjian-store-key"
    version: Literal[1] = 1
    kind: Kind
    id: Annotated[bytes, Field(min_length=_ID, max_length=_ID)]
    salt: Annotated[bytes, Field(min_length=16, max_length=64)]
    time_cost: Annotated[int, Field(ge=1, le=16)] = 3
    memory_kib: Annotated[int, Field(ge=8, le=1_048_576)] = 65_536
    lanes: Annotated[int, Field(ge=1, le=16)] = 4
    nonce: Annotated[bytes, Field(min_length=_NONCE, max_length=_NONCE)]
    box: Annotated[bytes, Field(min_length=48, max_length=48)]

    def wrap_key(self, passphrase: str) -> AESGCM:
        costs = self.time_cost, self.memory_kib, self.lanes
        return AESGCM(hash_secret_raw(passphrase.encode(), self.salt, *costs, 32, Type.ID))


class _Unlocked:
    """The data keys that this process holds, and whom it asks for a passphrase."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.keys: dict[bytes, DataKey] = {}
        self.ask: Asking = _ask_nobody


def _ask_nobody(path: Path) -> str:
    raise _refuse(path, "it is encrypted, and nobody gave its passphrase")


_UNLOCKED = _Unlocked()


def ask_with(ask: Asking) -> None:
    """Whom to ask for the passphrase of a key file when it is needed; it may raise StoreLockedError."""
    _UNLOCKED.ask = ask


def forget() -> None:
    """Hold no key any more."""
    with _UNLOCKED.lock:
        _UNLOCKED.keys.clear()


def key_for(folder: Path) -> DataKey | None:
    """The key of the store in a folder, unlocked if it has to be; None where the store is plain.

    Raises:
        StoreLockedError: nobody gave the passphrase, or it is wrong. KeyFileError, KeyringMissingError.
    """
    file = home_of(folder) / KEY_FILE
    return unlock(file) if file.is_file() else None


def waits_for_passphrase(store: Path) -> bool:
    """Whether the store in this folder opens with a passphrase that nobody has given yet. Raises KeyFileError."""
    path = home_of(store) / KEY_FILE
    if not path.is_file():
        return False
    file = _read(path)
    return file.kind == "passphrase" and file.id not in _UNLOCKED.keys and not os.environ.get(PASSPHRASE)


def home_of(folder: Path) -> Path:
    """The folder with the key file of the store in this one: a store of replays has that of the store above it."""
    return folder.parent if folder.name == NESTED else folder


def unlock(path: Path, passphrase: str | None = None) -> DataKey:
    """Open a key file, with this passphrase, or with what the keyring or whoever is asked says, once a process.

    Raises:
        StoreLockedError: nobody gave the passphrase, or it is wrong. KeyFileError, KeyringMissingError.
    """
    file = _read(path)
    with _UNLOCKED.lock:
        if passphrase is None and (held := _UNLOCKED.keys.get(file.id)):
            return held
        if passphrase is None:
            passphrase = _from_keyring(path, file.id) if file.kind == "keyring" else _UNLOCKED.ask(path)
        try:
            key = DataKey(file.wrap_key(passphrase).decrypt(file.nonce, file.box, file.id))
        except InvalidTag as error:
            raise _refuse(path, "the passphrase is wrong") from error
        _UNLOCKED.keys[file.id] = key
        return key


def make_key(path: Path, kind: Kind, passphrase: str = "") -> DataKey:
    """Make a data key and its key file; with a keyring the secret is made here and kept there.

    Raises:
        WeakPassphraseError: it is too short. KeyringMissingError. OSError.
    """
    key = DataKey(secrets.token_bytes(32))
    if kind == "keyring":
        passphrase = secrets.token_hex(32)
        _keyring(path).set_password(KEYRING, key.id.hex(), passphrase)
    _write(path, kind, key, passphrase)
    with _UNLOCKED.lock:
        _UNLOCKED.keys[key.id] = key
    return key


def change_passphrase(path: Path, old: str | None, new: str) -> None:
    """Wrap the same data key anew; from a keyring it changes to a passphrase. Copies in backups keep the old one.

    Raises:
        StoreLockedError: the old one is wrong. WeakPassphraseError: the new one is too short. OSError.
    """
    _write(path, "passphrase", unlock(path, old), new)


def kind_of(path: Path) -> Kind:
    """Where the secret of a key file is. Raises KeyFileError."""
    return _read(path).kind


def seal_of(store: Path) -> Seal:
    """What the files of the store in this folder are sealed with; nothing where it is plain."""

    def put_on(content: bytes) -> bytes:
        key = key_for(store)
        return content if key is None else key.seal(content)

    return Seal(put_on, open_content)


def is_encrypted(store: Path) -> bool:
    """Whether the store in this folder is encrypted."""
    return (home_of(store) / KEY_FILE).is_file()


def is_sealed(content: bytes) -> bool:
    return content.startswith((_MARK, _LINE_MARK))


def read_file(path: Path) -> bytes:
    """A file of a store in plain, whether it is encrypted or not.

    One that was altered, or that no key here opens, comes as it lies there: its hash tells. Raises OSError.
    """
    return open_content(path.read_bytes())


def read_plain(path: Path) -> bytes:
    """A file of a store in plain, for another program.

    Raises:
        StoreLockedError: no key here opens it, or it was altered. OSError.
    """
    content = read_file(path)
    if is_sealed(content):
        raise StoreLockedError(
            f"{path.name} was encrypted with another key than this store's, or altered.", name=path.name, why="key"
        )
    return content


def open_content(content: bytes) -> bytes:
    """A file's content, or lines that were sealed one by one, in plain; as it is where no key here opens it."""
    if content.startswith(_LINE_MARK):
        return b"".join(_open_line(line) + b"\n" for line in content.splitlines())
    if not content.startswith(_MARK):
        return content
    with _UNLOCKED.lock:
        key = _UNLOCKED.keys.get(content[len(_MARK) : len(_MARK) + _ID])
    opened = key.open(content) if key else None
    return content if opened is None else opened


def _open_line(line: bytes) -> bytes:
    try:
        sealed = binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:  # a power cut left a part of it
        return line
    opened = open_content(sealed)
    return line if opened is sealed else opened


def write_file(path: Path, content: bytes, store: Path) -> None:
    """Write a file of the store in this folder, whole or not at all, encrypted where the store is. Raises OSError."""
    write_whole(path, seal_of(store).put_on(content))


def hash_of(path: Path) -> str:
    """The sha256 of a file in plain; a plain one is never whole in memory."""
    with path.open("rb") as file:
        if is_sealed(file.read(len(_LINE_MARK))):
            return hashlib.sha256(read_file(path)).hexdigest()
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> _KeyFile:
    try:
        with path.open("rb") as file:
            return _KeyFile.model_validate_json(file.read(_MAX_KEY_FILE))
    except (OSError, ValidationError) as error:
        raise KeyFileError(
            f"The key file {path.name} cannot be read; without it the store stays closed. Restore it from a backup.",
            name=path.name,
        ) from error


def _write(path: Path, kind: Kind, key: DataKey, passphrase: str) -> None:
    if len(passphrase) < MIN_PASSPHRASE:
        raise WeakPassphraseError(f"Give a passphrase of at least {MIN_PASSPHRASE} characters.", least=MIN_PASSPHRASE)
    nonce = os.urandom(_NONCE)
    draft = _KeyFile(kind=kind, id=key.id, salt=os.urandom(16), nonce=nonce, box=bytes(48))
    box = draft.wrap_key(passphrase).encrypt(nonce, key.secret, key.id)
    write_whole(path, draft.model_copy(update={"box": box}).model_dump_json(indent=1).encode(), mode=PRIVATE)


def _from_keyring(path: Path, key_id: bytes) -> str:
    found: str | None = _keyring(path).get_password(KEYRING, key_id.hex())
    if found is None:
        raise _refuse(path, f"the keyring of this account has no secret {KEYRING}/{key_id.hex()}")
    return found


def _keyring(path: Path) -> Any:
    try:
        return import_module("keyring")
    except ImportError as error:
        raise KeyringMissingError(
            'The system\'s keyring needs one more package: pip install "guanjian[encrypted]".', name=path.name
        ) from error


def _refuse(path: Path, why: str) -> StoreLockedError:
    return StoreLockedError(f"The store in {path.parent.name} stays locked: {why}.", name=path.parent.name, why=why)
