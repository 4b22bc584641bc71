"""Commands on files: what they print for people and for machines, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode
from typer.testing import CliRunner, Result

from app.build import open_keys
from app.cli import cli
from app.settings import load_settings
from imaging import files
from imaging.files import native
from imaging.scan import Generator, Scan, View
from models.detect import DEFAULT

runner = CliRunner()


def guanjian(*arguments: str | Path) -> Result:
    return runner.invoke(cli, [*map(str, arguments)])


@pytest.fixture
def scan_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    high = rng.integers(20_000, 60_000, (120, 160)).astype(np.uint16)
    path = tmp_path / "scan.tif"
    view = View(high=high, low=high // 2, mm_per_row=1.0, mm_per_col=1.0)
    native.write(Scan((view,), generator=Generator(kv=160.0)), path)
    return path


@pytest.mark.slow
def test_simulated_scans_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        assert guanjian("simulate", "parcel", "--seed", "5", "--out", tmp_path / folder).exit_code == 0
    one, other = (files.read(tmp_path / folder / "parcel-000005.tif").views[0].high for folder in ("a", "b"))
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)


@pytest.mark.slow
def test_a_parcel_can_be_simulated_in_a_fan(tmp_path: Path) -> None:
    options = ("--seed", "5", "--views", "2", "--fan", "--out", tmp_path)
    assert guanjian("simulate", "parcel", *options).exit_code == 0
    scan = native.read(tmp_path / "parcel-000005.tif")
    assert scan.extra["geometry"] == "fan"
    assert scan.views[0].mm_per_row != scan.views[1].mm_per_row


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


def test_a_scan_at_mev_goes_to_the_model_for_containers_unless_one_is_named(tmp_path: Path, scan_file: Path) -> None:
    high = np.full((120, 160), 40_000, np.uint16)
    view = View(high=high, low=high - 2_000, mm_per_row=5.0, mm_per_col=5.0)
    container = tmp_path / "container.tif"
    native.write(Scan((view,), generator=Generator(kv=6000.0, kv_low=4000.0)), container)
    chosen = guanjian("detect", tmp_path, "--json")
    assert chosen.exit_code == 0
    found = [json.loads(line) for line in chosen.stdout.splitlines()]
    assert [(Path(each["file"]), each["model"].split()[0]) for each in found] == [
        (container, "cargo-1"),
        (scan_file, DEFAULT),
    ], "a native scan is one file, not its picture and its sidecar"
    named = json.loads(guanjian("detect", container, "--json", "--model", "colour-1").stdout)
    assert named["model"].startswith("colour-1")


def test_a_refused_model_is_told_with_what_was_seen(scan_file: Path) -> None:
    result = guanjian("detect", scan_file, "--model", "same-1")
    assert result.exit_code == 3
    assert "kind embedding" in result.stderr


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


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    for command in (["decode"], ["detect"], ["messages", "read"]):
        result = guanjian(*command, tmp_path)
        assert (result.exit_code, result.stdout) == (3, "")
        assert tmp_path.name in result.stderr


def test_a_picture_that_is_not_there_is_no_code(tmp_path: Path) -> None:
    result = guanjian("verify", tmp_path / "label.png", "--data", tmp_path)
    assert result.exit_code == 3
    assert "label.png" in result.stderr


def test_a_colour_picture_does_not_become_dicos_and_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "legacy.png"), np.full((40, 60, 3), 90, np.uint8))
    result = guanjian("convert", tmp_path / "legacy.png", "-o", tmp_path / "out.dcs")
    assert result.exit_code == 3
    assert "legacy.png" in result.stderr
    assert "out.dcs" not in result.stderr


def test_a_palette_with_transparency_is_read_without_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = qrcode.make("EA123456785CN").get_image().convert("P")
    made.save(tmp_path / "p.png", transparency=b"\x00" * 256)
    result = guanjian("decode", tmp_path / "p.png")
    assert "EA123456785CN" in result.stdout
    assert capfd.readouterr().err == ""


OUTPUTS = (
    ["convert", "SCAN", "-o", "OUT.tif"],
    ["convert", "SCAN", "-o", "OUT.dcs"],
    ["render", "SCAN", "-o", "OUT.png"],
    ["simulate", "parcel", "--out", "OUT"],
    ["keys", "page", "OUT.html", "--data", "KEYS"],
    ["keys", "export", "OUT.json", "--data", "KEYS"],
    ["bench", "station", "--json", "OUT.json"],
)


@pytest.mark.parametrize("where", ["a missing folder", "below a file", "a folder"])
@pytest.mark.parametrize("command", OUTPUTS, ids=lambda command: f"{command[0]} {command[1]}")
def test_what_cannot_be_written_is_told(
    scan_file: Path, tmp_path: Path, command: list[str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bench.station.run", lambda _: [])
    settings = load_settings().model_copy(update={"data": tmp_path / "keys-of-ours"})
    if "KEYS" in command:
        open_keys(settings)
    (tmp_path / "file").write_text("x")
    suffix = next(Path(each).suffix for each in command if each.startswith("OUT"))
    target = {"a missing folder": tmp_path / "no" / f"out{suffix}", "below a file": tmp_path / "file" / f"out{suffix}"}
    out = target.get(where, tmp_path / f"folder{suffix}")
    if where == "a folder":
        out.mkdir()
    filled = {"SCAN": scan_file, "KEYS": settings.data}
    result = guanjian(*(out if each.startswith("OUT") else filled.get(each, each) for each in command))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    may_succeed = where != "below a file" and (command[0] in ("simulate", "keys") or "OUT.dcs" in command)
    assert result.exit_code in ((0, 1, 3) if may_succeed else (3,)), result.output
    assert result.exit_code != 3 or str(tmp_path) in result.stderr
