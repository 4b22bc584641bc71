"""The viewer: frames while panning, zooming and windowing in each look, looks switched, files opened; beside peers."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.bench import peers
from app.bench.frames import Spent, make_scan, rest, show, time_frames, time_side_by_side
from app.bench.rows import Row
from app.ui.geometry import Camera
from app.ui.start import make_application
from app.ui.viewer import Shown, Viewer
from imaging import files, tone
from imaging.files import native
from imaging.live import GrowingView
from imaging.look import LOOKS, Look
from imaging.phantom import simulate_parcel
from imaging.pyramid import Pyramid
from imaging.render import picture_of
from imaging.scan import Scan

OURS = "guanjian"
FRAME_MS = 16.0
FASTER = 3.0
SWITCH_PARCEL_MS, SWITCH_CONTAINER_MS = 50.0, 150.0
OPEN_MS = 300.0
OPENINGS = 5
LIVE_LINES_S = 625.0
LIVE_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: size of the picture (rows, cols), of the window (width, height), frames of each motion."""

    picture: tuple[int, int] = (2400, 8000)
    window: tuple[int, int] = (1920, 1080)
    file: tuple[int, int] = (2500, 10_000)
    frames: int = 40
    looks: tuple[str, ...] = tuple(LOOKS)


def run(data: Path | None) -> list[Row]:
    """All figures, without a screen unless one is asked for; three to four minutes. Worth little on a busy machine."""
    del data
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return measure(Plan())


def measure(plan: Plan) -> list[Row]:
    application = make_application()
    assert application is not None
    scan = make_scan(*plan.picture)
    viewer = Viewer()
    show(viewer, *plan.window)
    shown = _shown(scan)
    viewer.show_picture(shown)
    zooms = _zooms(viewer)
    panes = peers.open_panes(scan.views[0], picture_of(shown.pyramid), plan.window, zooms)
    rows: list[Row] = []
    for motion, act in _motions(viewer, LOOKS["standard"]):
        others = {name: (pane.widget, pane.act(motion)) for name, pane in panes.items()}
        rest()
        rows += _standard_rows(motion, time_side_by_side({OURS: (viewer, act), **others}, plan.frames))
    for pane in panes.values():
        pane.close()
    rows += peers.missing_rows()
    rows += [_look_row(viewer, name, plan.frames) for name in plan.looks if name != "standard"]
    parcel = _shown(simulate_parcel(1))
    rows.append(_switch_row("parcel", viewer, parcel, plan.looks, SWITCH_PARCEL_MS))
    rows.append(_switch_row("container", viewer, shown, plan.looks, SWITCH_CONTAINER_MS))
    rows.append(_live_row(viewer, plan.file))
    rows += _open_rows(viewer, plan.file)
    viewer.close()
    return rows


def _shown(scan: Scan) -> Shown:
    pyramid = Pyramid.of(scan.views[0], scan.generator)
    pyramid.prepare()
    return Shown(pyramid, scan.views[0].name, 1.0, 1.0)


def _fitted(viewer: Viewer) -> Camera:
    return Camera.fit(viewer.camera.image_w, viewer.camera.image_h, viewer.width(), viewer.height())


def _zooms(viewer: Viewer) -> dict[str, float]:
    """Where the hand pans: a little closer than the whole picture, so that it moves at all, at 1:1 and at 8x."""
    return {"fit": _fitted(viewer).zoom * 1.1, "actual": 1.0, "eightfold": 8.0}


def _motions(viewer: Viewer, look: Look) -> Iterator[tuple[str, Callable[[int], None]]]:
    """What an officer's hand does: pan at three zooms, zoom from all to 5x, drag window and level at 1:1."""
    fitted = _fitted(viewer)
    viewer.set_look(look)
    for name, zoom in _zooms(viewer).items():
        start = fitted.at_zoom(zoom)
        viewer.set_camera(start)
        yield name, _panning(viewer, start)
    start = fitted.at_zoom(_zooms(viewer)["fit"])
    viewer.set_camera(start)
    yield "zoom", lambda number: viewer.move_to(start.at_zoom(peers.zoom_after(start.zoom, number)))
    actual = fitted.at_zoom(1.0)
    viewer.set_camera(actual)

    def window(number: int) -> None:
        viewer.set_camera(actual)
        viewer.set_look(replace(look, window_width=1 - 0.01 * (number % 60), window_centre=0.4 + 0.004 * number))

    yield "window", window


def _panning(viewer: Viewer, start: Camera) -> Callable[[int], None]:
    def pan(number: int) -> None:
        steps = peers.swing(number)
        viewer.move_to(start.panned(-peers.STEP_X * steps, -peers.STEP_Y * steps))

    return pan


