"""Codes from pictures and text files in a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from scanners.device import FaultKind
from scanners.drivers.image_folder import ImageFolder
from scanners.drivers.inbox_settings import InboxSettings
from tests.scanners.rigs import write_huge_png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def reader(folder: Path) -> Iterator[ImageFolder]:
    reader = ImageFolder("pictures", InboxSettings(folder=folder, settle_s=0.05, patience_s=0.2, rescan_s=0.2))
    reader.open()
    yield reader
    reader.close()


def draw(text: str, form: zxingcpp.BarcodeFormat) -> np.ndarray:
    return np.array(zxingcpp.create_barcode(text, form).to_image(scale=4, add_quiet_zones=True))


def read_texts(reader: ImageFolder, count: int) -> list[str]:
    texts: list[str] = []
    deadline = time.monotonic() + 3
    while len(texts) < count and time.monotonic() < deadline:
        if (reading := reader.read(0.3)) is not None:
            assert reading.reader == "pictures"
            texts.append(reading.code.text)
    assert reader.read(0.1) is None
    return texts


def test_every_code_of_a_picture(folder: Path, reader: ImageFolder) -> None:
    one = draw("RR473124829GB", zxingcpp.BarcodeFormat.QRCode)
    two = draw("EA123456785CN", zxingcpp.BarcodeFormat.DataMatrix)
    page = np.full((max(len(one), len(two)) + 40, one.shape[1] + two.shape[1] + 80), 255, np.uint8)
    page[20 : 20 + len(one), 20 : 20 + one.shape[1]] = one
    page[20 : 20 + len(two), -20 - two.shape[1] : -20] = two
    cv2.imwrite(str(folder / "labels.png"), page)
    assert sorted(read_texts(reader, 2)) == ["EA123456785CN", "RR473124829GB"]
    assert (folder / "done" / "labels.png").exists()


def test_text_lines(folder: Path, reader: ImageFolder) -> None:
    (folder / "codes.txt").write_bytes("RR473124829GB\r\n\n]C1包裹7\n".encode("gb18030"))
    assert read_texts(reader, 2) == ["RR473124829GB", "包裹7"]


def test_a_file_that_was_closed_half_way_brings_all_its_codes_again(folder: Path, reader: ImageFolder) -> None:
    (folder / "codes.txt").write_text("RR473124829GB\nEA123456785CN\n")
    first = None
    while first is None:
        first = reader.read(0.3)
    reader.open()
    assert read_texts(reader, 2) == [first.code.text, "EA123456785CN"]


def test_what_brings_no_code_is_put_aside_and_shown(folder: Path, reader: ImageFolder) -> None:
    cv2.imwrite(str(folder / "blank.png"), np.full((80, 80), 255, np.uint8))
    (folder / "hostile.txt").write_bytes(b"\x1b[2J\n")
    (folder / "empty.png").write_bytes(b"")
    write_huge_png(folder / "huge.png")
    bad = {path.name for path in folder.glob("*.*") if not path.name.startswith(".")}
    deadline = time.monotonic() + 5
    while any((folder / name).exists() for name in bad) and time.monotonic() < deadline:
        assert reader.read(0.1) is None
    assert [fault.kind for fault in reader.status().faults] == [FaultKind.CODE_REFUSED]
    kept = {path.name for path in (folder / "quarantine").iterdir() if not path.name.endswith(".reason.txt")}
    assert kept == bad == {"blank.png", "hostile.txt", "empty.png", "huge.png"}
    (folder / "good.txt").write_text("EA123456785CN")
    assert read_texts(reader, 1) == ["EA123456785CN"]
    assert not reader.status().faults
