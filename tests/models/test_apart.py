"""A model in a process of its own: the same answers; what kills or stalls the child does not reach the station."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest
from onnx import TensorProto, helper, numpy_helper

from imaging.scan import Scan, View
from models import apart
from models.apart import ApartDetector
from models.detector import ModelAlteredError, ModelBrokenError, ModelMissingError, ModelRefusedError, ViewUnsuitedError
from models.onnx import load
from tests.models.graphs import NAMES, finish, graph, raw_grid, store


def make_scan(seed: int = 1) -> Scan:
    counts = np.random.default_rng(seed).integers(2000, 60000, (70, 90), dtype=np.uint16)
    return Scan(views=(View(high=counts, low=counts // 2, mm_per_row=1.0, mm_per_col=1.0),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES))
    return tmp_path


@pytest.fixture
def detector(folder: Path) -> Iterator[ApartDetector]:
    made = ApartDetector("lab", folder)
    yield made
    made.close()


def test_it_finds_what_the_same_model_finds_here(detector: ApartDetector, folder: Path) -> None:
    here = load("lab", folder)
    scan = make_scan()
    assert detector.name == here.name
    assert detector.find(scan).detections == here.find(scan).detections


def test_two_views_and_colour_go_over_whole(detector: ApartDetector, folder: Path) -> None:
    colour = np.random.default_rng(2).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    scan = Scan(views=(View(colour=colour), View(colour=colour[::-1].copy(), name="side")))
    found = detector.find(scan)
    assert found.detections == load("lab", folder).find(scan).detections
    assert {each.view for each in found.detections} == {0, 1}


def test_a_killed_child_costs_one_scan_and_comes_back(detector: ApartDetector) -> None:
    pid = detector.child_pid
    assert pid is not None
    psutil.Process(pid).kill()
    with pytest.raises(ModelBrokenError, match="ended with code"):
        detector.find(make_scan())
    assert detector.find(make_scan()).detections
    assert detector.child_pid != pid


def test_what_a_child_said_last_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    detector = ApartDetector("lab", folder)
    try:
        assert detector.child_pid is not None
        psutil.Process(detector.child_pid).send_signal(signal.SIGABRT)
        with pytest.raises(ModelBrokenError, match=r"It said last: .*Extension modules: .*numpy"):
            detector.find(make_scan())
    finally:
        detector.close()
    assert "detector-words" not in {thread.name for thread in threading.enumerate()}


def test_a_child_that_stands_still_is_stopped_in_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(signal, "SIGSTOP"):
        pytest.skip("this system cannot stop a process")
    detector = ApartDetector("lab", folder, longest_s=0.5)
    pid = detector.child_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ModelBrokenError, match="did not answer in time"):
            detector.find(make_scan())
        assert not psutil.pid_exists(pid)
        monkeypatch.setattr(detector, "_longest_s", 30.0)
        assert detector.find(make_scan()).detections
    finally:
        detector.close()


def test_a_graph_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of 2**60 turns: it hangs when it is warmed, so the model is refused within the time for loading."""
    monkeypatch.setattr(apart, "LONGEST_LOAD_S", 3.0)
    store(tmp_path, endless())
    with pytest.raises(ModelBrokenError, match="did not answer in time"):
        ApartDetector("lab", tmp_path)


def test_failures_in_a_row_make_the_next_start_wait(detector: ApartDetector) -> None:
    for _ in range(apart.FAILURES_BEFORE_PAUSE):
        if detector.child_pid is None:
            detector._start()
        assert detector.child_pid is not None
        psutil.Process(detector.child_pid).kill()
        with pytest.raises(ModelBrokenError, match="ended with code"):
            detector.find(make_scan())
    with pytest.raises(ModelBrokenError, match="3 times in a row"):
        detector.find(make_scan())
    assert detector.child_pid is None


def test_what_the_model_refuses_is_told_as_it_was(folder: Path) -> None:
    with pytest.raises(ModelMissingError):
        ApartDetector("absent", folder)
    (folder / "lab.onnx").write_bytes((folder / "lab.onnx").read_bytes() + b"x")
    with pytest.raises(ModelAlteredError):
        ApartDetector("lab", folder)


def test_a_view_that_does_not_suit_leaves_the_child_alive(tmp_path: Path) -> None:
    metadata = {"xray.version": "1", "xray.layout": "peaks", "xray.input": "low_high", "xray.classes": "knife,gun"}
    peaks = np.zeros((1, 6, 4), dtype=np.float32)
    store(tmp_path, graph({"output0": peaks}, source=("images", (1, 2, 64, 64)), metadata=metadata))
    detector = ApartDetector("lab", tmp_path)
    pid = detector.child_pid
    with pytest.raises(ViewUnsuitedError):
        detector.find(Scan(views=(View(high=make_scan().views[0].high),)))
    assert detector.child_pid == pid
    detector.close()


def test_the_child_is_told_how_many_pictures_go_at_once(folder: Path) -> None:
    with pytest.raises(ModelRefusedError, match="batch to 1"):
        ApartDetector("lab", folder, batch=2)


def test_a_closed_one_leaves_no_process_and_no_thread(folder: Path) -> None:
    detector = ApartDetector("lab", folder)
    pid = detector.child_pid
    assert pid is not None
    detector.find(make_scan())
    detector.close()
    assert not psutil.pid_exists(pid)
    assert "detector-watch" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ModelBrokenError, match="was closed"):
        detector.find(make_scan())


def endless() -> bytes:
    """A graph whose Loop counts to 2**60 before it answers."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["goes_on"]),
            helper.make_node("Add", ["value", "value"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, []),
        ],
    )
    grid = raw_grid()
    nodes = [
        helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0),
        helper.make_node("Loop", ["turns", "", "sum"], ["last"], body=body),
        helper.make_node("Mul", ["last", "nothing"], ["zero"]),
        helper.make_node("Add", ["grid", "zero"], ["output0"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(2**60, np.int64), "turns"),
        numpy_helper.from_array(np.array(0, np.float32), "nothing"),
        numpy_helper.from_array(grid, "grid"),
    ]
    made = helper.make_graph(
        nodes,
        "endless",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 64, 64))],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, grid.shape)],
        constants,
    )
    assert isinstance(made, onnx.GraphProto)
    return finish(made, NAMES)
