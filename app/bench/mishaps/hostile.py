"""Files made to exhaust their reader: each is read in a process of its own, refused by name, its memory capped."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from app.bench.mishaps.lane import Tried
from app.exchange.ceb.read import read_message
from app.exchange.orders import read_orders
from app.trace.codes import read_code
from imaging import files
from imaging.errors import KnownError
from scanners.drivers.recording import open_recording

MOST_MB = 400
"""What reading one may add; the largest of these files, a text of 60 MB, may be in memory some times over."""
LONGEST_S = 60
_SIDE = 40_000


def hostile_files(folder: Path) -> Tried:
    """Read each; missed is one that was read, ended its reader, or took more memory or time than it may."""
    folder.mkdir()
    tried = Tried()
    for name, make in MAKERS.items():
        make(folder / name)
        done = subprocess.run(
            [sys.executable, "-m", "app.bench.mishaps.hostile", str(folder / name)],
            capture_output=True, text=True, check=False, timeout=LONGEST_S, cwd=Path(__file__).parents[3],
        )  # fmt: skip
        tried.times += 1
        said: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"key": "", "mb": 0}
        tried.expect(bool(said["key"]), f"{name} was not refused by name")
        tried.expect(said["mb"] < MOST_MB, f"{name} took {said['mb']} MB")
    return tried


def _make_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("a.tif", "w", force_zip64=True) as member:
            for _ in range(1100):
                member.write(bytes(1 << 20))
        packed.writestr("a.json", "{}")


def _make_png(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 16, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100_000))))


MAKERS: dict[str, Callable[[Path], object]] = {
    "bomb.zip": _make_zip,
    "vast.png": _make_png,
    "deep.xml": lambda path: path.write_bytes(b"<a>" * 200_000 + b"</a>" * 200_000),
    "entities.xml": lambda path: path.write_bytes(
        b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
        + b"".join(b'<!ENTITY b%d "%s">' % (n, b"&b%d;" % (n - 1) * 10 if n else b"&b;" * 10) for n in range(12))
        + b"]><a>&b11;</a>"
    ),
    "long.xml": lambda path: path.write_bytes(b"<a>" + b"x" * 60_000_000 + b"</a>"),
    "deep.json": lambda path: path.write_bytes(b"[" * 1_000_000),
    "long.code": lambda path: path.write_bytes(b"PT1:" + b"6BFOXN" * 2_000_000),
}


def _read(path: Path) -> object:
    match path.suffix:
        case ".zip":
            recording = open_recording(path)
            with closing(recording):
                return [recording.read(number) for number in range(recording.count)]
        case ".png":
            return files.read(path)
        case ".xml":
            return read_message(path)
        case ".json":
            return read_orders(path)
        case _:
            return read_code(path.read_text("utf-8"))


def main() -> None:
    process = psutil.Process()
    before, key = process.memory_info().rss, ""
    try:
        _read(Path(sys.argv[1]))
    except KnownError as error:
        key = error.key
    peak = _peak_bytes(process)
    sys.stdout.write(json.dumps({"key": key, "mb": round(max(0, peak - before) / 1e6)}))


def _peak_bytes(process: psutil.Process) -> int:
    """The most memory in use so far, as Linux or Windows counts it for this process alone; elsewhere what is in use."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text("ascii").split("VmHWM:")[1].split()[0]) * 1024
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


if __name__ == "__main__":
    main()
