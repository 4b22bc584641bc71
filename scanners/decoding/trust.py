"""Which codes to believe at first sight, and how a second look confirms or contradicts the others.

Wrong reads are nearly all linear codes with a weak check or none: ITF, Codabar, EAN/UPC, short Code 39. They are
believed when an independent look agrees, and are doubtful otherwise.
"""

from __future__ import annotations

import math
from dataclasses import replace

from scanners.barcode import Code
from scanners.decoding import retail, versions, zbar, zxing
from scanners.decoding.hints import Hints
from scanners.decoding.look import Grey, Seen, box
from scanners.decoding.strips import Strip, cut

_WEAK = ("ITF", "Codabar", "EAN", "UPC", "DataBar", "Telepen", "Code32", "PZN")
_SHORT_TEXT = 7
_SURE_RESIDUAL = 0.05
"""A valid text that fits better than this contradicts an edge finder: chance passes its checks once in 60."""


def is_weak(code: Code) -> bool:
    """Whether this symbology's own checks are too weak to believe one look."""
    if code.symbology.startswith("ITF"):
        return not is_itf14(code.text)
    if code.symbology.startswith("Code39"):
        return len(code.text) < _SHORT_TEXT
    if code.symbology.startswith("DataBarExp") and code.text.startswith("01"):
        return not _is_checked(code.text[2:16], 14)
    return code.symbology.startswith(_WEAK)


def is_itf14(text: str) -> bool:
    """Whether an ITF text is a whole ITF-14: fragments of longer codes have other lengths or a wrong check digit."""
    return _is_checked(text, 14)


def _is_checked(digits: str, length: int) -> bool:
    if len(digits) != length or not digits.isdecimal():
        return False
    return sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(reversed(digits))) % 10 == 0


def judge(grey: Grey, seen: Seen, hints: Hints) -> Code:
    """The code, marked doubtful unless it is strong, expected at this post or confirmed by another look."""
    code = seen.code
    if not is_weak(code) or (hints.is_expected(code) and not code.symbology.startswith("Codabar")):
        return code
    if code.symbology.startswith("ITF"):
        return replace(code, is_doubtful=True)
    if code.symbology == "EAN13":
        return _judge_retail(grey, seen)
    return replace(code, is_doubtful=not _is_seen_again(grey, seen))


def _judge_retail(grey: Grey, seen: Seen) -> Code:
    """EAN-13 and UPC-A: the profile decides between texts that differ in the width of bars alone."""
    code = seen.code
    fitted = fit_at(grey, code)
    if fitted is not None and fitted.text == code.text:
        return code
    is_contested = fitted is not None and fitted.text != "" and fitted.residual < _SURE_RESIDUAL
    if fitted is not None and is_contested:
        return replace(code, text=fitted.text, raw=fitted.text.encode(), is_doubtful=True)
    return replace(code, is_doubtful=not _is_seen_again(grey, seen))


def _is_seen_again(grey: Grey, seen: Seen) -> bool:
    """Read the code's own part of the picture again, with the other engine and at other sizes: that text, no other."""
    code = seen.code
    if len(code.points) < 2:
        return False
    left, top, right, bottom = box(code.points)
    slack = max(10, (right - left + bottom - top) // 8)
    around = (left - slack, top - slack, right + slack, bottom + slack)
    texts: list[str] = []
    for factor in (1.0, 1.5, 0.75):
        look = versions.crop(grey, around, factor)
        if look is None:
            break
        others = zbar.read(look, frozenset({code.symbology})) if seen.engine != zbar.ENGINE else []
        if factor != 1.0 or seen.engine != zxing.ENGINE:
            others += zxing.read(look, zxing.formats_of(frozenset({code.symbology})))
        texts += [other.code.text for other in others if other.code.symbology == code.symbology]
        if code.text in texts:
            return set(texts) == {code.text}
    if code.symbology.startswith("DataBar") and not texts:
        return code.text in [other.code.text for other in zxing.read(versions.equalised(grey))]
    return False


def fit_at(grey: Grey, code: Code) -> retail.Fit | None:
    """The profile fitted where an engine saw the code: between the ends of its middle line."""
    if len(code.points) != 4 or len(code.text) != 13 or not code.text.isdecimal():
        return None
    (lx, ly), (rx, ry) = _middle(code.points[0], code.points[3]), _middle(code.points[1], code.points[2])
    length = math.hypot(rx - lx, ry - ly)
    if length < 60:
        return None
    height = math.dist(code.points[0], code.points[3])
    strip = Strip(
        x=(lx + rx) / 2,
        y=(ly + ry) / 2,
        angle=math.atan2(ry - ly, rx - lx),
        half_length=length / 2,
        half_height=max(height / 2, 4),
    )
    part = cut(grey, strip, margin=0.12)
    middle, half = part.pixels.shape[1] / 2, length / 2 * part.per_px
    return retail.verify(part.bands(1)[0], middle - half, middle + half, code.text)


def _middle(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float]:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
