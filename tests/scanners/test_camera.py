"""A camera as a reader: video files made here, and cameras that fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from scanners.barcode import Code, Reading
from scanners.decode import VideoDecoder
from scanners.device import DeviceLostError, DeviceSettingsError, DeviceState, DeviceUnavailableError, FaultKind
from scanners.drivers.camera import Camera, CameraSettings
from tests.scanners.rigs import BELT_PX, LiveCamera, belt_frame, draw_label

Picture = npt.NDArray[np.uint8]
FPS = 25


def write_video(path: Path, texts: list[str], steps: int = 24) -> Path:
    """Labels that pass one after another from right to left, `steps` frames each."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (BELT_PX[1], BELT_PX[0]))
    for text in texts:
        label = draw_label(text)
        way_px = BELT_PX[1] + label.shape[1]
        for step in range(steps):
            video.write(belt_frame(label, BELT_PX[1] - round(step * way_px / (steps - 1))))
    video.release()
    return path


def read_for_a_while(camera: Camera) -> list[Reading]:
    """What comes until nothing comes for a while."""
    readings: list[Reading] = []
    while (reading := camera.read(0.3 if readings else 2.0)) is not None:
        readings.append(reading)
    return readings


def read_film(camera: Camera) -> list[Reading]:
    """Everything up to the end of a video file."""
    readings: list[Reading] = []
    has_ended = False
    while True:
        reading = camera.read(0.05)
        if reading is not None:
            readings.append(reading)
        elif has_ended:
            return readings
        assert camera._grabber is not None
        has_ended = camera._grabber.has_ended


def play(path: Path, **options: Any) -> list[Reading]:
    camera = Camera("camera", CameraSettings.model_validate({"source": str(path), "speed": "max"} | options))
    camera.open()
    readings = read_film(camera)
    camera.close()
    return readings


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = ["RR473124829GB", "EA123456785CN", "RR473124829GB"]
    return write_video(tmp_path_factory.mktemp("video") / "belt.avi", texts)


def test_labels_that_pass_are_read_once_each(video: Path) -> None:
    readings = play(video, again_s=0.5)
    assert [reading.code.text for reading in readings] == ["RR473124829GB", "EA123456785CN", "RR473124829GB"]
    assert {reading.code.symbology for reading in readings} == {"QRCode"}
    assert not any(reading.code.is_doubtful for reading in readings)
    # A label is whole in the picture in the middle of its 24 frames, and its time is that of the film.
    since = [reading.read_at - readings[0].read_at for reading in readings]
    assert [round(each / timedelta(seconds=24 / FPS)) for each in since] == [0, 1, 2]
    assert [reading.code.text for reading in play(video, again_s=60)] == ["RR473124829GB", "EA123456785CN"]


def test_hints_leave_out_other_symbologies(video: Path) -> None:
    assert play(video, symbologies=("DataMatrix",)) == []


def test_a_film_plays_by_its_own_clock_and_again_after_reopening(tmp_path: Path) -> None:
    path = write_video(tmp_path / "belt.avi", ["RR473124829GB"], 12)
    camera = Camera("camera", CameraSettings(source=str(path), speed=4))
    for _ in range(2):
        camera.open()
        assert camera.read(0) is None
        assert [reading.code.text for reading in read_film(camera)] == ["RR473124829GB"]
        assert camera.status().state is DeviceState.READY
        camera.close()
        with pytest.raises(DeviceLostError):
            camera.read(0)


