"""Regions worth a second look that follow from physics alone, and the look that shows them best."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from imaging.calibrate import attenuation_table, references, repair
from imaging.material import METAL_FROM, ORGANIC_TO, THINNEST, code_of_zeff
from imaging.planes import look_up
from imaging.pyramid import Pyramid
from imaging.scan import Box, View, ViewKind

Mask = npt.NDArray[np.bool_]

WORK_PX = 1300
"""Regions are sought in the first size whose longer side does not exceed this."""
MOST_MARKS = 20
SUSPICIOUS_ZEFF = (6.8, 9.2)
"""The band of drugs and explosives; water and most food lie in it too, so these are hints and no alarms."""
OPAQUE_SHARE, LITTLE_SHARE = 0.02, 0.10


class Sensitivity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class MarkKind(StrEnum):
    OPAQUE = "opaque"
    SUSPICIOUS_ORGANIC = "suspicious_organic"
    DENSE = "dense"


@dataclass(frozen=True, slots=True)
class Mark:
    """One region: its box in px of the view, and the part of the view's area that it fills."""

    kind: MarkKind
    box: Box
    share: float


OPAQUE_FROM = {Sensitivity.LOW: 5.5, Sensitivity.MEDIUM: 4.8, Sensitivity.HIGH: 4.0}
"""High-energy attenuation from which a region counts as not penetrated: 0.4, 0.8 and 1.8 % of the light is left."""
ORGANIC_FROM = {Sensitivity.LOW: 1.0, Sensitivity.MEDIUM: 0.6, Sensitivity.HIGH: 0.35}
OBJECT_FROM = 0.12
"""Attenuation from which a pixel belongs to what is in the bag, and not to its cloth or to thin air beside it."""
DARK_FROM = 0.06
"""The same in a colour picture, as the part of the background's brightness that is missing; the density's figures on
phantoms in colours do not change between .06 and .15."""
DENSEST_PART = 0.1
DENSE_REGIONS = {Sensitivity.LOW: 3, Sensitivity.MEDIUM: 5, Sensitivity.HIGH: 8}
LEAST_SHARE = {Sensitivity.LOW: 0.004, Sensitivity.MEDIUM: 0.0015, Sensitivity.HIGH: 0.0006}


