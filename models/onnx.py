"""The ONNX Runtime session behind the Detector protocol."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from imaging.material import MEV_FROM_KV, beam_of
from imaging.scan import Generator, Scan, View, ViewKind
from models.card import STORE, ModelCard, load_card, read_model
from models.detector import TOGETHER, Detection, Findings, Level, ModelBrokenError, ModelRefusedError
from models.feed import Placement, choose_scales, fill, group_windows, plan_windows
from models.heads import Head, Signature, Tensor, resolve
from models.heads.boxes import merge_looks, suppress_best
from models.heads.signature import Outputs
from models.inputs import Planes, read_planes

THREADS = 2
FEWEST_KEPT = 20
MOST_KEPT = 100
NMS_OVERLAP = 0.5
BLANK_SIZE = (320, 320)
LARGEST_SIDECAR_BYTES = 2**20


PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def load(path: Path | str, folder: Path = STORE, *, provider: str = "cpu", batch: int = 1) -> OnnxDetector:
    """The detector of a card, a model with its card beside it, or a bare name in `folder`; loaded, checked and warm.

    `batch` is how many tiles of one size go to the model at once.

    Raises:
        ModelMissingError: card or model are not there.
        ModelAlteredError: the model's sha256 is not the card's.
        ModelBrokenError: it cannot be loaded, or fails on a blank picture.
        ModelRefusedError: its outputs follow no convention that is known, or it does not take `batch` pictures at once.
    """
    card, home = load_card(path, folder)
    detector = open_detector(card, home, read_model(card, home), provider=provider, batch=batch)
    detector.warm()
    return detector


def open_detector(card: ModelCard, home: Path, model: bytes, *, provider: str = "cpu", batch: int = 1) -> OnnxDetector:
    """The detector of a card and a model, and of the card's `others` in the folder `home`; not warm.

    Raises:
        ModelError: as `load`; ModelRefusedError as well where `others` has other classes, or others of its own.
    """
    session = open_session(model, card.file, provider=provider)
    head = resolve(read_signature(session, card.labels, read_sidecar(home / card.file)))
    if card.others is None:
        return OnnxDetector(card, session, head, batch=batch)
    other, _ = load_card(card.others, home)
    if other.others is not None or other.labels != card.labels:
        raise ModelRefusedError(
            f"{other.name} cannot look at what {card.name} leaves to it: it must have the same classes in the same "
            "order, and leave nothing to a third."
        )
    beside = open_detector(other, home, read_model(other, home), provider=provider, batch=batch)
    return OnnxDetector(card, session, head, beside, batch=batch)


class OnnxDetector:
    """A model with its card and head; one thread calls it at a time. `others` looks at views that are not measured.

    Up to `batch` tiles of one size go to the model at once.
    """

    def __init__(
        self,
        card: ModelCard,
        session: ort.InferenceSession,
        head: Head,
        others: OnnxDetector | None = None,
        *,
        batch: int = 1,
    ) -> None:
        self.card = card
        self.head = head
        self._session = session
        self._others = others
        self.batch = batch

    @property
    def name(self) -> str:
        return self.card.title

    @property
    def cards(self) -> dict[str, ModelCard]:
        """The cards of the models that may look, by the names that findings give."""
        return {each.name: each.card for each in (self, self._others) if each is not None}

    def find(self, scan: Scan) -> Findings:
        """Look at every view of a scan; at least the twenty best boxes of each view come back, whatever their level.

        The findings name the models that looked.

        Raises:
            ModelBrokenError: the model failed on this scan, or cannot look at its kind of picture.
        """
        started = time.perf_counter()
        found: list[Detection] = []
        for number, view in enumerate(scan.views):
            found += self.find_in_view(view, number, scan.generator)
        names = dict.fromkeys(self._suited(view, scan.generator).name for view in scan.views)
        found.sort(key=lambda detection: -detection.score)
        return Findings(TOGETHER.join(names), (time.perf_counter() - started) * 1000, tuple(found))

    def close(self) -> None:
        """Nothing to give back but memory."""

    def find_in_view(self, view: View, number: int = 0, generator: Generator | None = None) -> list[Detection]:
        """The detections of one view, best first."""
        suited = self._suited(view, generator)
        planes = read_planes(view, suited.head.feed.kind, generator)
        return suited.find_in_planes(planes, (view.mm_per_row, view.mm_per_col), number)

    def _suited(self, view: View, generator: Generator | None) -> OnnxDetector:
        """The one of both that looks at a view."""
        return self if self._others is None or is_measured(view, generator) else self._others

    def find_in_planes(
        self, planes: Planes, mm_per_px: tuple[float | None, float | None], number: int = 0
    ) -> list[Detection]:
        """The detections on channels that `read_planes` made, best first."""
        shape = (planes.shape[1], planes.shape[2])
        parts, looks, look = [], [], 0
        for look, placements, tensor in self.fill_batches(planes, mm_per_px):
            for placement, outputs in zip(placements, self._run_together(tensor, placements), strict=True):
                candidates = self.head.decode(outputs, placement.size)
                parts.append((placement.to_picture(candidates.boxes), candidates))
                looks.append(np.full(candidates.scores.size, look))
        boxes = np.concatenate([placed for placed, _ in parts])
        scores = np.concatenate([candidates.scores for _, candidates in parts])
        classes = np.concatenate([candidates.classes for _, candidates in parts])
        if look > 0:
            boxes, scores, classes = merge_looks(boxes, scores, classes, np.concatenate(looks), look + 1)
        elif len(parts) > 1 or parts[0][1].needs_nms:
            kept = suppress_best(boxes, scores, classes, NMS_OVERLAP)
            boxes, scores, classes = boxes[kept], scores[kept], classes[kept]
        return self._detections(boxes, scores, classes, shape, number)

    def fill_batches(
        self, planes: Planes, mm_per_px: tuple[float | None, float | None]
    ) -> Iterator[tuple[int, list[Placement], npt.NDArray[Any]]]:
        """What goes to the model at once: the number of the look, where its parts lie, and their tensor."""
        shape, feed = (planes.shape[1], planes.shape[2]), self.head.feed
        scales: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
        if feed.size is None:
            scales = choose_scales(shape, mm_per_px, self.card.mm_per_px, self.card.unknown_long_px)
        planned = (plan_windows(shape, feed, (scale,)) for scale in scales)
        windows = ((look, window) for look, of_look in enumerate(planned) for window in of_look)
        for some in group_windows(windows, self.batch):
            filled = [fill(planes, window, feed) for _, window in some]
            tensors = [tensor for tensor, _ in filled]
            together = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
            yield some[0][0], [placement for _, placement in filled], together

    def run(self, tensor: np.ndarray[Any, Any], size: tuple[int, int]) -> Outputs:
        """The graph's outputs by name.

        Raises:
            ModelBrokenError: ONNX Runtime failed, or the outputs hold no usable numbers.
        """
        feed = self.head.feed
        inputs = {feed.tensor: tensor}
        if feed.size_tensor is not None:
            inputs[feed.size_tensor] = np.array([[size[1], size[0]]] * len(tensor), dtype=np.int64)
        try:
            values = self._session.run(None, inputs)
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            raise ModelBrokenError(f"The model {self.name} failed: {error}", name=self.name) from error
        return {output.name: value for output, value in zip(self._session.get_outputs(), values, strict=True)}

    def _run_together(self, tensor: npt.NDArray[Any], placements: Sequence[Placement]) -> list[Outputs]:
        """The outputs for the parts of a picture in one tensor, each as if it had been alone."""
        outputs, count = self.run(tensor, placements[0].size), len(placements)
        if count == 1:
            return [outputs]
        if any(values.shape[:1] != (count,) for values in outputs.values()):
            raise ModelRefusedError(f"{self.name} does not answer for {count} pictures at once; set batch to 1.")
        return [{name: values[index : index + 1] for name, values in outputs.items()} for index in range(count)]

    def warm(self) -> None:
        """Run once on a blank picture, so that the first parcel is no slower than the next.

        Raises:
            ModelBrokenError: the model fails on it.
            ModelRefusedError: it does not take several pictures at once, and `batch` asks for it.
        """
        if self.batch > 1:
            self._try_batch()
        try:
            self.find_in_planes(read_planes(self.blank(), self.head.feed.kind), (None, None))
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise ModelBrokenError(
                f"The outputs of {self.name} are not what {self.head.convention} has: {error}", name=self.name
            ) from error
        if self._others is not None:
            self._others.warm()

    def _try_batch(self) -> None:
        feed = self.head.feed
        taken = next(source.shape for source in self._session.get_inputs() if source.name == feed.tensor)
        if not feed.has_batch or isinstance(taken[0], int):
            raise ModelRefusedError(f"{self.name} takes one picture at a time: {feed.tensor} {taken}. Set batch to 1.")
        planes = read_planes(self.blank(), feed.kind)
        (window,) = plan_windows((planes.shape[1], planes.shape[2]), feed, ((1.0, 1.0),))
        tensor, placement = fill(planes, window, feed)
        try:
            self._run_together(np.concatenate([tensor] * self.batch), [placement] * self.batch)
        except ModelBrokenError as error:
            raise ModelRefusedError(f"{error} It was given {self.batch} pictures at once; set batch to 1.") from error

    def blank(self) -> View:
        """A picture with nothing in it, of the size that the model asks for."""
        counts = np.full(self.head.feed.size or BLANK_SIZE, 60000, dtype=np.uint16)
        return View(high=counts, low=counts)

    def _detections(
        self,
        boxes: np.ndarray[Any, Any],
        scores: np.ndarray[Any, Any],
        classes: np.ndarray[Any, Any],
        shape: tuple[int, int],
        number: int,
    ) -> list[Detection]:
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ModelBrokenError(f"The model {self.name} gave numbers that are none.", name=self.name)
        if classes.size and (classes.min() < 0 or classes.max() >= len(self.card.classes)):
            raise ModelBrokenError(f"The model {self.name} gave a class that its card does not name.", name=self.name)
        best = np.argsort(-scores, kind="stable")[:MOST_KEPT]
        placed, is_inside = whole_px(boxes[best], shape)
        entries = [self.card.classes[number] for number in classes[best].tolist()]
        values = np.clip(scores[best].astype(np.float64), 0, 1).tolist()
        found = [
            Detection(entry.label, score, entry.level(score), (box[0], box[1], box[2], box[3]), number)
            for entry, score, box, inside in zip(entries, values, placed.tolist(), is_inside.tolist(), strict=True)
            if inside
        ]
        return [d for i, d in enumerate(found) if i < FEWEST_KEPT or d.level is not Level.BELOW]


def is_measured(view: View, generator: Generator | None = None) -> bool:
    """Whether a view has two energies from which Zeff is known, which those in MeV are not, and says its scale."""
    has_scale = None not in (view.mm_per_row, view.mm_per_col)
    return has_scale and view.kind is ViewKind.DUAL and beam_of(view, generator).kv < MEV_FROM_KV


def whole_px(boxes: np.ndarray[Any, Any], shape: tuple[int, int]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Boxes in whole px cut at the edges of a picture of (rows, cols), and of which something is inside."""
    limits = np.array([shape[1], shape[0]] * 2)
    placed = np.clip(np.floor(boxes + 0.5), 0, limits).astype(np.intp)
    return placed, np.asarray((placed[:, :2] < placed[:, 2:]).all(axis=1))


