"""Embeddings: upright pictures, cards, what each kind of model refuses, and the shipped one on a phantom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phantom.library import FreshObjects
from imaging.phantom.packing import lay, pack
from imaging.phantom.simulate import measure_scene
from imaging.scan import Scan, View
from models import embedding, onnx
from models.apart import ApartDetector, ApartEmbedder
from models.card import EmbeddingInput
from models.check import check
from models.detector import ModelBrokenError, ModelMissingError, ModelRefusedError
from models.embedding import is_xray, load
from models.likeness import Likeness, NoPhotographError, NoXrayError, Steps
from models.upright import find_content, set_upright
from tests.models.embeddings import store_embedding
from tests.models.graphs import NAMES, graph, raw_grid, store


def box_picture(degrees: float, at: tuple[float, float] = (150, 120)) -> np.ndarray:
    """A box of 120 by 60 px with a dark corner, turned about its middle."""
    planes = np.zeros((2, 240, 300), np.float32)
    planes[:, 90:150, 90:210] = 0.4
    planes[0, 95:110, 95:115] = 0.9
    turn = cv2.getRotationMatrix2D((150, 120), degrees, 1.0)
    turn[:, 2] += np.array(at) - (150, 120)
    return np.stack([cv2.warpAffine(plane, turn, (300, 240)) for plane in planes])


def counts(bright: int = 60000, box: int = 20000) -> View:
    high = np.full((80, 120), bright, np.uint16)
    high[20:60, 30:90] = box
    return View(high=high, low=high, mm_per_row=1.0, mm_per_col=1.0)


@settings(max_examples=25, deadline=None)
@given(degrees=st.floats(-180, 180), x=st.floats(100, 200), y=st.floats(100, 140))
def test_where_and_how_it_lies_is_gone_but_for_the_four_ways(degrees: float, x: float, y: float) -> None:
    straight = set_upright(box_picture(0), (48, 64))
    turned = set_upright(box_picture(degrees, (x, y)), (48, 64))
    ways = [turned, turned[:, ::-1], turned[:, :, ::-1], turned[:, ::-1, ::-1]]
    assert min(float(np.abs(way - straight).mean()) for way in ways) < 0.05
    assert np.ptp(turned[2]) == 0


def test_content_is_found_past_dust_and_the_fiducial_strip() -> None:
    picture = box_picture(0)[0]
    picture[5:7, 5:7] = 0.9
    picture[230:234] = 0.9
    (x, y), (length, width), _ = find_content(picture)
    assert (x, y) == (pytest.approx(150, abs=2), pytest.approx(120, abs=2))
    assert (length, width) == (pytest.approx(120, abs=4), pytest.approx(60, abs=4))


def test_air_alone_is_taken_whole() -> None:
    planes = np.zeros((2, 40, 90), np.float32)
    assert find_content(planes[0])[1] == (90.0, 40.0)
    assert set_upright(planes, (48, 64)).shape == (3, 48, 64)


@pytest.mark.parametrize(("score", "step"), [(0.95, "same"), (0.9, "same"), (0.7, "unsure"), (0.2, "other")])
def test_scores_become_steps_by_the_card(score: float, step: str) -> None:
    assert Steps(0.9, 0.5).of(score) is Likeness(step)


def test_an_xray_model_takes_scans_and_refuses_cameras(tmp_path: Path) -> None:
    store_embedding(tmp_path, EmbeddingInput.XRAY)
    embedder = load("lab-same", tmp_path)
    vector = embedder.embed(Scan((counts(),)))
    assert vector.shape == (48,)
    assert np.linalg.norm(vector) == pytest.approx(1)
    photograph = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    with pytest.raises(NoXrayError):
        embedder.embed_photograph(photograph)
    with pytest.raises(NoXrayError):
        embedder.embed(Scan((View(colour=photograph),)))


def test_a_camera_model_takes_photographs_and_refuses_scans(tmp_path: Path) -> None:
    store_embedding(tmp_path, EmbeddingInput.RGB)
    embedder = load("lab-same", tmp_path)
    red = np.zeros((50, 70, 3), np.uint8)
    red[..., 0] = 200
    assert embedder.embed_photograph(red) @ embedder.embed_photograph(red[:20]) == pytest.approx(1)
    with pytest.raises(NoPhotographError):
        embedder.embed(Scan((counts(),)))


def test_the_shipped_model_refuses_a_photograph_and_a_detectors_card_is_refused() -> None:
    with pytest.raises(NoXrayError):
        load().embed_photograph(np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ModelRefusedError, match="detector"):
        load("parcel-3")
    with pytest.raises(ModelRefusedError, match="embedding"):
        onnx.load(embedding.DEFAULT)


def test_a_model_that_is_not_as_its_card_tells_is_refused(tmp_path: Path) -> None:
    store_embedding(tmp_path, EmbeddingInput.RGB, dimensions=7)
    with pytest.raises(ModelRefusedError, match="48 numbers"):
        load("lab-same", tmp_path)
    store_embedding(tmp_path, EmbeddingInput.RGB, size=(64, 64))
    with pytest.raises(ModelBrokenError):
        load("lab-same", tmp_path)
    with pytest.raises(ModelMissingError):
        load("absent", tmp_path)


def test_pictures_of_xray_machines_pass_and_photographs_do_not(shared: Path) -> None:
    folder = shared / "data" / "compass-xp" / "images"
    scans = [cv2.imread(str(path)) for path in sorted(folder.glob("*.png"))]
    assert scans
    assert all(is_xray(picture[:, :, ::-1].copy()) for picture in scans if picture is not None)
    # A shelf in a room: no bright grey ground at its rim.
    room = np.random.default_rng(1).integers(20, 160, (120, 160, 3), dtype=np.uint8)
    assert not is_xray(cv2.GaussianBlur(room, (0, 0), 3).astype(np.uint8))


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[ApartDetector]:
    store(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES))
    store_embedding(tmp_path, EmbeddingInput.XRAY)
    made = ApartDetector("lab", tmp_path, embedding=("lab-same", tmp_path))
    yield made
    made.close()


def test_the_detectors_process_embeds_beside_finding(apart: ApartDetector, tmp_path: Path) -> None:
    scan = Scan((counts(),))
    before = apart.find(scan).detections
    assert np.allclose(apart.embed(scan), load("lab-same", tmp_path).embed(scan))
    assert apart.find(scan).detections == before
    photograph = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    with pytest.raises(NoXrayError, match="bright background"):
        apart.embed(Scan((View(colour=photograph),)))


def test_a_detector_without_an_embedding_model_goes_on(tmp_path: Path) -> None:
    store(tmp_path, graph({"output0": raw_grid()}, metadata=NAMES))
    made = ApartDetector("lab", tmp_path)
    try:
        with pytest.raises(ModelMissingError):
            made.embed(Scan((counts(),)))
        assert made.find(Scan((counts(),))).detections
    finally:
        made.close()


def test_a_camera_model_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    store_embedding(tmp_path, EmbeddingInput.RGB)
    picture = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    made = ApartEmbedder("lab-same", tmp_path)
    try:
        assert np.allclose(made.embed_photograph(picture), load("lab-same", tmp_path).embed_photograph(picture))
    finally:
        made.close()


def test_the_shipped_model_knows_a_parcel_again_from_others() -> None:
    """Three parcels, each scanned twice by machines of their own, turned: each finds itself."""
    rng = np.random.default_rng(11)
    source = FreshObjects()
    packings = [replace(each, pieces=each.pieces[:4]) for each in (pack(rng, source) for _ in range(3))]
    model = load()
    first, second = (
        np.stack([model.embed(measure_scene(lay(each, 2.5, degrees), rng)) for each in packings])
        for degrees in (0.0, 130.0)
    )
    assert (first @ second.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_a_check_runs_an_embedding_and_says_what_its_card_has_wrong(tmp_path: Path) -> None:
    store_embedding(tmp_path, EmbeddingInput.RGB)
    known = check(tmp_path / "lab-same.onnx")
    assert (known.convention, known.input, known.size, known.dimensions) == ("embedding", "rgb", (16, 16), 48)
    assert known.ms is not None
    assert known.problem == ""
    store_embedding(tmp_path, EmbeddingInput.RGB, dimensions=12)
    assert "gives 48 numbers a picture, and its card tells 12" in check(tmp_path / "lab-same.onnx").problem
