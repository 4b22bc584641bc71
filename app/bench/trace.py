"""Figures of trace codes and labels: sizes, speeds, forgeries, and how many labels are read back at each wear."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.progress import track

from app.bench.rasterise import rasterise
from app.bench.rows import Row
from app.bench.wear import LEVELS, Wear, photograph
from app.customs.states import State
from app.trace.base45 import decode_base45, encode_base45
from app.trace.codes import PREFIX, Claims, issue
from app.trace.formats import Format, encode_label
from app.trace.ids import TraceId
from app.trace.keys import Ed25519Signer, KeyList, PublicKey
from app.trace.labels import MIN_MODULE_MM, QUIET_MODULES, LabelData, draw_label, qr_modules
from app.trace.templates import load_template, template_names
from app.trace.verdicts import VerdictKind, verify
from scanners.decode import decode

PARCELS = 10_000
FORGERIES = 1_000_000
REACH = {"clean": 1.0, "light": 0.95, "worn": 0.92, "heavy": None}
"""Shares; heavy wear is measured for its own sake."""
_MEASURE_S = 1.0
console = Console(stderr=True)
_ISSUED_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
_GOODS = ("T恤", "运动鞋", "蓝牙耳机", "婴儿奶粉", "玩具车", "书籍", "手表", "化妆品", "cotton shirt", "spare parts")


@dataclass(frozen=True, slots=True)
class Office:
    """An office with one key, and what verifiers know of it."""

    signer: Ed25519Signer
    keys: KeyList


def run(data: Path | None, *, parcels: int = PARCELS, forgeries: int = FORGERIES) -> list[Row]:
    """All figures of this area, on made data; in full about half an hour of one core."""
    del data
    office = make_office()
    rows = [*measure_sizes(office), *measure_speed(office)]
    return [*rows, forge_codes(office, forgeries), *read_labels(parcels, 1)]


def make_office() -> Office:
    signer = Ed25519Signer(Ed25519PrivateKey.generate(), "5301")
    start, end = _ISSUED_AT - timedelta(days=1), _ISSUED_AT + timedelta(days=365)
    public = PublicKey(signer.kid, "5301", signer.private.public_key().public_bytes_raw(), start, end, end)
    return Office(signer, KeyList([public]))


def make_claims(serial: int, rng: random.Random) -> Claims:
    """A random parcel of the office, every other one with an inventory number."""
    item_id = f"{rng.choice('ECLRV')}{rng.choice('ABCE')}{rng.randrange(10**9):09d}CN"
    inventory_no = f"53012026I{rng.randrange(10**9):09d}" if serial % 2 else ""
    trace_id = TraceId("5301", 2026, serial)
    return Claims("5301", _ISSUED_AT, trace_id, item_id, rng.randbytes(16), State.RELEASED, inventory_no)


def measure_sizes(office: Office) -> list[Row]:
    full = make_claims(1, random.Random(1))
    rows: list[Row] = []
    for name, claims in (("mail", replace(full, inventory_no="")), ("ecommerce", full)):
        text = issue(claims, office.signer)
        side = len(qr_modules(text))
        printed_mm = (side + 2 * QUIET_MODULES) * MIN_MODULE_MM
        rows += [
            Row(f"trace.{name}.signed_bytes", len(decode_base45(text.removeprefix(PREFIX))), "B"),
            Row(f"trace.{name}.letters", len(text), "letters", 262, len(text) <= 262),
            Row(f"trace.{name}.qr_version_m", (side - 17) // 4, "version", 9, side <= 53),
            Row(f"trace.{name}.side_at_4_dots", printed_mm, "mm", 36, printed_mm <= 36),
        ]
    return rows


def measure_speed(office: Office) -> list[Row]:
    """Signing and verifying by CPU time of one core, beside the bare Ed25519 operation of the library under it."""
    claims = make_claims(1, random.Random(1))
    text = issue(claims, office.signer)
    private = office.signer.private
    public, message = private.public_key(), bytes(120)
    signature = private.sign(message)
    pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("sign", lambda: issue(claims, office.signer), lambda: private.sign(message)),
        (
            "verify",
            lambda: verify(text, office.keys, now=_ISSUED_AT),
            lambda: public.verify(signature, message),
        ),
    ]
    rows = []
    for name, ours, bare in pairs:
        rate = _rate(ours)
        rows.append(Row(f"trace.{name}_per_second", rate, "1/s", 1000, rate >= 1000, "bare Ed25519", _rate(bare)))
    return rows


def _rate(act: Callable[[], object]) -> float:
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < _MEASURE_S:
        act()
        count += 1
    return count / spent


def forge_codes(office: Office, count: int) -> Row:
    """How many of so many codes with flipped bits or replaced bytes verify."""
    rng = random.Random(count)
    text = issue(make_claims(1, rng), office.signer)
    genuine = decode_base45(text.removeprefix(PREFIX))
    passed = 0
    for _ in track(range(count), "forgeries", console=console, disable=not console.is_terminal):
        forged = bytearray(genuine)
        for _ in range(rng.choice((1, 1, 1, 2, 8))):
            forged[rng.randrange(len(forged))] ^= rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(8)
        verdict = verify(PREFIX + encode_base45(bytes(forged)), office.keys, now=_ISSUED_AT)
        passed += verdict.is_genuine and bytes(forged) != genuine
    return Row(f"trace.forgeries_verified_of_{count}", passed, "codes", 0, passed == 0)


def read_labels(parcels: int, seed: int) -> list[Row]:
    """Label random parcels, print each to one format, rasterise, wear, photograph, read and verify.

    Templates, resolutions, languages, formats and wear take turns, so all combinations are met.
    """
    office, rng, noise = make_office(), random.Random(seed), np.random.default_rng(seed)
    read, plain, total = Counter[str](), Counter[str](), Counter[str]()
    draw_s = 0.0
    for serial in track(range(1, parcels + 1), "labels", console=console, disable=not console.is_terminal):
        wear = LEVELS[serial % len(LEVELS)]
        started = time.process_time()
        text, payload, kind, dpi = _print_one(office, serial, rng)
        draw_s += time.process_time() - started
        picture = photograph(rasterise(payload, kind), dpi, wear, noise)
        total[wear.name] += 1
        got = [code.text for code in decode(picture) if code.text.startswith(PREFIX)]
        is_valid = all(verify(code, office.keys, now=_ISSUED_AT).kind is VerdictKind.VALID for code in got)
        read[wear.name] += text in got and is_valid
        plain[wear.name] += any(code.text == text for code in zxingcpp.read_barcodes(picture))
    rows = [_read_row(wear, read, plain, total) for wear in LEVELS if total[wear.name]]
    return [*rows, Row("trace.label_drawn_and_encoded", draw_s / parcels * 1000, "ms CPU")]


def _print_one(office: Office, serial: int, rng: random.Random) -> tuple[str, bytes, Format, int]:
    claims = make_claims(serial, rng)
    text = issue(claims, office.signer)
    goods = "、".join(rng.sample(_GOODS, rng.randint(1, 5)))
    data = LabelData(
        text, claims.trace_id, claims.item_id, "示例口岸海关", claims.status, _ISSUED_AT, claims.inventory_no, goods
    )
    kind, dpi = rng.choice(list(Format)), rng.choice((203, 300))
    template = load_template(rng.choice(template_names()))
    label = draw_label(template, data, dpi=dpi, language=rng.choice(("zh_CN", "en")))
    return text, encode_label(label, kind), kind, dpi


def _read_row(wear: Wear, read: Counter[str], plain: Counter[str], total: Counter[str]) -> Row:
    name, count = wear.name, total[wear.name]
    rate, reach = read[name] / count, REACH[name]
    return Row(
        f"trace.labels_read.{name}_of_{count}",
        100 * rate,
        "%",
        None if reach is None else 100 * reach,
        None if reach is None else rate >= reach,
        "plain zxing-cpp",
        100 * plain[name] / count,
    )
