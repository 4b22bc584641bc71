"""A view that grows while its lines arrive, cheap to show at any moment."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from imaging.calibrate import References, brightest
from imaging.errors import ScanInvalidError
from imaging.material import BELT_KV, CARGO_KV, Codes, MaterialTable, beam_at, looks_like_mev
from imaging.planes import Plane
from imaging.pyramid import SMALLEST_PX, Level, Pyramid, codes_of, halve_by_mean, halve_by_minimum
from imaging.scan import Counts, Generator, View, ViewKind

FIRST_COLS = 1024
FIRST_GUESS_COLS = 128


@dataclass(slots=True, eq=False)
class _Size:
    """Room for one size of the growing view; `used` of the columns are valid."""

    step: int
    means: list[Plane]
    darkest: list[Plane]
    codes: Codes | None
    used: int = 0


@dataclass(eq=False)
class GrowingView:
    """Lines of one view become columns from left to right; lost lines stay as columns of zero counts.

    `rows` is the pixels of a line, `lines_expected` saves growing the arrays. `air_high` and `air_low`, where the
    machine tells them, calibrate the display; else the brightest pixels of the first lines do. One thread appends,
    others may take snapshots.
    """

    rows: int
    has_low: bool = True
    lines_expected: int | None = None
    generator: Generator | None = None
    air_high: float | None = None
    air_low: float | None = None
    dark: float = 0.0
    max_pixels: int = 100_000_000
    _sizes: list[_Size] = field(default_factory=list, init=False)
    _references: References | None = field(default=None, init=False)
    _table: MaterialTable | None = field(default=None, init=False)
    _is_mev: bool = field(default=False, init=False)
    _guess_at: int = field(default=FIRST_GUESS_COLS, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def cols(self) -> int:
        """Columns so far."""
        return self._sizes[0].used if self._sizes else 0

    def append(self, first: int, high: Counts, low: Counts | None = None) -> None:
        """Put lines (lines, rows) at columns `first` onward.

        Raises:
            ScanInvalidError: the lines do not fit the view, lie before its start, or make it larger than allowed.
        """
        self._check(first, high, low)
        planes = [high.T] if low is None else [high.T, low.T]
        with self._lock:
            if self._references is None:
                self._calibrate(high, low)
            end = first + high.shape[0]
            self._make_room(end)
            base = self._sizes[0]
            for target, lines in zip(base.means, planes, strict=True):
                target[:, first:end] = lines
            begin = min(first, base.used)
            base.used = max(base.used, end)
            self._refresh(begin, end)
            self._guess_beam()

    def snapshot(self) -> Pyramid | None:
        """The columns so far as a pyramid that shares the memory of this view; None before the first line."""
        with self._lock:
            if not self._sizes or not self._sizes[0].used:
                return None
            sizes = [size for i, size in enumerate(self._sizes) if i == 0 or size.used]
            levels = tuple(
                Level(
                    size.step,
                    tuple(plane[:, : size.used] for plane in size.means),
                    tuple(plane[:, : size.used] for plane in size.darkest),
                )
                for size in sizes
            )
            codes = {i: size.codes[:, : size.used] for i, size in enumerate(sizes) if size.codes is not None}
            kind = ViewKind.DUAL if self.has_low else ViewKind.SINGLE
            return Pyramid(levels, kind, self._references, self._table, codes)

    def view(self, name: str = "top", mm_per_row: float | None = None, mm_per_col: float | None = None) -> View:
        """The columns so far as a View with arrays of its own.

        Raises:
            ScanInvalidError: no line has arrived.
        """
        with self._lock:
            if not self._sizes or not self._sizes[0].used:
                raise ScanInvalidError("No line has arrived yet.")
            base = self._sizes[0]
            arrays = [np.ascontiguousarray(plane[:, : base.used], np.uint16) for plane in base.means]
        return View(
            name,
            arrays[0],
            arrays[1] if self.has_low else None,
            mm_per_row=mm_per_row,
            mm_per_col=mm_per_col,
            air_low=self.air_low,
            air_high=self.air_high,
            dark=self.dark,
        )

    def _check(self, first: int, high: Counts, low: Counts | None) -> None:
        if (low is not None) != self.has_low:
            raise ScanInvalidError("The lines do not have the energies that this view was opened with.")
        for lines in (high, low):
            if lines is not None and (lines.ndim != 2 or lines.shape != (high.shape[0], self.rows)):
                raise ScanInvalidError(f"Lines of {self.rows} pixels were expected, these are {lines.shape}.")
        if first < 0 or (first + high.shape[0]) * self.rows > self.max_pixels:
            raise ScanInvalidError(f"Line {first} is outside of what a view may hold.")

    def _calibrate(self, high: Counts, low: Counts | None) -> None:
        air_high = self.air_high or brightest(high, self.dark)
        air_low = self.air_low or (air_high if low is None else brightest(low, self.dark))
        floor = self.dark + 1.0
        self._references = References(max(air_high, floor), max(air_low, floor), self.dark, self.air_high is None)
        if self.has_low:
            kv = self.generator.kv if self.generator is not None else BELT_KV
            self._table = MaterialTable.of(self._references, beam_at(kv))

    def _guess_beam(self) -> None:
        """Where no machine tells its voltage, the load does: asked again whenever twice as many columns are there."""
        base = self._sizes[0]
        if self._references is None or self.generator is not None or not self.has_low or base.used < self._guess_at:
            return
        self._guess_at *= 2
        high, low = (np.asarray(plane[:, : base.used], np.uint16) for plane in base.means)
        is_mev = looks_like_mev(high, low, self._references)
        if is_mev is not None and is_mev != self._is_mev:
            self._is_mev = is_mev
            self._table = MaterialTable.of(self._references, beam_at(CARGO_KV if is_mev else BELT_KV))
            self._refresh(0, base.used)

    def _make_room(self, cols: int) -> None:
        if self._sizes and cols <= self._sizes[0].means[0].shape[1]:
            return
        old = self._sizes
        room = max(cols, self.lines_expected or FIRST_COLS)
        if old:
            room = max(cols, 2 * old[0].means[0].shape[1])
        self._sizes = []
        rows, step = self.rows, 1
        while True:
            size = self._empty_size(rows, room, step)
            if len(self._sizes) < len(old):
                _copy_columns(old[len(self._sizes)], size)
            self._sizes.append(size)
            if max(rows, room) <= SMALLEST_PX:
                break
            rows, room, step = (rows + 1) // 2, (room + 1) // 2, step * 2
        if len(self._sizes) > len(old) > 0:
            self._refresh(0, self._sizes[0].used)

    def _empty_size(self, rows: int, cols: int, step: int) -> _Size:
        count = 2 if self.has_low else 1
        means: list[Plane] = [np.zeros((rows, cols), np.uint16) for _ in range(count)]
        darkest = means if step == 1 else [np.zeros_like(plane) for plane in means]
        return _Size(step, means, darkest, np.zeros((rows, cols), np.uint8) if self.has_low else None)

    def _refresh(self, begin: int, end: int) -> None:
        """Recompute the smaller sizes and the material codes of columns `begin` to `end` of the full size."""
        for index, size in enumerate(self._sizes):
            if index:
                larger = self._sizes[index - 1]
                begin, end = begin // 2, (end + 1) // 2
                size.used = max(size.used, end)
                source = slice(2 * begin, min(2 * end, larger.used))
                for target, plane in zip(size.means, larger.means, strict=True):
                    target[:, begin:end] = halve_by_mean(plane[:, source])
                for target, plane in zip(size.darkest, larger.darkest, strict=True):
                    target[:, begin:end] = halve_by_minimum(plane[:, source])
            if size.codes is not None and self._table is not None:
                left = max(begin - 2, 0)
                fresh = codes_of(self._table, tuple(plane[:, left:end] for plane in size.means))
                size.codes[:, max(begin - 1, 0) : end] = fresh[:, max(begin - 1, 0) - left :]


def _copy_columns(old: _Size, new: _Size) -> None:
    new.used = old.used
    for name in ("means", "darkest"):
        for source, target in zip(getattr(old, name), getattr(new, name), strict=True):
            target[:, : old.used] = source[:, : old.used]
    if old.codes is not None and new.codes is not None:
        new.codes[:, : old.used] = old.codes[:, : old.used]
