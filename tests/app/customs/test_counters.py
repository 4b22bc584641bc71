"""Refund forms, samples, vehicles and bags: what is held against what, and where the boundaries are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs.baggage import HallVerdict, judge_bag
from app.customs.lanes import (
    Manifest,
    Passage,
    VehicleFaultKind,
    check_vehicle,
    is_plate,
    normalise_plate,
    parse_vehicle_rules,
    weigh,
)
from app.customs.notices import Notice, NoticeKind
from app.customs.parcel import Capture, Kind, Lane, Parcel
from app.customs.refund import (
    FormFaultKind,
    FormLine,
    RefundForm,
    check_form,
    form_from_json,
    form_to_json,
    mask,
    parse_refund_rules,
)
from app.customs.samples import (
    Result,
    Sample,
    SampleRefusedError,
    check_result,
    check_sample,
    sample_from_json,
    sample_number,
    sample_to_json,
)
from app.customs.states import State

RULES = resources.files("resources") / "rules"
TERMS = parse_refund_rules((RULES / "refund.csv").read_text("utf-8"))
TOLERANCE = parse_vehicle_rules((RULES / "vehicles.csv").read_text("utf-8"))
BOUGHT, NOON = date(2026, 8, 24), datetime(2026, 11, 22, 4, tzinfo=UTC)
FORM = RefundForm(
    "TX1", "百货", "I1", BOUGHT, "E******23", (FormLine("茶具", 2, 88_000), FormLine("丝巾", 1, 52_000, "S7"))
)
ALL = {1: 2, 2: 1}


@pytest.mark.parametrize(
    ("days", "seen", "kinds"),
    [
        (0, ALL, []),
        (90, ALL, []),
        (91, ALL, [FormFaultKind.TOO_LATE]),
        (-1, ALL, [FormFaultKind.NOT_YET_BOUGHT]),
        (5, {1: 1, 2: 1}, [FormFaultKind.GOODS_MISSING]),
        (5, {}, [FormFaultKind.GOODS_MISSING, FormFaultKind.GOODS_MISSING]),
    ],
)
def test_a_form_is_held_against_its_term_and_its_goods(
    days: int, seen: dict[int, int], kinds: list[FormFaultKind]
) -> None:
    found = check_form(FORM, seen, BOUGHT + timedelta(days=days), TERMS)
    assert [fault.kind for fault in found] == kinds
    assert all(fault.source for fault in found if fault.kind is FormFaultKind.TOO_LATE)


def test_a_form_is_settled_once_and_kept_as_it_was() -> None:
    assert [fault.kind for fault in check_form(FORM, ALL, BOUGHT, TERMS, is_settled=True)] == [FormFaultKind.SETTLED]
    assert form_from_json(form_to_json(FORM)) == FORM
    assert FORM.amount_fen == 140_000


@given(st.text("AZ09", max_size=30))
def test_of_a_document_only_its_ends_are_kept(document: str) -> None:
    masked = mask(document)
    assert len(masked) == len(document)
    assert masked.count("*") >= min(len(document), max(0, len(document) - 3))


SAMPLE = Sample("S1", 7, "EE1", "化验中心", "identify_substance", "20 g", "F1", NOON, NOON + timedelta(days=7))


def test_a_sample_is_overdue_only_without_a_result() -> None:
    result = Result("R1", True, "", "", NOON)
    assert not SAMPLE.is_overdue(SAMPLE.due_at)
    assert SAMPLE.is_overdue(SAMPLE.due_at + timedelta(seconds=1))
    assert not replace(SAMPLE, result=result).is_overdue(SAMPLE.due_at + timedelta(days=9))
    assert sample_from_json(sample_to_json(SAMPLE)) == SAMPLE


def test_the_number_of_a_sample_has_the_day_in_china() -> None:
    assert sample_number("5301", datetime(2026, 11, 21, 16, tzinfo=UTC), 7, 1) == "S5301-20261122-7-2"


def test_a_sample_and_its_result_say_what_they_have_to() -> None:
    for laboratory, question, due_at in (("", "x", SAMPLE.due_at), ("x", " ", SAMPLE.due_at), ("x", "y", NOON)):
        with pytest.raises(SampleRefusedError):
            check_sample(laboratory, question, NOON, due_at)
    check_result(SAMPLE, "R1", "", "", is_normal=True)
    check_result(SAMPLE, "R1", "heroin", "prohibited_goods", is_normal=False)
    for report_no, finding, reason in (("", "x", "y"), ("R1", "", "y"), ("R1", "x", "")):
        with pytest.raises(SampleRefusedError):
            check_result(SAMPLE, report_no, finding, reason, is_normal=False)
    with pytest.raises(SampleRefusedError):
        check_result(replace(SAMPLE, result=Result("R", True, "", "", NOON)), "R2", "", "", is_normal=True)


MANIFEST = Manifest("CSQU3054383", "粤B12345", "SEAL1", gross_g=10_000_000, tare_g=8_000_000)
SEEN = Passage("粤B12345", 18_000_000, "SEAL1", is_imaged=True)
TODAY = date(2026, 11, 22)


def kinds_of(passage: Passage, manifest: Manifest = MANIFEST) -> list[VehicleFaultKind]:
    return [fault.kind for fault in check_vehicle(manifest, passage, TODAY, TOLERANCE)]


def test_a_vehicle_that_fits_its_manifest_has_no_fault() -> None:
    assert kinds_of(SEEN) == []


@pytest.mark.parametrize(("off_g", "is_over"), [(300_000, False), (300_001, True), (-300_000, False), (-300_001, True)])
def test_three_percent_is_allowed_and_not_a_gram_more(off_g: int, is_over: bool) -> None:
    found = kinds_of(replace(SEEN, weight_g=18_000_000 + off_g))
    assert found == ([VehicleFaultKind.WEIGHT_DIFFERS] if is_over else [])


@given(st.integers(1, 10**9), st.integers(-(10**9), 10**9))
def test_a_difference_counts_the_same_both_ways(declared_g: int, off_g: int) -> None:
    manifest = Manifest("C", "P", gross_g=declared_g)
    more = weigh(manifest, Passage(weight_g=declared_g + off_g), TODAY, TOLERANCE)
    less = weigh(manifest, Passage(weight_g=declared_g - off_g), TODAY, TOLERANCE)
    assert more is not None
    assert less is not None
    assert (more.is_over, more.difference_g) == (less.is_over, off_g)


@pytest.mark.parametrize(
    ("passage", "kind"),
    [
        (replace(SEEN, plate="粤B54321"), VehicleFaultKind.PLATE_DIFFERS),
        (replace(SEEN, seal_no="SEAL2"), VehicleFaultKind.SEAL_DIFFERS),
        (replace(SEEN, is_seal_whole=False), VehicleFaultKind.SEAL_BROKEN),
        (replace(SEEN, seal_no=None), VehicleFaultKind.SEAL_NOT_SEEN),
        (replace(SEEN, is_imaged=False), VehicleFaultKind.NOT_IMAGED),
        (replace(SEEN, weight_g=None), VehicleFaultKind.NOT_WEIGHED),
    ],
)
def test_what_does_not_fit_is_named(passage: Passage, kind: VehicleFaultKind) -> None:
    assert kinds_of(passage) == [kind]


def test_a_seal_that_nobody_announced_is_one_too() -> None:
    assert kinds_of(SEEN, replace(MANIFEST, seal_no="")) == [VehicleFaultKind.SEAL_DIFFERS]
    assert kinds_of(replace(SEEN, seal_no=None), replace(MANIFEST, seal_no="")) == []


@pytest.mark.parametrize("text", ["粤B12345", "粤 b·12345", "京AD12345", "粤Z1234港", "沪A1234学"])
def test_plates_of_the_mainland(text: str) -> None:
    assert is_plate(text)
    assert normalise_plate(normalise_plate(text)) == normalise_plate(text)


@pytest.mark.parametrize("text", ["", "B12345", "粤I12345", "粤B1234", "粤B1234567", "粤BO2345"])
def test_what_is_no_plate(text: str) -> None:
    assert not is_plate(text)


def bag(state: State, *, is_imaged: bool = True) -> Parcel:
    captures = (Capture("s", "p", "h", "d", NOON),) if is_imaged else ()
    return Parcel(1, Kind.PARCEL, "0784123456", state, Lane.GREEN, NOON, captures=captures)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, HallVerdict.UNKNOWN),
        (bag(State.RELEASED), HallVerdict.PASS),
        (bag(State.CLOSED), HallVerdict.PASS),
        (bag(State.IMAGED), HallVerdict.NOT_DECIDED),
        (bag(State.IMAGED, is_imaged=False), HallVerdict.NOT_IMAGED),
        (bag(State.ARRIVED), HallVerdict.NOT_IMAGED),
        (bag(State.REFERRED), HallVerdict.STOP),
        (bag(State.DETAINED), HallVerdict.STOP),
    ],
)
def test_only_a_released_bag_passes(found: Parcel | None, verdict: HallVerdict) -> None:
    assert judge_bag("0784123456", found, ()).verdict is verdict
    notice = Notice("I2026-0001", NoticeKind.INTERCEPT, "x", frozenset({"0784123456"}), NOON, "a")
    assert judge_bag("0784123456", found, [notice]).verdict is HallVerdict.STOP
