"""Several models at once: each on its lane, one in the shadow that nobody is shown, compared and switched on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from app.customs.model_trial import Mode
from app.customs.parcel import Declaration, FindingKind, GoodsLine, Kind, Lane
from app.customs.states import Action
from app.intake import SCANS_WAITING
from app.officers.errors import OfficerError
from app.screening import Posted
from app.settings import ModelChoice
from imaging.scan import Scan, View
from models.card import InputKind, ModelCard, ModelClass, write_card
from models.detector import Detection, Findings, Level, ModelBrokenError, ModelMissingError
from scanners.xray import ScanFinished
from tests.flow.conftest import T0, Desk, wait_until
from tests.flow.test_station import S10

GUN = Detection("firearm", 0.9, Level.SURE, (20, 10, 40, 30))
BLADE = Detection("blade", 0.7, Level.LIKELY, (20, 10, 40, 30))
FAINT = Detection("battery", 0.1, Level.BELOW, (1, 1, 5, 5))


class Says:
    """A detector that finds what it is told, or breaks."""

    def __init__(self, name: str, *found: Detection, ms: float = 2.0, is_broken: bool = False) -> None:
        self.name, self.found, self.ms, self.is_broken = name, found, ms, is_broken
        self.is_closed = False

    def find(self, scan: object) -> Findings:
        if self.is_broken:
            raise ModelBrokenError("it broke")
        return Findings(self.name, self.ms, self.found)

    def close(self) -> None:
        self.is_closed = True


def post(detector: Says, **settings: Any) -> Posted:
    return Posted(ModelChoice(model=detector.name, **settings), detector)


def pass_by(desk: Desk, at_s: float) -> int:
    """A parcel passes, and the models on trial have looked at it; its number."""
    desk.scan(at_s)
    desk.station._intake.screening.wait_until_idle()
    return desk.newest.id


def test_models_that_are_on_speak_as_one(desk: Desk) -> None:
    desk.station.use_detector(Says("first 1", GUN))
    desk.station.use_further([post(Says("lab 1", GUN, BLADE), mode=Mode.ON), post(Says("other 1"), lanes=("hall",))])
    parcel = desk.station.parcel(pass_by(desk, 0))
    assert [(one.label, one.level) for one in parcel.seen] == [("firearm", "sure"), ("blade", "likely")]
    assert parcel.captures[0].model == "first 1 + lab 1"
    assert parcel.captures[0].detect_ms == 4.0
    assert desk.watched.detector == ("first 1 + lab 1", None)


def test_a_model_that_is_on_and_breaks_leaves_what_the_others_saw_and_says_so(desk: Desk) -> None:
    desk.station.use_detector(Says("first 1", GUN))
    desk.station.use_further([post(Says("lab 1", is_broken=True), mode=Mode.ON)])
    parcel = desk.station.parcel(pass_by(desk, 0))
    assert [one.label for one in parcel.seen] == ["firearm"]
    assert FindingKind.UNSCREENED in [finding.kind for finding in parcel.findings]


def test_a_shadow_is_never_shown_and_moves_no_lane(desk: Desk) -> None:
    desk.station.use_detector(Says("first 1"))
    desk.station.use_further([post(Says("lab 1", GUN))])
    parcel = desk.station.parcel(pass_by(desk, 0))
    assert parcel.seen == ()
    assert parcel.lane is not Lane.RED
    assert "lab" not in parcel.captures[0].model
    assert desk.station._store.shadows.tried() == {"lab 1": 1}
    assert desk.station._store.verify_log().is_ok


class Holds(Says):
    """A detector that does not answer before it is let go."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked, self.may_answer = Event(), Event()

    def find(self, scan: object) -> Findings:
        self.asked.set()
        assert self.may_answer.wait(30)
        return super().find(scan)


