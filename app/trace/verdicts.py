"""What a scanned trace code is worth: verified offline against the key list, then held against scans and lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.trace.codes import Claims, SignedCode, read_code
from app.trace.errors import CodeMalformedError, Sm2MissingError
from app.trace.keys import KeyList, PublicKey


class VerdictKind(StrEnum):
    """Distinct answers, because what an officer does next differs."""

    VALID = "valid"
    WRONG_SIGNATURE = "wrong_signature"
    UNKNOWN_KEY = "unknown_key"
    UNCHECKED = "unchecked"
    KEY_EXPIRED = "key_expired"
    KEY_REVOKED = "key_revoked"
    MALFORMED = "malformed"
    SEEN_ELSEWHERE = "seen_elsewhere"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One earlier scan of a code: where (station or read point) and when."""

    trace_id: str
    place: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`claims` are what the code says, also where it must not be believed: only `is_genuine` ones may be.

    `detail` says why a code is malformed; `elsewhere` and `notices` carry what `judge` found.
    """

    kind: VerdictKind
    claims: Claims | None = None
    kid: bytes = b""
    detail: str = ""
    elsewhere: Sighting | None = None
    notices: tuple[str, ...] = ()

    @property
    def is_genuine(self) -> bool:
        """The office signed exactly this, with a key that counted then and counts now."""
        return self.kind in _GENUINE


_GENUINE = {VerdictKind.VALID, VerdictKind.SEEN_ELSEWHERE, VerdictKind.RECALLED, VerdictKind.WITHDRAWN}


def verify(text: str, keys: KeyList, *, now: datetime) -> Verdict:
    """Whether a code is genuine, from the code and the key list alone. Never raises for any text."""
    try:
        code = read_code(text)
    except CodeMalformedError as error:
        return Verdict(VerdictKind.MALFORMED, detail=str(error))
    return Verdict(_weigh(code, keys.get(code.kid), now), code.claims, code.kid)


def _weigh(code: SignedCode, key: PublicKey | None, now: datetime) -> VerdictKind:
    if key is None:
        return VerdictKind.UNKNOWN_KEY
    try:
        if key.alg != code.alg or not key.has_signed(code.signed, code.signature):
            return VerdictKind.WRONG_SIGNATURE
    except Sm2MissingError:
        return VerdictKind.UNCHECKED
    if key.issuer != code.claims.issuer:  # another office's key: for this office it is no key
        return VerdictKind.UNKNOWN_KEY
    # Whoever stole a key can date a code back, so revocation reaches every code that the key ever signed.
    if key.revoked_at is not None:
        return VerdictKind.KEY_REVOKED
    is_in_time = key.valid_from <= code.claims.issued_at < key.sign_until and now < key.valid_until
    return VerdictKind.VALID if is_in_time else VerdictKind.KEY_EXPIRED


def judge(
    verdict: Verdict,
    *,
    place: str,
    sightings: Iterable[Sighting] = (),
    notices: Collection[str] = (),
    own_places: Collection[str] = (),
    is_withdrawn: bool = False,
) -> Verdict:
    """Add what the code itself cannot know to a genuine verdict.

    `sightings` is the log of scans of this code, `own_places` the places a parcel passes in the ordinary
    way (this place is always one): a scan anywhere else means that the label may have been copied.
    `notices` are the ids of recalls and intercepts that name this trace id; they weigh more than a copy.
    `is_withdrawn` says that the release behind this label was undone; it weighs most.
    """
    if not verdict.is_genuine or verdict.claims is None:
        return verdict
    trace_id = str(verdict.claims.trace_id)
    ordinary = {place, *own_places}
    strange = [s for s in sightings if s.trace_id == trace_id and s.place not in ordinary]
    elsewhere = max(strange, key=lambda s: s.seen_at, default=None)
    kind = VerdictKind.SEEN_ELSEWHERE if elsewhere else VerdictKind.VALID
    if notices:
        kind = VerdictKind.RECALLED
    if is_withdrawn:
        kind = VerdictKind.WITHDRAWN
    return replace(verdict, kind=kind, elsewhere=elsewhere, notices=tuple(notices))