def measure_opaque(view: View, sensitivity: Sensitivity = Sensitivity.MEDIUM) -> tuple[float, tuple[Mark, ...]]:
    """The part of the object's area that the beam did not penetrate, and its regions, largest first.

    As `find_opaque`, for a view of which no pyramid is made: nothing in a colour picture.
    """
    if view.high is None:
        return 0.0, ()
    shown = repair(view)
    assert shown.high is not None
    known, (rows, cols) = references(shown), view.shape
    step = 1
    while max(rows, cols) / step > WORK_PX:
        step *= 2
    size = (-(-cols // step), -(-rows // step))
    counts = shown.high if step == 1 else cv2.resize(shown.high, size, interpolation=cv2.INTER_AREA)
    found = look_up(np.asarray(counts, np.uint16), attenuation_table(known.air_high, known.dark))
    mask = found >= OPAQUE_FROM[sensitivity]
    marks = _regions(mask, MarkKind.OPAQUE, LEAST_SHARE[sensitivity] / 4, step, (rows, cols))
    object_px = int((found >= THINNEST).sum())
    opaque_px = sum(mark.share for mark in marks) * mask.size
    return (opaque_px / object_px if object_px else 0.0), marks


def find_opaque(pyramid: Pyramid, sensitivity: Sensitivity = Sensitivity.MEDIUM) -> tuple[Mark, ...]:
    """Regions that the beam did not penetrate, largest first; none in a colour picture, which has no counts."""
    if pyramid.kind is ViewKind.COLOUR:
        return ()
    index = _work_index(pyramid)
    mask = _attenuation(pyramid, index) >= OPAQUE_FROM[sensitivity]
    return _marks_of(mask, MarkKind.OPAQUE, LEAST_SHARE[sensitivity] / 4, pyramid, index)


def find_suspicious_organics(pyramid: Pyramid, sensitivity: Sensitivity = Sensitivity.MEDIUM) -> tuple[Mark, ...]:
    """Compact masses in the Zeff band of drugs and explosives, largest first; two energies only."""
    if pyramid.kind is not ViewKind.DUAL:
        return ()
    index = _work_index(pyramid)
    first, last = (code_of_zeff(number) for number in SUSPICIOUS_ZEFF)
    codes = cv2.medianBlur(np.ascontiguousarray(pyramid.materials(index)), 5).reshape(pyramid.levels[index].shape)
    mask = (codes >= first) & (codes <= last) & (_attenuation(pyramid, index) >= ORGANIC_FROM[sensitivity])
    return _marks_of(mask, MarkKind.SUSPICIOUS_ORGANIC, LEAST_SHARE[sensitivity], pyramid, index)


def find_dense(pyramid: Pyramid, sensitivity: Sensitivity = Sensitivity.MEDIUM) -> tuple[Mark, ...]:
    """Where to look first at what no detector knows: the largest regions of the densest tenth of the contents.

    On phantoms this points at more objects than measures of the unfamiliar did (docs/models.md). In a colour picture
    what is darkest counts as densest.
    """
    index = _work_index(pyramid)
    is_colour = pyramid.kind is ViewKind.COLOUR
    density = _darkness(pyramid, index) if is_colour else _attenuation(pyramid, index)
    inside = density[density >= (DARK_FROM if is_colour else OBJECT_FROM)]
    if not inside.size:
        return ()
    limit = np.quantile(inside, 1 - DENSEST_PART)
    is_all_alike = limit == inside.max()  # more than a tenth is as dark as can be
    mask = density >= limit if is_all_alike and limit > inside.min() else density > limit
    found = _marks_of(mask, MarkKind.DENSE, LEAST_SHARE[sensitivity] / 4, pyramid, index)
    return found[: DENSE_REGIONS[sensitivity]]


def suggest_look(pyramid: Pyramid) -> tuple[str, str] | None:
    """Name in LOOKS and reason, a text key below `look.suggestion`, of the look worth trying; None for none.

    Something opaque asks for super penetration; little metal among much else is stripped to clear the view, and so
    are little organics.
    """
    if pyramid.kind is ViewKind.COLOUR:
        return None
    index = _work_index(pyramid)
    attenuation = _attenuation(pyramid, index)
    is_object = attenuation >= THINNEST
    size = int(is_object.sum())
    if not size:
        return None
    if int((attenuation >= OPAQUE_FROM[Sensitivity.MEDIUM]).sum()) > OPAQUE_SHARE * size:
        return "penetration_super", "opaque"
    if pyramid.kind is not ViewKind.DUAL:
        return None
    codes = pyramid.materials(index)
    metal = int((codes >= code_of_zeff(METAL_FROM)).sum()) / size
    organic = int(((codes > 0) & (codes <= code_of_zeff(ORGANIC_TO))).sum()) / size
    if 0 < metal < LITTLE_SHARE and metal < organic:
        return "inorganic_strip", "little_metal"
    if 0 < organic < LITTLE_SHARE and organic < metal:
        return "organic_strip", "little_organic"
    return None


def _work_index(pyramid: Pyramid) -> int:
    for index, level in enumerate(pyramid.levels):
        if max(level.shape) <= WORK_PX:
            return index
    return len(pyramid.levels) - 1


def _attenuation(pyramid: Pyramid, index: int) -> npt.NDArray[np.float32]:
    known = pyramid.references
    assert known is not None
    return look_up(pyramid.levels[index].means[0], attenuation_table(known.air_high, known.dark))


def _darkness(pyramid: Pyramid, index: int) -> npt.NDArray[np.float32]:
    """How much of the background's brightness is missing, from 0 to 1; the background is the brightest there is."""
    brightness = pyramid.levels[index].means[0].mean(axis=2, dtype=np.float32)
    background = max(float(np.percentile(brightness, 99)), 1.0)
    return np.asarray(np.clip(1 - brightness / background, 0, 1), np.float32)


def _marks_of(mask: Mask, kind: MarkKind, least_share: float, pyramid: Pyramid, index: int) -> tuple[Mark, ...]:
    return _regions(mask, kind, least_share, pyramid.levels[index].step, pyramid.shape)


def _regions(mask: Mask, kind: MarkKind, least_share: float, step: int, shape: tuple[int, int]) -> tuple[Mark, ...]:
    """Connected regions of a mask that are compact enough to survive an opening and large enough."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).reshape(mask.shape)
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    rows, cols = shape
    marks = []
    for left, top, width, height, area in stats[1:].tolist():
        share = area / mask.size
        if share >= least_share:
            right, bottom = min((left + width) * step, cols), min((top + height) * step, rows)
            marks.append(Mark(kind, (left * step, top * step, right, bottom), share))
    return tuple(sorted(marks, key=lambda mark: -mark.share)[:MOST_MARKS])
