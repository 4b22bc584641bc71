"""Printed forms (单证): templates as files, in Chinese and English, filled with what the record says.

A template is HTML with ${fields}; what stands between `<!-- each rows -->` and `<!-- end -->` is repeated for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from html import escape
from importlib import resources
from pathlib import Path

from app.counter_words import say_source
from app.customs.examination import Examination, Photograph
from app.customs.parcel import Decision, Parcel
from app.customs.states import Action
from app.customs.tax import Estimate, yuan
from app.customs.waiting import Waiting
from app.settings import Post
from app.texts import has_text, language, text
from imaging.errors import KnownError

_EACH = re.compile(r"<!-- each (\w+) -->(.*?)<!-- end -->", re.DOTALL)
_FIELD = re.compile(r"\$\{(\w+)\}")

Fields = Mapping[str, str]


class FormError(KnownError):
    """A form's template is missing, or asks for what nobody gives."""

    key = "form"


@dataclass(frozen=True, slots=True)
class Stationery:
    """Whose forms they are, and the folder of the post's own templates, where it has any."""

    post: Post
    templates: Path | None = None


class FormKind(StrEnum):
    """The forms that a post prints."""

    EXAMINATION_RECORD = "examination_record"
    DETENTION_NOTE = "detention_note"
    TAX_ESTIMATE = "tax_estimate"
    SAMPLING_NOTE = "sampling_note"
    HAND_OVER_LIST = "hand_over_list"


@dataclass(frozen=True, slots=True)
class Form:
    """A filled form: its HTML, and the pictures that it names by their sources."""

    kind: FormKind
    number: str
    html: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def fill(template: str, fields: Fields, rows: Mapping[str, Sequence[Fields]]) -> str:
    """A template with everything put in; what comes from outside is escaped.

    Raises:
        FormError: the template asks for a field or rows that are not given.
    """

    def put(source: str, given: Fields) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] not in given:
                raise FormError(f"The form asks for {match[1]}, which nobody gives.", detail=match[1])
            return escape(given[match[1]]).replace("\n", "<br>")

        return _FIELD.sub(one, source)

    def repeat(match: re.Match[str]) -> str:
        if match[1] not in rows:
            raise FormError(f"The form asks for rows of {match[1]}, which nobody gives.", detail=match[1])
        return "".join(put(match[2], {**row, "no": str(no)}) for no, row in enumerate(rows[match[1]], 1))

    # Rows first, and their text is not looked through again: a value may hold what looks like a field.
    made, at = [], 0
    for match in _EACH.finditer(template):
        made += [put(template[at : match.start()], fields), repeat(match)]
        at = match.end()
    return "".join([*made, put(template[at:], fields)])


def examination_record(
    parcel: Parcel, record: Examination, photographs: Iterable[tuple[Photograph, bytes]], sheet: Stationery
) -> Form:
    """The record of an examination (查验记录单), with its photographs."""
    pictures, shown = {}, []
    for photograph, content in photographs:
        source = f"photograph:{photograph.id}"
        pictures[source] = content
        taken = _when(photograph.taken_at)
        shown.append({"source": source, "name": photograph.source, "taken": taken, "sha256": photograph.sha256})
    items = [
        {
            "name": item.name, "declared": item.declared, "found": item.found, "note": item.note,
            "result": text(f"exam.found.{item.result}"),
        }
        for item in record.items
    ]  # fmt: skip
    fields = _of_parcel(parcel) | {
        "place": record.place,
        "seal_before": record.seal_before or "–",
        "seal_after": record.seal_after or "–",
        "signed": _when(record.signed_at),
        "handling": text(f"exam.handling.{record.handling}"),
        "remark": record.remark or "–",
        "officer": record.officer,
        "second_officer": record.second_officer,
    }
    rows = {"items": items, "photographs": shown}
    return _form(FormKind.EXAMINATION_RECORD, f"CY{parcel.id}-{record.id}", sheet, fields, rows, pictures=pictures)


def detention_note(parcel: Parcel, decision: Decision, record: Examination | None, sheet: Stationery) -> Form:
    """The note that tells the party of a detention (扣留通知书): what was found, or else what was declared."""
    goods = parcel.declaration.goods if parcel.declaration else ()
    codes = {line.name: line.hs_code for line in goods}
    if record is not None:
        rows = [{"name": i.name, "hs_code": codes.get(i.name, ""), "quantity": i.found} for i in record.items]
    else:
        rows = [
            {"name": line.name, "hs_code": line.hs_code, "quantity": f"{line.quantity} {line.unit}".strip()}
            for line in goods
        ]
    fields = _of_parcel(parcel) | _of_decision(decision)
    return _form(FormKind.DETENTION_NOTE, decision.note, sheet, fields, {"goods": rows})


