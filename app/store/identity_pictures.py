"""The photographs of registered identities and of their checks, as files beside those of examinations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from app.customs.references import Picture
from app.store import sealed
from app.store.database import Connection
from app.store.errors import StoreReadOnlyError
from app.store.examinations import FOLDER
from imaging.errors import FileAlteredError, FileTornError
from imaging.files.durable import make_folder


class IdentityPictures:
    """The files of identities. `write` opens the store's transactions."""

    def __init__(self, folder: Path, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._folder = folder / FOLDER
        self._write = write

    def keep(self, content: bytes, *, suffix: str, source: str, at: datetime) -> Picture:
        """Keep a file as it came; `content` is already known to be a picture. The same one is kept once a day.

        Raises:
            StoreReadOnlyError: the disk does not take it.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = Path(f"{at:%Y/%m/%d}") / f"identity-{sha256[:24]}{suffix}"
        try:
            make_folder((self._folder / path).parent)
            sealed.write_file(self._folder / path, content, self._folder.parent)
        except OSError as error:
            raise StoreReadOnlyError("The folder of photographs cannot be written.", detail=str(error)) from error
        with self._write() as writer:
            sql = "INSERT OR IGNORE INTO identity_pictures (path, sha256) VALUES (?, ?)"
            writer.execute(sql, (path.as_posix(), sha256))
        return Picture(path.as_posix(), sha256, source)

    def load(self, picture: Picture) -> bytes:
        """The file of a picture, checked against its sha256.

        Raises:
            FileTornError, FileAlteredError: it is not the picture that was kept.
        """
        path = self._folder / picture.path
        if not path.is_file():
            raise FileTornError(path, "the photograph is missing")
        content = sealed.read_file(path)
        if hashlib.sha256(content).hexdigest() != picture.sha256:
            raise FileAlteredError(path, "the photograph is not the one that was kept")
        return content
