"""Pictures of a camera or a video file, taken in a thread of their own: nobody waits for a camera that hangs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

_STOP_S = 1.0


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def read(self) -> tuple[bool, Any]: ...

    def get(self, propId: int, /) -> float: ...  # noqa: N803

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture, (rows, cols) grey or (rows, cols, 3) BGR, and when it was taken."""

    pixels: npt.NDArray[np.uint8]
    taken_at: datetime


class Grabber:
    """Holds one frame. Of a live camera that is the newest; a file waits until its frame has been taken.

    The frames of a file are stamped and delivered by its own clock, `speed` times as fast. `has_ended` tells that
    there are no more frames, `trouble` what the system said about it.
    """

    def __init__(self, capture: Capture, name: str, *, is_live: bool, speed: float | Literal["max"] = 1.0) -> None:
        self.has_ended = False
        self.trouble = ""
        self._capture = capture
        self._is_live = is_live
        self._speed = speed
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time, after the last, and after `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self.has_ended or self._is_stopped, timeout_s)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return frame

    def wait_stop(self, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped, timeout_s)

    def stop(self) -> None:
        """Let every wait end, and the thread, which lets go of the camera."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def join(self) -> bool:
        """Wait a second for the end of the thread; False when the camera does not answer and keeps it."""
        self._thread.join(_STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        begun_at, begun_s = datetime.now(UTC), time.monotonic()
        frame_s = 0.0 if self._is_live else 1 / (self._capture.get(cv2.CAP_PROP_FPS) or 25.0)
        number = 0
        try:
            while not self._is_stopped:
                is_there, pixels = self._capture.read()
                if not is_there:
                    break
                if self._is_live:
                    self._put(Frame(pixels, datetime.now(UTC)))
                else:
                    self._wait_turn(begun_s, number * frame_s)
                    self._put(Frame(pixels, begun_at + timedelta(seconds=number * frame_s)))
                number += 1
        except (cv2.error, OSError) as error:
            self.trouble = str(error)
        finally:
            self._capture.release()
            with self._changed:
                self.has_ended = True
                self._changed.notify_all()

    def _wait_turn(self, begun_s: float, played_s: float) -> None:
        """Wait until the last frame was taken and this one is due."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._frame is None)
            if self._speed != "max":
                due_s = begun_s + played_s / self._speed
                self._changed.wait_for(lambda: self._is_stopped, max(0.0, due_s - time.monotonic()))

    def _put(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify_all()
