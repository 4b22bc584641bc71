"""From a pyramid, a viewport and a look to the pixels of a window: only what is visible is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging import tone
from imaging.filters import GRID_PX, filter_tones
from imaging.look import CLASS_PALETTES, STANDARD, Enhancement, Look, Mode, Penetration, Strip, needs_counts
from imaging.material import Codes
from imaging.planes import Plane, counts_of, look_up, paired
from imaging.pyramid import Level, Pyramid
from imaging.scan import Colour, Counts, View, ViewKind

Pixels = npt.NDArray[np.uint8]
"""(height, width, 4) as blue, green, red, 255: what QImage.Format_RGB32 reads."""

BACKGROUND = 0xFF20242A
MOST_SHRINK = 1.19
"""How much a level is shrunk by linear sampling at most: beyond it a 1 px wire begins to fade."""
SHARP_FROM = 6.0
"""From this many screen px a pixel on, pixels are shown as squares."""
FILTERED = frozenset({Enhancement.EDGE, Enhancement.SUPER, Enhancement.LOCAL})


@dataclass(frozen=True, slots=True)
class Viewport:
    """What part of a view a window shows: the image point at its centre, screen px per image px, and its size."""

    centre_x: float
    centre_y: float
    scale: float
    width: int
    height: int

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Image point (x, y) under a screen point; pixel i covers i to i + 1."""
        return (
            self.centre_x + (x - self.width / 2) / self.scale,
            self.centre_y + (y - self.height / 2) / self.scale,
        )

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Screen point of an image point."""
        return (x - self.centre_x) * self.scale + self.width / 2, (y - self.centre_y) * self.scale + self.height / 2


def fit(shape: tuple[int, int], width: int, height: int) -> Viewport:
    """The viewport that shows a whole view of (rows, cols), centred."""
    rows, cols = shape
    scale = min(width / cols, height / rows)
    return Viewport(cols / 2, rows / 2, scale, width, height)


def render(
    pyramid: Pyramid, viewport: Viewport, look: Look = STANDARD, background: int = BACKGROUND, out: Pixels | None = None
) -> Pixels:
    """The pixels of a window, (height, width, 4). `out` of that shape is reused where given.

    What a look asks of a view that cannot give it (see look.why_not) is left out.
    """
    if out is None or out.shape != (viewport.height, viewport.width, 4):
        out = np.empty((viewport.height, viewport.width, 4), np.uint8)
    packed = out.view("<i4")[:, :, 0]
    patch = _Patch.of(pyramid, viewport)
    _fill_around(packed, patch, background)
    if patch is not None:
        if pyramid.is_palette_known and needs_pseudo(look):
            pyramid, look = pyramid.pseudo(), _of_classes(look)
            patch = replace(patch, level=pyramid.levels[patch.index])
        look = effective(look, pyramid.kind)
        target = packed[patch.top : patch.bottom, patch.left : patch.right]
        if pyramid.kind is ViewKind.COLOUR:
            _draw_colour(patch, look, target)
        else:
            _draw_counts(pyramid, patch, look, target)
    return out


def picture_of(source: View | Pyramid, look: Look = STANDARD, longest_px: int | None = None) -> Colour:
    """A whole view as an RGB picture (rows, cols, 3), at full size or shrunk so that no side exceeds `longest_px`."""
    pyramid = source if isinstance(source, Pyramid) else Pyramid.of(source)
    rows, cols = pyramid.shape
    scale = 1.0 if longest_px is None else min(1.0, longest_px / max(rows, cols))
    width, height = max(1, round(cols * scale)), max(1, round(rows * scale))
    viewport = Viewport(cols / 2, rows / 2, scale, width, height)
    return np.ascontiguousarray(render(pyramid, viewport, look)[:, :, 2::-1])


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


@dataclass(frozen=True, slots=True)
class _Patch:
    """The visible part: a box of a level, the size that the box takes on screen, and where it is cut to."""

    index: int
    level: Level
    box: tuple[int, int, int, int]
    scaled_size: tuple[int, int]
    skip_x: int
    skip_y: int
    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, pyramid: Pyramid, viewport: Viewport) -> _Patch | None:
        index = _level_for(pyramid, viewport.scale)
        level = pyramid.levels[index]
        across = _span(viewport.centre_x, viewport.scale, viewport.width, pyramid.shape[1], level.step)
        down = _span(viewport.centre_y, viewport.scale, viewport.height, pyramid.shape[0], level.step)
        if across is None or down is None:
            return None
        first_x, last_x, wide, skip_x, left, right = across
        first_y, last_y, tall, skip_y, top, bottom = down
        box = (first_x, first_y, min(last_x, level.shape[1]), min(last_y, level.shape[0]))
        return cls(index, level, box, (wide, tall), skip_x, skip_y, left, top, right, bottom)

    def cut(self, plane: Plane) -> Plane:
        left, top, right, bottom = self.box
        return plane[top:bottom, left:right]

    def scaled(self, crop: Plane, flag: int | None = None) -> Plane:
        """A crop of the box at screen size, cut to the target."""
        if flag is None:
            sharp = self.scaled_size[0] >= SHARP_FROM * (self.box[2] - self.box[0])
            flag = cv2.INTER_NEAREST if sharp else cv2.INTER_LINEAR
        if crop.shape[1::-1] != self.scaled_size:
            crop = cv2.resize(crop, self.scaled_size, interpolation=flag)  # type: ignore[assignment]
        rows, cols = self.bottom - self.top, self.right - self.left
        return crop[self.skip_y : self.skip_y + rows, self.skip_x : self.skip_x + cols]


def _level_for(pyramid: Pyramid, scale: float) -> int:
    index = 0
    while index + 1 < len(pyramid.levels) and scale * pyramid.levels[index].step * MOST_SHRINK < 1:
        index += 1
    return index


def _span(centre: float, scale: float, screen: int, size: int, step: int) -> tuple[int, int, int, int, int, int] | None:
    """Along one axis: first and last px of the level, their size on screen, px to skip of it, and the target range."""
    per_px = scale * step
    start = centre - screen / 2 / scale
    begin = max(round(-start * scale), 0)
    end = min(round((size - start) * scale), screen)
    if end <= begin:
        if not (size > start and size * scale < 1 and 0 <= round(-start * scale) < screen):
            return None
        end = begin + 1
    count = -(-size // step)
    first = int(max(np.floor(start / step) - 1, 0))
    last = int(min(np.ceil((start + screen / scale) / step) + 1, count))
    scaled = max(round((last - first) * per_px), 1)
    skip = begin - round((first * step - start) * scale)
    skip = min(max(skip, 0), max(scaled - 1, 0))
    return first, last, max(scaled, skip + end - begin), skip, begin, end


def _fill_around(packed: tone.Packed, patch: _Patch | None, background: int) -> None:
    value = np.uint32(background).view(np.int32)
    if patch is None:
        packed[:] = value
        return
    packed[: patch.top] = value
    packed[patch.bottom :] = value
    packed[patch.top : patch.bottom, : patch.left] = value
    packed[patch.top : patch.bottom, patch.right :] = value


def _draw_counts(pyramid: Pyramid, patch: _Patch, look: Look, target: tone.Packed) -> None:
    known = pyramid.references
    assert known is not None
    planes = patch.level.darkest if look.keeps_thin else patch.level.means
    share = 1.0 if len(planes) == 1 else tone.share_of_high(look)
    box, inner = _grown(patch) if look.enhancement in FILTERED else (patch.box, None)
    left, top, right, bottom = box
    counts, dark, air = _mixed(tuple(plane[top:bottom, left:right] for plane in planes), share, pyramid)
    table = tone.tone_table(_tone_only(look), dark, air)
    if look.enhancement is Enhancement.HISTOGRAM:
        table = _equalised(pyramid, look, share)
    if inner is not None:
        tones = filter_tones(look_up(counts, table), look.enhancement)[inner]
        shown, window = patch.scaled(tones), None
    else:
        shown, window = patch.scaled(counts), table
    painted = pyramid.kind is ViewKind.DUAL and tone.is_painted(look)
    brightness = tone.window_table(_window_only(look))
    if window is not None:
        brightness = brightness[window]
    if painted:
        codes = patch.scaled(pyramid.materials_in(patch.index, patch.box), cv2.INTER_NEAREST)
        index = paired(look_up(shown, brightness), codes)
        palette = "grey" if look.mode is Mode.GREY else look.palette
        _look_up_into(index, tone.paint_table(palette, look.strip, look.highlight, look.inverse), target)
    else:
        _look_up_into(shown, tone.grey_pixels(brightness, look.inverse), target)


def _draw_colour(patch: _Patch, look: Look, target: tone.Packed) -> None:
    planes = patch.level.darkest if look.keeps_thin else patch.level.means
    shown = patch.scaled(patch.cut(planes[0]))
    if look.mode is Mode.GREY:
        grey = np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), np.uint8).reshape(shown.shape[:2])
        _look_up_into(grey, tone.grey_pixels(tone.colour_table(look), is_inverse=False), target)
        return
    table = tone.colour_table(look)
    if not np.array_equal(table, np.arange(256)):
        shown = look_up(shown, table)
    pixels = cv2.cvtColor(shown, cv2.COLOR_RGB2BGRA).reshape(*shown.shape[:2], 4)
    target[:] = np.ascontiguousarray(pixels).view("<i4")[:, :, 0]


def _mixed(planes: tuple[Plane, ...], share: float, pyramid: Pyramid) -> tuple[Counts, float, float]:
    """Both energies weighed to one plane of counts, with its dark and its air."""
    known = pyramid.references
    assert known is not None
    if share == 1.0:
        return planes[0].astype(np.uint16, copy=False), known.dark, known.air_high
    if share == 0.0:
        return planes[1].astype(np.uint16, copy=False), known.dark, known.air_low
    high_gain = share * 65535 / (known.air_high - known.dark)
    low_gain = (1 - share) * 65535 / (known.air_low - known.dark)
    offset = -known.dark * (high_gain + low_gain)
    mixed = cv2.addWeighted(planes[0], high_gain, planes[1], low_gain, offset)
    return counts_of(mixed, planes[0].shape), 0.0, 65535.0


def _equalised(pyramid: Pyramid, look: Look, share: float) -> npt.NDArray[np.uint16]:
    counts, dark, air = _mixed(pyramid.levels[-1].means, share, pyramid)
    histogram = np.bincount(counts.ravel(), minlength=65536).astype(np.float32)
    return tone.equalised_table(_tone_only(look), histogram, dark, air)


def _grown(patch: _Patch) -> tuple[tuple[int, int, int, int], tuple[slice, slice]]:
    """A box around the patch on the grid of the filters, and the patch inside it."""
    left, top, right, bottom = patch.box
    rows, cols = patch.level.shape
    first_x, first_y = max((left // GRID_PX - 1) * GRID_PX, 0), max((top // GRID_PX - 1) * GRID_PX, 0)
    last_x, last_y = min((right // GRID_PX + 2) * GRID_PX, cols), min((bottom // GRID_PX + 2) * GRID_PX, rows)
    inner = (slice(top - first_y, bottom - first_y), slice(left - first_x, right - first_x))
    return (first_x, first_y, last_x, last_y), inner


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
