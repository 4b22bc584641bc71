"""Checkpoints as text: a C2SP tlog-checkpoint in a C2SP signed note, with Ed25519 signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.store.errors import NoteError

MAX_TEXT = 64 << 20
_ED25519 = b"\x01"
_NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\n+\s]{1,200})\n(?P<size>0|[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"(?P<signatures>(?:— [^\n+\s]{1,200} [A-Za-z0-9+/=]{8,200}\n)+)"
)


_NOTE_LINE = re.compile(f"^{_NOTE.pattern}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Note:
    """A log's signed statement: these are my first `size` events. `signatures` are key id and signature by each key."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def __str__(self) -> str:
        lines = (f"— {self.origin} {base64.b64encode(key + signed).decode()}\n" for key, signed in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    def is_signed_by(self, keys: Iterable[bytes]) -> bool:
        """Whether one of these public keys, 32 bytes each, has signed."""
        return any(self._is_signed_by(key) for key in keys)

    def _is_signed_by(self, public: bytes) -> bool:
        wanted = key_id(self.origin, public)
        for found, signature in self.signatures:
            if found == wanted:
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(signature, self.text.encode())
                except InvalidSignature:
                    continue
                return True
        return False


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature says whose it is."""
    return hashlib.sha256(f"{name}\n".encode() + _ED25519 + public).digest()[:4]


def parse_notes(text: str) -> list[Note]:
    """All checkpoints of a file, in its order; blank lines may stand between them.

    Raises:
        NoteError: there is something else in it, or nothing.
    """
    found, place = list[Note](), 0
    text = text.replace("\r\n", "\n").strip("\n") + "\n"
    if len(text) > MAX_TEXT:
        raise NoteError("The file of checkpoints is larger than any real one.", line=0)
    while place < len(text):
        match = _NOTE.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise NoteError(f"Line {line}: no checkpoint begins here; give the file as it was written.", line=line)
        found.append(_note(match))
        place = match.end()
        while text.startswith("\n", place):
            place += 1
    return found


def find_notes(text: str) -> list[Note]:
    """The checkpoints of a file that a power cut may have torn; what is none is passed over."""
    found = list[Note]()
    for match in _NOTE_LINE.finditer(text):
        try:
            found.append(_note(match))
        except NoteError:
            continue
    return found


def _note(match: re.Match[str]) -> Note:
    try:
        lines = [base64.b64decode(line.split(" ")[2], validate=True) for line in match["signatures"].splitlines()]
    except binascii.Error as error:
        raise NoteError("A checkpoint's signature is damaged.", line=0) from error
    signatures = tuple((line[:4], line[4:]) for line in lines)
    return Note(match["origin"], int(match["size"]), base64.b64decode(match["root"]), signatures)
