"""Look at a model file of unknown origin in a process of its own: what is it, does it run, how fast."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from models.apart import limit_memory
from models.card import InputKind, ModelCard, ModelClass, is_embedding, load_card, read_model, read_model_file
from models.detector import ModelBrokenError, ModelError, ModelMissingError, ModelRefusedError
from models.embedding import load as load_embedder
from models.heads import Head, resolve
from models.heads.own import read_scale, read_thresholds
from models.onnx import OnnxDetector, open_detector, open_session, read_sidecar, read_signature

LONGEST_S = 60.0
RUNS = 5
UNHASHED = "0" * 64
NOT_STATED = "not stated"
EMBEDDING = "embedding"


class Understanding(BaseModel):
    """What was understood of a model file. `convention` is empty and `problem` set where it was not.

    An embedding has `dimensions` and no classes. `others` is the model that looks at what this one, by its card, leaves
    to it. `mm_per_px` and `thresholds` are what the file itself says of them, for a card to begin with.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    convention: str = ""
    input: str = ""
    size: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()
    has_card: bool = False
    others: str | None = None
    mm_per_px: float | None = None
    thresholds: dict[str, dict[int, float]] = {}
    dimensions: int | None = None
    ms: float | None = None
    seen: str = ""
    problem: str = ""


def check(path: Path | str, labels: tuple[str, ...] = (), longest_s: float = LONGEST_S) -> Understanding:
    """Examine a model without trusting it: another process loads it and runs it on a blank picture.

    `labels` are its classes where neither the file nor a card beside it names them.

    Raises:
        ModelMissingError: there is no such file.
        ModelBrokenError: the process died or took longer than `longest_s`.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelMissingError(f"The model {path.name} is not in {path.parent}.", name=path.name)
    command = [sys.executable, "-m", "models.check", str(path.resolve()), *labels]
    try:
        done = subprocess.run(command, capture_output=True, timeout=longest_s, check=False, cwd=_root(), text=True)
    except subprocess.TimeoutExpired as error:
        raise ModelBrokenError(f"{path.name} did not answer within {longest_s:g} s.", name=path.name) from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelBrokenError(f"{path.name} ended the process that tried it: {last}", name=path.name)
    return Understanding.model_validate_json(done.stdout)


def examine(path: Path, labels: tuple[str, ...] = ()) -> Understanding:
    """What `check` does, in this process."""
    has_card = path.with_suffix(".json").is_file()
    if has_card and is_embedding(path):
        return _examine_embedding(path)
    seen = ""
    try:
        if has_card:
            card, home = load_card(path)
            labels, model = card.labels, read_model(card, home)
        else:
            model = read_model_file(path)
        session = open_session(model, path.name)
        signature = read_signature(session, labels, read_sidecar(path))
        seen = signature.describe()
        head = resolve(signature)
        mm_per_px, thresholds = read_scale(signature.metadata), read_thresholds(signature.metadata)
        detector = open_detector(card, home, model) if has_card else OnnxDetector(_stand_in(head), session, head)
        detector.warm()
    except ModelError as error:
        return Understanding(file=path.name, has_card=has_card, seen=seen, problem=str(error))
    blank = detector.blank()
    return Understanding(
        file=path.name,
        convention=head.convention,
        input=head.feed.kind.value,
        size=head.feed.size,
        labels=head.labels,
        has_card=has_card,
        others=detector.card.others,
        mm_per_px=mm_per_px,
        thresholds=thresholds,
        ms=_time(lambda: detector.find_in_view(blank)),
        seen=seen,
    )


def _examine_embedding(path: Path) -> Understanding:
    try:
        embedder = load_embedder(path)
    except ModelError as error:
        return Understanding(file=path.name, convention=EMBEDDING, has_card=True, problem=str(error))
    card = embedder.card
    return Understanding(
        file=path.name,
        convention=EMBEDDING,
        input=card.input.value,
        size=card.size,
        has_card=True,
        dimensions=card.dimensions,
        ms=_time(embedder.warm),
    )


def draft_card(path: Path, labels: tuple[str, ...] = ()) -> ModelCard:
    """A card to begin with for a laboratory's own model, with the thresholds that it brings; nothing is written.

    Raises:
        ModelMissingError: there is no such file.
        ModelBrokenError: it does not run, or its name cannot stand on a card.
        ModelRefusedError: it was not understood.
    """
    known = check(path, labels)
    if known.problem:
        raise ModelRefusedError(known.problem)
    try:
        return ModelCard(
            name=path.stem,
            version="1",
            file=path.name,
            sha256=hashlib.sha256(read_model_file(path)).hexdigest(),
            input=InputKind(known.input),
            mm_per_px=known.mm_per_px,
            classes=tuple(
                ModelClass(label=label, thresholds=known.thresholds.get(label, {})) for label in known.labels
            ),
            training_data=NOT_STATED,
            intended_use=NOT_STATED,
            licence=NOT_STATED,
        )
    except ValidationError as error:
        raise ModelBrokenError(f"{path.name} cannot be put on a card: {error}", name=path.name) from error


def _stand_in(head: Head) -> ModelCard:
    """A card for this one look; no station loads a model on it."""
    return ModelCard(
        name="unknown",
        version="unknown",
        file="unknown.onnx",
        sha256=UNHASHED,
        input=head.feed.kind,
        classes=tuple(ModelClass(label=label) for label in head.labels),
        training_data="unknown",
        intended_use="unknown",
        licence="unknown",
    )


def _time(look: Callable[[], object]) -> float:
    """Median wall time of a look, ms."""
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        look()
        taken.append((time.perf_counter() - started) * 1000)
    return round(float(np.median(taken)), 2)


def _root() -> Path:
    return Path(__file__).resolve().parents[1]


if __name__ == "__main__":
    limit_memory()
    sys.stdout.write(json.dumps(examine(Path(sys.argv[1]), tuple(sys.argv[2:])).model_dump()))
