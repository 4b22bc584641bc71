"""Judge an embedding on groups that no training saw, beside a trivial rival, and write its card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.card import EmbeddingCard, EmbeddingInput, read_model_file
from models.detector import ModelMissingError
from models.embedding import Embedder
from models.onnx import open_session
from models.pairs import Seen, compare_trivially, cosines, draw_steps, judge, trivial_features
from models.training.embedding.scenes import DIMENSIONS, FRAME, Group, read_group
from models.training.embedding.views import plain_views

TRAINING_DATA = (
    "Trained on synthetic images only: parcels and containers simulated by imaging.phantom, scanned again by other "
    "machines, turned, shaken, altered. It aids the officer and is not certified."
)
INTENDED_USE = (
    "Ranks earlier X-ray scans by their likeness to one, and says in three steps whether two show the same content. "
    "A piece of less than 2 % of the mass was never asked for; goods that were packed anew count as another parcel of "
    "the lot. It knows nothing of pictures in visible light."
)
LEAST_OF_A_KIND = 20
"""Fewer containers than this are not worth figures of their own."""


def judge_groups(embedder: Embedder, folder: Path) -> dict[str, dict[str, float]]:
    """Figures by set and method: parcels and containers, the model and its trivial rival.

    Raises:
        ModelMissingError: there are no groups in the folder.
    """
    figures = {}
    for name, groups in _sets(folder).items():
        seen = [_embedded(embedder, group) for group in groups]
        figures[name] = judge(seen, cosines)
        figures[f"{name}: trivial"] = judge([_trivial(group) for group in groups], compare_trivially)
    return figures


def judge_embedding(model: Path, version: str, folder: Path) -> EmbeddingCard:
    """The card of an export. The steps come from the first half of the parcels, the figures from all."""
    draft = _draft(model, version, same_from=0.9, alike_from=0.5)
    embedder = Embedder(draft, open_session(read_model_file(model), model.name, threads=1))
    sets = _sets(folder)
    parcels = sets["parcels"]
    seen = [_embedded(embedder, group) for group in parcels[: len(parcels) // 2]]
    same_from, alike_from = draw_steps(seen, cosines)
    return _draft(model, version, same_from=round(same_from, 4), alike_from=round(alike_from, 4)).model_copy(
        update={"metrics": judge_groups(embedder, folder)}
    )


def _draft(model: Path, version: str, *, same_from: float, alike_from: float) -> EmbeddingCard:
    return EmbeddingCard(
        kind="embedding",
        name=model.stem,
        version=version,
        file=model.name,
        sha256=hashlib.sha256(read_model_file(model)).hexdigest(),
        input=EmbeddingInput.XRAY,
        size=FRAME,
        dimensions=DIMENSIONS,
        same_from=same_from,
        alike_from=alike_from,
        training_data=TRAINING_DATA,
        intended_use=INTENDED_USE,
        licence="Apache-2.0",
    )


def _sets(folder: Path) -> Mapping[str, Sequence[Group]]:
    groups = [read_group(path) for path in sorted(folder.glob("*.npz"))]
    if not groups:
        raise ModelMissingError(f"There are no groups in {folder}. Make them with guanjian train embedding data.")
    containers = [group for group in groups if group.is_container]
    sets = {"parcels": [group for group in groups if not group.is_container]}
    return sets | ({"containers": containers} if len(containers) >= LEAST_OF_A_KIND else {})


def _embedded(embedder: Embedder, group: Group) -> Seen:
    first, second, one, other, lot = (embedder.embed_upright(frame) for frame in plain_views(group))
    return Seen(first, second, (one, other), lot)


def _trivial(group: Group) -> Seen:
    first, second, one, other, lot = map(trivial_features, plain_views(group))
    return Seen(first, second, (one, other), lot)
