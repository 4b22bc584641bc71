"""A camera, a network stream or a video file as a barcode reader, through OpenCV."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from scanners.barcode import BarcodeReader, Reading, reader_status
from scanners.codetext import check_text
from scanners.decode import Hints, VideoDecoder
from scanners.decoding.zxing import EVERYTHING
from scanners.device import (
    CodeRefusedError,
    DeviceLostError,
    DeviceSettings,
    DeviceStatus,
    DeviceUnavailableError,
)
from scanners.drivers.grabber import Capture, Frame, Grabber
from scanners.folding import Fold
from scanners.pace import Speed

_NETWORK_MS = 5000
_PASSWORD = re.compile(r"//[^/]*@")
_SYMBOLOGIES = tuple(one.name for one in EVERYTHING)


def _check_symbology(name: str) -> str:
    if name not in _SYMBOLOGIES:
        raise ValueError(f"no symbology is called {name!r}; there are {', '.join(_SYMBOLOGIES)}")
    return name


class CameraSettings(DeviceSettings):
    """What to look at, and what for."""

    source: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1)]
    """Number of a camera, its path ("/dev/video0"), the address of a stream ("rtsp://...") or a video file."""
    width_px: int | None = Field(default=None, gt=0, le=16_384)
    height_px: int | None = Field(default=None, gt=0, le=16_384)
    """Size to ask a camera for; it may give another."""
    symbologies: tuple[Annotated[str, AfterValidator(_check_symbology)], ...] = ()
    """What to look for; empty for everything."""
    shapes: tuple[str, ...] = ()
    """Regular expressions for the whole texts that are expected."""
    again_s: float = Field(default=3.0, ge=0, le=3600)
    """A code in view is told once, and again when it has been out of view so long."""
    patience_s: float = Field(default=5.0, gt=0, le=60)
    """A camera that gives no picture for so long has gone."""
    speed: Speed = 1.0
    """How fast a video file is played; "max" is as fast as it is decoded."""

    @property
    def is_live(self) -> bool:
        return isinstance(self.source, int) or not Path(self.source).is_file()


def open_capture(settings: CameraSettings) -> Capture:
    """Open what the settings name.

    Raises:
        OSError: it is not there, taken or no video.
    """
    source = settings.source
    try:
        if isinstance(source, str) and "://" in source:
            times = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _NETWORK_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _NETWORK_MS)
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, times)
        else:
            capture = cv2.VideoCapture(source)
    except cv2.error as error:
        raise OSError(str(error)) from error
    if not capture.isOpened():
        raise OSError("it is not there, another program uses it, or it is no video")
    for what, size in ((cv2.CAP_PROP_FRAME_WIDTH, settings.width_px), (cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px)):
        if size is not None and settings.is_live:
            capture.set(what, size)
    return capture


class Camera(BarcodeReader):
    """Looks at one frame a step; a camera faster than the decoder loses frames, never time.

    A video file that has been played delivers nothing more until it is opened again.
    """

    Settings = CameraSettings

    def __init__(
        self, name: str, settings: CameraSettings, connect: Callable[[CameraSettings], Capture] = open_capture
    ) -> None:
        super().__init__(name)
        self.settings = settings
        self._connect = connect
        self._hints = Hints(frozenset(settings.symbologies), settings.shapes)
        self._at_work = threading.Lock()
        self._is_open = False
        self._is_live = self._is_lost = False
        self._grabber: Grabber | None = None
        self._begin()

    def open(self) -> None:
        self.close()
        if self._grabber is not None:
            raise self._unavailable("it has not answered since it was closed")
        try:
            capture = self._connect(self.settings)
        except OSError as error:
            raise self._unavailable(str(error)) from error
        with self._at_work:
            self._begin()
            self._is_live = self.settings.is_live
            self._grabber = Grabber(capture, self.name, is_live=self._is_live, speed=self.settings.speed)
            self._is_lost = False
            self._is_open = True

    def close(self) -> None:
        self._is_open = False
        grabber = self._grabber
        if grabber is not None:
            grabber.stop()
        with self._at_work:
            if self._grabber is not None and self._grabber.join():
                self._grabber = None

    def status(self) -> DeviceStatus:
        return reader_status(is_open=self._is_open, is_connected=not self._is_lost, refused=self._refused)

    def read(self, timeout_s: float) -> Reading | None:
        deadline = time.monotonic() + timeout_s
        with self._at_work:
            grabber = self._grabber
            if grabber is None or not self._is_open:
                raise DeviceLostError(f"The camera {self.name} is not open. Open it first.", name=self.name)
            while self._is_open:
                if self._readings:
                    return self._readings.popleft()
                left_s = deadline - time.monotonic()
                self._look(grabber, max(0.0, left_s))
                if left_s <= 0 and not self._readings:
                    break
        return None

    def _begin(self) -> None:
        self._video = VideoDecoder(self._hints)
        self._fold = Fold(self.settings.again_s)
        self._readings: deque[Reading] = deque()
        self._newest: NDArray[np.uint8] | None = None
        self._refused: CodeRefusedError | None = None
        self._last_s = time.monotonic()

    def _look(self, grabber: Grabber, timeout_s: float) -> None:
        """Wait for the next frame and decode it."""
        patience_s = self.settings.patience_s
        frame = grabber.next(min(timeout_s, patience_s) if self._is_live else timeout_s)
        if frame is not None:
            self._last_s = time.monotonic()
            self._decode(frame)
            return
        is_silent = grabber.has_ended or time.monotonic() - self._last_s > patience_s
        if self._is_open and (grabber.trouble or (self._is_live and is_silent)):
            self._is_lost = True
            raise DeviceLostError(
                f"The camera {self.name} gives no picture{f' ({grabber.trouble})' if grabber.trouble else ''}. "
                "Check its cable and power.",
                name=self.name,
            )
        if grabber.has_ended:
            grabber.wait_stop(timeout_s)

    def photograph(self) -> NDArray[np.uint8] | None:
        """The newest frame (rows, cols, BGR), None before there is any."""
        return self._newest

    def _decode(self, frame: Frame) -> None:
        self._newest = frame.pixels
        for code in self._video.decode(frame.pixels):
            try:
                check_text(code.text)
            except CodeRefusedError as error:
                self._refused = error
                continue
            reading = Reading(code, self.name, frame.taken_at)
            if self._fold.is_new(reading):
                self._refused = None
                self._readings.append(reading)

    def _unavailable(self, why: str) -> DeviceUnavailableError:
        place = _PASSWORD.sub("//", str(self.settings.source))
        return DeviceUnavailableError(
            f"The camera {self.name} at {place} cannot be opened: {why}. Check its cable and settings.", name=self.name
        )
