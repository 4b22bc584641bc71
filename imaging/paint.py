"""A look of a pyramid as tables, and the colours of any box of any of its sizes; the same pixel is always the same."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging import tone
from imaging.filters import FILTERED, Tones, filter_tones, surroundings
from imaging.look import CLASS_PALETTES, Enhancement, Look, Mode, Penetration, Strip, needs_counts
from imaging.material import Codes
from imaging.planes import Plane, counts_of, look_up, paired
from imaging.pyramid import Level, Pyramid
from imaging.scan import Box, Counts, ViewKind

Pixels = npt.NDArray[np.uint8]
"""(height, width, 4) as blue, green, red, 255: what QImage.Format_RGB32 reads."""


class Paint:
    """One look of one pyramid. What depends on the whole picture is computed once, so that boxes fit together.

    A mixed count is high * gains[0] + low * gains[1] + gains[2]. `brightness` is the 8-bit value of every mixed count
    (of every filtered tone where `is_filtered`), `colours` the pixel of every 256 * material code + brightness, or of
    every brightness where no material `is_painted`.
    """

    def __init__(self, pyramid: Pyramid, look: Look) -> None:
        if pyramid.is_palette_known and needs_pseudo(look):
            pyramid, look = pyramid.pseudo(), _of_classes(look)
        look = effective(look, pyramid.kind)
        self.pyramid, self.look = pyramid, look
        self.is_filtered = look.enhancement in FILTERED
        self.is_painted = pyramid.kind is ViewKind.DUAL and tone.is_painted(look)
        self._kept: dict[int, tuple[Box, Look, Tones]] = {}
        self._kept_counts: dict[int, tuple[Box, tuple[float, ...], bool, Counts]] = {}
        if pyramid.kind is not ViewKind.COLOUR:
            self._make_tables()

    def with_look(self, look: Look) -> Paint:
        """The same pyramid in another look; the last weighed and filtered box of each size stays for it."""
        fresh = Paint(self.pyramid, look)
        fresh._kept, fresh._kept_counts = self._kept, self._kept_counts
        return fresh

    def fill(self, index: int, box: Box, out: Pixels) -> None:
        """Colour a box of a size, in px of that size, into `out` (rows, cols, 4) of the box's shape."""
        target = out.view("<i4")[:, :, 0]
        level = self.pyramid.levels[index]
        if self.pyramid.kind is ViewKind.COLOUR:
            _fill_colour(_cut(self._planes(level)[0], box), self.look, target)
            return
        shown = self.tones(index, box) if self.is_filtered else self.mixed(index, box)
        if not self.is_painted:
            _look_up_into(shown, self._grey_of_counts, target)
            return
        codes = self.pyramid.materials_in(index, box)
        _look_up_into(paired(look_up(shown, self.brightness), codes), self.colours, target)

    def mixed(self, index: int, box: Box) -> Counts:
        """Both energies of a box weighed to one plane of counts."""
        kept = self._kept_counts.get(index)
        if kept is None or kept[:3] != (box, self.gains, self.look.keeps_thin):
            kept = self._kept_counts[index] = box, self.gains, self.look.keeps_thin, self._weighed(index, box)
        return kept[3]

    def _weighed(self, index: int, box: Box) -> Counts:
        return _mixed(tuple(_cut(plane, box) for plane in self._planes(self.pyramid.levels[index])), *self.gains)

    def tones(self, index: int, box: Box) -> Tones:
        """Filtered tones of a box."""
        look = replace(_tone_only(self.look), enhancement=self.look.enhancement, keeps_thin=self.look.keeps_thin)
        kept = self._kept.get(index)
        if kept is None or kept[:2] != (box, look):
            around, inner, fill = surroundings(box, self.pyramid.levels[index].shape)
            counts = self._weighed(index, around)
            if any(fill):
                filled = cv2.copyMakeBorder(counts, 0, fill[0], 0, fill[1], cv2.BORDER_REPLICATE)
                counts = counts_of(filled, (counts.shape[0] + fill[0], counts.shape[1] + fill[1]))
            filtered = filter_tones(look_up(counts, self._tone_table), self.look.enhancement)
            kept = self._kept[index] = box, look, filtered[inner].copy()
        return kept[2]

    def _planes(self, level: Level) -> tuple[Plane, ...]:
        return level.darkest if self.look.keeps_thin else level.means

    def _make_tables(self) -> None:
        pyramid, look = self.pyramid, self.look
        known = pyramid.references
        assert known is not None
        share = tone.share_of_high(look) if len(pyramid.levels[0].means) == 2 else 1.0
        self.gains, dark, air = _weights(share, pyramid)
        self._tone_table = tone.tone_table(_tone_only(look), dark, air)
        table = self._tone_table
        if look.enhancement is Enhancement.HISTOGRAM:
            counts = _mixed(pyramid.levels[-1].means, *self.gains)
            histogram = np.bincount(counts.ravel(), minlength=65536).astype(np.float32)
            table = tone.equalised_table(_tone_only(look), histogram, dark, air)
        windowed = tone.window_table(_window_only(look))
        self.brightness = windowed if self.is_filtered else windowed[table]
        if self.is_painted:
            palette = "grey" if look.mode is Mode.GREY else look.palette
            self.colours = tone.paint_table(palette, look.strip, look.highlight, look.inverse)
        else:
            self.colours = tone.grey_pixels(np.arange(256, dtype=np.uint8), look.inverse)
            self._grey_of_counts = self.colours[self.brightness]


