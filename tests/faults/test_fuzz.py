"""Damaged input of every kind: each parser refuses it with an error of ours or reads it, within its time and memory.

GUANJIAN_FUZZ_S sets the seconds for each parser (2 here; give it 600 for a night), GUANJIAN_FUZZ_SEED where to begin.
"""

from __future__ import annotations

import json
import os
import time
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.customs.filings import Book
from app.customs.risk.table import parse_rules
from app.exchange.ceb.read import read_message
from app.exchange.counters import read_forms, read_manifests
from app.exchange.filings import read_filings
from app.exchange.orders import read_orders
from app.exchange.platform.answers import read_answers
from app.exchange.returns import read_applications
from app.exchange.sealed import read_sealed
from app.settings import load_settings
from app.trace.codes import read_code
from app.trace.keys import parse_key_list
from app.trace.templates import load_template
from imaging import annotations, files
from imaging.errors import KnownError
from imaging.files import tdr
from imaging.scan import Scan, View
from models.card import load_card
from models.coco import read_coco
from scanners.decode import decode
from scanners.decoding.look import Grey
from scanners.drivers.recording import open_recording
from tests.faults.mutate import mutate
from tests.scanners.rigs import draw_label

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SECONDS = float(os.environ.get("GUANJIAN_FUZZ_S", "2"))
FIRST_SEED = int(os.environ.get("GUANJIAN_FUZZ_SEED", "1"))
LONGEST_S = 20.0
MOST_GROWTH = 1 << 30


@dataclass(frozen=True, slots=True)
class Target:
    """A parser and the good files from which damaged ones are made; those below ../shared are used where they are."""

    name: str
    suffix: str
    parse: Callable[[Path], object]
    samples: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    text: str = ""


def read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


ORDER = {
    "order_no": "BK-2026-1", "kind": "order", "issued_at": "2026-01-02T03:04:05Z", "number": "RR123456785CN",
    "due_at": "2026-01-03T03:04:05Z", "work": ["image"], "reason": "x",
}  # fmt: skip


def read_recording(path: Path) -> list[Scan]:
    with closing(open_recording(path)) as recording:
        return [recording.read(number) for number in range(recording.count)]


TARGETS = (
    Target("tiff", ".tif", files.read, samples=("resources/samples/parcels/*.tif",)),
    Target("dicos", ".dcs", files.read, shared=("data/dicos/*DX.dcs",)),
    Target("tdr", ".dcs", tdr.read, shared=("data/dicos/*TDR.dcs",)),
    Target("picture", ".png", files.read, shared=("data/compass-xp/images/*.png", "data/barcodes/*/*.png")),
    Target("jpeg", ".jpg", files.read, shared=("data/barcodes/*/*.jpg",)),
    Target("npy", ".npy", files.read),
    Target("zip", ".zip", read_recording),
    Target("ceb", ".xml", read_message, shared=("reference/ceb-202205/messages/*.xml",)),
    Target("orders", ".json", read_orders, text=json.dumps(ORDER)),
    Target("applications", ".json", read_applications, text=json.dumps([{"application_no": "R1", "lines": []}])),
    Target("answers", ".csv", read_answers, text="item,kind,at\nRR123456785CN,paid,2026-01-02T03:04:05Z\n"),
    Target("forms", ".json", read_forms, text=json.dumps({"form_no": "F1", "lines": [{"name": "bag", "count": 1}]})),
    Target("manifests", ".csv", read_manifests, text="container,plate,name,weight_kg\nCSQU3054383,粤Z1234,bags,12.5\n"),
    Target(
        "filings",
        ".csv",
        lambda path: list(read_filings(path, Book.GOODS)),
        text="编号,名称,HS编码\nA1,口红,33041000\n",
    ),
    Target("sealed", ".zip", read_sealed),
    Target("rules", ".toml", lambda path: parse_rules(read_text(path)), samples=("resources/rules/lanes.toml",)),
    Target("profile", ".toml", load_settings, samples=("resources/profiles/*.toml",)),
    Target("template", ".toml", load_template, samples=("resources/labels/*.toml",)),
    Target("card", ".json", load_card, samples=("models/store/parcel-3.json",)),
    Target("coco", ".json", read_coco, shared=("data/compass-xp/annotations_coco.json",)),
    Target("key list", ".json", lambda path: parse_key_list(path.read_bytes()), text='{"version": 1, "keys": []}'),
    Target("annotations", ".json", lambda path: annotations.read_json(read_text(path)), text='[{"shape": "box"}]'),
    Target("trace code", ".txt", lambda path: read_code(read_text(path)), text="PT1:6BFOXN%TSMAHN-H+2U%EL"),
)


