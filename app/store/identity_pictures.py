"""The photographs of registered identities and of their checks, as files beside those of examinations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from app.customs.references import Picture
from app.store.database import Connection
from app.store.photograph_files import PhotographFiles


class IdentityPictures:
    """The files of identities. `write` opens the store's transactions."""

    def __init__(self, folder: Path, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._files = PhotographFiles(folder)
        self._write = write

    def keep(self, content: bytes, *, suffix: str, source: str, at: datetime) -> Picture:
        """Keep a file as it came; `content` is already known to be a picture. The same one is kept once a day.

        Raises:
            StoreReadOnlyError: the disk does not take it.
        """
        path, sha256 = self._files.keep(content, of="identity", suffix=suffix, at=at)
        with self._write() as writer:
            sql = "INSERT OR IGNORE INTO identity_pictures (path, sha256) VALUES (?, ?)"
            writer.execute(sql, (path, sha256))
        return Picture(path, sha256, source)

    def load(self, picture: Picture) -> bytes:
        """The file of a picture, checked against its sha256.

        Raises:
            FileTornError, FileAlteredError: it is not the picture that was kept.
        """
        return self._files.load(picture.path, picture.sha256)
