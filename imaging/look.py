"""How a view is shown: everything that an operator's keys change, as one frozen record that combines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from imaging.errors import LookInvalidError
from imaging.scan import ViewKind


class Mode(StrEnum):
    COLOUR = "colour"
    GREY = "grey"


class Strip(StrEnum):
    """Which class turns grey. "Only" greys everything else, "strip" greys that class alone."""

    NONE = "none"
    ORGANIC_ONLY = "organic_only"
    ORGANIC_STRIP = "organic_strip"
    INORGANIC_ONLY = "inorganic_only"
    INORGANIC_STRIP = "inorganic_strip"


class Penetration(StrEnum):
    """Which energies are weighed how: low shows the thin, high and super the thick, slice one band of thickness."""

    STANDARD = "standard"
    LOW = "low"
    HIGH = "high"
    SUPER = "super"
    SLICE = "slice"


class Enhancement(StrEnum):
    NONE = "none"
    EDGE = "edge"
    SUPER = "super"
    LOCAL = "local"
    HISTOGRAM = "histogram"
    LOG = "log"


PALETTES = ("standard", "colour_safe", "smooth")
ZEFF_HIGHLIGHTS = (7, 8, 9)


@dataclass(frozen=True, slots=True)
class Look:
    """One way of showing a view; the default is the standard image.

    `window_centre` and `window_width` are parts of the brightness range (0.5 and 1 are neutral), `gamma` over 1
    brightens, `absorption` from -1 (thin things) to 1 (thick things) moves the penetration continuously.
    `highlight` marks one Zeff of ZEFF_HIGHLIGHTS. `keeps_thin` shows thin objects at zoom-out (minimum instead of
    mean).

    Raises:
        LookInvalidError: a number is out of its range or a palette is unknown.
    """

    mode: Mode = Mode.COLOUR
    palette: str = "standard"
    inverse: bool = False
    strip: Strip = Strip.NONE
    penetration: Penetration = Penetration.STANDARD
    highlight: int | None = None
    enhancement: Enhancement = Enhancement.NONE
    window_centre: float = 0.5
    window_width: float = 1.0
    gamma: float = 1.0
    absorption: float = 0.0
    keeps_thin: bool = True

    def __post_init__(self) -> None:
        ranges = {
            "window_centre": (self.window_centre, -1.0, 2.0),
            "window_width": (self.window_width, 0.001, 4.0),
            "gamma": (self.gamma, 0.1, 10.0),
            "absorption": (self.absorption, -1.0, 1.0),
        }
        for name, (value, low, high) in ranges.items():
            if not low <= value <= high:
                raise LookInvalidError(f"{name} is {value}; choose {low} to {high}.", name=name, value=value)
        if self.palette not in PALETTES:
            raise LookInvalidError(
                f"There is no palette {self.palette!r}; choose one of {', '.join(PALETTES)}.",
                name="palette",
                value=self.palette,
            )
        if self.highlight is not None and self.highlight not in ZEFF_HIGHLIGHTS:
            raise LookInvalidError(
                f"Zeff {self.highlight} cannot be highlighted; choose one of {ZEFF_HIGHLIGHTS}.",
                name="highlight",
                value=self.highlight,
            )


STANDARD = Look()

LOOKS: dict[str, Look] = {
    "standard": STANDARD,
    "colour_safe": Look(palette="colour_safe"),
    "smooth": Look(palette="smooth"),
    "grey": Look(mode=Mode.GREY),
    "inverse": Look(inverse=True),
    "grey_inverse": Look(mode=Mode.GREY, inverse=True),
    "organic_only": Look(strip=Strip.ORGANIC_ONLY),
    "organic_strip": Look(strip=Strip.ORGANIC_STRIP),
    "inorganic_only": Look(strip=Strip.INORGANIC_ONLY),
    "inorganic_strip": Look(strip=Strip.INORGANIC_STRIP),
    "penetration_low": Look(penetration=Penetration.LOW),
    "penetration_high": Look(penetration=Penetration.HIGH),
    "penetration_super": Look(penetration=Penetration.SUPER),
    "penetration_slice": Look(penetration=Penetration.SLICE),
    "zeff_7": Look(highlight=7),
    "zeff_8": Look(highlight=8),
    "zeff_9": Look(highlight=9),
    "edge": Look(enhancement=Enhancement.EDGE),
    "super": Look(enhancement=Enhancement.SUPER),
    "local": Look(enhancement=Enhancement.LOCAL),
    "histogram": Look(enhancement=Enhancement.HISTOGRAM),
    "log": Look(enhancement=Enhancement.LOG),
}
"""Named looks, the standard image first."""


class LegacyReasons(NamedTuple):
    """Why a colour picture gives nothing back, as text keys below `look.unavailable`."""

    grey: str = "picture_is_grey"
    unknown: str = "palette_unknown"


LEGACY_REASONS = LegacyReasons()
CONFLICTS = (
    "highlight_over_strip",
    "highlight_over_palette",
    "highlight_over_grey",
    "slice_over_log",
    "super_over_log",
    "log_over_penetration",
    "grey_over_palette",
)
"""Text keys below `look.conflict`: what does not combine, and why."""
CLASS_PALETTES = ("standard", "colour_safe")
"""Palettes that need a class only, and not Zeff."""


def why_not(look: Look, kind: ViewKind, is_palette_known: bool = False) -> str | None:
    """Why a kind of view cannot be shown with a look, as a text key below `look.unavailable`; None if it can.

    A single energy knows no material: it is shown in black and white whatever `mode` and `palette` say, so that the
    standard look always works. A colour picture has no counts: black and white, inverse, window and gamma work; the
    rest but Zeff and what needs a second energy works on pseudo attenuation where its maker's palette is known.
    """
    needs_material = look.strip is not Strip.NONE or look.highlight is not None
    if kind is ViewKind.DUAL:
        return None
    if kind is ViewKind.SINGLE:
        if needs_material or look.palette != "standard":
            return "needs_two_energies"
        return "needs_two_energies" if look.penetration is Penetration.LOW else None
    if is_palette_known:
        if look.highlight is not None or look.palette not in CLASS_PALETTES:
            return "colour_has_no_zeff"
        return "colour_has_no_second_energy" if look.penetration is Penetration.LOW else None
    if needs_material or look.palette != "standard":
        return "colour_has_no_material"
    return "colour_has_no_counts" if needs_counts(look) else None


def conflict_in(look: Look) -> str | None:
    """Which part of a look has no effect beside the others: a name in CONFLICTS; None if all combine."""
    if look.highlight is not None:
        if look.strip is not Strip.NONE:
            return "highlight_over_strip"
        if look.palette != "standard":
            return "highlight_over_palette"
        if look.mode is Mode.GREY:
            return "highlight_over_grey"
    if look.enhancement is Enhancement.LOG and look.penetration is not Penetration.STANDARD:
        own = {Penetration.SLICE: "slice_over_log", Penetration.SUPER: "super_over_log"}
        return own.get(look.penetration, "log_over_penetration")
    if look.mode is Mode.GREY and look.palette != "standard":
        return "grey_over_palette"
    return None


def needs_counts(look: Look) -> bool:
    """Whether a look works on attenuation, and so not on the colours of an unknown palette."""
    is_plain = look.penetration is Penetration.STANDARD and not look.absorption
    return not is_plain or look.enhancement is not Enhancement.NONE
