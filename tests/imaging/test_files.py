"""Other programs' pictures, pairs and arrays, whatever they are called, and formats of other packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from imaging import files as files_package
from imaging.errors import FileError, FileMissingError, FilePairError, FileTornError, FileUnsupportedError
from imaging.files import dicos, pair, read
from imaging.scan import Scan, ViewKind
from tests.imaging.inputs import noise_view, same_pixels, single_view


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


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError):
        read(tmp_path / "absent.tif")
    with pytest.raises(FileTornError):
        read(tmp_path)


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
