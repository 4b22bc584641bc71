"""Applications for returns from outside: JSON or CSV by the schema here, or the Single Window's CEB625 and CEB213."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.customs.documents import Line, to_units
from app.customs.returns import Application, Flow, ReturnLine, Site
from app.exchange.ceb.message import Record
from app.exchange.ceb.papers import return_of, time_of
from app.exchange.records import joined, parse_record, read_records

_OF_LINE = ("line", "name", "hs_code", "bar_code", "unit", "quantity", "defective")
_CHANGED = "2"
_FLOWS = {"CEB625": Flow.IMPORT, "CEB213": Flow.EXPORT}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SaidLine(_Record):
    """One line; `line` is the number of the inventory's line, `quantity` a decimal in the inventory's unit."""

    line: Annotated[int, Field(ge=1, le=999)]
    name: Annotated[str, Field(max_length=250)] = ""
    hs_code: Annotated[str, Field(max_length=13)] = ""
    bar_code: Annotated[str, Field(max_length=50)] = ""
    unit: Annotated[str, Field(max_length=10)] = ""
    quantity: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,5})?$")]
    defective: bool = False


class SaidApplication(_Record):
    """One application. `number` is on the parcel that comes back, `site` where it comes back to."""

    version: Literal[1] = 1
    id: Annotated[str, Field(min_length=1, max_length=100)]
    number: Annotated[str, Field(min_length=1, max_length=60)]
    inventory_no: Annotated[str, Field(min_length=1, max_length=20)]
    flow: Flow = Flow.IMPORT
    mode: Annotated[str, Field(pattern="^([0-9]{4})?$")] = ""
    site: Site = Site.ORIGINAL
    applied_on: date
    reason: Annotated[str, Field(max_length=1000)] = ""
    lines: Annotated[tuple[SaidLine, ...], Field(min_length=1, max_length=99)]


def read_applications(path: Path) -> list[Application]:
    """The applications in a file.

    Raises:
        RecordsBrokenError: the file cannot be read. AnswerInvalidError: a record does not fit the schema.
    """
    records = read_records(path)
    if path.suffix.lower() == ".csv":
        records = joined(records, _OF_LINE, "lines")
    return [_parse(record, f"{path.name}[{place}]") for place, record in enumerate(records, 1)]


def application_of(kind: str, record: Record, *, mode: str, is_original_office: bool) -> Application | None:
    """The application that a record of CEB625 or CEB213 is; None where it does not say when it was made."""
    applied_at = time_of(record.fields.get("appTime", ""))
    if applied_at is None:
        return None
    said = return_of(record)
    return Application(
        reference=f"ceb/{said.guid}",
        number=said.number,
        inventory_no=said.inventory_no,
        flow=_FLOWS[kind],
        mode=mode,
        site=Site.ORIGINAL if is_original_office else Site.OTHER,
        applied_on=applied_at.date(),
        lines=tuple(ReturnLine(line) for line in said.lines),
        reason=said.reason,
    )


def standing(records: Iterable[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """The applications that stand among records with their kinds, oldest first, as the records have to be.

    A draft is none yet. A change (变更) takes the place of the newest one that it means, a deletion takes it away.
    """
    found: list[tuple[str, Record]] = []
    for kind, record in records:
        if record.is_draft:
            continue
        if record.is_deletion or record.fields.get("appType") == _CHANGED:
            meant = [at for at, (_, other) in enumerate(found) if _is_same(record, other)]
            if meant:
                del found[max(meant, key=lambda at: (found[at][1].guid == record.guid, at))]
        if not record.is_deletion:
            found.append((kind, record))
    return found


def schema() -> dict[str, Any]:
    """The JSON schema of an application."""
    return SaidApplication.model_json_schema()


def _is_same(one: Record, other: Record) -> bool:
    """Whether two records are of one application: by guid, or by parcel, inventory and the sender's own number."""
    first, second = one.fields, other.fields
    if one.guid and one.guid == other.guid:
        return True
    owns = {said.get("copNo") or said.get("coElNo") or "" for said in (first, second)} - {""}
    return len(owns) < 2 and all(first.get(name) == second.get(name) for name in ("logisticsNo", "invtNo"))


def _parse(value: object, place: str) -> Application:
    said = parse_record(SaidApplication, value, place)
    return Application(
        reference=f"return/{said.id}",
        number=said.number,
        inventory_no=said.inventory_no,
        flow=said.flow,
        mode=said.mode,
        site=said.site,
        applied_on=said.applied_on,
        lines=tuple(ReturnLine(_line(each), each.defective) for each in said.lines),
        reason=said.reason,
    )


def _line(said: SaidLine) -> Line:
    return Line(
        said.line, said.name, hs_code=said.hs_code, bar_code=said.bar_code, quantity=to_units(said.quantity),
        unit=said.unit,
    )  # fmt: skip
