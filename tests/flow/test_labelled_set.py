"""What officers know, taken out: what opening showed, what they drew, and nothing that leads to a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.customs.examination import Examination, Found, Handling, Item
from app.customs.outcome import Outcome
from app.customs.states import Action
from app.labelled_set import Choice, Exported
from app.officers.errors import OfficerError
from app.settings import DeviceEntry
from app.store.errors import ExportError
from imaging.annotations import Annotation, Category, Shape, write_json
from imaging.files import read, tdr
from imaging.files.dicos import instance_ids
from imaging.files.tdr import Decision
from models.coco import open_pictures, read_coco
from tests.flow.conftest import T0, Desk

KNIFE = Annotation(Shape.BOX, ((20, 10), (40, 30)), Category.PROHIBITED, "knife", author="a")
NOTE = Annotation(Shape.TEXT, ((5, 5),), text="look")
WHOLE = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2027, 1, 1, tzinfo=UTC)}


def open_parcel(desk: Desk, at_s: float, action: Action | None, *drawn: Annotation) -> int:
    """A parcel with a number passes and is decided on; `action` is what opening showed, None: it was not opened."""
    desk.scan(at_s, f"RR12345{at_s:04.0f}CN")
    key = desk.newest.id
    decide = desk.station.decide
    if action is None:
        decide(key, Action.RELEASE, officer="a", reason="no_suspicion")
        return key
    decide(key, Action.REFER, officer="a", reason="blade", annotations=write_json(drawn))
    decide(key, Action.OPEN, officer="a", second_officer="b")
    decide(key, action, officer="a", reason="prohibited_goods", note="seen", second_officer="b")
    return key


def take_out(desk: Desk, out: Path, **wanted: Any) -> tuple[Exported, dict[str, Any]]:
    done = desk.station.labelled_sets.export(out, Choice(**{**WHOLE, **wanted}), officer="a")
    return done, json.loads((out / "coco.json").read_text("utf-8"))


def test_a_set_has_what_opening_showed_and_what_was_drawn(desk: Desk, tmp_path: Path) -> None:
    key = open_parcel(desk, 0, Action.EXAM_ABNORMAL, KNIFE, NOTE)
    items = (Item("玩具", "toys", "a folding knife", Found.PROHIBITED, "hidden"), Item("书", "books", "books"))
    desk.station._store.examinations.sign(Examination(key, items, Handling.DETAIN, "a", "b", T0))
    open_parcel(desk, 60, Action.EXAM_NORMAL)
    open_parcel(desk, 120, None)
    out = tmp_path / "set"
    done, coco = take_out(desk, out)
    assert (done.parcels, done.pictures, done.boxes) == ({Outcome.FOUND: 1, Outcome.CLEAN: 1}, 2, 1)
    found, clean = coco["images"]
    assert (found["outcome"], clean["outcome"]) == ("found", "clean")
    assert found["found"] == [{"what": "a folding knife", "result": "prohibited_goods"}]
    assert found["reasons"] == ["blade", "prohibited_goods"]

    ((scan, known), (_, nothing)) = open_pictures(read_coco(out / "coco.json"), out, read)
    assert [(one.label, one.box) for one in known] == [("prohibited", (20, 10, 40, 30))]
    assert nothing == ()
    kept = desk.station.open_scan(key)
    assert kept is not None
    assert (scan.views[0].high == kept.views[0].high).all()
    assert desk.station._store.verify_log().is_ok
    (event,) = [each for each in desk.station._store.pending(500) if "labelled_set_exported" in str(each.body)]
    assert (event.body["officer"], event.body["found"], event.body["pictures"]) == ("a", 1, 2)


def test_nothing_in_it_leads_to_a_parcel(desk: Desk, tmp_path: Path) -> None:
    open_parcel(desk, 0, Action.EXAM_ABNORMAL, KNIFE)
    take_out(desk, tmp_path / "set", with_dicos=True)
    for path in (tmp_path / "set").rglob("*"):
        if path.is_file():
            assert b"RR12345" not in path.read_bytes()


def test_reports_refer_to_the_pictures_beside_them(desk: Desk, tmp_path: Path) -> None:
    open_parcel(desk, 0, Action.EXAM_ABNORMAL, KNIFE)
    take_out(desk, tmp_path / "set", with_dicos=True)
    (path,) = (tmp_path / "set" / "dicos").glob("*_tdr.dcs")
    report = tdr.read(path)
    assert report.decision is Decision.ALARM
    assert [one.box for one in report.objects] == [(20, 10, 40, 30)]
    pictures = sorted(set((tmp_path / "set" / "dicos").iterdir()) - {path})
    assert set(report.refers_to) == set(instance_ids(pictures))
    assert len(pictures) == 2


def test_only_what_was_drawn_round_objects_is_one_and_ends_at_the_pictures_edge(desk: Desk, tmp_path: Path) -> None:
    outside = Annotation(Shape.BOX, ((-30.0, -5.0), (50, 60)), Category.PROHIBITED)
    arrow = Annotation(Shape.ARROW, ((10, 10), (55, 35)))
    away = Annotation(Shape.BOX, ((70, 50), (90, 60)))
    open_parcel(desk, 0, Action.EXAM_ABNORMAL, outside, arrow, away, NOTE)
    done, coco = take_out(desk, tmp_path / "set", with_dicos=True)
    assert done.boxes == 1
    assert [one["bbox"] for one in coco["annotations"]] == [[0, 0, 50, 40]]
    (path,) = (tmp_path / "set" / "dicos").glob("*_tdr.dcs")
    assert [one.box for one in tdr.read(path).objects] == [(0, 0, 50, 40)]


def test_what_was_drawn_belongs_to_the_picture_that_was_there_then(desk: Desk, tmp_path: Path) -> None:
    key = open_parcel(desk, 0, Action.EXAM_ABNORMAL, KNIFE)
    later = datetime.now(UTC) + timedelta(hours=1)
    desk.scan((later - T0).total_seconds(), "RR123450000CN")
    first, second = desk.station.parcel(key).captures
    _, coco = take_out(desk, tmp_path / "set", with_dicos=True)
    drawn_on = {image["file_name"]: image["id"] for image in coco["images"]}
    assert [one["image_id"] for one in coco["annotations"]] == [drawn_on[f"pictures/{first.scan_id}-0.tif"]]
    report = tdr.read(tmp_path / "set" / "dicos" / f"{second.scan_id}_tdr.dcs")
    assert report.objects == ()


def test_unopened_parcels_and_exercises_come_only_when_they_are_asked_for(desk: Desk, tmp_path: Path) -> None:
    open_parcel(desk, 0, None)
    done, _ = take_out(desk, tmp_path / "plain")
    assert done.parcels.total() == 0
    done, _ = take_out(desk, tmp_path / "all", with_unopened=True)
    assert done.parcels == {Outcome.UNOPENED: 1}
    done, _ = take_out(desk, tmp_path / "drill", with_unopened=True, is_drill=True)
    assert done.parcels.total() == 0
    desk.belt = DeviceEntry(name="belt", driver="simulated-belt", lane="mail")
    open_parcel(desk, 300, None)
    done, _ = take_out(desk, tmp_path / "drills", with_unopened=True, is_drill=True)
    assert done.parcels == {Outcome.UNOPENED: 1}


def test_a_parcel_on_which_a_threat_was_projected_is_never_in_it(desk: Desk, tmp_path: Path) -> None:
    key = open_parcel(desk, 0, Action.EXAM_ABNORMAL, KNIFE)
    scan_id = desk.station.parcel(key).captures[0].scan_id
    with desk.station._store._write() as writer:
        writer.execute(
            "INSERT INTO tips (parcel_id, scan_id, officer, lane, category, threat, placement, boxes, is_helped, "
            "is_boxed, shown_us, event_seq) VALUES (?, ?, 'a', 'mail', 'blade', 't', '', '[]', 0, 0, 1, 1)",
            (key, scan_id),
        )
    done, coco = take_out(desk, tmp_path / "set", with_unopened=True)
    assert done.parcels.total() == 0
    assert coco["images"] == []


def test_a_picture_that_cannot_be_read_is_left_out_and_counted(desk: Desk, tmp_path: Path) -> None:
    key = open_parcel(desk, 0, Action.EXAM_ABNORMAL)
    (desk.station._store.captures_folder / desk.station.parcel(key).captures[0].path).unlink()
    done, _ = take_out(desk, tmp_path / "set")
    assert (done.pictures, done.left_out) == (0, 1)


def test_it_takes_the_right_and_an_empty_folder(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(OfficerError):
        desk.station.labelled_sets.export(tmp_path / "x", Choice(**WHOLE), officer="nobody")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError):
        take_out(desk, tmp_path / "x")
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["mine.txt"]
