"""Half sizes of a view, by area mean and by minimum, so that any zoom reads few pixels and thin wires survive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.calibrate import References, references, repair
from imaging.legacy import PSEUDO_AIR, Recognition, invert, recognise
from imaging.material import Codes, MaterialTable, beam_of
from imaging.planes import Plane, counts_of
from imaging.scan import Box, Generator, View, ViewKind

SMALLEST_PX = 256
"""Halving stops when no side is longer."""
WHOLE_PX = 1_000_000
"""Levels up to this size get all their material codes at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One size of a view: pixel (r, c) covers rows and columns of the full view from r * step and c * step.

    `means` and `darkest` hold the same planes by area mean and by minimum: high and low, or high, or colour.
    """

    step: int
    means: tuple[Plane, ...]
    darkest: tuple[Plane, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.means[0].shape[0]), int(self.means[0].shape[1])


class Pyramid:
    """A view in all its sizes, ready to render. May be read by several threads.

    `references` is None for a colour picture, which has a `recognition` of its maker's palette instead; `table` is set
    where there are two energies. Material codes of a level
    are computed when first asked for; `prepare` does it ahead, in a background thread.
    """

    def __init__(
        self,
        levels: tuple[Level, ...],
        kind: ViewKind,
        references: References | None = None,
        table: MaterialTable | None = None,
        materials: dict[int, Codes] | None = None,
        *,
        recognition: Recognition | None = None,
    ) -> None:
        self.levels = levels
        self.kind = kind
        self.references = references
        self.recognition = recognition
        self._pseudo: Pyramid | None = None
        self._table = table
        self._materials = {} if materials is None else materials

    @classmethod
    def of(cls, view: View, generator: Generator | None = None) -> Pyramid:
        """All sizes of a view, with its dead rows and columns filled for display.

        `generator` picks the material table; without it the beam is guessed from the view.
        """
        if view.colour is not None:
            return cls(build_levels((view.colour,)), view.kind, recognition=recognise(view.colour))
        shown = repair(view)
        known = references(shown)
        assert shown.high is not None
        if shown.low is None:
            return cls(build_levels((shown.high,)), view.kind, known)
        table = MaterialTable.of(known, beam_of(shown, generator))
        return cls(build_levels((shown.high, shown.low)), view.kind, known, table)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols) of the full size."""
        return self.levels[0].shape

    @property
    def is_palette_known(self) -> bool:
        """Whether this is a colour picture whose palette turns back to pseudo attenuation and class."""
        return self.recognition is not None and self.recognition.palette is not None

    def pseudo(self) -> Pyramid:
        """Pseudo attenuation and classes of a colour picture with a known palette, in all sizes; computed once."""
        if self._pseudo is None:
            assert self.recognition is not None
            palette = self.recognition.palette
            assert palette is not None
            found = [invert(np.asarray(level.means[0], np.uint8), palette) for level in self.levels]
            codes = {index: each.codes for index, each in enumerate(found)}
            known = References(PSEUDO_AIR, PSEUDO_AIR, 0.0, is_estimated=True)
            self._pseudo = Pyramid(build_levels((found[0].counts,)), ViewKind.DUAL, known, materials=codes)
        return self._pseudo

    def materials(self, index: int) -> Codes:
        """Material codes (see material.MaterialTable) of one level, from its means; two energies only.

        Without a lock: two threads that ask at once compute the same, and a window never waits for the other.
        """
        codes = self._materials.get(index)
        if codes is None:
            assert self._table is not None, "only two energies tell a material"
            codes = self._materials.setdefault(index, codes_of(self._table, self.levels[index].means))
        return codes

    def materials_in(self, index: int, box: Box) -> Codes:
        """Material codes of a box of a level, without computing more of a large level than that."""
        left, top, right, bottom = box
        level = self.levels[index]
        if index in self._materials or level.shape[0] * level.shape[1] <= WHOLE_PX:
            return self.materials(index)[top:bottom, left:right]
        assert self._table is not None, "only two energies tell a material"
        first_row, first_col = max(top - 1, 0), max(left - 1, 0)
        around = tuple(plane[first_row : bottom + 1, first_col : right + 1] for plane in level.means)
        codes = codes_of(self._table, around)
        return codes[top - first_row : bottom - first_row, left - first_col : right - first_col]

    def prepare(self) -> None:
        """Compute what rendering will need, coarse sizes first; for a background thread after the first picture."""
        if self._table is not None:
            for index in reversed(range(len(self.levels))):
                self.materials(index)


def build_levels(planes: tuple[Plane, ...]) -> tuple[Level, ...]:
    """The full size and its halves down to SMALLEST_PX; the energies of a large view side by side."""
    if planes[0].size > WHOLE_PX and len(planes) > 1:
        with ThreadPoolExecutor(len(planes), "halves") as pool:
            halves = list(pool.map(_halves, planes))
    else:
        halves = [_halves(plane) for plane in planes]
    levels = [Level(1, planes, planes)]
    for each in zip(*halves, strict=True):
        means, darkest = zip(*each, strict=True)
        levels.append(Level(levels[-1].step * 2, means, darkest))
    return tuple(levels)


def _halves(plane: Plane) -> list[tuple[Plane, Plane]]:
    """By mean and by minimum, size by size."""
    halves = [(plane, plane)]
    while max(halves[-1][0].shape) > SMALLEST_PX:
        mean, darkest = halves[-1]
        halves.append((halve_by_mean(mean), halve_by_minimum(darkest)))
    return halves[1:]


def halve_by_mean(plane: Plane) -> Plane:
    """Half the size, odd sides rounded up, each pixel the mean of the 2 x 2 that it covers."""
    even = _even(plane)
    half = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return _typed(half, plane)


def halve_by_minimum(plane: Plane) -> Plane:
    """Half the size, odd sides rounded up, each pixel the darkest of the 2 x 2 that it covers."""
    even = _even(plane)
    rows = cv2.min(even[0::2], even[1::2])
    return _typed(np.minimum(rows[:, 0::2], rows[:, 1::2]), plane)


def _even(plane: Plane) -> Plane:
    odd_rows, odd_cols = plane.shape[0] % 2, plane.shape[1] % 2
    if not odd_rows and not odd_cols:
        return plane
    return _typed(cv2.copyMakeBorder(plane, 0, odd_rows, 0, odd_cols, cv2.BORDER_REPLICATE), plane)


def _typed(found: cv2.typing.MatLike, like: Plane) -> Plane:
    if like.dtype == np.uint16:
        return np.asarray(found, np.uint16)
    return np.asarray(found, np.uint8)


def codes_of(table: MaterialTable, planes: tuple[Plane, ...]) -> Codes:
    """Codes from slightly smoothed counts: the ratio is far noisier than the brightness, and hue may be soft."""
    high, low = (counts_of(cv2.blur(plane, (3, 3)), plane.shape) for plane in planes)
    return table.look_up(high, low)