class Asked(Says):
    """A detector that says when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked = Event()

    def find(self, scan: object) -> Findings:
        self.asked.set()
        return super().find(scan)


def test_a_container_that_is_looked_at_holds_up_no_belt_and_the_shadow_waits_for_both(desk: Desk) -> None:
    slow, shadow = Holds("slow 1"), Asked("lab 1")
    desk.station.use_detector(Says("first 1", GUN))
    desk.station.use_further([post(slow, looks_at=(Kind.CONTAINER,), mode=Mode.ON), post(shadow)])
    port = desk.belt.model_copy(update={"lane": "port", "carries": Kind.CONTAINER})
    counts = np.full((40, 60), 50_000, np.uint16)
    container, parcel = (
        Scan((View(high=counts, low=counts),), started_at=at, finished_at=at + timedelta(seconds=1))
        for at in (T0, T0 + timedelta(seconds=10))
    )
    try:
        desk.station._arrivals.take_xray(port, ScanFinished(container))
        assert slow.asked.wait(30)
        desk.station._arrivals.take_xray(desk.belt, ScanFinished(parcel))
        wait_until(lambda: len(desk.watched.rows) == 1)
        assert desk.newest.kind is Kind.PARCEL
        assert [one.label for one in desk.station.parcel(desk.newest.id).seen] == ["firearm"]
        assert not shadow.asked.wait(0.3)
    finally:
        slow.may_answer.set()
    assert shadow.asked.wait(30)
    desk.station.wait_until_idle()
    assert len(desk.watched.rows) == 2


def test_a_scan_that_finds_no_room_before_the_station_stops_is_there_after_the_next_start(
    desk: Desk, open_desk: Callable[..., Desk]
) -> None:
    slow = Holds("slow 1")
    desk.station.use_detector(slow)
    counts = np.full((40, 60), 50_000, np.uint16)
    times = [T0 + timedelta(seconds=10 * number) for number in range(SCANS_WAITING + 1)]
    scans = [Scan((View(high=counts, low=counts),), started_at=at, finished_at=at) for at in times]

    def pass_all() -> None:
        for scan in scans:
            desk.station._arrivals.take_xray(desk.belt, ScanFinished(scan))

    belt = Thread(target=pass_all)
    belt.start()
    try:
        assert slow.asked.wait(30)
        desk.station._intake.stop_waiting()
        belt.join(30)
    finally:
        slow.may_answer.set()
    assert not belt.is_alive()
    desk.station.wait_until_idle()
    assert len(desk.watched.rows) == SCANS_WAITING
    after = open_desk()
    after.station.wait_until_idle()
    assert len(after.watched.rows) == 1
    assert after.station._store.has_scan(scans[-1].id)


def test_a_shadow_that_breaks_is_counted_and_disturbs_nobody(desk: Desk) -> None:
    desk.station.use_detector(Says("first 1", GUN))
    desk.station.use_further([post(Says("lab 1", is_broken=True))])
    pass_by(desk, 0)
    assert desk.watched.errors == []
    trial = desk.station.models.compare("lab 1", 3650, officer="a")
    assert (trial.pictures, trial.failed) == (0, 1)


def test_a_trial_is_held_against_what_opening_found(desk: Desk) -> None:
    live, tried = Says("first 1"), Says("lab 1", ms=5.0)
    desk.station.use_detector(live)
    desk.station.use_further([post(tried)])
    cases: tuple[tuple[tuple[Detection, ...], tuple[Detection, ...], Action | None], ...] = (
        ((GUN,), (GUN,), Action.EXAM_ABNORMAL),
        ((), (BLADE, FAINT), Action.EXAM_ABNORMAL),
        ((), (BLADE,), Action.EXAM_NORMAL),
        ((BLADE,), (), None),
        ((), (), None),
    )
    for number, (seen, by_tried, action) in enumerate(cases):
        live.found, tried.found = seen, by_tried
        parcel_id = pass_by(desk, 10 * number)
        if action:
            for step in (Action.REFER, Action.OPEN, action):
                reason = "firearm" if step is Action.REFER else "prohibited_goods" if step is action else ""
                desk.station.decide(parcel_id, step, officer="a", reason=reason, note="seen", second_officer="b")
    trial = desk.station.models.compare("lab 1", 3650, officer="a")
    assert (trial.both, trial.only_live, trial.only_tried, trial.neither) == (1, 1, 2, 1)
    assert (trial.found, trial.found_live, trial.found_tried) == (2, 1, 2)
    assert (trial.clean, trial.clean_live, trial.clean_tried) == (1, 0, 1)
    assert (trial.live_boxes, trial.tried_boxes, trial.same_boxes) == (2, 3, 1)
    assert trial.agreement == pytest.approx(0.4)
    assert trial.tried_ms == (5.0, 5.0)


def test_a_switch_holds_at_once_and_after_a_restart(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.station.use_detector(Says("first 1", BLADE))
    desk.station.use_further([post(Says("lab 1", GUN))])
    desk.station.models.switch("lab 1", Mode.ON, officer="a", instead=True)
    assert desk.watched.detector == ("lab 1", None)
    assert [one.label for one in desk.station.parcel(pass_by(desk, 0)).seen] == ["firearm"]
    assert desk.station._store.shadows.tried() == {"first 1": 1}
    assert desk.station._store.verify_log().is_ok

    again = open_desk()
    again.station.use_detector(Says("first 1", BLADE))
    again.station.use_further([post(Says("lab 1", GUN)), post(Says("lab 2"))])
    modes = {each.name: (each.mode, each.switch and each.switch.officer) for each in again.station.models.models()}
    assert modes == {"first 1": (Mode.SHADOW, "a"), "lab 1": (Mode.ON, "a"), "lab 2": (Mode.SHADOW, None)}


def test_only_whom_the_post_trusts_with_it_switches_a_model_that_there_is(desk: Desk) -> None:
    desk.station.use_detector(Says("first 1"))
    with pytest.raises(ModelMissingError):
        desk.station.models.switch("lab 9", Mode.ON, officer="a")
    with pytest.raises(OfficerError):
        desk.station.models.switch("first 1", Mode.OFF, officer="nobody")


def test_every_model_is_closed_with_the_station(open_desk: Callable[..., Desk]) -> None:
    desk, first, second = open_desk(), Says("first 1"), Says("lab 1")
    desk.station.use_detector(first)
    desk.station.use_further([post(second)])
    open_desk()
    assert first.is_closed
    assert second.is_closed


@pytest.mark.parametrize(("hits", "is_told"), [(0.2, False), (0.9, True)])
def test_a_likely_find_speaks_against_the_declaration_by_the_card_of_its_model(
    desk: Desk, tmp_path: Path, hits: float, is_told: bool
) -> None:
    blade = ModelClass(label="blade", thresholds={1: 0.8, 5: 0.5, 10: 0.3})
    figures = {f"blade recall at {rate} %": found for rate, found in ((1, 0.1), (5, hits), (10, hits + 0.01))}
    write_card(
        ModelCard(
            name="lab", version="1", file="lab.onnx", sha256="0" * 64, training_data="", intended_use="", licence="",
            input=InputKind.GRAY, classes=(blade,), metrics={"own": figures},
        ),
        tmp_path,
    )  # fmt: skip
    choice = ModelChoice(model="lab", folder=tmp_path, mode=Mode.ON)
    desk.station.use_further([Posted(choice, Says("lab 1", BLADE))])
    desk.station._store.add_declarations([Declaration(S10, (GoodsLine("棉制衬衫", hs_code="6109100000"),))])
    desk.scan(0, S10)
    assert (FindingKind.NOT_AS_DECLARED in desk.newest.findings) is is_told