@pytest.mark.parametrize("source", ["nowhere.avi", "no_video.avi"])
def test_what_is_no_video_is_told(source: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no_video.avi").write_text("no video")
    with pytest.raises(DeviceUnavailableError, match="cannot be opened"):
        Camera("camera", CameraSettings(source=str(tmp_path / source))).open()


def test_a_stream_that_does_not_answer_is_told_without_its_password(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    camera = Camera("camera", CameraSettings(source=f"rtsp://officer:s3cret@127.0.0.1:{port}/belt"))
    with pytest.raises(DeviceUnavailableError, match=f"rtsp://127.0.0.1:{port}/belt cannot") as caught:
        camera.open()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [({}, "source"), ({"source": -1}, "source"), ({"source": ""}, "source"), ({"source": 0, "speed": 0}, "speed")],
)
def test_settings_that_do_not_fit(options: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        CameraSettings.model_validate(options)


def test_misspelt_hints_are_refused() -> None:
    with pytest.raises(ValidationError, match="QRCode"):
        CameraSettings(source=0, symbologies=("QR",))
    with pytest.raises(DeviceSettingsError, match="regular expression"):
        Camera("camera", CameraSettings(source=0, shapes=("(",)))


@pytest.fixture
def live() -> LiveCamera:
    return LiveCamera(belt_frame(draw_label("RR473124829GB"), 100))


@pytest.fixture
def open_live(live: LiveCamera) -> Iterator[Callable[..., Camera]]:
    cameras = []

    def open_it(**options: Any) -> Camera:
        camera = Camera("camera", CameraSettings.model_validate({"source": 0} | options), live.connect)
        cameras.append(camera)
        camera.open()
        return camera

    yield open_it
    live.answers.set()
    for camera in cameras:
        camera.close()


def test_a_code_in_view_is_told_once(live: LiveCamera, open_live: Callable[..., Camera]) -> None:
    camera = open_live()
    assert [reading.code.text for reading in read_for_a_while(camera)] == ["RR473124829GB"]
    live.picture = belt_frame(draw_label("EA123456785CN"), 100)
    assert [reading.code.text for reading in read_for_a_while(camera)] == ["EA123456785CN"]
    camera.close()
    assert live.released.is_set()


def test_a_pulled_camera_is_lost(live: LiveCamera, open_live: Callable[..., Camera]) -> None:
    camera = open_live()
    assert camera.read(1.0) is not None
    live.is_pulled = True
    with pytest.raises(DeviceLostError, match="cable"):
        read_for_a_while(camera)
    assert [fault.kind for fault in camera.status().faults] == [FaultKind.DISCONNECTED]
    live.is_pulled = False
    camera.open()
    assert camera.read(1.0) is not None


def test_a_camera_that_hangs_is_lost_and_not_opened_twice(
    live: LiveCamera, open_live: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanners.drivers.grabber._STOP_S", 0.1)
    camera = open_live(patience_s=0.1)
    assert camera.read(1.0) is not None
    live.answers.clear()
    with pytest.raises(DeviceLostError, match="gives no picture"):
        read_for_a_while(camera)
    with pytest.raises(DeviceUnavailableError, match="has not answered"):
        camera.open()
    assert camera.status().state is DeviceState.CLOSED
    live.answers.set()
    assert live.released.wait(2)
    camera.open()
    assert camera.read(1.0) is not None


@pytest.mark.parametrize("trouble", [OSError("bus error"), cv2.error("bad frame")])
def test_what_the_system_says_is_told(trouble: Exception, live: LiveCamera, open_live: Callable[..., Camera]) -> None:
    live.trouble = trouble
    with pytest.raises(DeviceLostError, match=str(trouble)):
        open_live().read(1.0)


def test_hidden_text_is_refused_and_shown(
    live: LiveCamera, open_live: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [Code("QRCode", "evil\u202etxt")]
    monkeypatch.setattr(VideoDecoder, "decode", lambda self, frame: codes)
    camera = open_live()
    assert camera.read(0.1) is None
    assert [fault.kind for fault in camera.status().faults] == [FaultKind.CODE_REFUSED]
    codes[:] = [Code("QRCode", "RR473124829GB")]
    assert camera.read(1.0) is not None
    assert not camera.status().faults


def test_a_slow_decoder_sees_the_newest_frame(
    live: LiveCamera, open_live: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = open_live()
    assert camera.read(1.0) is not None
    threading.Event().wait(0.1)
    passed = live.shown
    live.picture = belt_frame(draw_label("EA123456785CN"), 100)
    decoded: list[Picture] = []
    decode = VideoDecoder.decode

    def count(self: VideoDecoder, frame: Picture) -> list[Code]:
        decoded.append(frame)
        return decode(self, frame)

    monkeypatch.setattr(VideoDecoder, "decode", count)
    reading = camera.read(1.0)
    assert reading is not None
    assert passed > 5
    assert len(decoded) <= 4
