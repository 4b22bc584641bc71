"""What the way round the model costs: the whole pipeline beside the bare session, on the same picture."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from imaging.scan import Scan
from models.detector import Detector
from models.inputs import read_planes
from models.onnx import OnnxDetector

RUNS, WARM_RUNS = 50, 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall times of repeated calls in ms."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class PipelineTiming:
    """`pipeline` from scan to findings, `session` the model alone on the tensors that the pipeline gives it."""

    pipeline: Timing
    session: Timing

    @property
    def overhead(self) -> float:
        """What the pipeline takes beyond the bare session, as a part of the session's median."""
        return self.pipeline.p50_ms / self.session.p50_ms - 1


def time_pipeline(detector: OnnxDetector, scan: Scan, runs: int = RUNS) -> PipelineTiming:
    """Time a detector on one scan, call by call in turn, so that a busy machine slows both alike."""
    view = scan.views[0]
    planes = read_planes(view, detector.head.feed.kind, scan.generator)
    batches = list(detector.fill_batches(planes, (view.mm_per_row, view.mm_per_col)))

    def run_session() -> None:
        for _, placements, tensor in batches:
            detector.run(tensor, placements[0].size)

    single = Scan((view,), generator=scan.generator)
    for _ in range(WARM_RUNS):
        detector.find(single)
        run_session()
    taken = np.array([(_time(lambda: detector.find(single)), _time(run_session)) for _ in range(runs)])
    return PipelineTiming(_summarise(taken[:, 0]), _summarise(taken[:, 1]))


def time_detector(detector: Detector, scan: Scan, runs: int = RUNS) -> Timing:
    """Time a detector on one scan, such as one in a process of its own."""
    for _ in range(WARM_RUNS):
        detector.find(scan)
    return _summarise(np.array([_time(lambda: detector.find(scan)) for _ in range(runs)]))


def time_ultralytics(model: Path, detector: OnnxDetector, scan: Scan, runs: int = RUNS) -> Timing | None:
    """The runner of the package ultralytics on the same graph, given the tensor ready made; None without the package.

    It knows no attenuation, so its time leaves out what makes planes of counts.
    """
    if find_spec("ultralytics") is None:
        return None
    os.environ.setdefault("YOLO_OFFLINE", "1")
    import torch
    from ultralytics import YOLO  # type: ignore[import-not-found]

    view = scan.views[0]
    planes = read_planes(view, detector.head.feed.kind, scan.generator)
    ((_, (placement,), tensor),) = detector.fill_batches(planes, (view.mm_per_row, view.mm_per_col))
    runner = YOLO(str(model), task="detect")

    def predict() -> None:
        runner.predict(torch.from_numpy(tensor), imgsz=placement.size, conf=0.01, verbose=False)

    for _ in range(WARM_RUNS):
        predict()
    return _summarise(np.array([_time(predict) for _ in range(runs)]))


def _time(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _summarise(taken: np.ndarray) -> Timing:
    return Timing(float(np.median(taken)), float(np.percentile(taken, 95)))
