"""What picture was before the officer, in which look and for how long, told when he decides or leaves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from time import monotonic

from imaging.look import STANDARD, Look

SHORTEST_S = 0.3
"""A picture that was left sooner was not looked at; nor is a look that was passed through."""
MOST_LOOKS = 24
PASSING = "passing"


class Attention:
    """Adds up times; `now_s` is a monotonic clock. While the window is covered or a page is in front, none passes."""

    def __init__(self, now_s: Callable[[], float] = monotonic) -> None:
        self._now_s = now_s
        self._parcel_id: int | None = None
        self._scans: tuple[str, ...] = ()
        self._look = ""
        self._since_s: float | None = None
        self._spent_s: dict[str, float] = {}
        self._is_hidden = False

    def begin(self, parcel_id: int, scans: Sequence[str], look: Look) -> tuple[int, dict[str, object]] | None:
        """A picture is painted; returns what is to be logged of the one before, None where it is the same."""
        if (parcel_id, tuple(scans)) == (self._parcel_id, self._scans):
            self.turn(look)
            return None
        before = self.leave()
        self._parcel_id, self._scans, self._look = parcel_id, tuple(scans), describe(look)
        self._since_s = None if self._is_hidden else self._now_s()
        return before

    def turn(self, look: Look) -> None:
        """The look has changed."""
        said = describe(look)
        if said != self._look:
            self._add_up()
            self._look = said

    def hide(self, is_hidden: bool) -> None:
        """The picture is covered, or is seen again."""
        self._add_up()
        self._is_hidden = is_hidden
        self._since_s = None if is_hidden or self._parcel_id is None else self._now_s()

    def take(self) -> dict[str, object] | None:
        """What was shown since the picture came or was last asked for; None where nobody can have looked at it."""
        self._add_up()
        if self._parcel_id is None or sum(self._spent_s.values()) < SHORTEST_S:
            return None
        spent, self._spent_s = self._spent_s, {}
        return {"scans": list(self._scans), "ms": _ms(sum(spent.values())), "looks": _gather(spent)}

    def split(self) -> tuple[int, dict[str, object]] | None:
        """The parcel and what is to be logged of it until now, None where it was not looked at; looking goes on."""
        shown = self.take()
        return None if self._parcel_id is None or shown is None else (self._parcel_id, shown)

    def leave(self) -> tuple[int, dict[str, object]] | None:
        """As `split`, and the picture goes."""
        left = self.split()
        self._parcel_id, self._since_s, self._spent_s = None, None, {}
        return left

    def _add_up(self) -> None:
        if self._since_s is not None:
            now_s = self._now_s()
            self._spent_s[self._look] = self._spent_s.get(self._look, 0.0) + now_s - self._since_s
            self._since_s = now_s


def describe(look: Look) -> str:
    """A look in short: what differs from the standard image."""
    changed = []
    for field in fields(Look):
        value = getattr(look, field.name)
        if value != getattr(STANDARD, field.name):
            said = value.value if isinstance(value, Enum) else f"{value:.2f}" if isinstance(value, float) else value
            changed.append(f"{field.name}={said}")
    return ",".join(changed) or "standard"


def _gather(spent_s: Mapping[str, float]) -> dict[str, int]:
    """Milliseconds by look; those that were only passed through, and the shortest of very many, go together."""
    longest = sorted(spent_s.items(), key=lambda item: -item[1])
    kept = {look: _ms(time_s) for look, time_s in longest[:MOST_LOOKS] if time_s >= SHORTEST_S or len(longest) == 1}
    rest = sum(time_s for look, time_s in longest if look not in kept)
    return kept | ({PASSING: _ms(rest)} if rest else {})


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
