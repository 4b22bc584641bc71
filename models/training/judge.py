"""Judge an export and write its card.

The sets are `known`, `unseen`, `fan`, `clean` and `bags` as models.training.data writes them with seeds that training
did not use. They are judged in the forms that the recipe is for: as measured, and as a legacy machine would show them
(8-bit colours of a random palette, scale unknown); `bags`, luggage, always as pictures of unknown scale.
Thresholds come from `clean`, the strictest of all forms; false alarms are counted on each half by those of the other.
A COCO file of real pictures, which nothing was trained or calibrated on, may be added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from imaging.scan import Scan, View
from models.baseline import DenseBlobs, find_blobs, find_blobs_in
from models.card import InputKind, ModelCard, ModelClass, calibrated, read_model_file
from models.detect import evaluate_coco, unlimited
from models.detector import ModelMissingError
from models.evaluate import Judged, Known, best_score, calibrate, judge, report
from models.onnx import OnnxDetector, open_detector
from models.training.palettes import draw_palette, paint
from models.training.pictures import as_picture
from models.training.recipes import Name, Recipe
from models.training.scenes import Scene, read_scene

REAL_NAMES = {"knife": "blade", "axe": "blade", "scissors": "blade"}
"""Classes of the real set that are a class of the model; a power drill is none."""
TRAINING_DATA = (
    "Trained on synthetic images only: {} simulated by imaging.phantom. It aids the officer and is not certified."
)
TITLES = {
    "known": "phantoms of known shapes",
    "unseen": "phantoms of unseen shapes",
    "fan": "phantoms in a fan",
}
FORMS = {
    Name.PARCEL: {"dual energy": False, "8-bit colour": True},
    Name.MEASURED: {"dual energy": False},
    Name.COLOUR: {"8-bit colour": True},
    Name.CARGO: {"as measured": False},
}
"""In which forms a recipe's sets are judged, and whether that is in colour."""
OBJECTS = {name: "containers" if name is Name.CARGO else "parcels" for name in Name}


def judge_scenes(
    detector: OnnxDetector, scenes: Sequence[Scene], is_colour: bool = False
) -> tuple[list[Judged], list[Judged]]:
    """What the detector and the dense blobs say of scenes, as measured or as 8-bit colour of unknown scale."""
    found, blobs = [], []
    for number, scene in enumerate(scenes):
        known = _known(scene, detector.card.labels)
        planes = scene.planes.astype(np.float32) / np.float32(255)
        trivial = (float(planes[0].size), float(planes[0].mean()))
        if is_colour:
            view = View(colour=paint(planes, draw_palette(np.random.default_rng(number))))
            found.append(Judged(known, tuple(detector.find_in_view(view)), trivial))
            blobs.append(Judged(known, tuple(find_blobs(view)), trivial))
        else:
            mm_per_px = (scene.mm_per_px, scene.mm_per_px)
            found.append(Judged(known, tuple(detector.find_in_planes(planes, mm_per_px)), trivial))
            blobs.append(Judged(known, tuple(find_blobs_in(planes[0])), trivial))
    return found, blobs


def _known(scene: Scene, labels: Sequence[str]) -> tuple[Known, ...]:
    rows = zip(scene.boxes.astype(int).tolist(), scene.classes, scene.is_ignored, strict=True)
    return tuple(Known(labels[label], tuple(box), bool(ignored)) for box, label, ignored in rows)


def describe(model: Path, version: str, recipe: Recipe, others: str | None = None) -> ModelCard:
    """A card of the export without its figures; `others` is the model beside it for what is not measured."""
    return ModelCard(
        name=model.stem,
        version=version,
        file=model.name,
        sha256=hashlib.sha256(read_model_file(model)).hexdigest(),
        input=InputKind.ATTEN_ZEFF,
        mm_per_px=recipe.mm_per_px,
        unknown_long_px=recipe.unknown_long_px,
        others=others,
        classes=tuple(ModelClass(label=name, text_key=f"detect.class.{name}") for name in recipe.labels),
        training_data=TRAINING_DATA.format(OBJECTS[recipe.name]),
        intended_use=recipe.intended_use,
        licence="Apache-2.0",
    )


def open_export(model: Path, card: ModelCard) -> OnnxDetector:
    return open_detector(card, model.parent, read_model_file(model))


