"""Several models on one scan: the surest speaks, by its own steps and not by scores that do not compare."""

from __future__ import annotations

from models.detector import Detection, Findings, Level
from models.merge import merge

HERE, NEAR, ELSEWHERE = (10, 10, 50, 50), (12, 10, 52, 50), (200, 10, 240, 50)


def test_a_sure_find_is_not_hidden_by_a_higher_score_that_means_nothing() -> None:
    doubtful = Detection("firearm", 0.60, Level.BELOW, HERE)
    sure = Detection("firearm", 0.55, Level.SURE, NEAR)
    hint = Detection("firearm", 0.9, Level.HINT, ELSEWHERE)
    found = merge([Findings("a 1", 3.0, (doubtful,)), Findings("b 1", 4.0, (hint, sure))])
    assert found.detections == (sure, hint)
    assert (found.model, found.ms) == ("a 1 + b 1", 7.0)


def test_within_a_step_the_higher_score_speaks_and_other_classes_and_views_stay() -> None:
    low, high = (Detection("blade", score, Level.LIKELY, HERE) for score in (0.4, 0.5))
    tool = Detection("tool", 0.45, Level.LIKELY, HERE)
    other_view = Detection("blade", 0.3, Level.LIKELY, HERE, view=1)
    assert merge([Findings("a", 1, (low, tool)), Findings("b", 1, (high, other_view))]).detections == (
        high, tool, other_view,
    )  # fmt: skip
