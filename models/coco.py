"""COCO files: pictures with boxes that somebody drew."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from imaging.scan import Scan
from models.detector import ModelError
from models.evaluate import Known

LARGEST_FILE_BYTES = 256 * 2**20


class CocoError(ModelError):
    """A COCO file that cannot be read, or that names pictures which are not there."""

    key = "coco"


class _Image(BaseModel):
    id: int
    file_name: str


class _Category(BaseModel):
    id: int
    name: str


class _Annotation(BaseModel):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class _File(BaseModel):
    images: list[_Image] = Field(max_length=1_000_000)
    categories: list[_Category]
    annotations: list[_Annotation]


def read_coco(file: Path, same_as: Mapping[str, str] | None = None) -> list[tuple[str, tuple[Known, ...]]]:
    """The pictures of a COCO file, by name, with their boxes; boxes marked `iscrowd` are ignored ones.

    `same_as` renames classes of the file to classes of a model; a class without a namesake keeps its name.

    Raises:
        CocoError: the file is absent, too large, no COCO, or its numbers lead nowhere.
    """
    content = _read(file)
    renamed = same_as or {}
    names = {category.id: renamed.get(category.name, category.name) for category in content.categories}
    boxes: dict[int, list[Known]] = {image.id: [] for image in content.images}
    for number, entry in enumerate(content.annotations):
        if entry.image_id not in boxes or entry.category_id not in names:
            raise CocoError(f"{file.name}: annotation {number} names a picture or class that is not listed.")
        x, y, width, height = entry.bbox
        if not all(map(math.isfinite, (x, y, x + width, y + height))):
            raise CocoError(f"{file.name}: annotation {number} has a box without an end.")
        box = (round(x), round(y), round(x + width), round(y + height))
        boxes[entry.image_id].append(Known(names[entry.category_id], box, bool(entry.iscrowd)))
    return [(image.file_name, tuple(boxes[image.id])) for image in content.images]


def open_pictures(
    entries: list[tuple[str, tuple[Known, ...]]], folder: Path, open_scan: Callable[[Path], Scan]
) -> Iterator[tuple[Scan, tuple[Known, ...]]]:
    """Each picture as a scan with its boxes, read by `open_scan(path)`.

    Raises:
        CocoError: there is no such folder, or a picture lies outside of it or is absent.
    """
    home = folder.resolve()
    if not home.is_dir():
        raise CocoError(f"There is no folder {folder} with the pictures.", name=str(folder))
    for name, known in entries:
        path = (home / name).resolve()
        if not path.is_file():  # made elsewhere: the folder in the name is none of ours
            path = (home / Path(name.replace("\\", "/")).name).resolve()
        if not path.is_relative_to(home) or not path.is_file():
            raise CocoError(f"The picture {name} is not in {folder}.", name=name)
        yield open_scan(path), known


def _read(file: Path) -> _File:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise CocoError(f"{file.name} is larger than {LARGEST_FILE_BYTES} bytes.", name=file.name)
        return _File.model_validate(json.loads(file.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise CocoError(f"{file.name} is no COCO file that can be used: {error}", name=file.name) from error
