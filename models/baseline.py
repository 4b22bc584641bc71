"""The bar that a detector must clear: the densest blobs of the bag, drawn blind to class."""

from __future__ import annotations

import cv2
import numpy as np

from imaging.scan import Scan, View
from models.card import InputKind
from models.detector import Detection, Findings, Level
from models.inputs import Planes, read_planes

BAG_FROM = 0.12
DENSEST_PART = 0.1
FEWEST_PX = 60
LABEL = "blob"


class DenseBlobs:
    """The darkest tenth of the bag, opened, as boxes, the largest first: a Detector that has learned nothing."""

    name = "dense blobs"

    def find(self, scan: Scan) -> Findings:
        """Blobs of every view; the score is the blob's share of the picture's area."""
        found = [blob for number, view in enumerate(scan.views) for blob in find_blobs(view, number)]
        return Findings(self.name, 0.0, tuple(sorted(found, key=lambda blob: -blob.score)))

    def close(self) -> None:
        """It holds nothing."""


def find_blobs(view: View, number: int = 0) -> list[Detection]:
    """The dense blobs of one view, largest first."""
    return find_blobs_in(read_planes(view, InputKind.ATTEN_ZEFF)[0], number)


def find_blobs_in(darkness: Planes, number: int = 0) -> list[Detection]:
    """The dense blobs of a first channel as models.inputs makes it."""
    bag = darkness[darkness > BAG_FROM]
    if bag.size == 0:
        return []
    dense = (darkness >= max(float(np.quantile(bag, 1 - DENSEST_PART)), BAG_FROM)).astype(np.uint8)
    dense = np.asarray(cv2.morphologyEx(dense, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), dtype=np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dense)
    blobs = sorted((stats[i] for i in range(1, count) if stats[i][4] >= FEWEST_PX), key=lambda row: -row[4])
    return [
        Detection(LABEL, float(area / darkness.size), Level.BELOW, (int(x), int(y), int(x + w), int(y + h)), number)
        for x, y, w, h, area in blobs
    ]
