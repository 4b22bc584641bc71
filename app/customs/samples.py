"""Samples (取样送检): what was taken from which parcel, what a laboratory is asked, until when, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.customs.dated import CHINA
from app.customs.matters import CounterRefusedError


class SampleRefusedError(CounterRefusedError):
    """A sample cannot be dealt with like this."""

    key = "sample_refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What the laboratory found, by its report; an abnormal one has a reason (`reason.lab_abnormal`)."""

    report_no: str
    is_normal: bool
    finding: str
    reason: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample. `question` is what it is examined for, `quantity` what was taken, `seal_no` its seal."""

    number: str
    parcel_id: int
    parcel_number: str
    laboratory: str
    question: str
    quantity: str
    seal_no: str
    taken_at: datetime
    due_at: datetime
    result: Result | None = None

    def is_overdue(self, now: datetime) -> bool:
        return self.result is None and self.due_at < now


def sample_number(office: str, taken_at: datetime, parcel_id: int, earlier: int) -> str:
    """The number of a sample: office, day in China, parcel, and which of the parcel's samples it is."""
    return f"S{office}-{taken_at.astimezone(CHINA):%Y%m%d}-{parcel_id}-{earlier + 1}"


def check_sample(laboratory: str, question: str, taken_at: datetime, due_at: datetime) -> None:
    """
    Raises:
        SampleRefusedError: nobody is asked, nothing is asked, or there is no time to answer.
    """
    if not laboratory.strip() or not question.strip():
        raise SampleRefusedError("A sample needs a laboratory and a question.", "missing")
    if due_at <= taken_at:
        raise SampleRefusedError("The deadline is before the sample was taken.", "deadline")


def check_result(sample: Sample, report_no: str, finding: str, reason: str, *, is_normal: bool) -> None:
    """
    Raises:
        SampleRefusedError: it has a result already, or the report is not named, or an abnormal one not explained.
    """
    if sample.result is not None:
        raise SampleRefusedError("The sample has a result already.", "has_result")
    if not report_no.strip():
        raise SampleRefusedError("A result needs the number of its report.", "no_report")
    if not is_normal and not (finding.strip() and reason):
        raise SampleRefusedError("An abnormal result needs what was found and a reason.", "no_finding")


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """A sample as it is kept, without its result, which is a step of its own."""
    return {
        "number": sample.number,
        "parcel_id": sample.parcel_id,
        "parcel_number": sample.parcel_number,
        "laboratory": sample.laboratory,
        "question": sample.question,
        "quantity": sample.quantity,
        "seal_no": sample.seal_no,
        "taken_at": sample.taken_at.isoformat(),
        "due_at": sample.due_at.isoformat(),
    }


def sample_from_json(kept: Mapping[str, Any], result: Result | None = None) -> Sample:
    times = {name: datetime.fromisoformat(kept[name]) for name in ("taken_at", "due_at")}
    return Sample(**{**kept, **times}, result=result)
