"""How well a model tells that two scans show the same: recall in a gallery, equal error rate; and a trivial rival."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.inputs import Planes

Scores = npt.NDArray[np.float32]

GRID = (16, 12)
"""(cols, rows) of the trivial rival's picture."""
BINS = 16
WAYS = ((1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a method made of the scans of one group: two of the same, two altered, one of the same lot."""

    first: Scores
    second: Scores
    altered: tuple[Scores, Scores]
    lot: Scores


Compare = Callable[[Scores, Scores], Scores]
"""Features (n, d) of queries and (m, d) of a gallery -> scores (n, m)."""


def judge(groups: Sequence[Seen], compare: Compare) -> dict[str, float]:
    """The figures of one method; everything but the one right answer counts as wrong."""
    first, second = _stack(groups, "first"), _stack(groups, "second")
    altered = _stack_altered(groups)
    across = compare(first, second)
    same = across.diagonal()
    changed = np.concatenate([_paired(compare, first, each) for each in altered])
    others = across[~np.eye(len(groups), dtype=bool)]
    hard = compare(first, np.concatenate([second, *altered]))
    lots = compare(_stack(groups, "lot"), first)
    return {
        "gallery": float(len(groups)),
        "recall at 1": recall_at(across, 1),
        "recall at 5": recall_at(across, 5),
        "recall at 1, altered ones in the gallery": recall_at(hard, 1),
        "equal error rate, other parcels": equal_error_rate(same, others)[0],
        "equal error rate, altered": equal_error_rate(same, changed)[0],
        "same lot, recall at 1": recall_at(lots, 1),
        "same lot, recall at 5": recall_at(lots, 5),
    }


def draw_steps(groups: Sequence[Seen], compare: Compare) -> tuple[float, float]:
    """Scores for `same_from` and `alike_from`: 5 % of altered pairs reach the first, 99 % of the same the second."""
    first, second = _stack(groups, "first"), _stack(groups, "second")
    altered = _stack_altered(groups)
    changed = np.concatenate([_paired(compare, first, each) for each in altered])
    same_from = float(np.quantile(changed, 0.95))
    return same_from, min(float(np.quantile(_paired(compare, first, second), 0.01)), same_from - 0.01)


def recall_at(scores: Scores, most: int) -> float:
    """How often the right answer, that of the query's own number, is among the best; ties count against it."""
    right = scores[np.arange(len(scores)), np.arange(len(scores))]
    better = (scores >= right[:, None]).sum(axis=1) - 1
    return float((better < most).mean())


def equal_error_rate(same: Scores, other: Scores) -> tuple[float, float]:
    """The rate at which as many of the same are missed as others are taken for the same, and the score where."""
    same, other = np.sort(same), np.sort(other)
    thresholds = np.unique(np.concatenate([same, other]))
    missed = np.searchsorted(same, thresholds, side="left") / len(same)
    taken = 1 - np.searchsorted(other, thresholds, side="left") / len(other)
    place = int(np.argmin(np.abs(missed - taken)))
    return float(missed[place] + taken[place]) / 2, float(thresholds[place])


def cosines(queries: Scores, gallery: Scores) -> Scores:
    """Cosine of vectors of length one."""
    return np.asarray(queries @ gallery.T, np.float32)


def trivial_features(frame: Planes) -> Scores:
    """The rival's features of an upright picture: a small picture, normalised, and how much of which material."""
    small = cv2.resize(frame[0], GRID, interpolation=cv2.INTER_AREA)
    small = small - small.mean()
    small /= max(float(np.linalg.norm(small)), 1e-6)
    known = frame[1] > 0
    counts, _ = np.histogram(frame[1][known], BINS, (0, 1), weights=frame[0][known])
    return np.concatenate([small.ravel(), counts / max(float(counts.sum()), 1e-6)]).astype(np.float32)


def compare_trivially(queries: Scores, gallery: Scores) -> Scores:
    """The mean of the pictures' correlation, the best of the four ways, and of what the histograms share."""
    cols, rows = GRID
    pictures = queries[:, : cols * rows].reshape(-1, rows, cols)
    known = gallery[:, : cols * rows]
    ways = [pictures[:, ::down, ::along].reshape(len(queries), -1) @ known.T for down, along in WAYS]
    mine, theirs = queries[:, cols * rows :], gallery[:, cols * rows :]
    shared = np.stack([np.minimum(each, theirs).sum(axis=1) for each in mine])
    return np.asarray((np.max(ways, axis=0) + shared) / 2, np.float32)


def describe(figures: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines of a table: each figure, one column a method."""
    names = list(figures)
    rows = [f"{'':44s}" + "".join(f"{name:>16s}" for name in names)]
    for label in figures[names[0]]:
        rows.append(f"{label:44s}" + "".join(f"{figures[name][label]:16.3f}" for name in names))
    return rows


def _stack(groups: Sequence[Seen], name: str) -> Scores:
    return np.stack([getattr(group, name) for group in groups])


def _stack_altered(groups: Sequence[Seen]) -> list[Scores]:
    return [np.stack([group.altered[number] for group in groups]) for number in (0, 1)]


def _paired(compare: Compare, one: Scores, other: Scores) -> Scores:
    """The score of each pair of the same number; a block at a time, so that no great matrix is made."""
    parts = [compare(one[at : at + 100], other[at : at + 100]).diagonal() for at in range(0, len(one), 100)]
    return np.concatenate(parts)
