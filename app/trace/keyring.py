"""The keys of a station: those that it signs with, and the lists of other offices, as their files are now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.trace.errors import KeyListError
from app.trace.keys import EDDSA, KeyList, Signer, read_key_list
from app.trace.keystore import KeyStore, open_key_store

_Stamp = tuple[tuple[str, int, int], ...]


class Keyring:
    """Follows the files of its folder, so that a revocation counts at once, whichever program wrote it.

    A list that cannot be read is left out and told once to `on_damage`: it must not stop the verifying of all others.
    """

    def __init__(self, store_path: Path, *, alg: int = EDDSA) -> None:
        self.folder = store_path.parent
        self.on_damage: Callable[[KeyListError], None] | None = None
        self._store_path = store_path
        self._alg = alg
        self._store = open_key_store(store_path, alg=alg)
        self._store_stamp = _stamp([store_path])
        self._lists_stamp: _Stamp | None = None
        self._others: list[KeyList] = []

    @property
    def store(self) -> KeyStore:
        """The signing keys.

        Raises:
            KeyStoreError: their file was changed and cannot be used any more.
        """
        if (stamp := _stamp([self._store_path])) != self._store_stamp:
            self._store, self._store_stamp = open_key_store(self._store_path, alg=self._alg), stamp
        return self._store

    def signer(self, now: datetime) -> Signer:
        """The newest key that may sign now. Raises NoSigningKeyError."""
        return self.store.signer(now)

    def public_keys(self) -> KeyList:
        """The station's own keys and those of the imported lists; of two rows about a key the stricter counts."""
        files = sorted(self.folder.glob("*.json"))
        if (stamp := _stamp(files)) != self._lists_stamp:
            self._others = [keys for file in files if (keys := self._read(file)) is not None]
            self._lists_stamp = stamp
        merged = self.store.public_keys()
        for keys in self._others:
            merged = self._merge(merged, keys)
        return merged

    def _read(self, file: Path) -> KeyList | None:
        try:
            return read_key_list(file)
        except KeyListError as error:
            self._tell(error)
            return None

    def _merge(self, trusted: KeyList, more: KeyList) -> KeyList:
        try:
            return KeyList([*trusted, *more])
        except KeyListError as error:
            self._tell(error)
            return trusted

    def _tell(self, error: KeyListError) -> None:
        if self.on_damage:
            self.on_damage(error)


def _stamp(files: list[Path]) -> _Stamp:
    found = ((file.name, file.stat()) for file in files if file.is_file())
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
