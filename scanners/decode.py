"""Pictures to codes: one call for stills, one step a frame for video.

Not read by any engine here: Han Xin, Grid Matrix and DotCode.
"""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging.errors import KnownError
from scanners.barcode import Code
from scanners.decoding import ladder, zbar
from scanners.decoding.hints import ANYTHING, Hints
from scanners.decoding.look import Grey

__all__ = ["Hints", "PictureInvalidError", "VideoDecoder", "decode", "missing_engines"]

MAX_PX = 100_000_000
BUDGET_LOOKS_PX = 2_500_000
"""Pixels that a still may cost beyond its first look: about 150 ms on one core."""
_MEMORY_FRAMES = 30


class PictureInvalidError(KnownError):
    """An array that is no grey or colour picture, or too large a one."""

    key = "picture_invalid"


def missing_engines() -> tuple[str, ...]:
    """Names of engines whose library is not installed; the others do their work."""
    return () if zbar.is_there() else (zbar.ENGINE,)


def decode(image: npt.NDArray[np.uint8], hints: Hints = ANYTHING, *, budget_s: float = 2.0) -> list[Code]:
    """Codes in a still picture, (rows, cols) grey or (rows, cols, 3) BGR uint8; doubtful ones are marked.

    The whole ladder of looks, cut short after `budget_s` of this thread's processor time, so that a busy machine reads
    what an idle one does, or when its pixels are spent.

    Raises:
        PictureInvalidError: the array is no picture.
    """
    grey = _grey(image)
    budget_px = max(BUDGET_LOOKS_PX, 4.0 * grey.size)
    return ladder.climb(grey, hints, budget_px=budget_px, deadline=time.thread_time() + budget_s)


class VideoDecoder:
    """Codes in a stream of frames, one look at each so that it keeps up: plain and the next rung by turns.

    A doubtful text that a later frame repeats within a second or so becomes certain, ITF apart.
    """

    def __init__(self, hints: Hints = ANYTHING) -> None:
        self._hints = hints
        self._frame = 0
        self._doubtful: dict[tuple[str, str], int] = {}

    def decode(self, frame: npt.NDArray[np.uint8]) -> list[Code]:
        """Codes in the next frame.

        Raises:
            PictureInvalidError: the array is no picture.
        """
        grey = _grey(frame)
        rung = 0 if self._frame % 2 == 0 else 1 + self._frame // 2 % (len(ladder.LADDER) - 1)
        codes = ladder.judged(grey, ladder.LADDER[rung].read(grey, self._hints), self._hints)
        self._frame += 1
        return [self._remember(code) for code in codes]

    def _remember(self, code: Code) -> Code:
        key = (code.symbology, code.text)
        last = self._doubtful.get(key, -_MEMORY_FRAMES)
        if not code.is_doubtful:
            return code
        self._doubtful = {k: at for k, at in self._doubtful.items() if self._frame - at < _MEMORY_FRAMES}
        self._doubtful[key] = self._frame
        is_repeated = self._frame - last < _MEMORY_FRAMES and not code.symbology.startswith("ITF")
        return replace(code, is_doubtful=not is_repeated)


def _grey(image: npt.NDArray[np.uint8]) -> Grey:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise PictureInvalidError("A picture to decode must be an array of 8-bit grey or BGR values.")
    is_colour = image.ndim == 3 and image.shape[2] == 3
    if not (image.ndim == 2 or is_colour) or 0 in image.shape:
        raise PictureInvalidError(f"An array of shape {image.shape} is no grey or BGR picture.", shape=image.shape)
    if image.shape[0] * image.shape[1] > MAX_PX:
        raise PictureInvalidError(f"A picture of {image.shape} is over {MAX_PX} px; send a smaller one.")
    return np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if is_colour else image)
