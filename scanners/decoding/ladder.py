"""The ladder of looks: from the plain picture to ever costlier versions until a code is believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scanners.barcode import Code
from scanners.decoding import retail, trust, versions, zbar, zxing
from scanners.decoding.hints import Hints
from scanners.decoding.look import Affine, Grey, Look, Seen, are_near, lies_on
from scanners.decoding.strips import Floats, Strip, cut, find_strips
from scanners.decoding.text import strip_import_mark

Reader = Callable[[Grey, Hints], list[Seen]]


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: `cost` in looks at the whole picture, which is what the budget counts."""

    name: str
    read: Reader
    cost: float


def _zxing(look: Look, hints: Hints, *, is_inverted: bool = False) -> list[Seen]:
    return zxing.read(look, zxing.formats_of(hints.symbologies), is_inverted=is_inverted)


def _step(name: str, make: Callable[[Grey], Look], cost: float) -> Step:
    return Step(name, lambda grey, hints: _zxing(make(grey), hints), cost)


def _zbar_step(name: str, make: Callable[[Grey], Look], cost: float) -> Step:
    return Step(name, lambda grey, hints: zbar.read(make(grey), hints.symbologies), cost)


def read_strips(grey: Grey, hints: Hints) -> list[Seen]:
    """Linear codes at any angle: straightened, then each engine on what is left."""
    seen: list[Seen] = []
    for strip in find_strips(grey):
        part = cut(grey, strip)
        back = _way_back(strip, part.pixels.shape, part.per_px)
        light = np.asarray(255 - part.pixels, np.uint8)
        sharp = versions.sharpen(part.pixels, 2.5, 1.5)
        for name, pixels in (("strip", part.pixels), ("strip sharp", sharp), ("strip inverted", light)):
            look = Look(name, pixels, back)
            seen += zxing.read(look, zxing.linear_of(hints.symbologies), is_turned=False)
            if not seen and name == "strip":
                seen += zbar.read(look, hints.symbologies)
            if seen:
                break
    return seen


def _way_back(strip: Strip, shape: tuple[int, ...], per_px: float) -> Affine:
    cos, sin = np.cos(strip.angle), np.sin(strip.angle)
    half_w, half_h = shape[1] / 2, shape[0] / 2
    turn = np.array([[cos / per_px, -sin], [sin / per_px, cos]])
    shift = np.array([strip.x, strip.y]) - turn @ np.array([half_w, half_h])
    return np.column_stack([turn, shift])


_BANDS = 5
_MIDDLE_FIRST = (2, 1, 3)
_COARSE_RESIDUAL = 0.025
_HOPELESS_RESIDUAL = 0.035
_FIT_RESIDUAL = 0.01
_FIT_RESIDUAL_PAIR = 0.002
_FIT_RESIDUAL_ALONE = 0.0016


def read_retail(grey: Grey, hints: Hints) -> list[Seen]:
    """EAN-13 and UPC-A too blurred for edges; believed when two bands of the strip agree."""
    if hints.symbologies and "EAN13" not in hints.symbologies:
        return []
    for strip in find_strips(grey):
        part = cut(grey, strip)
        fits = _fit_bands(part.bands(_BANDS), strip.half_length * part.per_px)
        if not fits:
            continue
        best = min(fits, key=lambda one: one.residual)
        agreeing = sum(one.text == best.text for one in fits)
        is_sure = agreeing == len(fits) and (agreeing > 2 or (agreeing == 2 and best.residual < _FIT_RESIDUAL_PAIR))
        if is_sure or best.residual < _FIT_RESIDUAL_ALONE:
            code = Code("EAN13", best.text, _corners(strip), best.text.encode(), not is_sure, "]E0")
            return [Seen(code, "profile", "strip")]
    return []


def _fit_bands(bands: list[Floats], half: float) -> list[retail.Fit]:
    """Valid codes fitted to the bands of a strip whose half length is `half` px.

    The first band and direction to have one tell where to look in the others; a strip whose first band is nothing
    like a code is given up.
    """
    middle = len(bands[0]) / 2
    reach = np.linspace(0.45, 1.15, 32) * half
    for i in _MIDDLE_FIRST:
        tried = {step: retail.guesses(bands[i][::step], middle - reach[::-1], middle + reach) for step in (1, -1)}
        for step, guesses in tried.items():
            fitted = _best_fit(guesses)
            if fitted is not None:
                slack = np.linspace(-0.06, 0.06, 9) * (fitted.right - fitted.left)
                others = [band[::step] for j, band in enumerate(bands) if j != i]
                near = [retail.guesses(b, fitted.left + slack, fitted.right + slack, places=3) for b in others]
                fits = [_best_fit(guesses) for guesses in near]
                return [fitted, *(one for one in fits if one is not None)]
        if min((one.residual for found in tried.values() for one in found), default=1.0) > _HOPELESS_RESIDUAL:
            break
    return []


