"""One object passing a line camera, from a scan that is there already: its start, its lines, the whole of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from imaging.scan import Counts, Scan, Truth, View
from scanners.device import FaultKind
from scanners.pace import Pace
from scanners.xray import LINES_LOST, PARTIAL, Lines, ScanStarted

DEFAULT_PITCH_MM = 0.8
"""Length of a line on the belt where a scan does not tell it."""


class Passage:
    """What the camera has seen of one object so far. The content is delivered under a new id, at the played time."""

    def __init__(self, content: Scan, line_s: float, pace: Pace) -> None:
        self.scan_id = uuid.uuid4().hex
        self.line_s = line_s
        self.lines = max(view.shape[1] for view in content.views)
        self.seen = 0
        self._content = content
        self._pace = pace
        self._started_s = pace.now_s()
        self._lost: list[tuple[int, int]] = []

    @property
    def lasts_s(self) -> float:
        return self.lines * self.line_s

    def start(self) -> ScanStarted:
        self._started_s = self._pace.now_s()
        pixels = tuple(view.shape[0] for view in self._content.views)
        return ScanStarted(self.scan_id, self._pace.time_at(self._started_s), pixels, self.lines)

    def lines_between(self, first: int, last: int) -> Iterator[Lines]:
        """The lines from `first` up to `last` of every view that is that long."""
        self.seen = last
        for number, view in enumerate(self._content.views):
            high = view.high
            end = min(last, view.shape[1])
            if high is not None and first < end:
                low = None if view.low is None else _turn(view.low[:, first:end])
                yield Lines(self.scan_id, number, first, _turn(high[:, first:end]), low)

    def lose(self, first: int, last: int) -> None:
        """These lines never arrive."""
        self.seen = last
        if self._lost and self._lost[-1][1] == first:
            first, _ = self._lost.pop()
        self._lost.append((first, last))

    def finish(self) -> Scan:
        """The whole scan, with zero counts where lines were lost."""
        return self._scan(tuple(self._with_losses(view) for view in self._content.views))

    def partial(self, kind: FaultKind) -> Scan | None:
        """What arrived before the scan was cut off; None when that is nothing."""
        if self.seen == 0:
            return None
        views = tuple(self._cut(self._with_losses(view)) for view in self._content.views)
        return replace(self._scan(views, {PARTIAL: str(kind)}), truth=tuple(self._seen_truth()))

    def _scan(self, views: tuple[View, ...], extra: dict[str, str] | None = None) -> Scan:
        told = dict(self._content.extra) | (extra or {})
        if self._lost:
            told[LINES_LOST] = " ".join(f"{first}-{last - 1}" for first, last in self._lost)
        return replace(
            self._content,
            id=self.scan_id,
            views=views,
            started_at=self._pace.time_at(self._started_s),
            finished_at=self._pace.time_at(self._pace.now_s()),
            extra=told,
        )

    def _seen_truth(self) -> Iterator[Truth]:
        for truth in self._content.truth:
            left, top, right, bottom = truth.box
            if left < self.seen:
                yield replace(truth, box=(left, top, min(right, self.seen), bottom))

    def _with_losses(self, view: View) -> View:
        if not self._lost:
            return view
        return replace(view, high=self._blank(view.high), low=self._blank(view.low))

    def _blank(self, counts: Counts | None) -> Counts | None:
        if counts is None:
            return None
        counts = counts.copy()
        for first, last in self._lost:
            counts[:, first:last] = 0
        return counts

    def _cut(self, view: View) -> View:
        seen = self.seen
        return replace(
            view,
            high=None if view.high is None else view.high[:, :seen].copy(),
            low=None if view.low is None else view.low[:, :seen].copy(),
            colour=None if view.colour is None else view.colour[:, :seen].copy(),
        )


def pitch_mm(scan: Scan) -> float:
    """How far the belt moves from line to line."""
    return scan.views[0].mm_per_col or DEFAULT_PITCH_MM


def _turn(counts: Counts) -> Counts:
    """(pixels, lines) as in the picture -> (lines, pixels) as from a camera."""
    return np.ascontiguousarray(counts.T)