def effective(look: Look, kind: ViewKind) -> Look:
    """What of a look a kind of view can show."""
    if kind is ViewKind.DUAL:
        return look
    plain = Look()
    look = replace(look, palette=plain.palette, strip=plain.strip, highlight=None)
    if kind is ViewKind.SINGLE:
        has_low = look.penetration is Penetration.LOW
        return replace(look, mode=Mode.GREY, penetration=plain.penetration if has_low else look.penetration)
    return replace(look, penetration=plain.penetration, enhancement=plain.enhancement, absorption=0.0)


def needs_pseudo(look: Look) -> bool:
    """Whether a look shows a colour picture by what its palette gives back, and not by its own colours."""
    return look.strip is not Strip.NONE or look.palette != "standard" or needs_counts(look)


def _of_classes(look: Look) -> Look:
    """What of a look pseudo attenuation and three classes can show."""
    palette = look.palette if look.palette in CLASS_PALETTES else "standard"
    penetration = Penetration.STANDARD if look.penetration is Penetration.LOW else look.penetration
    return replace(look, palette=palette, penetration=penetration, highlight=None)


def _cut(plane: Plane, box: Box) -> Plane:
    left, top, right, bottom = box
    return plane[top:bottom, left:right]


def _weights(share: float, pyramid: Pyramid) -> tuple[tuple[float, float, float], float, float]:
    """Gains of high and low, offset; and what dark and air become."""
    known = pyramid.references
    assert known is not None
    if share == 1.0:
        return (1.0, 0.0, 0.0), known.dark, known.air_high
    if share == 0.0:
        return (0.0, 1.0, 0.0), known.dark, known.air_low
    high_gain = share * 65535 / (known.air_high - known.dark)
    low_gain = (1 - share) * 65535 / (known.air_low - known.dark)
    return (high_gain, low_gain, -known.dark * (high_gain + low_gain)), 0.0, 65535.0


def _mixed(planes: tuple[Plane, ...], high_gain: float, low_gain: float, offset: float) -> Counts:
    if low_gain == 0.0:
        return planes[0].astype(np.uint16, copy=False)
    if high_gain == 0.0:
        return planes[1].astype(np.uint16, copy=False)
    return counts_of(cv2.addWeighted(planes[0], high_gain, planes[1], low_gain, offset), planes[0].shape)


def _fill_colour(shown: Plane, look: Look, target: tone.Packed) -> None:
    table = tone.colour_table(look)
    if look.mode is Mode.GREY:
        grey = np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), np.uint8).reshape(shown.shape[:2])
        _look_up_into(grey, tone.grey_pixels(table, is_inverse=False), target)
        return
    if not np.array_equal(table, np.arange(256)):
        shown = look_up(shown, table)
    pixels = cv2.cvtColor(shown, cv2.COLOR_RGB2BGRA).reshape(*shown.shape[:2], 4)
    target[:] = np.ascontiguousarray(pixels).view("<i4")[:, :, 0]


def _tone_only(look: Look) -> Look:
    """The part of a look that tone tables depend on, so that they are cached while the rest changes."""
    enhancement = look.enhancement if look.enhancement is Enhancement.LOG else Enhancement.NONE
    return Look(penetration=look.penetration, enhancement=enhancement, absorption=look.absorption)


def _window_only(look: Look) -> Look:
    return Look(gamma=look.gamma, window_centre=look.window_centre, window_width=look.window_width)


def _look_up_into(index: Plane | Codes, table: tone.Packed, target: tone.Packed) -> None:
    found = cv2.LUT(index, table, target)
    if not np.shares_memory(found, target):
        target[:] = found.reshape(target.shape)
