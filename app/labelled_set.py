"""What officers know as a set to learn from: pictures with what opening showed and what was drawn, as COCO and DICOS.

No number, name or code of a parcel goes into it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.customs.examination import Found
from app.customs.outcome import Outcome, outcome_of
from app.customs.parcel import Capture, Decision, Parcel, Seen
from app.officers.rights import Right, Rights
from app.store.errors import ExportError
from app.store.store import Store
from imaging.annotations import Annotation, Category, Shape, read_json
from imaging.errors import KnownError
from imaging.files import dicos, native, tdr
from imaging.files.durable import make_folder, write_whole
from imaging.scan import Scan

COCO, PICTURES, DICOS = "coco.json", "pictures", "dicos"
VERDICTS = {
    Outcome.FOUND: tdr.Decision.ALARM,
    Outcome.CLEAN: tdr.Decision.CLEAR,
    Outcome.UNOPENED: tdr.Decision.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parcels go into a set: pictures taken in a span; those that nobody opened, and exercises, on request."""

    since: datetime
    until: datetime
    with_unopened: bool = False
    is_drill: bool = False
    with_dicos: bool = False


@dataclass(slots=True)
class Exported:
    """What went into a set: parcels by outcome, pictures (a view each), boxes; `left_out` pictures cannot be read."""

    parcels: Counter[Outcome] = field(default_factory=Counter)
    pictures: int = 0
    boxes: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of a parcel: its outcome, what was found in it and why, and what officers drew, with when."""

    outcome: Outcome
    decided_at: datetime
    reasons: tuple[str, ...]
    found: tuple[dict[str, str], ...]
    drawn: tuple[tuple[datetime, Annotation], ...]


class LabelledSets:
    """Writes labelled sets. May be used from any thread."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    def export(self, out: Path, choice: Choice, *, officer: str) -> Exported:
        """Write a set into a folder that is empty or not there yet; the log says who took what.

        Raises:
            OfficerError: he may not take pictures out. ExportError: the folder is not empty, or cannot be written.
        """
        self._rights.require(officer, Right.EXPORT)
        try:
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise ExportError(f"{out} is not empty. Name another folder.", detail=str(out))
            make_folder(out / PICTURES)
            if choice.with_dicos:
                make_folder(out / DICOS)
            return self._write(out, choice, officer)
        except OSError as error:
            raise ExportError(f"{out} cannot be written: {error.strerror}.", detail=str(error)) from error

    def _write(self, out: Path, choice: Choice, officer: str) -> Exported:
        made = _Set(self._store, out, with_dicos=choice.with_dicos)
        for parcel, label in self._chosen(choice):
            made.add(parcel, label)
        done, coco = made.done, made.coco
        done.pictures, done.boxes = len(coco.images), len(coco.annotations)
        self._store.add_event(
            "labelled_set_exported",
            None,
            {
                "officer": officer,
                "from": choice.since.isoformat(),
                "to": choice.until.isoformat(),
                "pictures": done.pictures,
                "is_drill": choice.is_drill,
                **{outcome.value: done.parcels[outcome] for outcome in Outcome},
            },
        )
        write_whole(out / COCO, json.dumps(coco.to_json(), ensure_ascii=False, indent=1).encode())
        return done

    def _chosen(self, choice: Choice) -> Iterator[tuple[Parcel, Label]]:
        for key in self._store.labelled.parcels(choice.since, choice.until):
            history = [each for each in self._store.history(key) if each.undone_at is None]
            if not history or self._is_drill(key) is not choice.is_drill:
                continue
            label = self._label(key, history)
            if choice.with_unopened or label.outcome is not Outcome.UNOPENED:
                yield self._store.parcel(key), label

    def _is_drill(self, parcel_id: int) -> bool:
        return any(event.body.get("is_drill") for event in self._store.events(parcel_id))

    def _label(self, parcel_id: int, history: Sequence[Decision]) -> Label:
        records = self._store.examinations.of(parcel_id)
        items = records[-1].items if records else ()
        return Label(
            outcome_of([each.action for each in history]),
            max(each.decided_at for each in history),
            tuple(dict.fromkeys(each.reason for each in history if each.reason)),
            tuple({"what": item.found, "result": item.result.value} for item in items if item.result is not _FINE),
            tuple(
                (each.decided_at, drawn)
                for each in history
                if each.annotations
                for drawn in read_json(each.annotations)
            ),
        )