def judge_model(
    model: Path, version: str, sets: Path, real: Path | None, recipe: Recipe, *, others: str | None = None
) -> ModelCard:
    """Calibrate and judge an export on every set: its card with all figures.

    With `others` the figures on luggage and real pictures are those of the model that looks at them.
    A set that is not there has no figures; there must be the set `clean`.

    Raises:
        ModelMissingError: there are no clean scenes to calibrate by.
    """
    scenes = {name: _read_set(sets / name) for name in (*TITLES, "clean", "bags")}
    scenes["clean"] = [replace(scene, is_ignored=np.ones_like(scene.is_ignored)) for scene in scenes["clean"]]
    if len(scenes["clean"]) < 2:
        raise ModelMissingError(f"There are no two scenes in {sets / 'clean'} to calibrate by. Make them first.")
    forms = FORMS[recipe.name]
    card = describe(model, version, recipe, others)
    everything = open_export(model, unlimited(card))
    clean = {form: judge_scenes(everything, scenes["clean"], is_colour) for form, is_colour in forms.items()}
    quiet = {form: found for form, (found, _) in clean.items()}
    cuts = calibrate_forms(list(quiet.values()), recipe.labels)
    card = calibrated(card, cuts)
    detector = open_export(model, card)
    metrics: dict[str, dict[str, float]] = {}
    for form, is_colour in forms.items():
        for name, of_set in TITLES.items():
            if not scenes[name]:
                continue
            title = f"{of_set}, {form}"
            found, blobs = judge_scenes(detector, scenes[name], is_colour)
            metrics[title] = figures_of(found, clean[form][0], recipe.labels, cuts)
            metrics[f"{title}: dense blobs"] = figures_of(blobs, clean[form][1], (), cuts)
    metrics |= {f"clean phantoms, {form}": figures for form, figures in false_alarms(quiet, recipe.labels).items()}
    if scenes["bags"]:
        metrics |= _luggage(detector, scenes["bags"])
    if real is not None:
        metrics |= _real(detector, real)
    return card.model_copy(update={"metrics": metrics})


def _luggage(detector: OnnxDetector, scenes: Sequence[Scene]) -> dict[str, dict[str, float]]:
    """Figures of the detector and of the dense blobs on phantom luggage as pictures of unknown scale."""
    pictures = [as_picture(scene, np.random.default_rng(k)) for k, scene in enumerate(scenes)]
    metrics = {}
    for name, judged in (("", detector), (": dense blobs", DenseBlobs())):
        of_bags = judge(judged, ((Scan((view,)), known) for view, known in pictures))
        figures = report(of_bags, detector.card.labels, lambda _: {}).figures
        metrics[f"phantom luggage, pictures of unknown scale{name}"] = figures
    return metrics


def _real(detector: OnnxDetector, coco: Path) -> dict[str, dict[str, float]]:
    metrics = {}
    for name, made in evaluate_coco(detector, coco, same_as=REAL_NAMES).items():
        suffix = f": {name}" if name == DenseBlobs.name else ""
        metrics[f"real bags ({made.pictures} pictures, {coco.parent.name}){suffix}"] = made.figures
    return metrics


def calibrate_forms(forms: Sequence[Sequence[Judged]], labels: Sequence[str]) -> dict[str, dict[int, float]]:
    """Thresholds by class and rate: the highest of all forms, so that none gives more false alarms than a rate says."""
    cuts = {}
    for label in labels:
        of_forms = [calibrate(clean, label) for clean in forms]
        cuts[label] = {rate: max(of_form[rate] for of_form in of_forms) for rate in of_forms[0]}
    return cuts


def figures_of(
    judged: Sequence[Judged], clean: Sequence[Judged], labels: Sequence[str], cuts: Mapping[str, dict[int, float]]
) -> dict[str, float]:
    """Average precision and recall on a set itself; FROC and AUROC against the clean pictures as well."""
    of_set = report(judged, labels, cuts.__getitem__).figures
    with_clean = report([*judged, *clean], (), cuts.__getitem__).figures
    return of_set | {name: value for name, value in with_clean.items() if not name.startswith("any")}


def false_alarms(
    forms: Mapping[str, Sequence[Judged]], labels: Sequence[str], rates: Sequence[int] = (1, 5)
) -> dict[str, dict[str, float]]:
    """By form: the percent of clean pictures with an alarm of a class, each half by thresholds from the other half."""
    alarms: dict[str, dict[str, float]] = {form: {} for form in forms}
    half = len(next(iter(forms.values()))) // 2
    halves = slice(None, half), slice(half, None)
    for taken, counted in (halves, halves[::-1]):
        cuts = calibrate_forms([clean[taken] for clean in forms.values()], labels)
        for form, clean in forms.items():
            for label in labels:
                best = np.array([best_score(picture, label) for picture in clean[counted]])
                for rate in rates:
                    name = f"{label} false alarms at {rate} %"
                    part = 50 * float((best >= cuts[label][rate]).mean())
                    alarms[form][name] = round(alarms[form].get(name, 0.0) + part, 2)
    return alarms


def _read_set(folder: Path) -> list[Scene]:
    return [read_scene(path) for path in sorted(folder.glob("*.npz"))]
