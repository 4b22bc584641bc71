"""An attacker's page: what is not tried elsewhere is tried here, and the page of threats names tests that exist."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.bench.mishaps.lane import Lane
from app.customs.parcel import Capture
from app.store import backup, sealed
from app.store.captures import sha256_of
from app.store.database import connect
from app.store.errors import BackupAlteredError, BackupError
from app.store.found import Trust
from app.store.store import FILE, Store
from imaging.errors import FileAlteredError
from imaging.files.native import sidecar_of
from imaging.scan import Scan, View

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store with two pictures."""
    with closing(open_store(tmp_path / "data")) as store:
        for number in (1, 2):
            scan = Scan((View(high=np.full((8, 9), number * 1000, np.uint16)),), id=f"s{number}", started_at=NOON)
            store.record_scan(None, store.keep(scan), number=f"N{number}", arrived_at=NOON)
    return tmp_path / "data"


def open_store(folder: Path) -> Store:
    return Store.open(folder, station="belt-1", ballast_bytes=1024)


def found(store: Store) -> set[tuple[str, str]]:
    return {(problem.what, Path(problem.where).name) for problem in store.verify_log().problems}


def capture_of(store: Store, number: str) -> Capture:
    parcel = store.find_number(number)
    assert parcel is not None
    return parcel.captures[0]


def test_a_station_opens_no_socket_by_itself(tmp_path: Path) -> None:
    at = Lane(tmp_path)
    try:
        at.scan("S1")
        mine = [psutil.Process(), *psutil.Process().children(recursive=True)]
        opened = [each for process in mine for each in process.net_connections("inet")]
        assert opened == []
    finally:
        at.stop()


def test_a_picture_put_in_the_place_of_another_is_found(data: Path) -> None:
    with closing(open_store(data)) as store:
        first, second = (data / "captures" / capture_of(store, number).path for number in ("N1", "N2"))
        for one, other in ((first, second), (sidecar_of(first), sidecar_of(second))):
            one.write_bytes(other.read_bytes())
        with pytest.raises(FileAlteredError):
            store.load(capture_of(store, "N1"))
        assert found(store) == {("picture_altered", "s1.tif"), ("picture_altered", "s1.json")}


def test_a_picture_sealed_with_a_key_of_the_attackers_own_is_found(data: Path) -> None:
    with closing(open_store(data)) as store:
        path = data / "captures" / capture_of(store, "N1").path
        path.write_bytes(sealed.DataKey(b"m" * 32).seal(path.read_bytes()))
        with pytest.raises(FileAlteredError):
            store.load(capture_of(store, "N1"))
        assert found(store) == {("picture_altered", "s1.tif")}


def test_a_key_file_put_beside_a_plain_store_opens_nothing_of_the_attackers(data: Path) -> None:
    """Somebody who writes his own key file stops the station, and that is all."""
    sealed.make_key(data / sealed.KEY_FILE, "passphrase", "a passphrase of his own")
    try:
        with pytest.raises(Exception, match=r"encrypted|no store") as refused:
            open_store(data)
        assert getattr(refused.value, "key", "") in ("cipher_missing", "store_foreign")
    finally:
        sealed.forget()
    (data / sealed.KEY_FILE).unlink()
    with closing(open_store(data)) as store:
        assert store.verify_log().is_ok


def test_a_backup_that_would_write_outside_of_the_folder_is_refused(data: Path, tmp_path: Path) -> None:
    made, _ = backup.back_up(data, tmp_path / "kept", Trust())
    with closing(connect(made / FILE)) as other:
        other.execute("DROP TRIGGER captures_never_update")
        other.execute("UPDATE captures SET path = '../../../evil.tif' WHERE id = 1")
        other.execute("PRAGMA journal_mode=DELETE").fetchone()
    with pytest.raises(BackupAlteredError):
        backup.restore(tmp_path / "kept", tmp_path / "back", Trust())
    manifest = made / "manifest.json"
    said = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(said | {"sha256": sha256_of(made / FILE)}), "utf-8")
    with pytest.raises(BackupError, match="outside of the folder"):
        backup.restore(tmp_path / "kept", tmp_path / "back", Trust())
    assert not (tmp_path / "evil.tif").exists()
    assert not (tmp_path / "back" / FILE).exists()


def test_every_test_that_the_page_of_threats_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "threats.md").read_text("utf-8"))
    assert len(named) > 20
    for file, name in named:
        content = (ROOT / file).read_text("utf-8")
        assert not name or f"def {name}(" in content, (file, name)
