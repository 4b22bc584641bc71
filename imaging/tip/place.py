"""Where in a parcel a threat could really lie, and a scan with one of a library laid into it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import attenuation, repair
from imaging.errors import ScanInvalidError
from imaging.phantom.bodies import Aspect
from imaging.phantom.physics import Beam
from imaging.phantom.shapes import Shadow
from imaging.scan import Box, Scan, View, ViewKind
from imaging.tip.projection import beam_for, project, quanta_in_air
from imaging.tip.threats import fit

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float32]

TRIES: Final = 40
LEAST_INSIDE: Final = 0.985
"""Share of a threat that must lie within the outline of the parcel, in every view."""
FULLEST: Final = 2.2
"""Median attenuation of what lies in the same rays, above which no room is left."""
OPAQUE: Final = 4.2
MOST_OPAQUE: Final = 0.15
LEAST_SEEN: Final = 0.5
FAINTEST: Final = 0.04
"""Change of attenuation that can be seen where there is no noise; elsewhere three times the noise."""
WALL_MM: Final = 7.0
_OUTLINE: Final = 0.05
_SMALL_PX: Final = 400
_SMALLEST_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Placement:
    """How a threat lies in a scan, enough to project it again: one place along the belt for all views.

    `along_mm` is where its origin lies along the columns, `down_mm` along the rows of each view. `mirrored` is along
    the belt, then down the rows of each view; `seed` draws the noise.
    """

    along_mm: float
    down_mm: tuple[float, ...]
    mirrored: tuple[bool, ...]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """A scan with a threat in it, and where it is: a box and a mask over that box in every view."""

    scan: Scan
    placement: Placement
    boxes: tuple[Box, ...]
    masks: tuple[Mask, ...]


def aspects_of(scan: Scan) -> tuple[Aspect, ...]:
    """From where each view looks; empty where a threat cannot be projected with certainty.

    Needed are two energies, a known size of the pixels, and of two views the names top and side: how two others lie to
    each other nobody said.
    """
    for view in scan.views:
        if view.kind is not ViewKind.DUAL or view.mm_per_row is None or view.mm_per_col is None:
            return ()
    if len(scan.views) == 1:
        return (Aspect.SIDE if scan.views[0].name == Aspect.SIDE else Aspect.TOP,)
    names = tuple(view.name for view in scan.views)
    return tuple(Aspect(name) for name in names) if set(names) == set(Aspect) else ()


def find_place(scan: Scan, shadows: Mapping[Aspect, Shadow], rng: np.random.Generator) -> Projected | None:
    """Lay a threat somewhere plausible into a scan; None where none of some tries is.

    It lies within the outline of the parcel in every view, where there is room, behind nothing opaque, and can be
    seen.

    Raises:
        ScanInvalidError: a threat cannot be projected into this scan (see `aspects_of`).
    """
    aspects = aspects_of(scan)
    if not aspects:
        raise ScanInvalidError("A threat needs views with two energies whose geometry is known.")
    rooms = [_Room.of(view) for view in scan.views]
    for _ in range(TRIES):
        mirrored = tuple(bool(each) for each in rng.integers(0, 2, 1 + len(aspects)))
        fitted = _fit_all(scan.views, aspects, shadows, mirrored)
        placement = _draw(scan.views, rooms, fitted, mirrored, rng)
        if placement is None:
            return None
        places = _corners(scan.views, fitted, placement)
        if all(room.takes(shadow, *at) for room, shadow, at in zip(rooms, fitted, places, strict=True)):
            projected = lay(scan, shadows, placement)
            if all(map(_is_seen, scan.views, projected.scan.views, projected.boxes, projected.masks)):
                return projected
    return None


def lay(scan: Scan, shadows: Mapping[Aspect, Shadow], placement: Placement) -> Projected:
    """A scan with a threat in it; the same placement always gives the same counts."""
    aspects = aspects_of(scan)
    beam = beam_for(scan.generator)
    fitted = _fit_all(scan.views, aspects, shadows, placement.mirrored)
    places = _corners(scan.views, fitted, placement)
    views, boxes = [], []
    for number, (view, shadow, (left, top)) in enumerate(zip(scan.views, fitted, places, strict=True)):
        views.append(project(view, shadow.tau, left, top, beam, seed=placement.seed + number))
        rows, cols = shadow.mask.shape
        boxes.append((left, top, left + cols, top + rows))
    return Projected(
        replace(scan, views=tuple(views), truth=()), placement, tuple(boxes), tuple(shadow.mask for shadow in fitted)
    )


def beam_of_scan(scan: Scan) -> Beam:
    return beam_for(scan.generator)


def _fit_all(
    views: Sequence[View], aspects: Sequence[Aspect], shadows: Mapping[Aspect, Shadow], mirrored: Sequence[bool]
) -> list[Shadow]:
    fitted = []
    for number, (view, aspect) in enumerate(zip(views, aspects, strict=True)):
        rows_mm, cols_mm = _pixel_mm(view)
        fitted.append(fit(shadows[aspect], rows_mm, cols_mm, is_mirrored=(mirrored[0], mirrored[1 + number])))
    return fitted


def _pixel_mm(view: View) -> tuple[float, float]:
    assert view.mm_per_row is not None
    assert view.mm_per_col is not None
    return view.mm_per_row, view.mm_per_col


def _corners(views: Sequence[View], fitted: Sequence[Shadow], placement: Placement) -> list[tuple[int, int]]:
    """(left, top) px of the threat in each view."""
    found = []
    for view, shadow, down_mm in zip(views, fitted, placement.down_mm, strict=True):
        rows_mm, cols_mm = _pixel_mm(view)
        found.append((round(placement.along_mm / cols_mm) + shadow.left_px, round(down_mm / rows_mm) + shadow.top_px))
    return found


def _draw(
    views: Sequence[View],
    rooms: Sequence[_Room],
    fitted: Sequence[Shadow],
    mirrored: tuple[bool, ...],
    rng: np.random.Generator,
) -> Placement | None:
    """Anywhere within the boxes around the parcel; None where it is too long for one of them."""
    spans_mm, down_mm = [], []
    for view, room, shadow in zip(views, rooms, fitted, strict=True):
        rows_mm, cols_mm = _pixel_mm(view)
        left, top, right, bottom = room.box
        rows, cols = shadow.mask.shape
        if cols > right - left or rows > bottom - top:
            return None
        spans_mm.append(((left - shadow.left_px) * cols_mm, (right - cols - shadow.left_px) * cols_mm))
        lowest, highest = (top - shadow.top_px) * rows_mm, (bottom - rows - shadow.top_px) * rows_mm
        down_mm.append(float(rng.uniform(lowest, highest)))
    first, last = max(span[0] for span in spans_mm), min(span[1] for span in spans_mm)
    if first > last:
        return None
    return Placement(float(rng.uniform(first, last)), tuple(down_mm), mirrored, int(rng.integers(1 << 31)))


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """What there is in a view: the outline of what passes, and how much is in the rays, both at 1/step."""

    outline: Mask
    loaded: Array
    step: int
    box: Box

    @classmethod
    def of(cls, view: View) -> _Room:
        _, a_high = attenuation(repair(view))
        step = max(1, max(view.shape) // _SMALL_PX)
        size = (max(1, view.shape[1] // step), max(1, view.shape[0] // step))
        small = np.asarray(cv2.resize(a_high, size, interpolation=cv2.INTER_AREA), np.float32)
        outline = _outline(small, wall_px=WALL_MM / (max(_pixel_mm(view)) * step))
        if not outline.any():
            return cls(outline, small, step, (0, 0, 0, 0))
        ys, xs = np.flatnonzero(outline.any(axis=1)), np.flatnonzero(outline.any(axis=0))
        box = (int(xs[0]) * step, int(ys[0]) * step, int(xs[-1] + 1) * step, int(ys[-1] + 1) * step)
        return cls(outline, small, step, box)

    def takes(self, shadow: Shadow, left: int, top: int) -> bool:
        """Whether a threat with its corner there lies inside, where there is room and where rays come through."""
        ys, xs = np.nonzero(shadow.mask[:: self.step, :: self.step])
        ys, xs = ys + top // self.step, xs + left // self.step
        rows, cols = self.outline.shape
        is_on = (ys >= 0) & (xs >= 0) & (ys < rows) & (xs < cols)
        if not len(ys) or is_on.mean() < LEAST_INSIDE:
            return False
        ys, xs = ys[is_on], xs[is_on]
        loaded = self.loaded[ys, xs]
        return bool(
            self.outline[ys, xs].mean() >= LEAST_INSIDE
            and np.median(loaded) <= FULLEST
            and (loaded > OPAQUE).mean() <= MOST_OPAQUE
        )


def _outline(small: Array, *, wall_px: float) -> Mask:
    """What is in the beam with all that it encloses, without specks and without the outermost wall."""
    mask = np.asarray(cv2.blur(small, (3, 3)) > _OUTLINE, np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros(mask.shape, np.uint8)
    large = [each for each in contours if cv2.contourArea(each) >= _SMALLEST_SHARE * mask.size]
    cv2.drawContours(filled, large, -1, 1, cv2.FILLED)
    reach = 2 * round(wall_px) + 1
    return np.asarray(cv2.erode(filled, np.ones((reach, reach), np.uint8), borderValue=0) > 0)


def _is_seen(before: View, after: View, box: Box, mask: Mask) -> bool:
    """Whether enough of a threat changes the picture by more than its noise."""
    left, top, right, bottom = box
    rows, cols = before.shape
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, cols), min(bottom, rows)
    part = np.s_[y0:y1, x0:x1]
    crops = [
        replace(view, high=np.ascontiguousarray(view.high[part]), low=np.ascontiguousarray(view.low[part]))
        for view in (before, after)
        if view.high is not None and view.low is not None
    ]
    was, now = (cv2.blur(attenuation(view)[1], (3, 3)) for view in crops)
    assert before.high is not None
    air = (before.air_high or 65535.0) - before.dark
    noise = 1 / np.sqrt(9 * quanta_in_air(before.high, air, before.dark) * np.exp(-now))
    inside = mask[y0 - top : y1 - top, x0 - left : x1 - left]
    change = (now - was)[inside]
    return bool((change > np.maximum(FAINTEST, 3 * noise[inside])).mean() >= LEAST_SEEN)
