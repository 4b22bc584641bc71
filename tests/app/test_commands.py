"""Commands on files: what they print for people and for machines, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode
from typer.testing import CliRunner, Result

from app.__main__ import cli
from imaging import files
from imaging.files import native
from imaging.scan import Scan, View

runner = CliRunner()


def guanjian(*arguments: str | Path) -> Result:
    return runner.invoke(cli, [*map(str, arguments)])


@pytest.fixture
def scan_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    high = rng.integers(20_000, 60_000, (120, 160)).astype(np.uint16)
    path = tmp_path / "scan.tif"
    native.write(Scan((View(high=high, low=high // 2, mm_per_row=1.0, mm_per_col=1.0),)), path)
    return path


@pytest.mark.slow
def test_simulated_scans_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        assert guanjian("simulate", "parcel", "--seed", "5", "--out", tmp_path / folder).exit_code == 0
    one, other = (files.read(tmp_path / folder / "parcel-000005.tif").views[0].high for folder in ("a", "b"))
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)


def test_detect_prints_one_object_a_file_with_boxes_inside_the_picture(scan_file: Path) -> None:
    result = guanjian("detect", scan_file, scan_file, "--json")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [Path(line["file"]) for line in lines] == [scan_file, scan_file]
    for line in lines:
        assert line["model"]
        assert line["ms"] > 0
        scores = [each["score"] for each in line["detections"]]
        assert scores == sorted(scores, reverse=True)
        for each in line["detections"]:
            left, top, right, bottom = each["box"]
            assert 0 <= left < right <= 160
            assert 0 <= top < bottom <= 120


def test_decode_prints_every_code(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    qrcode.make("RR123456785CN").save(str(path))
    result = guanjian("decode", path, "--json")
    (code,) = json.loads(result.stdout)["codes"]
    assert (code["symbology"], code["text"], len(code["points"])) == ("QRCode", "RR123456785CN", 4)


def test_one_bad_file_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    qrcode.make("A").save(str(good))
    bad.write_bytes(b"no picture")
    result = guanjian("decode", bad, good, "--json")
    assert result.exit_code == 3
    assert "bad.png" in result.stderr
    assert json.loads(result.stdout)["file"] == str(good)


def test_render_writes_the_picture_of_a_look(scan_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert guanjian("render", scan_file, "-o", out, "--look", "grey").exit_code == 0
    picture = cv2.imread(str(out))
    assert picture.shape == (120, 160, 3)
    assert (picture[..., 0] == picture[..., 2]).all()
    assert guanjian("render", scan_file, "-o", out, "--look", "rosy").exit_code == 2


def test_convert_to_dicos_keeps_the_counts(scan_file: Path, tmp_path: Path) -> None:
    assert guanjian("convert", scan_file, "-o", tmp_path / "out.dcs").exit_code == 0
    (first, *_) = sorted(tmp_path.glob("out*.dcs"))
    before, after = files.read(scan_file).views[0], files.read(first).views[0]
    assert before.high is not None
    assert after.high is not None
    assert np.array_equal(before.high, after.high)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = guanjian("render", tmp_path / "absent.tif", "-o", tmp_path / "x.png")
    assert result.exit_code == 3
    assert "absent.tif" in result.stderr
    assert "Traceback" not in result.output
