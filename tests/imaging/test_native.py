"""The station's own files: round trips to the bit, and a picture or sidecar that somebody changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile

from imaging.errors import FileAlteredError, FileError, FileTornError, FileUnsupportedError
from imaging.files import native, read
from imaging.scan import Generator, Scan, Truth
from tests.imaging.inputs import cargo_view, colour_view, noise_view, same_pixels, single_view

FULL = Scan(
    views=(noise_view(33, 57), colour_view(21, 40)),
    device="belt 1",
    started_at=datetime(2026, 3, 1, 8, 30, 0, 250000, tzinfo=UTC),
    finished_at=datetime(2026, 3, 1, 8, 30, 4, tzinfo=UTC),
    belt_speed_mm_s=220.0,
    generator=Generator(160.0, 0.7, None),
    codes=("RR123456785CN", "附加"),
    truth=(Truth("blade", (1, 2, 30, 20), 0),),
    source="测试",
    extra={"line": "3"},
)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_native_scan_comes_back_to_the_bit(tmp_path: Path, compressed: bool) -> None:
    digest = native.write(FULL, tmp_path / "scan.tif", compressed=compressed)
    assert len(digest) == 64
    for path in (tmp_path / "scan.tif", tmp_path / "scan.json"):
        back = read(path)
        assert all(same_pixels(a, b) for a, b in zip(back.views, FULL.views, strict=True))
        for name in Scan.__slots__:
            if name != "views":
                assert getattr(back, name) == getattr(FULL, name), name
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["scan.json", "scan.tif"]


def test_a_native_scan_replaces_the_one_before(tmp_path: Path) -> None:
    native.write(FULL, tmp_path / "scan.tif")
    other = Scan((single_view(),))
    native.write(other, tmp_path / "scan.tif")
    assert read(tmp_path / "scan.tif").id == other.id


def test_other_programs_can_open_a_native_picture(tmp_path: Path) -> None:
    view = cargo_view()
    native.write(Scan((view,)), tmp_path / "scan.tif")
    pages = tifffile.imread(tmp_path / "scan.tif")
    assert np.array_equal(pages[0], view.high)  # type: ignore[arg-type]
    assert np.array_equal(pages[1], view.low)  # type: ignore[arg-type]


def test_an_altered_picture_is_told_from_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    native.write(Scan((noise_view(),)), path, compressed=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileAlteredError):
        read(path)
    native.sidecar_of(path).unlink()
    with pytest.raises(FileTornError, match="sidecar"):
        read(path)


@pytest.mark.parametrize("name", ["../scan.tif", "/etc/passwd", "..", ""])
def test_a_sidecar_cannot_point_elsewhere(tmp_path: Path, name: str) -> None:
    native.write(FULL, tmp_path / "scan.tif")
    sidecar = tmp_path / "scan.json"
    content = json.loads(sidecar.read_bytes())
    content["picture"]["file"] = name
    sidecar.write_text(json.dumps(content))
    with pytest.raises(FileUnsupportedError):
        read(sidecar)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"views": []},
        {"views": [{}]},
        {"started_at": "yesterday"},
        {"started_at": "2026-01-01T00:00:00"},
        {"generator": {"kv": 1, "volts": 2}},
        {"codes": 7},
        {"truth": [{"label": "a", "box": [1]}]},
        {"belt_speed_mm_s": "fast"},
        {"picture": {"file": "scan.tif"}},
        {"picture": None},
    ],
)
def test_a_sidecar_that_describes_no_scan_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    native.write(FULL, tmp_path / "scan.tif")
    sidecar = tmp_path / "scan.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_bytes()) | change))
    with pytest.raises(FileError):
        read(tmp_path / "scan.tif")
