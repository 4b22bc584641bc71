"""Results of quality checks, kept a line each, and whether a machine drifts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import FileTornError

BASELINE, LEAST_EARLIER, RUN = 10, 5, 8
"""Checks that say what is usual, how many are needed to say so, and how many on one side mean a drift."""
MAX_FILE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the check; `value` is None where nothing was seen, `reach` None where nothing is asked."""

    name: str
    value: float | None
    unit: str
    reach: float | None = None
    is_ok: bool | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A check of one view on one day."""

    taken_at: datetime
    device: str
    view: str
    mm_per_px: float
    figures: tuple[Figure, ...]

    @property
    def is_ok(self) -> bool:
        return all(figure.is_ok is not False for figure in self.figures)

    def value(self, name: str) -> float | None:
        return next((figure.value for figure in self.figures if figure.name == name), None)

    def to_json(self) -> str:
        """One line, for a file that grows by a line a check."""
        return json.dumps({**asdict(self), "taken_at": self.taken_at.isoformat()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Result:
        """
        Raises:
            ValueError: the line is no result.
        """
        try:
            entry: dict[str, Any] = json.loads(line)
            figures = tuple(Figure(**figure) for figure in entry.pop("figures"))
            return cls(datetime.fromisoformat(entry.pop("taken_at")), figures=figures, **entry)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this is no result of a quality check: {error}") from error


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure that left what it was; `rule` is a text key below `quality.drift`."""

    figure: str
    rule: str
    value: float | None
    usual: float | None


def keep(result: Result, path: Path) -> None:
    """Add a result to a file of results, in place of a last line that a power cut left unfinished.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    path.touch()
    with path.open("rb+") as file:
        file.truncate(file.read().rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        file.write(result.to_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_kept(path: Path) -> tuple[Result, ...]:
    """The results of a file, oldest first; none where there is no file yet. A last line cut off by a power cut is left
    out.

    Raises:
        FileTornError: another line is no result, or the file is too large.
    """
    if not path.exists():
        return ()
    if path.stat().st_size > MAX_FILE_BYTES:
        raise FileTornError(path, "it is too large for a file of quality checks. Begin a new one.")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    results = []
    for number, line in enumerate(lines, start=1):
        try:
            results.append(Result.from_json(line))
        except ValueError as error:
            if number < len(lines):
                raise FileTornError(path, f"line {number} is no quality check. Restore the file.") from error
    return tuple(sorted(results, key=lambda result: result.taken_at))


def find_drift(earlier: Sequence[Result], now: Result) -> tuple[Drift, ...]:
    """What changed against the machine's first checks.

    Rules 1 and 4 of the Western Electric handbook (1956): one value beyond three sigmas of the first ten, or eight in
    a row on one side of their mean; and a detail that is no longer seen. Results of other machines are left out, and
    nothing is said before five earlier ones.
    """
    mine = [result for result in earlier if (result.device, result.view) == (now.device, now.view)]
    mine.sort(key=lambda result: result.taken_at)
    if len(mine) < LEAST_EARLIER:
        return ()
    found = (_drift_of(figure, mine) for figure in now.figures)
    return tuple(drift for drift in found if drift is not None)


def _drift_of(figure: Figure, earlier: list[Result]) -> Drift | None:
    values = [result.value(figure.name) for result in earlier]
    known = [value for value in values[:BASELINE] if value is not None]
    if len(known) < LEAST_EARLIER:
        return None
    mean, sigma = float(np.mean(known)), float(np.std(known, ddof=1))
    if figure.value is None:
        return Drift(figure.name, "not_seen", None, mean)
    if abs(figure.value - mean) > max(3 * sigma, 1e-9 + abs(mean) * 1e-6):
        return Drift(figure.name, "beyond_three_sigmas", figure.value, mean)
    recent = [value for value in (*values[BASELINE:], figure.value) if value is not None][-RUN:]
    is_run = all(value > mean for value in recent) or all(value < mean for value in recent)
    return Drift(figure.name, "eight_on_one_side", figure.value, mean) if len(recent) == RUN and is_run else None
