"""Photographs as files beside the captures: kept as they came, loaded only as they were kept."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from app.store import sealed
from app.store.errors import StoreReadOnlyError
from imaging.errors import FileAlteredError, FileTornError
from imaging.files.durable import make_folder

FOLDER: Final = "photographs"


class PhotographFiles:
    """The files in a station's folder; a row elsewhere says of each what it is."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._folder = data / FOLDER

    def keep(self, content: bytes, *, of: str, suffix: str, at: datetime) -> tuple[str, str]:
        """Keep a file; returns its path below the folder and its sha256. `of` begins its name.

        Raises:
            StoreReadOnlyError: the disk does not take it.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = Path(f"{at:%Y/%m/%d}") / f"{of}-{sha256[:24]}{suffix}"
        try:
            make_folder((self._folder / path).parent)
            sealed.write_file(self._folder / path, content, self._data)
        except OSError as error:
            raise StoreReadOnlyError("The folder of photographs cannot be written.", detail=str(error)) from error
        return path.as_posix(), sha256

    def load(self, path: str, sha256: str) -> bytes:
        """A file, checked against its sha256.

        Raises:
            FileTornError, FileAlteredError: it is not the picture that was kept.
        """
        place = self._folder / path
        if not place.is_file():
            raise FileTornError(place, "the photograph is missing")
        content = sealed.read_file(place)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileAlteredError(place, "the photograph is not the one that was kept")
        return content
