"""What the look keys do: a tap keeps a look, holding the key shows it for as long, one key goes back to standard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from app.ui.keys import HELD_LONG_S
from imaging.look import STANDARD, ZEFF_HIGHLIGHTS, Enhancement, Look, Mode, Penetration, Strip

WINDOW_STEP = 1.15
LEVEL_STEP = 0.04
GAMMA_STEP = 1.12
ABSORPTION_STEP = 0.1

_FIELDS: dict[str, tuple[str, Any]] = {
    "colour_safe": ("palette", "colour_safe"),
    "smooth": ("palette", "smooth"),
    "grey": ("mode", Mode.GREY),
    "inverse": ("inverse", True),
    "organic_only": ("strip", Strip.ORGANIC_ONLY),
    "organic_strip": ("strip", Strip.ORGANIC_STRIP),
    "inorganic_only": ("strip", Strip.INORGANIC_ONLY),
    "inorganic_strip": ("strip", Strip.INORGANIC_STRIP),
    "penetration_high": ("penetration", Penetration.HIGH),
    "penetration_low": ("penetration", Penetration.LOW),
    "penetration_super": ("penetration", Penetration.SUPER),
    "penetration_slice": ("penetration", Penetration.SLICE),
    "edge": ("enhancement", Enhancement.EDGE),
    "super": ("enhancement", Enhancement.SUPER),
    "local": ("enhancement", Enhancement.LOCAL),
    "histogram": ("enhancement", Enhancement.HISTOGRAM),
    "log": ("enhancement", Enhancement.LOG),
}
LOOK_NAMES = ("standard", *_FIELDS, "zeff")


@dataclass(frozen=True, slots=True)
class _Press:
    name: str
    before: Look
    at_s: float


class LookKeys:
    """The look that the officer has chosen, and what the key that is down will do when it comes up."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.look = STANDARD
        self._clock = clock
        self._press: _Press | None = None

    def press(self, name: str) -> Look:
        """A look key goes down: its part of the look changes at once; the other parts stay."""
        before = self.look
        self.look = changed(before, name)
        self._press = _Press(name, before, self._clock())
        return self.look

    def press_whole(self, name: str, look: Look) -> Look:
        """A key that holds a whole look goes down: that look, or the standard image where it is on already."""
        before = self.look
        self.look = STANDARD if before == look else look
        self._press = _Press(name, before, self._clock())
        return self.look

    def release(self, name: str) -> Look:
        """A look key comes up: after 0.7 s and more the look before it returns."""
        press = self._press
        if press is not None and press.name == name:
            self._press = None
            if self._clock() - press.at_s >= HELD_LONG_S:
                self.look = press.before
        return self.look

    def set(self, look: Look) -> None:
        self._press = None
        self.look = look

    def turn(self, dial: str, steps: float) -> Look:
        """Turn window, level, gamma or absorption by steps; neutral is in the middle."""
        self.look = changed_dial(self.look, dial, steps)
        return self.look


def changed_dial(look: Look, dial: str, steps: float) -> Look:
    """A look with window, level, gamma or absorption turned by steps, kept within what makes sense."""
    if dial == "window":
        return replace(look, window_width=_within(look.window_width * WINDOW_STEP**steps, 0.02, 4.0))
    if dial == "level":
        return replace(look, window_centre=_within(look.window_centre - LEVEL_STEP * steps, -0.5, 1.5))
    if dial == "gamma":
        return replace(look, gamma=_within(look.gamma * GAMMA_STEP**steps, 0.2, 5.0))
    return replace(look, absorption=_within(look.absorption + ABSORPTION_STEP * steps, -1.0, 1.0))


def changed(look: Look, name: str) -> Look:
    """A look with one key's part turned on, or off where it is on already."""
    if name == "standard":
        return STANDARD
    if name == "zeff":
        cycle = (None, *ZEFF_HIGHLIGHTS)
        return replace(look, highlight=cycle[(cycle.index(look.highlight) + 1) % len(cycle)])
    field, value = _FIELDS[name]
    is_on = getattr(look, field) == value
    changes: dict[str, Any] = {field: getattr(STANDARD, field) if is_on else value}
    return replace(look, **changes)


def is_on(look: Look, name: str) -> bool:
    """Whether a key's part of the look is on."""
    if name == "standard":
        return look == STANDARD
    if name == "zeff":
        return look.highlight is not None
    field, value = _FIELDS[name]
    return bool(getattr(look, field) == value)


def parts_on(look: Look) -> list[str]:
    """The names of all parts that differ from the standard image."""
    return [name for name in LOOK_NAMES[1:] if is_on(look, name)]


def _within(value: float, least: float, most: float) -> float:
    return round(min(most, max(least, value)), 4)
