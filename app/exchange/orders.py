"""Control orders as files: what an issuer sends, what this station answers; JSON, or CSV with one row an order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from app.customs.orders import ControlOrder, Hit, Level, Part, Result, Step, Target, Work
from app.exchange.errors import AnswerInvalidError
from app.exchange.records import read_records

Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$")]
Issuer = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._ -]{0,39}$")]
Numbers = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=5000)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=200)]
Codes = Annotated[tuple[Annotated[str, Field(pattern="^[0-9]{2,13}$")], ...], Field(max_length=500)]
Text = Annotated[str, Field(max_length=1000)]

_LISTS = ("numbers", "hs_codes", "words", "senders", "origins", "rules")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class TargetRecord(_Record):
    """What is meant: `numbers`, or all of the conditions that are given. `senders` and `words` are parts of names."""

    numbers: Numbers = ()
    hs_codes: Codes = ()
    words: Words = ()
    senders: Words = ()
    origins: Annotated[tuple[Annotated[str, Field(pattern="^[0-9A-Z]{2,3}$")], ...], Field(max_length=300)] = ()
    rules: Words = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = Target(**self.model_dump())
        if bool(given.numbers) == given.has_conditions:
            raise ValueError("give either numbers or conditions")
        return self


class OrderRecord(_Record):
    """An order. `work` is done where `level` says; at the destination of `both`, `destination_work` is."""

    version: Literal[1] = 1
    kind: Literal["order"] = "order"
    id: Id
    issuer: Issuer
    level: Level
    work: Work
    destination_work: Work = Work.OPENING
    target: TargetRecord
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    issued_at: AwareDatetime
    instruction: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.valid_to <= self.valid_from:
            raise ValueError("valid_to has to be after valid_from")
        if self.level is Level.IMAGE_ONLY and self.work is not Work.IMAGE:
            raise ValueError("an order for the image only asks for no other work")
        return self

    def to_order(self) -> ControlOrder:
        said = self.model_dump(exclude={"version", "kind", "target"})
        return ControlOrder(target=Target(**self.target.model_dump()), **said)

    @classmethod
    def of(cls, order: ControlOrder) -> OrderRecord:
        said = {name: getattr(order, name) for name in cls.model_fields if name not in ("version", "kind", "target")}
        return cls(target=TargetRecord(**{name: getattr(order.target, name) for name in _LISTS}), **said)


class RevocationRecord(_Record):
    """The issuer ends an order; what is still open of it ends too."""

    version: Literal[1] = 1
    kind: Literal["revocation"]
    id: Id
    issuer: Issuer
    reason: Text = ""


class StepRecord(_Record):
    """What this station tells the issuer about one hit. `in_time` is whether it was acknowledged in time."""

    version: Literal[1] = 1
    kind: Literal["answer"] = "answer"
    order: Id
    issuer: Issuer
    office: str
    station: str
    parcel: str
    part: Part
    work: Work
    step: Step
    result: Result | None = None
    note: Text = ""
    officer: str
    approved_by: str = ""
    at: AwareDatetime
    hit_at: AwareDatetime
    acknowledged_at: AwareDatetime | None = None
    in_time: bool


_INCOMING: TypeAdapter[OrderRecord | RevocationRecord] = TypeAdapter(
    Annotated[OrderRecord | RevocationRecord, Field(discriminator="kind")]
)


def read_orders(path: Path) -> list[OrderRecord | RevocationRecord]:
    """The orders and revocations in a file.

    Raises:
        RecordsBrokenError: the file cannot be read. AnswerInvalidError: a record does not fit the schema.
    """
    records = read_records(path)
    if path.suffix.lower() == ".csv":
        records = [_from_row(row) for row in records]
    return [_parse(record, f"{path.name}[{place}]") for place, record in enumerate(records, 1)]


def answer_of(hit: Hit, step: Step, *, office: str, station: str) -> StepRecord:
    """What is told about a step that was taken."""
    done = next(each for each in hit.done if each.step is step)
    acknowledged = hit.acknowledged
    return StepRecord(
        order=hit.order.id,
        issuer=hit.order.issuer,
        office=office,
        station=station,
        parcel=hit.number,
        part=hit.part,
        work=hit.work,
        step=step,
        result=Result(done.result) if done.result else None,
        note=done.note,
        officer=done.officer,
        approved_by=done.second_officer,
        at=done.at,
        hit_at=hit.hit_at,
        acknowledged_at=acknowledged.at if acknowledged else None,
        in_time=not hit.is_late(done.at),
    )


def schema() -> dict[str, Any]:
    """The JSON schemas of what comes in and what goes out."""
    return {"incoming": _INCOMING.json_schema(), "answer": StepRecord.model_json_schema()}


def _from_row(row: dict[str, str]) -> dict[str, Any]:
    """A row of a CSV file as a record; lists are divided by semicolons."""
    target = {name: row.pop(name).split(";") for name in _LISTS if name in row}
    record: dict[str, Any] = {"kind": "order", **row}
    return {**record, "target": target} if target else record


def _parse(value: object, place: str) -> OrderRecord | RevocationRecord:
    if isinstance(value, dict):
        value = {"kind": "order", **value}
    try:
        return _INCOMING.validate_python(value)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'record'}: {each['msg']}" for each in error.errors())
        raise AnswerInvalidError(f"{place}: {problems}.", place=place, detail=problems) from error
