"""The vectors of a station in memory, and the nearest of them to one: exact, a block at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.customs.parcel import Kind
from app.store.vectors import Block, Vector, Vectors

ROWS_AT_ONCE = 65_536
"""Rows that are turned from half to single precision at once: 16 MB of 64 numbers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may be found: parcels of a kind but one, by pictures that were taken between two moments."""

    kind: Kind
    since_us: int = 0
    until_us: int = 1 << 62
    not_parcel: int = 0


class Index:
    """The newest `most` vectors of one model, read when they are first asked for and followed from then on."""

    def __init__(self, vectors: Vectors, sha256: str, dimensions: int, most: int) -> None:
        self._vectors = vectors
        self._sha256 = sha256
        self._dimensions = dimensions
        self._most = most
        self._blocks: list[Block] = []
        self._lock = threading.Lock()

    def nearest(self, vector: Vector, wanted: Wanted, most: int) -> list[tuple[int, float]]:
        """Parcels and their cosine, the best first, each once."""
        with self._lock:
            self._follow()
            blocks = list(self._blocks)
        return best_of(blocks, vector, wanted, most)

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def _follow(self) -> None:
        """Read what was added since; of more than `most` vectors those that were read first go, a block at a time."""
        if not self._blocks:
            block = self._vectors.read_newest(self._sha256, self._most, self._dimensions)
        else:
            last = max(block.last_id for block in self._blocks)
            block = self._vectors.read_added(self._sha256, last, self._most, self._dimensions)
        if len(block):
            self._blocks.append(block)
        while len(self._blocks) > 1 and len(self) - len(self._blocks[0]) >= self._most:
            self._blocks.pop(0)


def best_of(blocks: Sequence[Block], vector: Vector, wanted: Wanted, most: int) -> list[tuple[int, float]]:
    """The nearest of some vectors, by parcel; a parcel counts by the picture that is most alike."""
    found: dict[int, float] = {}
    for block in blocks:
        for start in range(0, len(block), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            scores = block.vectors[rows].astype(np.float32) @ vector
            scores[~_fits(block, rows, wanted)] = -2
            for at in _highest(scores, 4 * most):
                if scores[at] > -2:
                    parcel_id = int(block.parcel_ids[start + at])
                    found[parcel_id] = max(found.get(parcel_id, -2.0), float(scores[at]))
    ranked = sorted(found.items(), key=lambda each: (-each[1], -each[0]))
    return ranked[:most]


def _fits(block: Block, rows: slice, wanted: Wanted) -> npt.NDArray[np.bool_]:
    fits = block.is_container[rows] == (wanted.kind is Kind.CONTAINER)
    fits &= (block.taken_us[rows] >= wanted.since_us) & (block.taken_us[rows] < wanted.until_us)
    return np.asarray(fits & (block.parcel_ids[rows] != wanted.not_parcel))


def _highest(scores: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.intp]:
    if len(scores) <= most:
        return np.arange(len(scores))
    return np.argpartition(scores, -most)[-most:]
