"""Label templates: what stands where on a label, as TOML files in `resources/labels` or a post's own folder."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.trace.errors import TemplateError

VALUES = frozenset(
    {"trace_id", "item_id", "inventory_no", "office", "office_name", "status", "goods", "issued", "copy"}
)
MAX_TEMPLATE_BYTES = 100_000

Length = Annotated[float, Field(gt=0, le=400)]
Offset = Annotated[float, Field(ge=0, le=400)]


class _Placed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    x_mm: Offset
    y_mm: Offset


class QrBox(_Placed):
    """The square that holds the QR with its quiet zone, centred in it; level Q stands more wear and needs more room."""

    size_mm: Length
    error_level: Literal["M", "Q"] = "M"


class Rule(_Placed):
    """A black bar."""

    width_mm: Length
    height_mm: Length


class TextField(_Placed):
    """A text in both languages. `{name}` stands for a value; a field whose values are all empty is left out."""

    zh: str
    en: str
    width_mm: Length
    height_mm: Length
    size_mm: Length
    bold: bool = False
    align: Literal["left", "center", "right"] = "left"
    inverted: bool = False
    lines: Annotated[int, Field(ge=1, le=10)] = 1

    @field_validator("zh", "en")
    @classmethod
    def _check_values(cls, text: str) -> str:
        if unknown := names_in(text) - VALUES:
            raise ValueError(f"unknown value {', '.join(sorted(unknown))}; known are {', '.join(sorted(VALUES))}")
        return text


class Template(BaseModel):
    """One kind of label. `gap_mm` is the gap between two labels on the roll."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    width_mm: Length
    height_mm: Length
    gap_mm: Annotated[float, Field(ge=0, le=50)] = 2.0
    qr: QrBox
    field: tuple[TextField, ...] = ()
    rule: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _check_inside(self) -> Self:
        boxes: tuple[TextField | Rule, ...] = (*self.field, *self.rule)
        ends: list[tuple[_Placed, float, float]] = [(box, box.width_mm, box.height_mm) for box in boxes]
        ends.append((self.qr, self.qr.size_mm, self.qr.size_mm))
        for part, width_mm, height_mm in ends:
            if part.x_mm + width_mm > self.width_mm or part.y_mm + height_mm > self.height_mm:
                raise ValueError(f"the part at {part.x_mm}, {part.y_mm} mm reaches beyond the label")
        return self


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def template_names() -> list[str]:
    """The templates that ship with the station."""
    folder = resources.files("resources") / "labels"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load_template(name_or_path: str | Path) -> Template:
    """A template by its name, or from a file of the post's own.

    Raises:
        TemplateError: there is none, or it is wrong; the message says where.
    """
    if isinstance(name_or_path, Path):
        source = name_or_path
        name = source.name
    elif name_or_path in template_names():
        source = resources.files("resources") / "labels" / f"{name_or_path}.toml"  # type: ignore[assignment]
        name = name_or_path
    else:
        known = ", ".join(template_names())
        raise TemplateError(f"There is no label template {name_or_path!r}; there are {known}.", name=str(name_or_path))
    try:
        content = source.read_bytes()
        if len(content) > MAX_TEMPLATE_BYTES:
            raise TemplateError(f"The label template {name} is too large for one.", name=name)
        return Template.model_validate(tomllib.loads(content.decode("utf-8")))
    except OSError as error:
        raise TemplateError(f"The label template {name} cannot be read: {error.strerror}.", name=name) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise TemplateError(
            f"The label template {name} is wrong at {place or 'top'}: {first['msg']}.", name=name
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        raise TemplateError(f"The label template {name} is no TOML file: {error}.", name=name) from error
