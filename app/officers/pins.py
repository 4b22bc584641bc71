"""PINs and badges: what is good enough, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from app.officers.errors import LoginInvalidError, PinWeakError

LEAST, MOST = 6, 64
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}\Z")
_POPULAR = frozenset({"147258", "258369", "159357", "159753", "5201314", "1314520", "password", "qwerty", "admin1"})


@dataclass(frozen=True, slots=True)
class Hashing:
    """How much work a guess takes; the defaults are argon2-cffi's, about 0.1 s and 64 MiB."""

    time_cost: int = 3
    memory_kib: int = 65_536
    lanes: int = 4

    def keep(self, pin: str) -> str:
        """What is kept of a PIN."""
        return self._hasher().hash(plain(pin))

    def is_pin(self, pin: str, kept: str) -> bool:
        """Whether a PIN is the one that was kept; takes its time even where nothing was."""
        try:
            return self._hasher().verify(kept or self.keep("-"), plain(pin)) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False

    def keep_badge(self, code: str, salt: bytes) -> str:
        """What is kept of a badge's code: of one store the same code always gives the same, so that it is found."""
        raw = hash_secret_raw(
            plain(code).encode(), salt, self.time_cost, self.memory_kib, self.lanes, hash_len=32, type=Type.ID
        )
        return raw.hex()

    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(self.time_cost, self.memory_kib, self.lanes)


class Weakness(StrEnum):
    """Why a PIN is easy to guess."""

    LENGTH = "length"
    SIGN = "sign"
    LOGIN = "login"
    POPULAR = "popular"
    RUN = "run"
    REPEAT = "repeat"
    DATE = "date"

    @property
    def text_key(self) -> str:
        return f"officers.weak.{self}"


def plain(secret: str) -> str:
    """A secret as it is hashed: signs typed in full width by an input method are the same signs."""
    return unicodedata.normalize("NFKC", secret)


def check_login(login: str) -> str:
    """A login name that may be used.

    Raises:
        LoginInvalidError: it is not 2 to 32 of a-z, 0-9, dot, dash, underscore.
    """
    if not _LOGIN.match(login):
        raise LoginInvalidError("A login name has 2 to 32 signs: a-z, 0-9, dot, dash, underscore.", login=login[:40])
    return login


def check_pin(pin: str, login: str) -> None:
    """Refuse a PIN that somebody guesses within the few tries that the lockout leaves him.

    Raises:
        PinWeakError: its `why` is the weakness.
    """
    if why := _weakness(plain(pin), login):
        raise PinWeakError(f"This PIN is too easy to guess ({why}); take {LEAST} signs or more.", why=why, least=LEAST)


def _weakness(pin: str, login: str) -> Weakness | None:
    if not LEAST <= len(pin) <= MOST:
        return Weakness.LENGTH
    if not pin.isprintable() or pin != pin.strip():
        return Weakness.SIGN
    low = pin.lower()
    if login in low or low in login:
        return Weakness.LOGIN
    if low in _POPULAR:
        return Weakness.POPULAR
    steps = {ord(b) - ord(a) for a, b in pairwise(low)}
    if steps in ({1}, {-1}):
        return Weakness.RUN
    if low in (low + low)[1:-1]:
        return Weakness.REPEAT
    return Weakness.DATE if _is_date(pin) else None


def _is_date(pin: str) -> bool:
    """Whether it reads as a birthday, year first as it is written in China."""
    if not (pin.isascii() and pin.isdecimal() and len(pin) in (6, 8)):
        return False
    try:
        year = int(pin[:-4]) + (1900 if len(pin) == 6 else 0)
        datetime(year, int(pin[-4:-2]), int(pin[-2:]))  # noqa: DTZ001  only whether there is such a day
    except ValueError:
        return False
    return len(pin) == 6 or 1900 <= year <= 2100
