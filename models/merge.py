"""What several models said of one scan, as one list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.detector import TOGETHER, Detection, Findings, Level
from models.heads.boxes import suppress

SAME = 0.5
"""Overlap from which two boxes of one class are one object."""
STEPS = (Level.BELOW, Level.HINT, Level.LIKELY, Level.SURE)


def merge(findings: Sequence[Findings]) -> Findings:
    """One list, surest first: where models see the same class at the same place, the surest of them speaks.

    Scores of two models do not compare, their confidence steps do; within a step the score counts.
    """
    if len(findings) == 1:
        return findings[0]
    every = [found for each in findings for found in each.detections]
    kinds: dict[tuple[str, int], int] = {}
    classes = np.array([kinds.setdefault((one.label, one.view), len(kinds)) for one in every], np.intp)
    boxes = np.array([one.box for one in every], np.float32).reshape(-1, 4)
    scores = np.array([_sureness(one) for one in every], np.float32)
    kept: list[Detection] = [every[row] for row in suppress(boxes, scores, classes, SAME)]
    kept.sort(key=_sureness, reverse=True)
    return Findings(TOGETHER.join(each.model for each in findings), sum(each.ms for each in findings), tuple(kept))


def _sureness(one: Detection) -> float:
    return 2.0 * STEPS.index(one.level) + one.score
