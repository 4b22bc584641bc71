"""Encryption at rest: a stolen folder gives nothing away, and everything that keeps a store works as before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.customs.parcel import Declaration, GoodsLine, Kind
from app.customs.states import Action
from app.store import backup, captures, encrypting, sealed
from app.store.captures import Origin
from app.store.database import HAS_CIPHER
from app.store.errors import (
    CipherMissingError,
    EncryptedAlreadyError,
    EncryptionUnfinishedError,
    StoreBusyError,
    StoreError,
    StoreLockedError,
    WeakPassphraseError,
)
from app.store.found import Trust
from app.store.store import FILE, Store
from imaging.errors import FileAlteredError
from imaging.scan import Scan, View

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRET = "six lanes and one lamp"
GIVEN_AWAY = (
    b"PARCELNUMBER1",
    "口红".encode(),
    b"SQLite format 3",
    b"guanjian.scan",
    b"II*\x00\x08\x00\x00\x00",
    b"scan-one",
    b"photograph!",
)

needs_cipher = pytest.mark.skipif(not HAS_CIPHER, reason="sqlcipher3 is not installed")


@pytest.fixture(autouse=True)
def no_key_held() -> Iterator[None]:
    yield
    sealed.forget()
    sealed.ask_with(sealed._ask_nobody)


def open_store(folder: Path) -> Store:
    return Store.open(folder, station="belt-1", ballast_bytes=1 << 12)


def fill(store: Store) -> int:
    store.add_declarations([Declaration("PARCELNUMBER1", (GoodsLine("口红"),))])
    scan = Scan((View(high=np.full((30, 40), 4_000, np.uint16)),), id="scan-one", started_at=NOON)
    parcel = store.record_scan(None, store.keep(scan), number="PARCELNUMBER1", arrived_at=NOON)
    store.examinations.add_photograph(
        parcel.id, b"photograph!" * 9, suffix=".jpg", source="camera", officer="li", taken_at=NOON
    )
    store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=NOON)
    return parcel.id


def given_away(folder: Path) -> set[tuple[str, bytes]]:
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {(name, mark) for name, content in files.items() for mark in GIVEN_AWAY if mark in content}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store that was encrypted before its first parcel."""
    encrypting.enable(tmp_path / "data", FILE, "passphrase", SECRET)
    with closing(open_store(tmp_path / "data")) as store:
        fill(store)
    return tmp_path / "data"


@needs_cipher
def test_a_stolen_folder_gives_nothing_away(data: Path, tmp_path: Path) -> None:
    with closing(open_store(data)) as store:
        store.add_event("kept open", None, {})  # the write-ahead log lies beside it now
        assert (data / f"{FILE}-wal").stat().st_size > 0
        assert given_away(data) == set()
    with closing(open_store(tmp_path / "plain")) as store:
        fill(store)
        assert {mark for _, mark in given_away(tmp_path / "plain")} == set(GIVEN_AWAY)


def test_where_a_lost_scan_came_from_is_encrypted_with_it(tmp_path: Path) -> None:
    sealed.make_key(tmp_path / sealed.KEY_FILE, "passphrase", SECRET)
    origin = Origin("simulated-belt", "scan-one-lane", Kind.CONTAINER)
    scan = Scan((View(high=np.full((30, 40), 4_000, np.uint16)),), id="lost", started_at=NOON)
    kept = captures.keep(scan, tmp_path / "captures", origin)
    assert captures.adopt(tmp_path / "captures" / kept.path, tmp_path / "captures")[1:] == (kept, origin)
    assert given_away(tmp_path) == set()


@needs_cipher
def test_without_the_passphrase_nothing_opens(data: Path) -> None:
    sealed.forget()
    with pytest.raises(StoreLockedError, match="nobody gave its passphrase"):
        open_store(data)
    with pytest.raises(StoreLockedError, match="is wrong"):
        sealed.unlock(data / sealed.KEY_FILE, "six lanes and two lamps")
    (data / sealed.KEY_FILE).unlink()
    with pytest.raises(StoreError):
        open_store(data)


@needs_cipher
def test_pictures_and_photographs_come_back_as_they_were(data: Path) -> None:
    sealed.forget()
    sealed.ask_with(lambda _path: SECRET)
    with closing(open_store(data)) as store:
        parcel = store.find_number("PARCELNUMBER1")
        assert parcel is not None
        high = store.load(parcel.captures[0]).views[0].high
        assert high is not None
        assert high.max() == 4_000
        (photograph,) = store.examinations.photographs(parcel.id)
        assert store.examinations.load(photograph) == b"photograph!" * 9
        assert store.verify_log().is_ok


@needs_cipher
@pytest.mark.parametrize("at", [3, 12, 20, 300, -1])
def test_a_flipped_bit_in_an_encrypted_picture_is_found(data: Path, at: int) -> None:
    (path,) = (data / "captures").rglob("*.tif")
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with closing(open_store(data)) as store:
        parcel = store.find_number("PARCELNUMBER1")
        assert parcel is not None
        with pytest.raises(FileAlteredError):
            store.load(parcel.captures[0])
        assert [problem.what for problem in store.verify_log().problems] == ["picture_altered"]


