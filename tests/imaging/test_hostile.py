"""What is no scan, claims to be huge or is damaged: a clear refusal, in little memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging.errors import FileError, FileTooLargeError, FileTornError, FileUnsupportedError
from imaging.files import dicos, native, read
from imaging.scan import Scan
from tests.imaging.inputs import colour_view, noise_view, single_view


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", FileTornError),
        (b"hello", FileUnsupportedError),
        (b"%PDF-1.7", FileUnsupportedError),
        (b"\x80\x04\x95pickle", FileUnsupportedError),
        (b"{}", FileUnsupportedError),
        (b"II*\x00", FileTornError),
        (b"\x89PNG\r\n\x1a\n", FileTornError),
        (b"\xff\xd8\xff", FileTornError),
        (b"BM", FileTornError),
        (b"\x93NUMPY", FileTornError),
        (bytes(128) + b"DICM", FileTornError),
    ],
)
def test_what_is_no_scan_is_refused(tmp_path: Path, content: bytes, error: type[FileError]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read(path)
    assert caught.value.details["name"] == "a.bin"


def huge_tiff() -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((4, 4), np.uint16), rowsperstrip=30000)
    data = bytearray(buffer.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        for name in ("ImageWidth", "ImageLength"):
            tag = file.pages.first.tags[name]  # type: ignore[union-attr]
            size = 2 if tag.dtype == 3 else 4
            data[tag.valueoffset : tag.valueoffset + size] = (30000).to_bytes(size, "little")
    return bytes(data)


def huge_png(bits: int, colour: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", 30000, 30000, bits, colour, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data, b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def huge_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(buffer, "JPEG")
    data = bytearray(buffer.getvalue())
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", 30000, 30000)
    return bytes(data)


def huge_bmp() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(buffer, "BMP")
    data = bytearray(buffer.getvalue())
    data[18:26] = struct.pack("<ii", 30000, 30000)
    return bytes(data)


def huge_npy() -> bytes:
    buffer = io.BytesIO()
    header = {"descr": "<u2", "fortran_order": False, "shape": (30000, 30000, 2)}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


def huge_dicos(tmp_path: Path) -> bytes:
    (path,) = dicos.write(Scan((single_view(4, 4),)), tmp_path / "small")
    data = bytearray(path.read_bytes())
    for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
        at = data.index(tag) + 8
        data[at : at + 2] = (30000).to_bytes(2, "little")
    return bytes(data)


@pytest.mark.parametrize(
    "make",
    [huge_tiff, lambda: huge_png(8, 2), lambda: huge_png(16, 0), huge_jpeg, huge_bmp, huge_npy, huge_dicos],
    ids=["tiff", "png", "png16", "jpeg", "bmp", "npy", "dicos"],
)
def test_nine_hundred_megapixels_are_refused_from_the_header(tmp_path: Path, make: Callable[..., bytes]) -> None:
    path = tmp_path / "huge"
    path.write_bytes(make(tmp_path) if make is huge_dicos else make())
    tracemalloc.start()
    try:
        with pytest.raises(FileTooLargeError) as caught:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.details["megapixels"] == 900


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    view = noise_view(24, 30)
    assert view.high is not None
    files = {}
    for name, options in {"plain": {}, "zlib": {"compression": "zlib", "predictor": True, "tile": (16, 16)}}.items():
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, view.high, **options)  # type: ignore[arg-type]
        files[f"{name}.tif"] = buffer.getvalue()
    for kind in ("PNG", "JPEG", "BMP"):
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(colour_view(20, 30).colour)).save(buffer, kind)
        files[f"a.{kind.lower()}"] = buffer.getvalue()
    np.save(folder / "a.npy", np.stack([view.high, view.high], axis=2))
    files["a.npy"] = (folder / "a.npy").read_bytes()
    (path,) = dicos.write(Scan((single_view(24, 30),)), folder / "a")
    files["a.dcs"] = path.read_bytes()
    native.write(Scan((view,)), folder / "n.tif")
    files["n.tif"] = (folder / "n.tif").read_bytes()
    files["n.json"] = (folder / "n.json").read_bytes()
    return files


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_raises_nothing_but_file_errors(files: dict[str, bytes], tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    folder = tmp_path
    if name.startswith("n."):
        for other in ("n.tif", "n.json"):
            (folder / other).write_bytes(files[other])
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(0, len(content)), "length") :]
    for _ in range(data.draw(st.integers(0, 6), "flips") if content else 0):
        reach = min(len(content), data.draw(st.sampled_from([100, 1000, 1 << 30])))
        content[data.draw(st.integers(0, reach - 1))] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content)
    try:
        scan = read(folder / name)
    except FileError as error:
        assert str(error).startswith((name, "n.tif", "n.json"))  # noqa: PT017
    else:
        assert scan.views[0].shape[0] * scan.views[0].shape[1] <= 100_000_000