def sampling_note(parcel: Parcel, decision: Decision, waiting: Waiting | None, sheet: Stationery) -> Form:
    """The note that goes with a sample to the laboratory (取样单)."""
    due = f"{waiting.due_at.astimezone():%Y-%m-%d}" if waiting and waiting.due_at else "–"
    fields = _of_parcel(parcel) | _of_decision(decision) | {"due": due}
    return _form(FormKind.SAMPLING_NOTE, f"QY{decision.id}", sheet, fields, {})


def tax_estimate(parcel: Parcel, estimate: Estimate, sheet: Stationery, *, officer: str) -> Form:
    """The estimate of the tax on a shipment (税款估算单), with the rules that were applied."""
    lines = [
        {
            "name": line.name, "category": _named("mail.category", line.category), "value": yuan(line.value_fen),
            "rate": str(line.rate_percent), "tax": yuan(line.tax_fen), "rule": line.rule,
        }
        for line in estimate.lines
    ]  # fmt: skip
    rules = [{"id": rule.id, "value": rule.value, "source": say_source(rule.source)} for rule in estimate.rules]
    fields = _of_parcel(parcel) | {
        "arrived_on": estimate.arrived_on.isoformat(),
        "standing": _named("mail.standing", estimate.standing.value),
        "value": yuan(estimate.value_fen),
        "tax": yuan(estimate.tax_fen),
        "due": yuan(estimate.due_fen),
        "officer": officer,
    }
    return _form(FormKind.TAX_ESTIMATE, f"SK{parcel.id}", sheet, fields, {"lines": lines, "rules": rules})


def hand_over_list(
    parcels: Sequence[tuple[Parcel, Decision | None]], to: str, sheet: Stationery, *, officer: str
) -> Form:  # fmt: skip
    """The list of what is handed over to another department or agency (移交清单)."""
    rows = [
        _of_parcel(parcel)
        | {
            "state": text(f"state.{parcel.state}"),
            "reason": _reason(decision) if decision else "",
            "note": decision.note if decision else "",
        }
        for parcel, decision in parcels
    ]
    fields = {"to": to or "–", "officer": officer, "count": str(len(rows))}
    number = f"YJ{datetime.now(UTC).astimezone():%Y%m%d%H%M}"
    return _form(FormKind.HAND_OVER_LIST, number, sheet, fields, {"parcels": rows})


def last_decision(history: Sequence[Decision], *actions: Action) -> Decision | None:
    """The last decision of one of these actions that was not undone."""
    standing = (decision for decision in reversed(history) if decision.undone_at is None)
    return next((decision for decision in standing if decision.action in actions), None)


def _template(kind: FormKind, lang: str, folder: Path | None) -> str:
    """The template of a form: the post's own from its folder where it is there, else the one that ships.

    Raises:
        FormError: it cannot be read.
    """
    name = f"{kind}.{lang}.html"
    try:
        if folder is not None and (folder / name).is_file():
            return (folder / name).read_text("utf-8")
        return resources.files("resources").joinpath("forms", name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormError(f"The template {name} cannot be read: {error}.", detail=name) from error


def _form(
    kind: FormKind,
    number: str,
    sheet: Stationery,
    fields: Fields,
    rows: Mapping[str, Sequence[Fields]],
    *,
    pictures: Mapping[str, bytes] | None = None,
) -> Form:
    lang, post = language(), sheet.post
    name = post.name_zh if lang == "zh_CN" else post.name_en
    made = {"post": f"{name} ({post.office})", "document": number, "made": _when(datetime.now(UTC))}
    html = fill(_template(kind, lang, sheet.templates), {**fields, **made}, rows)
    return Form(kind, number, html, pictures or {})


def _of_parcel(parcel: Parcel) -> dict[str, str]:
    declared = parcel.declaration
    return {
        "number": parcel.number or text("ui.queue.no_number"),
        "kind": text(f"ui.kind.{parcel.kind}"),
        "consignee": (declared and declared.consignee) or "–",
        "sender": (declared and declared.sender) or "–",
        "goods": declared.summary if declared else text("ui.side.no_declaration"),
    }


def _of_decision(decision: Decision) -> dict[str, str]:
    return {
        "reason": _reason(decision),
        "note": decision.note or "–",
        "at": _when(decision.decided_at),
        "officer": decision.officer,
        "second_officer": decision.second_officer or "–",
    }


def _reason(decision: Decision) -> str:
    return _named(f"reason.{decision.action}", decision.reason)


def _named(area: str, code: str) -> str:
    key = f"{area}.{code}"
    return text(key) if has_text(key) else code


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
