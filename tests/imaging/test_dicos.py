"""DICOS files: round trips to the bit, a maker's own files, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imaging.errors import FileError, FilePairError, FileReportError, FileUnsupportedError
from imaging.files import dicos, read
from imaging.scan import Generator, Scan, View, ViewKind
from tests.imaging.inputs import cargo_view, colour_view, noise_view, same_pixels, single_view


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
