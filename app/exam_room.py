"""Examinations at the station (查验): records with photographs, signed by two officers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from app.customs.examination import Examination, Photograph, check_examination
from app.customs.parcel import Parcel
from app.officers.rights import Right, Rights
from app.photographs import photograph_broken, read_photograph, suffix_of
from app.store.store import Store


@runtime_checkable
class Camera(Protocol):
    """A device whose picture can be kept (rows, cols, BGR); None before it has shown any."""

    name: str

    def photograph(self) -> NDArray[np.uint8] | None: ...


class ExamRoom:
    """The station's view of examinations. May be used from any thread; `on_changed` is told of every parcel."""

    def __init__(self, store: Store, rights: Rights, *, on_changed: Callable[[int], None]) -> None:
        self._store = store
        self._rights = rights
        self._on_changed = on_changed
        self._cameras: dict[str, Camera] = {}

    def parcel(self, parcel_id: int) -> Parcel:
        return self._store.parcel(parcel_id)

    def records(self, parcel_id: int) -> list[Examination]:
        """The signed records of a parcel, oldest first; the last one counts."""
        return self._store.examinations.of(parcel_id)

    def photographs(self, parcel_id: int) -> list[Photograph]:
        return self._store.examinations.photographs(parcel_id)

    def load(self, photograph: Photograph) -> bytes:
        """The file of a photograph. Raises FileTornError, FileAlteredError where it is not the one that was kept."""
        return self._store.examinations.load(photograph)

    def add_photograph(self, parcel_id: int, path: Path, *, officer: str) -> Photograph:
        """Keep a photograph from a file, as it is.

        Raises:
            PhotographBrokenError: it is no JPEG or PNG, or too large. OfficerError.
        """
        self._rights.require(officer, Right.EXAM_RECORD)
        return self._keep(parcel_id, read_photograph(path), source=path.name, officer=officer)

    def use_cameras(self, devices: Iterable[object]) -> None:
        """Photographs are taken with those of the station's devices that can."""
        self._cameras = {device.name: device for device in devices if isinstance(device, Camera)}

    @property
    def camera_names(self) -> tuple[str, ...]:
        return tuple(self._cameras)

    def take_photograph(self, parcel_id: int, camera: str, *, officer: str) -> Photograph:
        """Keep what a camera sees now, as JPEG.

        Raises:
            PhotographBrokenError: the camera shows nothing yet. OfficerError.
        """
        self._rights.require(officer, Right.EXAM_RECORD)
        return self._keep(parcel_id, self.snap(camera), source=camera, officer=officer)

    def snap(self, camera: str) -> bytes:
        """What a camera sees now, as JPEG. Raises PhotographBrokenError where it shows nothing yet."""
        frame = self._cameras[camera].photograph()
        if frame is None:
            raise photograph_broken(camera, "the camera shows nothing yet")
        _, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
        return encoded.tobytes()

    def sign(self, record: Examination, *, second_pin: str = "") -> Examination:
        """Sign a record: `officer` has examined, `second_officer` confirms with his own secret.

        Raises:
            GuardError: something is missing. OfficerError: one of them may not, or the secret is refused.
        """
        self._rights.require(record.officer, Right.EXAM_RECORD)
        check_examination(record)
        second = self._rights.approve(
            record.second_officer, second_pin, first=record.officer, right=Right.EXAM_RECORD
        )  # fmt: skip
        signed = self._store.examinations.sign(replace(record, second_officer=second, signed_at=datetime.now(UTC)))
        self._on_changed(record.parcel_id)
        return signed

    def _keep(self, parcel_id: int, content: bytes, *, source: str, officer: str) -> Photograph:
        kept = self._store.examinations.add_photograph(
            parcel_id,
            content,
            suffix=suffix_of(content, source),
            source=source,
            officer=officer,
            taken_at=datetime.now(UTC),
        )
        self._on_changed(parcel_id)
        return kept