def _standard_rows(motion: str, spent: dict[str, Spent]) -> Iterator[Row]:
    """Our frames, and how many times faster they are than a peer's: by CPU time, which a busy machine spoils least."""
    ours = spent.pop(OURS)
    value = ours.wall_p95
    yield Row(f"viewer.standard.{motion}_p95", value, "ms", FRAME_MS, value <= FRAME_MS)
    yield Row(f"viewer.standard.{motion}_p95_cpu", ours.cpu_p95, "ms CPU")
    for name, theirs in spent.items():
        faster = theirs.cpu_p95 / ours.cpu_p95
        key = f"viewer.{name.replace(' ', '_')}.{motion}_faster"
        yield Row(key, faster, "x (CPU p95)", FASTER, faster >= FASTER, name, theirs.cpu_p95)


def _look_row(viewer: Viewer, name: str, frames: int) -> Row:
    """The slowest of all motions in one look."""
    worst_name, worst = "", Spent([0.0], [0.0])
    for motion, act in _motions(viewer, LOOKS[name]):
        rest()
        spent = time_frames(viewer, act, frames)
        if spent.wall_p95 > worst.wall_p95:
            worst_name, worst = motion, spent
    value = worst.wall_p95
    unit = f"ms ({worst_name}; {worst.cpu_p95:.1f} ms CPU)"
    return Row(f"viewer.{name}.slowest_p95", value, unit, FRAME_MS, value <= FRAME_MS)


def _switch_row(kind: str, viewer: Viewer, shown: Shown, looks: tuple[str, ...], reach_ms: float) -> Row:
    """The slowest first picture of any look, with no table and no colour kept from before."""
    viewer.set_look(LOOKS["standard"])
    viewer.show_picture(shown)
    viewer.repaint()
    slowest, slowest_ms, slowest_cpu = "", 0.0, 0.0
    for name in looks:
        for table in (tone.tone_table, tone.window_table, tone.paint_table):
            table.cache_clear()
        begun, cpu = time.perf_counter(), time.process_time()
        viewer.set_look(LOOKS[name])
        viewer.repaint()
        spent_ms = (time.perf_counter() - begun) * 1000
        if spent_ms > slowest_ms:
            slowest, slowest_ms, slowest_cpu = name, spent_ms, (time.process_time() - cpu) * 1000
    unit = f"ms ({slowest}; {slowest_cpu:.1f} ms CPU)"
    return Row(f"viewer.switch.{kind}", slowest_ms, unit, reach_ms, slowest_ms <= reach_ms)


def _live_row(viewer: Viewer, shape: tuple[int, int]) -> Row:
    """Lines a second of two views of two energies that are put together and shown as they come, a block at a time."""
    view = make_scan(shape[0], shape[1] // 4).views[0]
    assert view.high is not None
    assert view.low is not None
    growing = [GrowingView(shape[0], lines_expected=shape[1]) for _ in range(2)]
    viewer.set_look(LOOKS["standard"])
    lines = view.high.shape[1]
    begun, cpu = time.perf_counter(), time.process_time()
    for first in range(0, lines, LIVE_BLOCK):
        block = slice(first, first + LIVE_BLOCK)
        for each in growing:
            each.append(first, view.high[:, block].T, view.low[:, block].T)
            pyramid = each.snapshot()
            assert pyramid is not None
            viewer.show_grown(Shown(pyramid), shape[1])
            viewer.repaint()
    value = lines / (time.perf_counter() - begun)
    unit = f"lines/s ({lines / (time.process_time() - cpu):.0f} by CPU)"
    return Row("viewer.live", value, unit, LIVE_LINES_S, value >= LIVE_LINES_S)


def _open_rows(viewer: Viewer, shape: tuple[int, int]) -> Iterator[Row]:
    """From a file to its first full picture: read, checked, all sizes built, painted; median of OPENINGS.

    The file has just been written, so it comes from the system's memory and not from the disk itself.
    """
    viewer.set_look(LOOKS["standard"])
    with tempfile.TemporaryDirectory() as folder:
        for is_packed in (False, True):
            path = Path(folder) / "scan.tif"
            native.write(make_scan(*shape), path, compressed=is_packed)
            times = sorted(_open_ms(viewer, path) for _ in range(OPENINGS))
            name = "viewer.open.packed" if is_packed else "viewer.open.plain"
            value, cpu = times[len(times) // 2]
            yield Row(name, value, f"ms ({cpu:.0f} ms CPU)", OPEN_MS, value <= OPEN_MS)


def _open_ms(viewer: Viewer, path: Path) -> tuple[float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    scan = files.read(path)
    viewer.show_picture(Shown(Pyramid.of(scan.views[0], scan.generator), "", 1.0, 1.0))
    viewer.repaint()
    return (time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000
