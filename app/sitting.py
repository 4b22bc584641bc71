"""One sitting at the station: build it, open the window on it, and say at the end what happened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any

import psutil

from app.arrivals import Placed
from app.build import build_devices, build_station, find_player, find_wedge
from app.report import build_report
from app.settings import Settings
from app.station import Station
from app.store.encrypting import enable
from app.store.errors import StoreLockedError
from app.store.sealed import KEY_FILE, PENDING, home_of, unlock, waits_for_passphrase
from app.store.store import FILE
from app.texts import set_language
from app.ui import theme
from app.ui.bridge import Bridge
from app.ui.kept import read_kept, write_kept
from app.ui.lock import Door
from app.ui.pages.roll import make_pages
from app.ui.replay_bar import ReplayBar
from app.ui.scripted import ScriptedOfficer
from app.ui.settings import UiSettings
from app.ui.start import make_application, start
from app.ui.unlock import Unlock
from app.ui.window import LEAST_H, MainWindow
from scanners.xray import XraySource

MEMORY_EVERY = 100
"""Parcels between two readings of the memory in use."""


def sit(settings: Settings, *, is_auto: bool, ends: bool, think_s: float = 0.0) -> dict[str, Any]:
    """Open the window until it is closed, or until the devices have ended and nothing waits; returns the report.

    `think_s` is how long the scripted officer looks at each picture.
    """
    if make_application().platformName() != "offscreen":  # nobody could answer there
        _unlock(settings)
    station = build_station(settings)
    try:
        devices = build_devices(station.settings)
        memory = _Memory()
        begun = perf_counter()
        _work(station, devices, settings, memory, is_auto=is_auto, ends=ends, think_s=think_s)
        seconds = perf_counter() - begun
        station.close_devices()
        return build_report(station) | {"seconds": round(seconds, 3), "memory_mb": memory.readings}
    finally:
        station.stop()


def _unlock(settings: Settings) -> None:
    """Have the passphrase of an encrypted store given in a window; of a new one where the post wants it encrypted.

    Raises:
        StoreLockedError: the window was closed instead.
    """
    data = settings.data
    is_new = settings.store.encryption == "passphrase" and not any(
        (data / name).exists() for name in (FILE, KEY_FILE, PENDING)
    )
    if not is_new and not waits_for_passphrase(data):
        return
    kept = read_kept(data / "window.toml", UiSettings(language=settings.look.language, theme=settings.look.theme))
    set_language(kept.language)
    theme.use(kept.theme, kept.text_px or theme.text_px_for(LEAST_H))
    key_file = home_of(data) / KEY_FILE
    dialog = Unlock(
        data.name,
        (lambda given: enable(data, FILE, "passphrase", given)) if is_new else partial(unlock, key_file),
        is_new=is_new,
    )
    try:
        if not dialog.exec():
            why = "nobody gave its passphrase"
            raise StoreLockedError(f"The store in {data.name} stays locked: {why}.", name=data.name, why=why)
    finally:
        dialog.deleteLater()


def _work(
    station: Station,
    devices: Sequence[Placed],
    settings: Settings,
    memory: _Memory,
    *,
    is_auto: bool,
    ends: bool,
    think_s: float,
) -> None:
    bridge = Bridge()
    sources = {placed.entry.name for placed in devices if isinstance(placed.device, XraySource)}
    bridge.source_done.connect(sources.discard)

    def attend(window: MainWindow) -> None:
        window.course.switched.connect(lambda ms: station.measured.add_time("decision_to_next_image", ms))
        window.desk.decided.connect(lambda _: memory.read(station.measured.counts["scans"]))
        window.parts.stack.set_kinds(make_pages(station))
        if player := find_player(devices):
            window.parts.add_replay(ReplayBar(player, player.settings.speed, window.desk.reads))
        if is_auto:
            ScriptedOfficer(window, lambda: ends and not sources and station.is_idle(), think_s)
        elif ends:
            bridge.source_done.connect(lambda _: None if sources else window.close())
        station.start(devices, bridge)

    kept = settings.data / "window.toml"
    wanted = UiSettings(
        officer=settings.officer.name,
        data=settings.data,
        language=settings.look.language,
        theme=settings.look.theme,
        renderer=settings.look.renderer,
        break_after_s=settings.work.break_after_min * 60,
    )
    start(
        station,
        bridge,
        read_kept(kept, wanted),
        rule_titles=station.risk.titles,
        post_names={"zh_CN": settings.post.name_zh, "en": settings.post.name_en},
        wedge=find_wedge(devices),
        door=Door(station.rights, station.accounts, settings.officers),
        keep=lambda chosen: write_kept(kept, chosen),
        attend=attend,
    )


class _Memory:
    """The memory in use, in MB, after so many parcels."""

    def __init__(self) -> None:
        self.readings: dict[int, float] = {}
        self._process = psutil.Process()

    def read(self, parcels: int) -> None:
        mark = parcels // MEMORY_EVERY * MEMORY_EVERY
        if mark and mark not in self.readings:
            self.readings[mark] = round(self._process.memory_info().rss / 2**20, 1)