def _best_fit(guesses: list[retail.Guess]) -> retail.Fit | None:
    fits = [retail.refine(one) for one in guesses if one.residual < _COARSE_RESIDUAL]
    valid = [one for one in fits if one is not None and one.text and one.residual < _FIT_RESIDUAL]
    return min(valid, key=lambda one: one.residual, default=None)


def _corners(strip: Strip) -> tuple[tuple[int, int], ...]:
    along = np.array([np.cos(strip.angle), np.sin(strip.angle)]) * strip.half_length
    across = np.array([-np.sin(strip.angle), np.cos(strip.angle)]) * strip.half_height
    centre = np.array([strip.x, strip.y])
    corners = (centre - along - across, centre + along - across, centre + along + across, centre - along + across)
    return tuple((round(float(x)), round(float(y))) for x, y in corners)


def _half(grey: Grey) -> Look:
    return versions.scaled(grey, 0.5)


FIRST = Step("full", lambda grey, hints: _zxing(versions.plain(grey), hints, is_inverted=True), 1.0)
LADDER: tuple[Step, ...] = (
    FIRST,
    Step("strips", read_strips, 0.5),
    _step("equalised", versions.equalised, 1.0),
    _step("half", _half, 0.3),
    _zbar_step("zbar", versions.plain, 1.3),
    Step("retail", read_retail, 0.5),
    _step("soft", versions.softened, 0.8),
    _step("third", partial(versions.scaled, factor=1 / 3), 0.15),
    _step("turned 45", partial(versions.turned, degrees=45.0), 1.8),
    _step("x2", partial(versions.scaled, factor=2.0), 2.5),
    _step("median", versions.despeckled, 0.7),
    _step("threshold", versions.thresholded, 1.0),
    _step("eroded", versions.eroded, 0.7),
    _step("dilated", versions.dilated, 0.7),
    _step("sharp", versions.sharpened, 1.0),
    _step("x2 sharp", versions.large_sharp, 3.0),
    _zbar_step("zbar smeared", versions.smeared, 1.3),
)
_LOOKS_IN_DOUBT = 3.0
"""How much longer to look for certainty once there is a doubtful code."""


def climb(grey: Grey, hints: Hints, *, budget_px: float, deadline: float) -> list[Code]:
    """Take the rungs in turn until one brings a code that can be believed; doubtful ones are kept meanwhile.

    `deadline` is in this thread's processor time.
    """
    doubtful: list[Code] = []
    spent = 0.0
    for step in LADDER:
        price = step.cost * grey.size
        if step is not FIRST and (spent + price > budget_px or time.thread_time() > deadline):
            continue
        spent += price
        codes = judged(grey, step.read(grey, hints), hints)
        if has_enough(codes, hints):
            return codes
        if codes and not doubtful:
            budget_px = min(budget_px, spent + _LOOKS_IN_DOUBT * grey.size)
        merge(doubtful, codes)
        if has_enough(doubtful, hints):
            return doubtful
    return doubtful


def has_enough(codes: list[Code], hints: Hints) -> bool:
    """Whether a code is believed and, where the post expects a shape, has it."""
    return any(not code.is_doubtful and (not hints.shapes or hints.is_expected(code)) for code in codes)


def judged(grey: Grey, seen: list[Seen], hints: Hints) -> list[Code]:
    """The codes of one look, judged, each text at each place once.

    A doubtful one that lies on a believed one is what its modules look like to another symbology.
    """
    codes: list[Code] = []
    for one in seen:
        is_judged = one.engine == "profile"
        code = one.code if is_judged else trust.judge(grey, one, hints)
        if code.symbology.startswith("Code39"):
            code = replace(code, text=strip_import_mark(code.text))
        merge(codes, [code], is_one_look=True)
    believed = [code for code in codes if not code.is_doubtful]
    return [code for code in codes if not code.is_doubtful or not any(lies_on(code, other) for other in believed)]


def merge(kept: list[Code], new: list[Code], *, is_one_look: bool = False) -> None:
    """Add codes to those kept; a doubtful text that a later look repeats at its place is believed."""
    for code in new:
        twin = next((i for i, old in enumerate(kept) if _is_same(old, code)), None)
        if twin is None:
            kept.append(code)
        elif kept[twin].is_doubtful and not is_one_look and not code.symbology.startswith("ITF"):
            kept[twin] = replace(kept[twin], is_doubtful=False)


def _is_same(old: Code, new: Code) -> bool:
    return (old.symbology, old.text) == (new.symbology, new.text) and are_near(old, new)