def samples_of(target: Target, folder: Path) -> list[bytes]:
    found = [path for pattern in target.samples for path in sorted(ROOT.glob(pattern))]
    found += [path for pattern in target.shared for path in sorted(SHARED.glob(pattern))]
    contents = [path.read_bytes() for path in found[:12] if path.stat().st_size < 4 << 20]
    if target.text:
        contents.append(target.text.encode())
    contents += made(target.name, folder)
    return contents


def made(name: str, folder: Path) -> list[bytes]:
    if name == "npy":
        np.save(folder / "made.npy", np.full((40, 50), 60000, dtype=np.uint16))
        return [(folder / "made.npy").read_bytes()]
    if name in ("zip", "sealed"):
        import zipfile

        with zipfile.ZipFile(folder / "made.zip", "w", zipfile.ZIP_DEFLATED) as made_zip:
            made_zip.writestr("record.json", "{}")
            made_zip.writestr("a.tif", b"II*\0" + bytes(2000))
        return [(folder / "made.zip").read_bytes()]
    return []


def beside(target: Target, path: Path) -> None:
    """What a file needs beside it to be looked into."""
    if target.name == "tiff":
        sample = next(ROOT.glob("resources/samples/parcels/*.json"))
        content = json.loads(sample.read_text("utf-8"))
        content["picture"]["file"] = path.name
        path.with_suffix(".json").write_text(json.dumps(content), "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.replace(" ", "-"))
@pytest.mark.timeout(SECONDS * 3 + 60)
def test_damaged_input_is_refused_by_name_or_read(target: Target, tmp_path: Path) -> None:
    samples = samples_of(target, tmp_path)
    if not samples:
        pytest.skip(f"there is no sample of {target.name} here; they lie in ../shared")
    path = tmp_path / f"damaged{target.suffix}"
    process, until, seed = psutil.Process(), time.monotonic() + SECONDS, FIRST_SEED
    before = process.memory_info().rss
    while time.monotonic() < until or seed < FIRST_SEED + 20:
        path.write_bytes(mutate(samples[seed % len(samples)], seed))
        beside(target, path)
        try_one(target.name, seed, partial(target.parse, path))
        seed += 1
    assert process.memory_info().rss - before < MOST_GROWTH


def try_one(name: str, seed: int, parse: Callable[[], object]) -> None:
    started = time.process_time()
    try:
        parse()
    except KnownError:
        pass
    except Exception as error:
        raise AssertionError(f"{name}, seed {seed}: {error!r} is no error of ours") from error
    assert time.process_time() - started < LONGEST_S, f"{name}, seed {seed} took too long"


def wear_off(label: Grey, chance: np.random.Generator) -> Grey:
    """A label under noise of any strength, with one part of it gone."""
    worn = np.clip(label + chance.normal(0, chance.uniform(0, 150), label.shape), 0, 255).astype(np.uint8)
    top, left, height, width = chance.integers(1, len(label), 4)
    worn[top : top + height, left : left + width] = chance.integers(0, 256)
    return worn


@pytest.mark.slow
def test_damaged_pictures_of_codes_are_read_or_not_and_never_end_the_program() -> None:
    chance = np.random.default_rng(FIRST_SEED)
    until, number, reads = time.monotonic() + SECONDS, "RR123456785CN", list[bool]()
    while time.monotonic() < until or len(reads) < 20:
        rows, cols = chance.integers(1, 200, 2)
        decode(chance.integers(0, 256, (rows, cols), dtype=np.uint8))
        believed = {code.text for code in decode(wear_off(draw_label(number), chance)) if not code.is_doubtful}
        assert believed <= {number}
        reads.append(bool(believed))
    assert {*reads} == {True, False}
    assert decode(np.zeros((1, 1), dtype=np.uint8)) == []


def test_damages_are_the_same_for_the_same_seed_and_differ_between_seeds() -> None:
    data = bytes(range(256)) * 4
    assert mutate(data, 7) == mutate(data, 7)
    assert len({mutate(data, seed) for seed in range(50)}) > 45
    assert mutate(b"", 3) in (b"", mutate(b"", 3))


def test_a_parser_that_lets_a_foreign_error_out_is_caught() -> None:
    with pytest.raises(AssertionError, match="no error of ours"):
        try_one("bad", 1, lambda: tomllib.loads("= 1"))
    try_one("good", 1, lambda: Scan(views=(View(high=np.ones((2, 2), dtype=np.uint16)),)))
