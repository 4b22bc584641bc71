"""The decoder on a folder of photographs with known text, beside plain pyzbar and plain zxing-cpp in the same run."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp
from rich.console import Console
from rich.progress import track

from app.bench.rows import Row
from imaging.errors import KnownError
from scanners.barcode import Code
from scanners.decode import decode, missing_engines
from scanners.decoding.text import read_text
from scanners.decoding.zbar import expand_upce

CORE = ("QR", "DATAMATRIX", "CODE128", "CODE39", "CODE93", "EANUPC", "ITF", "PDF417", "AZTEC")
BESIDE_CHECKOUT = Path(__file__).parents[3] / "shared" / "data" / "barcodes"
UNSUPPORTED = ("PHARMACODE", "S25")
"""In the folder, read by no engine here and asked for by nobody: named, not counted."""

console = Console(stderr=True)
Picture = npt.NDArray[np.uint8]


class BenchFolderError(KnownError):
    """The folder is no set of photographs with their texts."""

    key = "bench_folder"


@dataclass(frozen=True, slots=True)
class Truth:
    """One line of truth.jsonl: every text must be read; none may be where `kind` is "negative"."""

    file: Path
    symbology: str
    kind: str
    texts: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What one decoder did.

    `wrong` is every believed text that the truth does not have, also a second code that really stands in the picture;
    `instead` counts the pictures that gave such a text and no right one.
    """

    read: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    instead: int = 0
    doubtful: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def rate(self, symbologies: tuple[str, ...] | None = None) -> float:
        """Percent read of the symbologies, of all where none are given."""
        chosen = symbologies if symbologies is not None else tuple(self.of)
        of = sum(self.of[name] for name in chosen)
        return 100 * sum(self.read[name] for name in chosen) / of if of else 0.0


def run(data: Path | None) -> list[Row]:
    """Rates by symbology, wrong reads and times of our decoder, with the best single library as peer.

    Without a folder it takes the one that lies beside a checkout.

    Raises:
        BenchFolderError: the folder has no truth.jsonl or one that cannot be read.
    """
    truths = load(data or BESIDE_CHECKOUT)
    tallies = {name: Tally() for name in DECODERS}
    for truth in track(truths, "photographs", console=console, disable=not console.is_terminal):
        picture = cv2.imread(str(truth.file))
        if picture is None or truth.symbology in UNSUPPORTED:
            continue
        for name, read in DECODERS.items():
            score(tallies[name], truth, np.asarray(picture, np.uint8), read)
    return rows(tallies)


def load(folder: Path) -> list[Truth]:
    """The lines of truth.jsonl, each file once.

    Raises:
        BenchFolderError: see run.
    """
    try:
        lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if line.strip()]
        truths = {
            entry["file"]: Truth(folder / entry["file"], entry["symbology"] or "", entry["kind"], tuple(entry["text"]))
            for entry in entries
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder.name} is no folder of photographs with a truth.jsonl ({error}); choose one that is."
        raise BenchFolderError(message, name=folder.name) from error
    return list(truths.values())


def score(tally: Tally, truth: Truth, picture: Picture, read: Callable[[Picture], list[Code]]) -> None:
    """Let one decoder read one picture and count what it did."""
    wall, cpu = time.perf_counter(), time.process_time()
    codes = read(picture)
    tally.cpu_ms.append((time.process_time() - cpu) * 1000)
    tally.wall_ms.append((time.perf_counter() - wall) * 1000)
    if truth.kind == "count":
        return
    if truth.kind == "labelled":
        tally.of[truth.symbology] += 1
        tally.read[truth.symbology] += all(any(is_same(text, code.text) for code in codes) for text in truth.texts)
    strange = [code for code in codes if not any(is_same(text, code.text) for text in truth.texts)]
    believed = [code for code in strange if not code.is_doubtful]
    tally.doubtful += len(strange) - len(believed)
    tally.wrong += [(truth.file.name, code.text) for code in believed]
    tally.instead += bool(believed) and len(strange) == len(codes)


def rows(tallies: dict[str, Tally]) -> list[Row]:
    """Our figures, each with the better library's as peer."""
    ours, peers = tallies[OURS], {name: tally for name, tally in tallies.items() if name != OURS}
    result = [_rate("decode.all", ours, peers, None, 94.0), _rate("decode.core", ours, peers, CORE, 93.0)]
    result += [_rate(f"decode.{name.lower()}", ours, peers, (name,), None) for name in sorted(ours.of)]
    least = min(peers, key=lambda name: len(peers[name].wrong))
    count = len(ours.wrong)
    result.append(Row("decode.wrong", count, "reads", 2, count <= 2, least, len(peers[least].wrong)))
    best = min(peers, key=lambda name: peers[name].instead)
    result.append(Row("decode.wrong_instead", ours.instead, "pictures", None, None, best, peers[best].instead))
    result.append(Row("decode.doubtful_wrong", ours.doubtful, "reads"))
    for name, percent, reach in (("median", 50, 4.0), ("p95", 95, 150.0)):
        value = float(np.percentile(ours.wall_ms, percent)) if ours.wall_ms else 0.0
        fastest = min(peers, key=lambda peer: float(np.percentile(peers[peer].wall_ms or [0], percent)))
        peer_value = float(np.percentile(peers[fastest].wall_ms or [0], percent))
        result.append(Row(f"decode.{name}", value, "ms", reach, value <= reach, fastest, peer_value))
        cpu = float(np.percentile(ours.cpu_ms, percent)) if ours.cpu_ms else 0.0
        result.append(Row(f"decode.{name}_cpu", cpu, "ms"))
    return result


def _rate(
    name: str, ours: Tally, peers: dict[str, Tally], symbologies: tuple[str, ...] | None, reach: float | None
) -> Row:
    value = ours.rate(symbologies)
    better = max(peers, key=lambda peer: peers[peer].rate(symbologies))
    peer_value = peers[better].rate(symbologies)
    is_reached = value >= (peer_value if reach is None else reach)
    return Row(name, value, "%", peer_value if reach is None else reach, is_reached, better, peer_value)


_MARKS = re.compile(r"[()\x1d\s]")


def is_same(truth: str, text: str) -> bool:
    """Whether a text says what the truth says: GS1 brackets, leading zeros and price add-ons apart."""
    return not _forms(truth).isdisjoint(_forms(text))


def _forms(text: str) -> set[str]:
    bare = _MARKS.sub("", text)
    forms = {text, text.strip(), bare}
    if not (bare.isdecimal() and bare.isascii()):
        return forms
    if len(bare) == 16 and bare.startswith("01"):
        bare = bare[2:]
    if len(bare) == 8:
        forms.add(expand_upce(bare).lstrip("0"))
    if len(bare) in (8, 12, 13, 14):
        forms.add(bare.lstrip("0"))
    forms |= {bare[:-more].lstrip("0") for more in (2, 5) if len(bare) - more in (12, 13)}
    return forms


def _plain_zxing(picture: Picture) -> list[Code]:
    found = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    return [Code(one.format.name, one.text, raw=bytes(one.bytes)) for one in found]


def _plain_pyzbar(picture: Picture) -> list[Code]:
    if missing_engines():
        return []
    from pyzbar import pyzbar

    try:
        found = pyzbar.decode(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    except ValueError:
        return []
    return [Code(one.type, read_text(one.data), raw=bytes(one.data)) for one in found]


OURS = "guanjian"
DECODERS: dict[str, Callable[[Picture], list[Code]]] = {
    OURS: decode,
    "zxing-cpp": _plain_zxing,
    "pyzbar": _plain_pyzbar,
}
