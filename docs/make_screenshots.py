"""Makes the pictures that the README and the docs show: the window at work, in both languages and themes.

Run it in the checkout: `.venv/bin/python docs/make_screenshots.py`. It needs no screen.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter

from app import texts
from app.build import build_devices, build_station
from app.settings import DeviceEntry, load_settings
from app.ui import keys, theme
from app.ui.bridge import Bridge
from app.ui.lock import Door
from app.ui.pages.roll import make_pages
from app.ui.reading import Tool
from app.ui.settings import UiSettings
from app.ui.start import make_application
from app.ui.window import MainWindow
from imaging import files
from imaging.annotations import Shape
from imaging.look import LOOKS
from imaging.pyramid import Pyramid
from imaging.render import picture_of

PICTURES = Path(__file__).parent / "pictures"
PARCELS = 14
SHEET_PARCEL = Path(__file__).parents[1] / "resources" / "samples" / "parcels" / "parcel-03.tif"
SHEET_COLS, SHEET_ROWS = 4, 3
CELL_W, CELL_H, CAPTION_H = 272, 196, 22
WAIT_S = 60.0


@contextmanager
def demo_window(language: str, theme: str, size: tuple[int, int]) -> Iterator[MainWindow]:
    """The demo post with some parcels in its queue."""
    application = make_application()
    settings = load_settings("demo")
    devices = tuple(_hurried(entry) for entry in settings.devices)
    with tempfile.TemporaryDirectory() as data:
        station = build_station(settings.model_copy(update={"data": Path(data), "devices": devices}))
        bridge = Bridge()
        window = MainWindow(
            station,
            bridge,
            UiSettings(officer="officer-1", language=language, theme=theme),
            rule_titles=station.risk.titles,
            post_names={"zh_CN": settings.post.name_zh, "en": settings.post.name_en},
            door=Door(station.rights, station.accounts, settings.officers),
        )
        window.parts.stack.set_kinds(make_pages(station))
        window.resize(*size)
        window.show()
        station.start(build_devices(station.settings), bridge)
        try:
            wait(lambda: len(window.parts.queue.model.rows()) == PARCELS and window.is_idle())
            yield window
        finally:
            window.close()
            station.stop()
            application.sendPostedEvents()


def wait(is_ready: Callable[[], bool]) -> None:
    """Let the window work until it is ready and has painted."""
    application = make_application()
    deadline = time.monotonic() + WAIT_S
    calm = 0
    while calm < 10:
        application.processEvents()
        time.sleep(0.02)
        calm = calm + 1 if is_ready() else 0
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not come to rest")


def show_find(window: MainWindow) -> None:
    """Open the first parcel with a red lane, else the first of the queue."""
    rows = window.parts.queue.model.rows()
    window.open_parcel(next((row.id for row in rows if row.lane == "red"), rows[0].id))
    wait(window.is_idle)


def _hurried(entry: DeviceEntry) -> DeviceEntry:
    if entry.driver != "simulated-belt":
        return entry
    return entry.model_copy(update={"options": {**entry.options, "speed": "max", "count": PARCELS}})


def make_sheets(parcel: Path) -> None:
    """Every look of one parcel, each with its name in both languages and its key."""
    make_application()
    scan = files.read(parcel)
    pyramid = Pyramid.of(scan.views[0], scan.generator)
    names = list(LOOKS)
    for number in range(0, len(names), SHEET_COLS * SHEET_ROWS):
        part = names[number : number + SHEET_COLS * SHEET_ROWS]
        sheet = QImage(SHEET_COLS * CELL_W, -(-len(part) // SHEET_COLS) * CELL_H, QImage.Format.Format_RGB32)
        sheet.fill(theme.palette("dark")["canvas"])
        painter = QPainter(sheet)
        for at, name in enumerate(part):
            column, row = at % SHEET_COLS, at // SHEET_COLS
            paint_cell(painter, QRect(column * CELL_W, row * CELL_H, CELL_W, CELL_H), pyramid, name)
        painter.end()
        save_small(sheet, PICTURES / f"looks-{number // (SHEET_COLS * SHEET_ROWS) + 1}.png")


def paint_cell(painter: QPainter, cell: QRect, pyramid: Pyramid, name: str) -> None:
    rows, cols = pyramid.shape
    scale = min((cell.width() - 12) / cols, (cell.height() - CAPTION_H - 10) / rows)
    picture = picture_of(pyramid, LOOKS[name], longest_px=round(scale * max(rows, cols)))
    rows, cols = picture.shape[:2]
    image = QImage(picture.data, cols, rows, picture.strides[0], QImage.Format.Format_RGB888)
    painter.drawImage(cell.left() + (cell.width() - cols) // 2, cell.top() + 6, image)
    words = []
    for language in texts.LANGUAGES:
        texts.set_language(language)
        words.append(texts.text(f"look.name.{name}"))
    command = "look.zeff" if name.startswith("zeff") else f"look.{name}"
    key = "B I" if name == "grey_inverse" else keys.key_of(command)
    painter.setFont(theme.font(13, is_bold=True))
    painter.setPen(theme.palette("dark")["text"])
    caption = cell.adjusted(0, cell.height() - CAPTION_H, 0, 0)
    painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, f"{key}   {' · '.join(words)}")


def make_viewer_pictures() -> None:
    """A measurement, annotations and a comparison, each in the window."""
    with demo_window("en", "dark", (1366, 768)) as window:
        show_find(window)
        window.parts.notice.hide()
        pane, course = window.parts.stage.panes[0], window.course
        rows, cols = pane.shown.pyramid.shape if pane.shown else (1, 1)
        course.tools.measuring.use(Tool.PROFILE)
        course.tools.measuring.press(pane, (cols * 0.1, rows * 0.5))
        course.tools.measuring.press(pane, (cols * 0.9, rows * 0.55))
        grab_small(window, "viewer-profile.png")
        course.tools.measuring.use(None)
        course.tools.annotating.use(Shape.BOX)
        course.tools.annotating.press(pane, (cols * 0.3, rows * 0.3))
        course.tools.annotating.press(pane, (cols * 0.6, rows * 0.6))
        grab_small(window, "viewer-annotations.png")


def grab_small(window: MainWindow, name: str) -> None:
    wait(window.is_idle)
    save_small(window.grab().toImage(), PICTURES / name)


def save_small(picture: QImage, path: Path) -> None:
    """Save without loss, as small as PNG can be: colours are what these pictures are about."""
    picture.convertToFormat(QImage.Format.Format_RGB888).save(str(path), "PNG", 0)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    make_sheets(SHEET_PARCEL)
    make_viewer_pictures()
    for language in ("zh_CN", "en"):
        for shade in theme.THEMES:
            with demo_window(language, shade, (1920, 1080)) as window:
                show_find(window)
                window.grab().save(str(PICTURES / f"queue-{language}-{shade}.png"))


if __name__ == "__main__":
    main()
