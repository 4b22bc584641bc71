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

from app.build import build_devices, build_station
from app.customs.parcel import QueueFilter
from app.settings import DeviceEntry, load_settings
from app.ui.bridge import Bridge
from app.ui.settings import UiSettings
from app.ui.start import make_application
from app.ui.window import MainWindow

PICTURES = Path(__file__).parent / "pictures"
PARCELS = 14
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
            rule_titles={rule.id: rule.title for rule in station.rules},
            post_names={"zh_CN": settings.post.name_zh, "en": settings.post.name_en},
        )
        window.resize(*size)
        window.show()
        station.start(build_devices(station.settings), bridge)
        try:
            wait(lambda: len(station.queue(QueueFilter())) == PARCELS and window.is_idle())
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


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for language in ("zh_CN", "en"):
        for theme in ("dark", "bright"):
            with demo_window(language, theme, (1920, 1080)) as window:
                show_find(window)
                window.grab().save(str(PICTURES / f"queue-{language}-{theme}.png"))


if __name__ == "__main__":
    main()
