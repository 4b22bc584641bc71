"""Versions of a picture in which a code that the plain one hides may show."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from scanners.decoding.look import IDENTITY, Affine, Grey, Look

_CROSS = np.ones((3, 3), np.uint8)


def plain(grey: Grey) -> Look:
    return Look("full", grey, IDENTITY)


def scaled(grey: Grey, factor: float) -> Look:
    """The picture `factor` times as large; area means when smaller, cubic when larger."""
    height, width = grey.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    back = np.diag([width / size[0], height / size[1]]) @ IDENTITY
    return Look(f"x{factor:.2g}", np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8), back)


def turned(grey: Grey, degrees: float) -> Look:
    """The picture turned about its centre on a ground that shows all of it."""
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = int(height * sin + width * cos) + 1, int(height * cos + width * sin) + 1
    turn[:, 2] += (wide - width) / 2, (high - height) / 2
    pixels = cv2.warpAffine(grey, turn, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Look(f"turned {degrees:g}", np.asarray(pixels, np.uint8), np.asarray(cv2.invertAffineTransform(turn)))


def filtered(name: str, change: Callable[[Grey], object]) -> Callable[[Grey], Look]:
    """A version of the same size made by `change`."""

    def make(grey: Grey) -> Look:
        return Look(name, np.asarray(change(grey), np.uint8), IDENTITY)

    return make


def sharpen(grey: Grey, sigma: float = 2.0, strength: float = 1.5) -> Grey:
    soft = cv2.GaussianBlur(grey, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(grey, 1 + strength, soft, -strength, 0), np.uint8)


def large_sharp(grey: Grey) -> Look:
    look = scaled(grey, 2)
    return Look("x2 sharp", sharpen(look.pixels, 3.0, 2.0), look.back)


def equalise(grey: Grey) -> Grey:
    return np.asarray(cv2.createCLAHE(3, (8, 8)).apply(grey), np.uint8)


def threshold(grey: Grey) -> Grey:
    method = cv2.ADAPTIVE_THRESH_GAUSSIAN_C
    return np.asarray(cv2.adaptiveThreshold(grey, 255, method, cv2.THRESH_BINARY, 51, 8), np.uint8)


equalised = filtered("equalised", equalise)
sharpened = filtered("sharp", sharpen)
thresholded = filtered("threshold", threshold)
softened = filtered("soft", lambda grey: cv2.GaussianBlur(grey, (0, 0), 1.0))
despeckled = filtered("median", lambda grey: cv2.medianBlur(grey, 3))
eroded = filtered("eroded", lambda grey: cv2.erode(grey, _CROSS))
dilated = filtered("dilated", lambda grey: cv2.dilate(grey, _CROSS))
smeared = filtered("smeared", lambda grey: cv2.blur(grey, (1, 7)))


def crop(grey: Grey, box: tuple[int, int, int, int], factor: float = 1.0) -> Look | None:
    """The part in `box` (cut to the picture), `factor` times as large; None where nothing is left."""
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(grey.shape[1], box[2]), min(grey.shape[0], box[3])
    if right - left < 8 or bottom - top < 8:
        return None
    look = scaled(np.ascontiguousarray(grey[top:bottom, left:right]), factor)
    shift: Affine = look.back.copy()
    shift[:, 2] += left, top
    return Look(f"crop {look.name}", look.pixels, shift)
