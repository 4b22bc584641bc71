"""Disks that fill, turn read-only or flip a bit under a working station."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from app import retrying
from app.bench.mishaps.lane import OFFICER, Lane, Tried, arrives, is_told, lane
from app.customs.parcel import Declaration, GoodsLine
from app.customs.states import Action
from app.store.database import DatabaseError, connect
from app.store.errors import StoreError, StoreFullError
from app.store.found import Trust
from app.store.store import FILE, Store
from imaging.errors import KnownError

TINY_MB = 96
"""Room for the reserve and little else."""


class NoRoomError(KnownError):
    """No disk of its own can be made here."""

    key = "bench_no_room"


@contextmanager
def tiny_disk(folder: Path, size_mb: int = TINY_MB) -> Iterator[Path]:
    """A real file system of this size; needs Linux and the right to mount.

    Raises:
        NoRoomError: it cannot be made here.
    """
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoRoomError("A full disk needs the right to mount one: run it as root on Linux.", detail="") from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def retry_soon() -> Iterator[None]:
    before, retrying.RETRY_S = retrying.RETRY_S, 0.1
    try:
        yield
    finally:
        retrying.RETRY_S = before


def full_disk(folder: Path, times: int) -> Tried:
    """The disk fills between scan and decision: both are told, the decision goes on the reserve, the scan waits."""
    tried = Tried()
    for seed in range(times):
        with tiny_disk(folder / str(seed)) as disk, retry_soon(), lane(disk / "data") as at:
            at.scan(f"A{seed}")
            tried.expect(any(space.is_low for space in at.told.spaces), "not told before it was full")
            _fill(disk, leave=random.Random(seed).randrange(0, 40_000))
            parcel = at.find(f"A{seed}")
            assert parcel is not None
            tried.expect(_decides(at, parcel), "a decision refused though the reserve was there")
            _fill(disk, leave=0)
            late = threading.Thread(
                target=at.scan, args=(f"B{seed}",), kwargs={"is_waited": False, "shape": (900, 900)}
            )
            late.start()
            tried.expect(is_told(at, "store_full"), "a full disk that was not told")
            (disk / "filler").unlink()
            late.join(20)
            tried.expect(arrives(at, f"B{seed}"), "a scan that was lost")
            tried.expect(at.station.history(parcel)[-1].action is Action.RELEASE, "a decision that was lost")
            tried.expect(at.is_sound(), "a damaged log")
            tried.times += 1
    return tried


def _decides(at: Lane, parcel: int) -> bool:
    """An officer tries again once, as he is told to."""
    for _ in range(2):
        try:
            at.station.decide(parcel, Action.RELEASE, officer=OFFICER)
        except StoreFullError:
            continue
        return True
    return False


def _fill(disk: Path, leave: int) -> None:
    free = shutil.disk_usage(disk).free
    with (disk / "filler").open("ab", buffering=0) as file, suppress(OSError):
        for start in range(0, max(0, free - leave), 4096):
            file.write(b"\xa5" * min(4096, free - leave - start))


def read_only(folder: Path, times: int) -> Tried:
    """The folder of pictures turns read-only in the middle of work; then the whole disk is read-only at a start."""
    tried = Tried()
    for seed in range(times):
        with tiny_disk(folder / str(seed)) as disk:
            with retry_soon(), lane(disk / "data") as at:
                pictures = str(disk / "data" / "captures")
                subprocess.run(["mount", "--bind", pictures, pictures], check=True)
                try:
                    subprocess.run(["mount", "-o", "remount,ro,bind", pictures], check=True)
                    late = threading.Thread(target=at.scan, args=(f"A{seed}",), kwargs={"is_waited": False})
                    late.start()
                    tried.expect(is_told(at, "store_read_only"), "not told")
                finally:
                    subprocess.run(["umount", pictures], check=True)
                late.join(20)
                tried.expect(arrives(at, f"A{seed}"), "a scan that was lost")
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            try:
                Store.open(disk / "data", station="belt-1").close()
            except StoreError as error:
                tried.expect(error.key == "store_read_only", f"refused as {error.key}")
            else:
                tried.missed["opened"] += 1
        tried.times += 1
    return tried


def flipped_bits(folder: Path, each: int, seed: int = 1) -> Tried:
    """One bit in every file of a store, at sampled places: verification names it, or what the file says is the same."""
    with lane(folder) as at:
        for number in range(6):
            at.station._store.add_declarations([Declaration(f"N{number}", (GoodsLine("茶叶"),))])
            at.scan(f"N{number}")
            parcel = at.find(f"N{number}")
            assert parcel is not None
            at.station.decide(parcel, Action.RELEASE, officer=OFFICER)
    chance, tried = random.Random(seed), Tried()
    before = _contents(folder)
    assert before is not None
    for path in (*sorted((folder / "captures").rglob("*.*")), folder / FILE):
        whole = path.read_bytes()
        for _ in range(each if path.name != FILE else each * 8):
            damaged = bytearray(whole)
            damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            path.write_bytes(damaged)
            tried.times += 1
            tried.expect(_is_noticed(folder) or _contents(folder) == before, path.suffix)
        path.write_bytes(whole)
        _drop_log(folder)
    return tried


def _is_noticed(folder: Path) -> bool:
    try:
        with closing(Store.open(folder, station="belt-1")) as store:
            return not store.keeping.verify(Trust()).is_ok
    except (KnownError, DatabaseError):
        return True
    finally:
        _drop_log(folder)


def _drop_log(folder: Path) -> None:
    for suffix in ("-wal", "-shm"):
        (folder / f"{FILE}{suffix}").unlink(missing_ok=True)


def _contents(folder: Path) -> list[str] | None:
    """All that the store says; None where it cannot be read."""
    try:
        with closing(connect(folder / FILE)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return [f"{name} {sorted(map(repr, connection.execute(f'SELECT * FROM {name}')))}" for name in names]
    except DatabaseError:
        return None
    finally:
        _drop_log(folder)
