"""Small pictures of parcels: made once on a worker of their own, kept in memory and below the station's folder."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from pathlib import Path

import cv2
import structlog
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.store.sealed import KEY_FILE
from app.ui.background import Background
from app.views import StationView
from imaging.render import picture_of
from imaging.scan import Scan

log = structlog.get_logger()

LONGEST_PX = 180
MOST_KEPT = 400
JPEG_QUALITY = 88


class Thumbs(QObject):
    """`ready` tells each picture as it comes; `want` forgets what was wanted before, so that scrolling stays quick."""

    ready = Signal(int, object)

    def __init__(self, station: StationView, data: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._station = station
        # In an encrypted store nothing of a picture is kept in plain.
        self._folder = None if data is None or (data / KEY_FILE).is_file() else data / "thumbs"
        self.worker = Background("guanjian-thumbs", self)
        self._kept: OrderedDict[int, QImage] = OrderedDict()
        self._wanted: deque[int] = deque()
        self._is_busy = False

    def get(self, parcel_id: int) -> QImage | None:
        return self._kept.get(parcel_id)

    def want(self, parcel_ids: Iterable[int]) -> None:
        """Make those that are not there yet, in this order."""
        self._wanted = deque(each for each in parcel_ids if each not in self._kept)
        if not self._is_busy:
            self._go_on()

    def _go_on(self) -> None:
        self._is_busy = bool(self._wanted)
        if not self._is_busy:
            return
        parcel_id, station, folder = self._wanted.popleft(), self._station, self._folder
        self.worker.submit(
            lambda: load(station, parcel_id, folder),
            lambda image: self._take(parcel_id, image),
            otherwise=lambda _: self._take(parcel_id, QImage()),
        )

    def _take(self, parcel_id: int, image: QImage) -> None:
        """A picture that cannot be made stays empty; opening the parcel says why."""
        self._kept[parcel_id] = image
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(parcel_id, image)
        self._go_on()


def load(station: StationView, parcel_id: int, folder: Path | None) -> QImage:
    """The small picture of a parcel's newest scan, empty where there is none; called on a worker."""
    captures = station.parcel(parcel_id).captures
    if not captures:
        return QImage()
    path = None if folder is None else folder / captures[-1].sha256[:2] / f"{captures[-1].sha256}.jpg"
    if path is not None and path.is_file():
        kept = QImage(str(path))
        if not kept.isNull():
            return kept
    scan = station.open_scan(parcel_id)
    if scan is None:
        return QImage()
    return _make(scan, path)


def _make(scan: Scan, path: Path | None) -> QImage:
    picture = picture_of(scan.views[0], longest_px=LONGEST_PX)
    _, encoded = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if path is not None:
        _keep(path, encoded.tobytes())
    return QImage.fromData(encoded.tobytes())


def _keep(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        # It can be made again; a full disk is told where something is lost by it.
        log.warning("small picture not kept", path=str(path), error=str(error))