class _Set:
    """A set as it is written: pictures, reports where they are wanted, and the COCO file about them."""

    def __init__(self, store: Store, out: Path, *, with_dicos: bool) -> None:
        self.coco = _Coco()
        self.done = Exported()
        self._store = store
        self._out = out
        self._with_dicos = with_dicos

    def add(self, parcel: Parcel, label: Label) -> None:
        """The pictures of a parcel, each with what was drawn while it was the newest; the last with what was seen."""
        self.done.parcels[label.outcome] += 1
        for capture in parcel.captures:
            try:
                scan = _anonymous(self._store.load(capture))
            except KnownError:  # removed by the retention rules, or damaged: the set says how many
                self.done.left_out += 1
                continue
            drawn = tuple(drawn for at, drawn in label.drawn if _newest(parcel.captures, at) == capture)
            seen = parcel.seen if capture == parcel.captures[-1] else ()
            self._write(scan, label, _objects(drawn, scan), capture.model, seen)

    def _write(self, scan: Scan, label: Label, drawn: Sequence[Annotation], model: str, seen: Sequence[Seen]) -> None:
        for number, view in enumerate(scan.views):
            name = f"{PICTURES}/{scan.id}-{number}.tif"
            native.write(replace(scan, views=(view,)), self._out / name)
            said = {"model": model, "seen": [asdict(one) for one in seen if one.view == number]}
            self.coco.add(name, view.shape, number, label, said)
            for each in drawn:
                if each.view == number:
                    self.coco.annotate(each)
        if self._with_dicos:
            _write_report(self._out / DICOS, scan, label, drawn)


class _Coco:
    """A COCO file as it grows; what COCO has no field for stands beside its own, under names of ours."""

    def __init__(self) -> None:
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self._categories = {category: number for number, category in enumerate(Category, start=1)}

    def add(self, name: str, shape: tuple[int, int], view: int, label: Label, said: dict[str, Any]) -> None:
        self.images.append(
            {
                "id": len(self.images) + 1, "file_name": name, "height": shape[0], "width": shape[1], "view": view,
                "outcome": label.outcome.value, "reasons": label.reasons, "found": label.found, **said,
            }
        )  # fmt: skip

    def annotate(self, drawn: Annotation) -> None:
        """An object in the picture that was added last."""
        left, top, right, bottom = drawn.box
        self.annotations.append(
            {
                "id": len(self.annotations) + 1, "image_id": len(self.images),
                "category_id": self._categories[drawn.category],
                "bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top),
                "iscrowd": 0, "shape": drawn.shape.value, "text": drawn.text,
            }
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        categories = [{"id": number, "name": category.value} for category, number in self._categories.items()]
        return {"images": self.images, "annotations": self.annotations, "categories": categories}


_FINE = Found.AS_DECLARED


def _anonymous(scan: Scan) -> Scan:
    """The picture and how it was taken, without what leads to a parcel or a person."""
    return replace(scan, codes=(), source=None, extra={}, device="x-ray")


def _newest(captures: Sequence[Capture], at: datetime) -> Capture:
    """The picture that an officer had before him at a time."""
    return max((each for each in captures if each.taken_at <= at), key=lambda each: each.taken_at, default=captures[0])


def _objects(drawn: Sequence[Annotation], scan: Scan) -> tuple[Annotation, ...]:
    """What was drawn round objects, cut at the edges of its view; arrows and texts point, and are no objects."""
    shapes = {number: view.shape for number, view in enumerate(scan.views)}
    return tuple(
        replace(each, points=tuple((min(max(x, 0.0), cols), min(max(y, 0.0), rows)) for x, y in each.points))
        for each in drawn
        if each.shape in (Shape.BOX, Shape.FREEHAND) and each.view in shapes
        for rows, cols in (shapes[each.view],)
        if each.box[0] < cols and each.box[1] < rows and each.box[2] > 0 and each.box[3] > 0
    )


def _write_report(folder: Path, scan: Scan, label: Label, drawn: Sequence[Annotation]) -> None:
    """A threat detection report, with the picture that it is about where DICOS can hold it."""
    is_counts = all(view.colour is None for view in scan.views)
    pictures = dicos.write(scan, folder / f"{scan.id}.dcs") if is_counts else ()
    refers_to = dicos.instance_ids(pictures)
    report = tdr.report_annotations(drawn, VERDICTS[label.outcome], label.decided_at, refers_to)
    tdr.write(report, folder / f"{scan.id}_tdr.dcs")
