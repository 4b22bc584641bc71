"""Files: round trips to the bit, real files of others, and clear refusals of everything else."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging import files as files_package
from imaging.errors import (
    FileAlteredError,
    FileError,
    FileMissingError,
    FilePairError,
    FileReportError,
    FileTooLargeError,
    FileTornError,
    FileUnsupportedError,
)
from imaging.files import dicos, native, pair, read
from imaging.scan import Generator, Scan, Truth, View, ViewKind
from tests.imaging.inputs import cargo_view, colour_view, noise_view, single_view

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


def same_pixels(one: View, other: View) -> bool:
    pairs = ((getattr(one, c), getattr(other, c)) for c in ("high", "low", "colour"))
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)


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


@pytest.mark.parametrize("view", [noise_view(31, 17), single_view(5, 300), cargo_view(120, 200)])
def test_dicos_comes_back_to_the_bit(tmp_path: Path, view: View) -> None:
    scan = Scan((view,), device="belt 2", generator=Generator(160.0, 0.7), belt_speed_mm_s=200.0)
    paths = dicos.write(scan, tmp_path / "out.dcs")
    assert len(paths) == (2 if view.low is not None else 1)
    for path in paths:
        back = read(path)
        assert same_pixels(back.views[0], view)
        assert back.views[0].mm_per_row == view.mm_per_row
        assert (back.device, back.generator, back.belt_speed_mm_s) == ("belt 2", scan.generator, 200.0)
        assert back.started_at == scan.started_at.replace(microsecond=0)


def test_dicos_keeps_two_views_together(tmp_path: Path) -> None:
    scan = Scan((noise_view(20, 30, 1), noise_view(25, 30, 2)))
    paths = dicos.write(scan, tmp_path / "out.dcs")
    assert len(paths) == 4
    back = read(paths[3])
    assert all(same_pixels(a, b) for a, b in zip(back.views, scan.views, strict=True))
    paths[0].unlink()
    with pytest.raises(FilePairError):
        read(paths[1])
    with pytest.raises(FileUnsupportedError):
        dicos.write(Scan((colour_view(),)), tmp_path / "colour.dcs")


def test_dicos_of_a_maker_is_read(shared: Path) -> None:
    folder = shared / "data" / "dicos"
    processing = read(folder / "SimpleProcessingDX.dcs").views[0]
    presentation = read(folder / "SimplePresentationDX.dcs").views[0]
    assert processing.kind is presentation.kind is ViewKind.SINGLE
    assert processing.shape == presentation.shape == (128, 256)
    assert same_pixels(processing, presentation)
    assert processing.high is not None
    assert (processing.high.min(), processing.high.max()) == (0, 32767)
    palette = read(folder / "SimpleColorPaletteDX.dcs").views[0]
    assert palette.kind is ViewKind.COLOUR
    with pytest.raises(FileReportError, match="threat report and not a picture"):
        read(folder / "SimpleBaggageTDR.dcs")


def test_a_damaged_jpeg_does_not_end_the_process(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "data" / "dicos" / "SimplePresentationDX.dcs").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for number in range(12):
        damaged = bytearray(whole)
        start = damaged.index(b"\xff\xd8\xff")
        for at in rng.integers(start + 2, start + (40 if number % 2 else 4000), 1 + number):
            damaged[at] = int(rng.integers(0, 256))
        (tmp_path / "a.dcs").write_bytes(damaged)
        try:
            read(tmp_path / "a.dcs")
        except FileError:
            refused += 1
    assert refused >= 4


def test_legacy_pictures_keep_their_colours(shared: Path) -> None:
    paths = sorted((shared / "data" / "compass-xp" / "images").iterdir())
    assert len(paths) == 14
    for path in paths:
        view = read(path).views[0]
        with Image.open(path) as image:
            assert np.array_equal(view.colour, np.array(image.convert("RGB")))  # type: ignore[arg-type]


def save_png(path: Path, array: np.ndarray) -> None:
    Image.fromarray(array).save(path)


@pytest.mark.parametrize(
    ("low", "high"), [("a_low.tif", "a_HIGH.tif"), ("x-le.png", "x-he.tiff"), ("b.l.png", "b.h.png")]
)
def test_pairs_are_joined_by_name(tmp_path: Path, low: str, high: str) -> None:
    view = noise_view(20, 30)
    for name, counts in ((low, view.low), (high, view.high)):
        assert counts is not None
        if name.endswith("png"):
            save_png(tmp_path / name, counts)
        else:
            tifffile.imwrite(tmp_path / name, counts, compression="lzw")
    for name in (low, high):
        assert same_pixels(read(tmp_path / name).views[0], view)
    (tmp_path / low).unlink()
    with pytest.raises(FilePairError):
        read(tmp_path / high)


def test_names_that_say_nothing_are_single_energies(tmp_path: Path) -> None:
    view = single_view(20, 30)
    assert view.high is not None
    for name in ("parcel.tif", "shallow.tif", "high.tif"):
        tifffile.imwrite(tmp_path / name, view.high)
        assert pair.energy_of(tmp_path / name) is None
        assert same_pixels(read(tmp_path / name).views[0], view)
    save_png(tmp_path / "grey.png", view.high)
    assert same_pixels(read(tmp_path / "grey.png").views[0], view)


def test_pairs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a_low.tif", np.ones((20, 30), np.uint16))
    tifffile.imwrite(tmp_path / "a_high.tif", np.ones((20, 31), np.uint16))
    with pytest.raises(FileTornError, match="differ in size"):
        read(tmp_path / "a_low.tif")
    tifffile.imwrite(tmp_path / "two.tif", np.ones((2, 20, 30), np.uint16), photometric="minisblack")
    with pytest.raises(FileUnsupportedError, match="pages"):
        read(tmp_path / "two.tif")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_numpy_arrays_are_high_then_low(tmp_path: Path, order: str, dtype: str) -> None:
    view = noise_view(20, 30)
    assert view.high is not None
    assert view.low is not None
    np.save(tmp_path / "a.npy", np.asarray(np.stack([view.high, view.low], axis=2), dtype=dtype, order=order))  # type: ignore[call-overload]
    assert same_pixels(read(tmp_path / "a.npy").views[0], view)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5, 2), np.float32),
        np.zeros((4, 5, 3), np.uint16),
        np.zeros((4,), np.uint16),
        np.array([{"a": 1}], dtype=object),
        np.zeros((0, 5, 2), np.uint16),
    ],
)
def test_other_arrays_and_pickles_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(FileError):
        read(tmp_path / "a.npy")


def test_a_renamed_file_is_known_by_its_content(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", np.zeros((4, 5, 3), np.uint8))
    (tmp_path / "a.png").rename(tmp_path / "a.dcm")
    assert read(tmp_path / "a.dcm").views[0].kind is ViewKind.COLOUR
    (path,) = dicos.write(Scan((single_view(),)), tmp_path / "b")
    path.rename(tmp_path / "b.png")
    assert read(tmp_path / "b.png").views[0].kind is ViewKind.SINGLE


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


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        read(tmp_path / "absent.tif")
    with pytest.raises(FileTornError):
        read(tmp_path)


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


class MakersReader:
    """A format that another package brings."""

    def recognises(self, path: Path, head: bytes) -> bool:
        return head.startswith(b"MAKER1")

    def read(self, path: Path) -> Scan:
        return Scan((single_view(3, 4),), device="maker")


def test_another_package_can_bring_a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name = "maker"

        def load(self) -> MakersReader:
            return MakersReader()

    (tmp_path / "a.raw").write_bytes(b"MAKER1 and counts")
    with pytest.raises(FileUnsupportedError):
        read(tmp_path / "a.raw")
    monkeypatch.setattr(files_package, "entry_points", lambda group: [Point()] if group == files_package.GROUP else [])
    monkeypatch.setattr(files_package.plugins, "load", lambda point: point.load())  # trust has tests of its own
    files_package.readers.cache_clear()
    try:
        assert read(tmp_path / "a.raw").device == "maker"
    finally:
        files_package.readers.cache_clear()
