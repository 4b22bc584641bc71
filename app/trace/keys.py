"""Keys of trace codes: who signs (Signer), who signed (PublicKey), and the list that every verifier holds (KeyList).

The algorithm is Ed25519 (COSE -8), or SM2 where a post chooses it and its library is installed. COSE has no number for
SM2: ours is from the range for private use (below -65536).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from app.trace import sm2
from app.trace.errors import KeyListError
from imaging.files.durable import make_folder, write_whole

EDDSA = -8
SM2 = -65537
ALGORITHMS = {"ed25519": EDDSA, "sm2": SM2}
_PUBLIC_BYTES = {EDDSA: 32, SM2: sm2.PUBLIC_BYTES}
KID_BYTES = 6
MAX_LIST_BYTES = 4_000_000


class Signer(Protocol):
    """What signs a trace code: a key in a file here, a card or a server elsewhere."""

    @property
    def alg(self) -> int:
        """The COSE algorithm number."""

    @property
    def kid(self) -> bytes:
        """Which key this is, 4 to 8 bytes."""

    @property
    def issuer(self) -> str:
        """The customs office code that the key signs for."""

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Signs with an Ed25519 key held in memory."""

    private: Ed25519PrivateKey
    issuer: str
    alg: int = EDDSA

    @property
    def kid(self) -> bytes:
        return key_id(self.private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """Signs with an SM2 key held in memory. Raises Sm2MissingError when it does without the library."""

    secret: bytes = field(repr=False)
    public: bytes
    issuer: str
    alg: int = SM2

    @property
    def kid(self) -> bytes:
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        return sm2.sign(self.secret, self.public, message)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as verifiers know it.

    It may sign from `valid_from` until `sign_until`; what it signed verifies until `valid_until`.

    Raises:
        KeyListError: the parts do not fit together.
    """

    kid: bytes
    issuer: str
    public: bytes
    valid_from: AwareDatetime
    sign_until: AwareDatetime
    valid_until: AwareDatetime
    revoked_at: AwareDatetime | None = None
    revoked_reason: str = ""
    alg: int = EDDSA

    def __post_init__(self) -> None:
        is_right = len(self.public) == _PUBLIC_BYTES.get(self.alg) and self.kid == key_id(self.public)
        if self.alg == SM2:
            is_right = is_right and self.public.startswith(b"\x04")
        if not is_right or not self.valid_from < self.sign_until <= self.valid_until:
            raise KeyListError("A key's id, length or dates do not fit together; fetch the key list again.")

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made the signature.

        Raises:
            Sm2MissingError: it is an SM2 key and this machine cannot check one.
        """
        if self.alg == SM2:
            return sm2.has_signed(self.public, message, signature)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def name_algorithm(alg: int) -> str:
    """The name by which settings and commands call an algorithm that keys may have."""
    return next(name for name, number in ALGORITHMS.items() if number == alg)


def key_id(public: bytes) -> bytes:
    """The first 6 bytes of the public key's SHA-256."""
    return hashlib.sha256(public).digest()[:KID_BYTES]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex")

    format: Literal["guanjian-key-list"] = "guanjian-key-list"
    version: Literal[1] = 1
    written_at: AwareDatetime
    keys: tuple[PublicKey, ...]


class KeyList:
    """The public keys that a verifier trusts, of one office or of many."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._by_kid: dict[bytes, PublicKey] = {}
        for key in keys:
            self._by_kid[key.kid] = _stricter(self._by_kid.get(key.kid), key)

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._by_kid.values())

    def __len__(self) -> int:
        return len(self._by_kid)

    def get(self, kid: bytes) -> PublicKey | None:
        return self._by_kid.get(kid)

    def to_json(self, *, now: datetime) -> str:
        return _File(written_at=now, keys=tuple(self)).model_dump_json(indent=1)

    def write(self, path: Path, *, now: datetime) -> None:
        make_folder(path.parent)
        write_whole(path, self.to_json(now=now).encode())


def _stricter(known: PublicKey | None, new: PublicKey) -> PublicKey:
    """Of two rows about one key: a revocation once known is never forgotten."""
    if known is None:
        return new
    if known.public != new.public or known.issuer != new.issuer:
        raise KeyListError("Two different keys have the same id; do not trust these lists.")
    if known.revoked_at and not new.revoked_at:
        return replace(new, revoked_at=known.revoked_at, revoked_reason=known.revoked_reason)
    return new


def parse_key_list(text: str | bytes) -> KeyList:
    """The key list in the text of its file.

    Raises:
        KeyListError: it is not a key list, or one of its keys is wrong.
    """
    if len(text) > MAX_LIST_BYTES:
        raise KeyListError("The key list is larger than any real one; fetch it again.")
    try:
        return KeyList(_File.model_validate_json(text).keys)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KeyListError(
            f"The key list is damaged at {place or 'its start'}: {first['msg']}.", place=place
        ) from error


def read_key_list(path: Path) -> KeyList:
    """The key list in a file.

    Raises:
        KeyListError: the file cannot be read or is no key list.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise KeyListError(f"The key list {path.name} cannot be read: {error.strerror}.", place=path.name) from error
    return parse_key_list(content)
