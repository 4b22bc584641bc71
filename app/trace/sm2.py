"""SM2 signatures with SM3 (GB/T 32918.2, curve of 32918.5), where the optional library is installed.

A public key is the 65 bytes of an uncompressed point, a signature r and s of 32 bytes each. The library is plain
Python: about 50 ms a signature, and not constant in time, so a machine that strangers can time should not sign with it.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from app.trace.errors import Sm2MissingError

SIGNER_ID = b"1234567812345678"
"""The signer's identity in every signature, as GM/T 0009 sets it where the parties agreed on none."""
PUBLIC_BYTES = 65
_NUMBER_BYTES = 32


def load_library() -> Any:
    """The library.

    Raises:
        Sm2MissingError: it is not installed.
    """
    try:
        return importlib.import_module("gmalg")
    except ImportError as error:
        raise Sm2MissingError("SM2 needs a library that is not installed: pip install 'guanjian[sm2]'.") from error


def make_key() -> tuple[bytes, bytes]:
    """A new secret and its public key. Raises Sm2MissingError."""
    secret, public = load_library().SM2().generate_keypair()
    return _fill(secret), public


def sign(secret: bytes, public: bytes, message: bytes) -> bytes:
    """The signature of a message. Raises Sm2MissingError."""
    r, s = load_library().SM2(secret, SIGNER_ID, public).sign(message)
    return _fill(r) + _fill(s)


def has_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key with this public point made the signature. Raises Sm2MissingError."""
    library = load_library()
    if not _is_on_curve(public):
        return False
    key = library.SM2(uid=SIGNER_ID, pk=public)
    return bool(key.verify(message, signature[:_NUMBER_BYTES], signature[_NUMBER_BYTES:]))


@lru_cache(maxsize=64)
def _is_on_curve(public: bytes) -> bool:
    return bool(load_library().SM2().verify_pk(public))


def _fill(number: bytes) -> bytes:
    """The library leaves leading zeros out."""
    return number.rjust(_NUMBER_BYTES, b"\0")
