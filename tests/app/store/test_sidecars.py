"""The description beside a picture is vouched for like the picture: in the store, in backups and in packages."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.build import audit_inserts
from app.customs.parcel import Capture, Parcel
from app.store import backup, captures
from app.store.export import Wanted
from app.store.found import Trust
from app.store.store import Store
from imaging.errors import FileAlteredError
from imaging.files import native
from imaging.scan import Scan, View
from tests.app.store.signed_store import Office

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """Two scans of the same pixels, whose descriptions differ."""
    store = Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1024)
    for number in ("one", "two"):
        pixels = np.full((8, 8), 50_000, np.uint16)
        scan = Scan((View(high=pixels, low=pixels // 2),), id=number, started_at=NOON, codes=(number,))
        capture = captures.keep(scan, store.captures_folder)
        store.record_scan(None, capture, number=number, arrived_at=NOON)
    yield store
    store.close()


def first(store: Store) -> tuple[Parcel, Capture, Path]:
    parcel = store.parcel(1)
    (capture,) = parcel.captures
    return parcel, capture, native.sidecar_of(store.captures_folder / capture.path)


def problems(store: Store) -> list[tuple[str, str]]:
    return [(problem.what, problem.where) for problem in store.keeping.verify(Trust()).problems]


def test_a_description_is_in_the_record_by_its_hash(kept: Store) -> None:
    one, two = (kept.parcel(key).captures[0] for key in (1, 2))
    assert one.sha256 == two.sha256
    assert one.sidecar_sha256 == captures.sha256_of(first(kept)[2]) != two.sidecar_sha256
    assert problems(kept) == []


def test_a_description_that_was_changed_is_named_and_not_shown(kept: Store) -> None:
    _, capture, sidecar = first(kept)
    sidecar.write_text(sidecar.read_text("utf-8").replace('"one"', '"ONE"'), "utf-8")
    where = sidecar.relative_to(kept.captures_folder).as_posix()
    assert problems(kept) == [("picture_altered", where)]
    with pytest.raises(FileAlteredError, match=sidecar.name):
        kept.load(capture)


def test_a_description_that_is_gone_is_named(kept: Store) -> None:
    sidecar = first(kept)[2]
    sidecar.unlink()
    assert problems(kept) == [("picture_missing", sidecar.relative_to(kept.captures_folder).as_posix())]


def test_pictures_of_the_first_versions_have_no_hash_of_their_description_and_stay_good(kept: Store) -> None:
    parcel, capture, sidecar = first(kept)
    older = kept.captures_folder / "older.tif"
    older.write_bytes((kept.captures_folder / capture.path).read_bytes())
    native.sidecar_of(older).write_text(sidecar.read_text("utf-8").replace('"one.tif"', '"older.tif"'), "utf-8")
    kept.record_scan(parcel.id, Capture("older", older.name, capture.sha256, "belt", NOON), arrived_at=NOON)
    assert kept.parcel(parcel.id).captures[1].sidecar_sha256 == ""
    native.sidecar_of(older).write_text(native.sidecar_of(older).read_text("utf-8") + "\n", "utf-8")
    assert problems(kept) == []
    kept.load(kept.parcel(parcel.id).captures[1])


def test_each_scan_gets_its_own_description_back_from_a_backup(kept: Store, tmp_path: Path) -> None:
    backup.back_up(kept.folder, tmp_path / "backups", Trust())
    report = backup.restore(tmp_path / "backups", tmp_path / "restored", Trust())
    assert report.is_ok
    for key, number in ((1, "one"), (2, "two")):
        (capture,) = kept.parcel(key).captures
        assert captures.load(capture, tmp_path / "restored" / "captures").codes == (number,)


def test_a_package_shows_a_changed_description(kept: Store, tmp_path: Path) -> None:
    office, out = Office(), tmp_path / "package.zip"
    kept.keeping.take_checkpoint(office)
    inserts = [each for each in audit_inserts(None) if each[0] != "keys.json"]
    kept.keeping.export(out, Wanted(), inserts=[*inserts, ("keys.json", office.key_list())])
    script = tmp_path / "check_package.py"
    with zipfile.ZipFile(out) as package:
        script.write_bytes(package.read("check_package.py"))
        content = {name: package.read(name) for name in package.namelist()}
    assert check(script, out) == (0, "")
    described = [name for name in content if name.startswith("pictures/") and name.endswith(".json")]
    assert len(described) == 2
    for name in described:
        with zipfile.ZipFile(out, "w") as package:
            for each, data in content.items():
                package.writestr(each, data.replace(b"50000", b"50001") + b" " if each == name else data)
        code, said = check(script, out)
        assert code == 1
        assert "its description is not as it was signed" in said


def check(script: Path, package: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, script, package], capture_output=True, text=True, check=False)
    said = "\n".join(line for line in done.stdout.splitlines() if "description" in line)
    return done.returncode, said
