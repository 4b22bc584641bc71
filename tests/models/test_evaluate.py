"""Figures, each against a case that can be counted by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.scan import Scan, View
from models.baseline import DenseBlobs
from models.coco import CocoError, open_pictures, read_coco
from models.detector import Detection, Level
from models.evaluate import (
    Judged,
    Known,
    auroc,
    average_precision,
    best_score,
    calibrate,
    froc,
    hit_by_best,
    judge,
    recall_at,
    report,
)

BOX, NEAR, FAR = (0, 0, 10, 10), (0, 2, 10, 12), (50, 50, 60, 60)


def found(*entries: tuple[str, float, tuple[int, int, int, int]]) -> tuple[Detection, ...]:
    return tuple(Detection(label, score, Level.BELOW, box) for label, score, box in entries)


def picture(known: Sequence[Known], *entries: tuple[str, float, tuple[int, int, int, int]]) -> Judged:
    return Judged(tuple(known), found(*entries), (1.0, 1.0))


KNIFE = Known("knife", BOX)


def test_average_precision_of_one_hit_between_two_misses() -> None:
    judged = [
        picture([KNIFE], ("knife", 0.9, FAR), ("knife", 0.8, BOX)),
        picture([KNIFE], ("knife", 0.7, FAR)),
    ]
    assert average_precision(judged, "knife") == pytest.approx(0.5 * 51 / 101)
    assert average_precision(judged, "gun") != average_precision(judged, "gun"), "nothing to find"


def test_a_second_box_on_the_same_object_is_false() -> None:
    twice = [picture([KNIFE], ("knife", 0.9, BOX), ("knife", 0.8, NEAR)), picture([KNIFE], ("knife", 0.7, BOX))]
    assert average_precision(twice, "knife") == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_clean_picture_may_hold_what_is_not_asked_for_but_no_other_name_for_it() -> None:
    jar = Known("liquid", BOX, is_ignored=True)
    named = picture([jar], ("liquid", 0.9, BOX), ("knife", 0.4, FAR))
    assert named.is_clean
    assert best_score(named, "liquid") == 0
    assert best_score(named) == 0.4
    assert best_score(picture([jar], ("knife", 0.7, BOX)), "knife") == 0.7
    assert best_score(picture([jar], ("liquid", 0.6, FAR)), "liquid") == 0.6
    assert not picture([jar, KNIFE]).is_clean


def test_ignored_objects_neither_ask_nor_punish() -> None:
    judged = [picture([KNIFE, Known("knife", FAR, True)], ("knife", 0.9, FAR), ("knife", 0.8, BOX))]
    assert average_precision(judged, "knife") == pytest.approx(1.0)
    assert average_precision([picture([Known("knife", FAR, True)])], "knife") != 1.0


def test_what_counts_is_matched_first_and_what_does_not_may_be_found_twice() -> None:
    beside = Known("knife", NEAR, True)
    first = [picture([beside, KNIFE], ("knife", 0.9, NEAR))]
    assert average_precision(first, "knife") == pytest.approx(1.0)
    twice = [picture([KNIFE, Known("knife", FAR, True)], ("knife", 0.9, FAR), ("knife", 0.8, FAR), ("knife", 0.7, BOX))]
    assert average_precision(twice, "knife") == pytest.approx(1.0)
    once = [picture([KNIFE], ("knife", 0.9, BOX), ("knife", 0.8, BOX), ("knife", 0.7, FAR))]
    assert average_precision([*once, picture([KNIFE], ("knife", 0.6, BOX))], "knife") < 0.8


def test_overlap_decides() -> None:
    judged = [picture([KNIFE], ("knife", 0.9, NEAR))]
    assert average_precision(judged, "knife", 0.5) == pytest.approx(1.0)
    assert average_precision(judged, "knife", 0.7) == 0.0


def test_blind_to_class() -> None:
    judged = [picture([KNIFE], ("gun", 0.9, BOX))]
    assert average_precision(judged, "knife") == 0.0
    assert average_precision(judged, None) == pytest.approx(1.0)
    assert hit_by_best(judged) == 1.0


def test_thresholds_let_the_wanted_part_of_clean_pictures_through() -> None:
    clean = [picture([], ("knife", score / 1000, FAR)) for score in range(1000)]
    cuts = calibrate(clean, "knife")
    for rate, cut in cuts.items():
        alarms = sum(any(d.score >= cut for d in p.found) for p in clean)
        assert alarms <= rate * 10
        assert alarms >= rate * 10 - 2
    assert calibrate([picture([KNIFE])], "knife") == {}


def test_recall_at_a_threshold() -> None:
    judged = [picture([KNIFE], ("knife", 0.5, BOX)), picture([KNIFE], ("knife", 0.4, BOX)), picture([KNIFE])]
    assert recall_at(judged, "knife", 0.5) == pytest.approx(1 / 3)
    assert recall_at(judged, "knife", 0.4) == pytest.approx(2 / 3)
    assert math.isnan(recall_at(judged, "gun", 0.4))


def test_froc_counts_false_boxes_on_clean_pictures_only() -> None:
    clean = [picture([], ("gun", 0.6, FAR)), *[picture([]) for _ in range(9)]]
    judged = [*clean, picture([KNIFE], ("knife", 0.7, BOX)), picture([KNIFE], ("knife", 0.5, BOX))]
    assert froc(judged) == {0.1: 1.0, 0.25: 1.0, 0.5: 1.0, 1.0: 1.0}
    noisier = [*judged, picture([], ("gun", 0.55, FAR), ("gun", 0.54, FAR))]
    assert froc(noisier)[0.1] == pytest.approx(0.5)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 1).map(lambda v: round(v, 1)), min_size=1, max_size=20),
    st.lists(st.floats(0, 1).map(lambda v: round(v, 1)), min_size=1, max_size=20),
)
def test_auroc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(positive, negative) == pytest.approx(float(np.mean(pairs)))


def test_a_report_names_its_controls() -> None:
    judged = [picture([KNIFE], ("knife", 0.9, BOX)), picture([], ("knife", 0.1, FAR))]
    made = report(judged, ["knife", "gun"])
    assert (made.pictures, made.objects) == (2, 1)
    assert made.figures["mAP50"] == made.figures["mAP50:95"] == 1.0
    assert made.figures["picture AUROC"] == 1.0
    assert made.figures["control AUROC of size alone"] == 0.5
    assert "gun AP50" not in made.figures


def test_loose_boxes_cost_average_precision_at_high_overlaps() -> None:
    left, top, right, bottom = BOX
    loose = (left, top, right, top + round((bottom - top) * 0.72))
    figures = report([picture([KNIFE], ("knife", 0.9, loose))], ["knife"]).figures
    assert figures["mAP50"] == 1.0
    assert figures["mAP50:95"] == pytest.approx(0.5), "right at .50 to .70, wrong from .75 on"


def test_blobs_find_what_is_dense() -> None:
    colour = np.full((200, 300, 3), 255, np.uint8)
    colour[40:100, 40:200] = 200
    colour[50:90, 60:120] = 20
    blobs = DenseBlobs().find(Scan((View(colour=colour),))).detections
    assert blobs[0].box == (60, 50, 120, 90)
    assert DenseBlobs().find(Scan((View(colour=np.full((20, 20, 3), 255, np.uint8)),))).detections == ()


def coco(folder: Path, **changes: object) -> Path:
    content: dict[str, object] = {
        "images": [{"id": 3, "file_name": "a.png", "width": 9, "height": 9}],
        "categories": [{"id": 7, "name": "scissors"}],
        "annotations": [{"image_id": 3, "category_id": 7, "bbox": [1, 2, 3, 4], "iscrowd": 0}],
    }
    path = folder / "boxes.json"
    path.write_text(json.dumps(content | changes))
    return path


def test_coco_files_become_boxes(tmp_path: Path) -> None:
    entries = read_coco(coco(tmp_path))
    assert entries == [("a.png", (Known("scissors", (1, 2, 4, 6)),))]
    renamed = read_coco(coco(tmp_path), {"scissors": "blade"})
    assert renamed == [("a.png", (Known("blade", (1, 2, 4, 6)),))]
    (tmp_path / "a.png").touch()
    scan = Scan((View(colour=np.zeros((9, 9, 3), np.uint8)),))
    ((opened, known),) = open_pictures(entries, tmp_path, lambda path: scan)
    assert (opened, known[0].label) == (scan, "scissors")
    assert judge(DenseBlobs(), [(opened, known)])[0].known == known


@pytest.mark.parametrize(
    "changes", [{"images": 5}, {"annotations": [{"image_id": 4, "category_id": 7, "bbox": [1, 2, 3, 4]}]}]
)
def test_coco_files_that_lead_nowhere(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(CocoError):
        read_coco(coco(tmp_path, **changes))


@pytest.mark.parametrize("name", ["../boxes.json", "absent.png"])
def test_coco_pictures_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "pictures"
    inner.mkdir()
    coco(tmp_path)
    with pytest.raises(CocoError, match="not in"):
        list(open_pictures([(name, ())], inner, lambda path: Scan((View(colour=np.zeros((9, 9, 3), np.uint8)),))))
