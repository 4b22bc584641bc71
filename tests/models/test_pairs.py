"""Figures of pairs: recall and equal error rate against counting by hand, and the trivial rival."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pairs import (
    Seen,
    compare_trivially,
    cosines,
    describe,
    draw_steps,
    equal_error_rate,
    judge,
    recall_at,
    trivial_features,
)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_recall_counts_ties_against_the_right_answer() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.5, 0.5, 0.5]], np.float32)
    assert recall_at(scores, 1) == pytest.approx(1 / 3)
    assert recall_at(scores, 2) == pytest.approx(2 / 3)
    assert recall_at(scores, 3) == 1


@given(st.integers(0, 5))
def test_parted_scores_have_no_error_and_equal_ones_half(seed: int) -> None:
    rng = np.random.default_rng(seed)
    same, other = rng.uniform(0.6, 1, 50), rng.uniform(0, 0.5, 80)
    rate, threshold = equal_error_rate(same, other)
    assert rate == 0
    assert 0.5 < threshold <= same.min()
    assert equal_error_rate(same, same)[0] == pytest.approx(0.5, abs=0.02)


def test_error_rate_counts_the_overlap() -> None:
    same = np.array([0.9, 0.8, 0.7, 0.2])
    other = np.array([0.1, 0.15, 0.3, 0.75])
    assert equal_error_rate(same, other)[0] == pytest.approx(0.25)


def test_groups_are_judged_and_steps_lie_between_same_and_altered() -> None:
    groups = [
        Seen(unit(*row), unit(*row), (unit(*(row + 0.3)), unit(*(row + 0.3))), unit(*(row + 0.1)))
        for row in np.eye(12, dtype=np.float32)
    ]
    figures = judge(groups, cosines)
    assert figures["gallery"] == 12
    assert figures["recall at 1"] == 1
    assert figures["equal error rate, altered"] == 0
    assert figures["same lot, recall at 1"] == 1
    same_from, alike_from = draw_steps(groups, cosines)
    assert alike_from < same_from < 1
    lines = describe({"model": figures})
    assert len(lines) == len(figures) + 1


def test_the_trivial_rival_takes_the_four_ways_for_one() -> None:
    rng = np.random.default_rng(3)
    frame, other = (rng.random((3, 96, 128)).astype(np.float32) for _ in range(2))
    features = np.stack([trivial_features(each) for each in (frame, frame[:, ::-1], frame[:, :, ::-1])])
    scores = compare_trivially(features[:1], np.stack([*features, trivial_features(other)]))[0]
    assert scores[:3] == pytest.approx(1, abs=1e-4)
    assert scores[3] < 0.8
