"""The content of a picture, cut out along its own edges and brought to one size: where it lay on the belt is gone."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from models.inputs import Planes

LONGEST_PX = 1024
"""Pictures larger than this are shrunk first: a container at a tenth of a metre says enough."""
MASK_PX = 256
CONTENT_FROM = 0.07
"""First channel of ATTEN_ZEFF above which a pixel is no air: an attenuation of 0.04."""
LEAST_PART = 0.02
"""A spot smaller than this part of the largest one is no part of the content: dust, a code, the edge of the belt."""
STRIP_FULL, STRIP_MOST = 0.97, 0.06
"""Rows that are dark from end to end, where there are few of them, are the scanner's fiducial strip."""
SUPERSAMPLED = 2
WIDEST = 8.0
"""Length over width that becomes 1 in the third channel."""

Rect = tuple[tuple[float, float], tuple[float, float], float]
"""Middle (x, y), sides (long, short) in px, and the angle of the long one in degrees."""


def set_upright(planes: Planes, size: tuple[int, int], margin: float = 0.0) -> Planes:
    """Channels (3, *size): both of ATTEN_ZEFF with the content's longer side along the columns, then its proportion.

    The content fills the frame but for `margin` of each side all round it. Which end is left, and which side is up,
    is not known: a model has to take all four ways for the same.
    """
    planes = _shrunk(planes)
    (x, y), (length, width), angle = rect = find_content(planes[0])
    rows, cols = (side * SUPERSAMPLED for side in size)
    zoom = np.array([cols / length, rows / width]) / (1 + 2 * margin)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turn = np.array([[cos, sin], [-sin, cos]]) * zoom[:, None]
    shift = np.array([cols / 2, rows / 2]) - turn @ (x, y)
    made = [
        cv2.resize(
            cv2.warpAffine(plane, np.column_stack([turn, shift]), (cols, rows), flags=cv2.INTER_LINEAR),
            (size[1], size[0]),
            interpolation=cv2.INTER_AREA,
        )
        for plane in planes
    ]
    return np.stack([*made, np.full(size, proportion(rect), np.float32)]).astype(np.float32)


def proportion(rect: Rect) -> float:
    """Length over width on a scale from 0 (square) to 1."""
    return min(math.log(rect[1][0] / rect[1][1]) / math.log(WIDEST), 1.0)


def find_content(attenuation: npt.NDArray[np.float32]) -> Rect:
    """The smallest rectangle round what is not air; the whole picture where there is nothing."""
    rows, cols = attenuation.shape
    zoom = min(1.0, MASK_PX / max(rows, cols))
    small = cv2.resize(attenuation, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else attenuation
    mask = (small > CONTENT_FROM).astype(np.uint8)
    strip = mask.mean(axis=1) > STRIP_FULL
    if strip.mean() < STRIP_MOST:
        mask[strip] = 0
    points = _points(mask)
    if len(points) < 3:
        return ((cols / 2, rows / 2), (float(max(cols, rows)), float(min(cols, rows))), 0.0 if cols >= rows else 90.0)
    (x, y), (width, height), angle = cv2.minAreaRect(points)
    width, height = (max(side, 2.0) / zoom for side in (width + 1, height + 1))
    middle = ((x + 0.5) / zoom, (y + 0.5) / zoom)
    return (middle, (width, height), angle) if width >= height else (middle, (height, width), angle + 90.0)


def _points(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    count, marked, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count < 2:
        return np.zeros((0, 2), np.int32)
    kept = 1 + np.flatnonzero(areas >= LEAST_PART * areas.max())
    y, x = np.nonzero(np.isin(marked, kept))
    return np.column_stack([x, y]).astype(np.int32)


def _shrunk(planes: Planes) -> Planes:
    zoom = LONGEST_PX / max(planes.shape[1:])
    if zoom >= 1:
        return planes
    return np.stack([cv2.resize(plane, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) for plane in planes])
