"""The bench of the viewer measures what it says, on a small picture."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from app.bench.frames import WARMING, make_scan, show, time_frames
from app.bench.viewer import Plan, measure
from app.ui.start import make_application
from imaging.look import LOOKS

SMALL = Plan((300, 700), (320, 200), (200, 500), 3, ("standard", "grey", "edge", "zeff_8"))


@pytest.fixture(scope="session")
def qapp() -> object:
    return make_application()


class Counting(QWidget):
    """Counts how often it was painted."""

    painted = 0

    def paintEvent(self, _event: object) -> None:  # noqa: N802
        self.painted += 1


def test_every_frame_is_painted(qapp: object) -> None:
    widget = Counting()
    show(widget, 200, 100)
    acts: list[int] = []
    before = widget.painted
    spent = time_frames(widget, acts.append, 7)
    assert widget.painted - before == 7 + WARMING
    assert acts == list(range(7 + WARMING))
    assert len(spent.wall_ms) == len(spent.cpu_ms) == 7
    assert all(ms >= 0 for ms in (*spent.wall_ms, *spent.cpu_ms))
    widget.close()


@pytest.mark.slow
def test_all_figures_are_there(qapp: object) -> None:
    rows = {row.name: row for row in measure(SMALL)}
    for motion in ("fit", "actual", "eightfold", "zoom", "window"):
        assert rows[f"viewer.standard.{motion}_p95"].value > 0
    for name in SMALL.looks[1:]:
        assert rows[f"viewer.{name}.slowest_p95"].reach == 16
    for name in ("switch.parcel", "switch.container", "live", "open.plain", "open.packed"):
        assert rows[f"viewer.{name}"].value > 0
    has_peer = importlib.util.find_spec("pyqtgraph") is not None
    assert ("viewer.pyqtgraph_colour.actual_faster" in rows) is has_peer
    assert ("viewer.peer.pyqtgraph.measured" in rows) is not has_peer
    assert rows["viewer.peer.vispy.measured"].value == 0
    assert set(Plan().looks) == set(LOOKS)


def test_the_picture_is_of_two_energies_and_always_the_same() -> None:
    one, other = make_scan(120, 260).views[0], make_scan(120, 260).views[0]
    assert one.high is not None
    assert one.low is not None
    assert np.array_equal(one.high, other.high)  # type: ignore[arg-type]
    assert one.high.std() > 1000
    assert (one.low < one.high).mean() > 0.5