@needs_cipher
def test_a_backup_is_encrypted_and_comes_back(data: Path, tmp_path: Path) -> None:
    with closing(open_store(data)):
        made, report = backup.back_up(data, tmp_path / "kept", Trust())
    assert report.is_ok
    assert given_away(tmp_path / "kept") == set()
    sealed.forget()
    sealed.unlock(made / sealed.KEY_FILE, SECRET)
    assert backup.restore(tmp_path / "kept", tmp_path / "back", Trust()).is_ok
    assert given_away(tmp_path / "back") == set()


@needs_cipher
def test_a_plain_store_is_encrypted_in_place(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        key = fill(store)
        with pytest.raises(StoreBusyError):
            encrypting.enable(tmp_path, FILE, "passphrase", SECRET)
        before = store.events(key)
    encrypting.enable(tmp_path, FILE, "passphrase", SECRET)
    assert given_away(tmp_path) == set()
    with closing(open_store(tmp_path)) as store:
        assert store.events(key) == before
        assert [row.number for row in store.search("口红")] == ["PARCELNUMBER1"]
        assert store.verify_log().is_ok
    with pytest.raises(EncryptedAlreadyError):
        encrypting.enable(tmp_path, FILE, "passphrase", SECRET)


@needs_cipher
@pytest.mark.parametrize("step", ["pictures", "export", "rename", "key"])
def test_an_interrupted_encryption_locks_the_store_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with closing(open_store(tmp_path)) as store:
        fill(store)

    class PowerCutError(Exception):
        pass

    def cut(*_args: object) -> None:
        raise PowerCutError

    place, name = {
        "pictures": (encrypting, "write_whole"),
        "export": (encrypting, "_counts"),
        "rename": (encrypting, "sync_folder"),
        "key": (Path, "rename"),
    }[step]
    with monkeypatch.context() as patched:
        patched.setattr(place, name, cut)
        with pytest.raises(PowerCutError):
            encrypting.enable(tmp_path, FILE, "passphrase", SECRET)
    sealed.forget()
    with pytest.raises(EncryptionUnfinishedError):
        open_store(tmp_path)
    with pytest.raises(StoreLockedError):
        encrypting.enable(tmp_path, FILE, "passphrase", "another passphrase")
    encrypting.enable(tmp_path, FILE, "passphrase", SECRET)
    assert given_away(tmp_path) == set()
    with closing(open_store(tmp_path)) as store:
        assert store.verify_log().is_ok


@needs_cipher
def test_the_passphrase_changes_and_the_old_one_is_refused(data: Path) -> None:
    with pytest.raises(WeakPassphraseError):
        sealed.change_passphrase(data / sealed.KEY_FILE, SECRET, "short")
    sealed.change_passphrase(data / sealed.KEY_FILE, SECRET, "another long passphrase")
    sealed.forget()
    with pytest.raises(StoreLockedError):
        sealed.unlock(data / sealed.KEY_FILE, SECRET)
    sealed.unlock(data / sealed.KEY_FILE, "another long passphrase")
    with closing(open_store(data)) as store:
        assert store.verify_log().is_ok


@needs_cipher
def test_a_secret_in_the_keyring_opens_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keyring:
        held: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def set_password(self, service: str, name: str, secret: str) -> None:
            self.held[service, name] = secret

        def get_password(self, service: str, name: str) -> str | None:
            return self.held.get((service, name))

    keyring = Keyring()
    monkeypatch.setattr(sealed, "import_module", lambda _name: keyring)
    encrypting.enable(tmp_path, FILE, "keyring")
    sealed.forget()
    open_store(tmp_path).close()
    keyring.held.clear()
    sealed.forget()
    with pytest.raises(StoreLockedError, match="no secret"):
        open_store(tmp_path)


def test_without_the_library_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypting, "HAS_CIPHER", False)
    with pytest.raises(CipherMissingError, match=r"guanjian\[encrypted\]"):
        encrypting.enable(tmp_path, FILE, "passphrase", SECRET)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("app.store.database.HAS_CIPHER", False)
    sealed.make_key(tmp_path / sealed.KEY_FILE, "passphrase", SECRET)
    with pytest.raises(CipherMissingError):
        open_store(tmp_path)


def test_what_is_sealed_opens_with_its_key_only_and_shows_any_change() -> None:
    key, other = sealed.DataKey(b"1" * 32), sealed.DataKey(b"2" * 32)
    content = key.seal(b"plain")
    assert b"plain" not in content
    assert key.open(content) == b"plain"
    assert other.open(content) is None
    for at in range(len(content)):
        assert key.open(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]) is None


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / sealed.KEY_FILE
    sealed.make_key(path, "passphrase", SECRET)
    shutil.copyfile(path, tmp_path / "held")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StoreError, match=r"store\.key cannot be read"):
        open_store(tmp_path)
