"""Files for the counters: departure refund forms, and manifests of vehicles; JSON or CSV by the schemas here."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.customs.documents import to_units
from app.customs.lanes import Manifest, normalise_plate
from app.customs.parcel import Declaration, GoodsLine
from app.customs.refund import FormLine, RefundForm, mask
from app.customs.tax import fen_of
from app.exchange.records import Model, joined, parse_record, read_records

_FORM_LINE = ("name", "count", "amount", "serial")
_MANIFEST_LINE = ("name", "hs_code", "quantity", "unit", "weight_kg", "origin")
Kilograms = Annotated[str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?$")]
Name = Annotated[str, Field(min_length=1, max_length=250)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SaidFormLine(_Record):
    """One line of goods; `amount` is yuan with the tax in it."""

    name: Name
    count: Annotated[int, Field(ge=1, le=9999)] = 1
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,10}(\.[0-9]{1,2})?$")]
    serial: Annotated[str, Field(max_length=60)] = ""


class SaidForm(_Record):
    """A refund form (离境退税申请单). The traveller's document is masked before anything is kept."""

    version: Literal[1] = 1
    id: Annotated[str, Field(min_length=4, max_length=60)]
    shop: Name
    invoice: Annotated[str, Field(max_length=60)] = ""
    bought_on: date
    traveller: Annotated[str, Field(max_length=60)] = ""
    lines: Annotated[tuple[SaidFormLine, ...], Field(min_length=1, max_length=99)]


class SaidManifestLine(_Record):
    """One line of a manifest (舱单商品项)."""

    name: Name
    hs_code: Annotated[str, Field(pattern="^([0-9]{4,13})?$")] = ""
    quantity: Annotated[str, Field(max_length=20)] = "1"
    unit: Annotated[str, Field(max_length=10)] = ""
    weight_kg: Kilograms | None = None
    origin: Annotated[str, Field(max_length=10)] = ""


class SaidManifest(_Record):
    """The manifest of one container on its vehicle. `gross_kg` is of the goods, `tare_kg` of all the rest."""

    version: Literal[1] = 1
    id: Annotated[str, Field(min_length=1, max_length=100)]
    container: Annotated[str, Field(min_length=4, max_length=20)]
    plate: Annotated[str, Field(min_length=4, max_length=20)]
    seal_no: Annotated[str, Field(max_length=40)] = ""
    gross_kg: Kilograms | None = None
    tare_kg: Kilograms | None = None
    shipper: Annotated[str, Field(max_length=250)] = ""
    consignee: Annotated[str, Field(max_length=250)] = ""
    origin: Annotated[str, Field(max_length=10)] = ""
    lines: Annotated[tuple[SaidManifestLine, ...], Field(min_length=1, max_length=999)]


def read_forms(path: Path) -> list[RefundForm]:
    """The refund forms in a file. Raises RecordsBrokenError, AnswerInvalidError."""
    return [_form(each) for each in _read(path, SaidForm, _FORM_LINE)]


def read_manifests(path: Path) -> list[tuple[str, Manifest, Declaration]]:
    """The manifests in a file: id, what the lane compares, and the declared goods. Raises as `read_forms`."""
    return [(each.id, *_manifest(each)) for each in _read(path, SaidManifest, _MANIFEST_LINE)]


def schemas() -> dict[str, Any]:
    """The JSON schemas of both."""
    return {"refund_form": SaidForm.model_json_schema(), "manifest": SaidManifest.model_json_schema()}


def _read(path: Path, model: type[Model], columns: tuple[str, ...]) -> list[Model]:
    records = read_records(path)
    if path.suffix.lower() == ".csv":
        records = joined(records, columns, "lines")
    return [parse_record(model, record, f"{path.name}[{place}]") for place, record in enumerate(records, 1)]


def _form(said: SaidForm) -> RefundForm:
    lines = tuple(FormLine(each.name, each.count, fen_of(each.amount), each.serial) for each in said.lines)
    return RefundForm(said.id, said.shop, said.invoice, said.bought_on, mask(said.traveller), lines)


def _manifest(said: SaidManifest) -> tuple[Manifest, Declaration]:
    container = said.container.replace(" ", "").upper()
    gross_g = _grams(said.gross_kg)
    goods = tuple(
        GoodsLine(each.name, each.hs_code, each.quantity, each.unit, _grams(each.weight_kg), origin=each.origin)
        for each in said.lines
    )
    manifest = Manifest(container, normalise_plate(said.plate), said.seal_no, gross_g, _grams(said.tare_kg))
    declaration = Declaration(
        container, goods, channel="manifest", sender=said.shipper, consignee=said.consignee, origin=said.origin,
        gross_weight_g=gross_g, source=f"manifest/{said.id}",
    )  # fmt: skip
    return manifest, declaration


def _grams(kilograms: str | None) -> int | None:
    units = None if kilograms is None else to_units(kilograms)
    return None if units is None else units // 100
