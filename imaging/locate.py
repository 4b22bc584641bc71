"""Where the test piece lies in a picture, and which way round."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import attenuation_table, references
from imaging.errors import PieceMissingError
from imaging.material import beam_at, zeff
from imaging.phantom.physics import belt_beam
from imaging.piece import MARGIN_MM, Piece, project
from imaging.planes import look_up
from imaging.scan import Box, View

Number = TypeVar("Number", np.uint16, np.float32)

FRAME_FROM = 0.08
"""Half of what the frame attenuates: where its edge lies whatever the machine's blur."""
LEAST_LIKENESS = 0.85
MOST_STRETCH = 0.25
LEAST_PX = 120


@dataclass(frozen=True, slots=True)
class Place:
    """The box of the piece in px of the view, and whether it lies mirrored left to right or top to bottom."""

    box: Box
    is_left_right: bool = False
    is_top_bottom: bool = False

    def upright(self, plane: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """The piece alone, the way round that its drawing has."""
        left, top, right, bottom = self.box
        part = plane[top:bottom, left:right]
        part = part[:, ::-1] if self.is_left_right else part
        return part[::-1] if self.is_top_bottom else part


def find(view: View, piece: Piece, kv: float) -> Place:
    """The place of the piece that lies alone and straight in a view, either way round.

    Raises:
        PieceMissingError: nothing in the picture has its shape and its parts.
    """
    known = references(view)
    assert view.high is not None
    a_high = look_up(view.high, attenuation_table(known.air_high, known.dark))
    left, top, right, bottom = box = _largest(a_high)
    width, height = right - left, bottom - top
    stretch = width / height / (piece.width_mm / piece.height_mm)
    if min(width, height) < LEAST_PX or not 1 - MOST_STRETCH < stretch < 1 + MOST_STRETCH:
        raise PieceMissingError("The test piece was not found. Lay it alone and straight on the belt.")
    drawing = cv2.resize(_expected(piece, kv), (width, height), interpolation=cv2.INTER_AREA).ravel()
    ways = [Place(box, across, down) for across in (False, True) for down in (False, True)]
    likeness = [float(np.corrcoef(np.minimum(way.upright(a_high), 4).ravel(), drawing)[0, 1]) for way in ways]
    best = int(np.argmax(likeness))
    if not likeness[best] >= LEAST_LIKENESS:
        raise PieceMissingError(
            "What lies on the belt is not the test piece, or it lies askew. Lay it alone and straight on the belt.",
            likeness=round(likeness[best], 2),
        )
    return ways[best]


@lru_cache(maxsize=4)
def expected_zeff(piece: Piece, kv: float) -> dict[str, float]:
    """The Zeff that a machine without noise finds for each block."""
    beam, tables = belt_beam(beam_at(kv).kv), beam_at(kv)
    found = {}
    for plate in piece.blocks:
        tau = np.asarray(plate.thickness_mm * beam.basis.of(plate.material))[None]
        a_low, a_high = beam.attenuate(tau).T.astype(np.float32)
        found[plate.material] = float(zeff(a_low[None], a_high[None], tables)[0, 0])
    return found


@lru_cache(maxsize=4)
def _expected(piece: Piece, kv: float) -> npt.NDArray[np.float32]:
    """High-energy attenuation of the piece at 1 mm a px, without its margin; never over 4."""
    beam = belt_beam(beam_at(kv).kv)
    edge = round(MARGIN_MM)
    whole = beam.attenuate(project(piece, 1.0, beam.basis))[edge:-edge, edge:-edge, 1]
    return np.minimum(whole, 4)


def _largest(a_high: npt.NDArray[np.float32]) -> Box:
    """The box of the largest connected thing."""
    mask = (a_high > FRAME_FROM).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        raise PieceMissingError("The picture is empty. Lay the test piece on the belt and scan it.")
    left, top, width, height, _ = max(stats[1:].tolist(), key=lambda each: each[2] * each[3])
    return left, top, left + width, top + height