def open_session(model: bytes, name: str, threads: int = THREADS, provider: str = "cpu") -> ort.InferenceSession:
    """A session: sequential, without threads that spin while nothing is to be done.

    From bytes, so that no file beside the model is ever read by ONNX Runtime. Beside another `provider` of PROVIDERS
    the processor takes what that one cannot.

    Raises:
        ModelBrokenError: ONNX Runtime does not accept the model, has not got the provider, or cannot start it.
    """
    wanted = PROVIDERS[provider]
    if wanted not in (there := ort.get_available_providers()):
        raise ModelBrokenError(
            f"ONNX Runtime here has no {wanted}, only {', '.join(there)}. Install the build that has it, "
            "or set the provider to cpu.",
            name=name,
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(model, options, providers=list(dict.fromkeys((wanted, PROVIDERS["cpu"]))))
    except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
        if "External data" in str(error):
            raise ModelBrokenError(
                f"{name} has its weights in another file, and nothing outside the model is read. Save it as one file: "
                "onnx.save(onnx.load(FILE), ONE_FILE).",
                name=name,
            ) from error
        raise ModelBrokenError(f"The model {name} cannot be loaded: {error}", name=name) from error
    if wanted not in session.get_providers():
        raise ModelBrokenError(
            f"ONNX Runtime has {wanted}, but it did not start, and the processor would take its place in silence. See "
            "that its driver and libraries are of the versions that ONNX Runtime asks for, or set the provider to cpu.",
            name=name,
        )
    return session


def read_signature(
    session: ort.InferenceSession, labels: tuple[str, ...] = (), sidecar: dict[str, Any] | None = None
) -> Signature:
    """What can be seen of a loaded model from outside."""
    return Signature(
        inputs=tuple(map(_tensor, session.get_inputs())),
        outputs=tuple(map(_tensor, session.get_outputs())),
        metadata=dict(session.get_modelmeta().custom_metadata_map),
        labels=labels,
        sidecar=sidecar or {},
    )


def _tensor(node: Any) -> Tensor:
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in node.shape)
    return Tensor(node.name, shape, node.type.removeprefix("tensor(").removesuffix(")"))


def read_sidecar(model: Path) -> dict[str, Any]:
    """What anomalib 1.x writes beside a model: `metadata.json`; empty where there is none."""
    path = model.with_name("metadata.json")
    if not path.is_file() or path.stat().st_size > LARGEST_SIDECAR_BYTES:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
