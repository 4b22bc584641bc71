"""Makes resources/samples: parcels, containers and their declarations. Run: python -m imaging.phantom.make_samples

Everything is fictitious and follows from the seeds. Declarations are true for clean samples and for some others;
for most parcels with something hidden they leave it out, and for a few numbers there is none.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.files import native
from imaging.phantom.bodies import Aspect
from imaging.phantom.chain import Detector, sample_cargo_detector, sample_detector
from imaging.phantom.chance import between, pick
from imaging.phantom.container import simulate_container
from imaging.phantom.goods import CARGO_GOODS, GOODS, Goods
from imaging.phantom.library import FreshObjects
from imaging.phantom.objects import CLASSES
from imaging.phantom.physics import belt_beam
from imaging.phantom.scene import Scene, compose_parcel
from imaging.phantom.simulate import measure_scene
from imaging.scan import Counts, Scan

OUT = Path(__file__).resolve().parents[2] / "resources" / "samples"
START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
PARCELS, CONTAINERS = 44, 4
MOST_KINDS = 9
MASS_ATTENUATION_CM2_G = 0.145
"""Of light elements at 176 keV, where attenuation hardly knows the material: good to weigh a parcel by."""
HONEST = frozenset({"battery", "liquid", "cigarettes"})
SURNAMES = "赵钱孙李周吴郑王冯陈"
ORIGINS = ("JP", "KR", "DE", "US", "GB", "FR", "AU", "TH")
CODE_COUNT = {6: 2, 21: 2}
BAD_CHECK_DIGIT = {13}
NO_DECLARATION = {9, 18, 30, 39}


EMPTY_SEED = 2
"""A seed whose load is nothing."""


def s10_number(service: str, serial: int, country: str, *, spoilt: bool = False) -> str:
    """A postal number with its check digit as UPU S10 has it: weights 8 6 4 2 3 5 9 7, modulo 11."""
    digits = f"{serial:08d}"
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    check = {10: 0, 11: 5}.get(rest, rest)
    return f"{service}{digits}{(check + 1) % 10 if spoilt else check}{country}"


def container_number(owner: str, serial: int) -> str:
    """Owner, category U, serial and the check digit of ISO 6346 (letters from 10, multiples of 11 left out)."""
    text = f"{owner}U{serial:06d}"
    values = [int(c) if c.isdigit() else [v for v in range(10, 39) if v % 11][ord(c) - ord("A")] for c in text]
    return f"{text}{sum(v * 2**i for i, v in enumerate(values)) % 11 % 10}"


def round_counts(counts: Counts, air: float, machine: Detector) -> Counts:
    """Counts in steps of at most half of their noise (a power of two), so that files compress."""
    signal = np.maximum(counts.astype(np.float64) - machine.dark, 1) / air
    noise = air * np.sqrt(signal / machine.photons + machine.read_noise**2)
    step = np.exp2(np.floor(np.log2(np.maximum(noise / 2, 1))))
    return np.asarray(np.clip(np.rint(counts / step) * step, 0, 65535), np.uint16)


def _finish(scan: Scan, machine: Detector, name: str, minute: int, labels: list[str]) -> Scan:
    views = tuple(
        replace(
            view,
            high=round_counts(_given(view.high), machine.air[1], machine),
            low=round_counts(_given(view.low), machine.air[0], machine),
        )
        for view in scan.views
    )
    started = START + timedelta(seconds=90 * minute)
    return replace(
        scan,
        views=views,
        id=hashlib.sha256(f"guanjian sample {name}".encode()).hexdigest()[:32],
        started_at=started,
        finished_at=started + timedelta(seconds=3),
        extra={
            **scan.extra,
            "labels": " ".join(labels),
            "counts": "rounded to steps of at most half of their noise",
        },
    )


def _given(counts: Counts | None) -> Counts:
    assert counts is not None
    return counts


def weigh_g(scene: Scene) -> int:
    """The mass in the picture, from its attenuation at 176 keV; some tenths too much for much metal."""
    curve = belt_beam().basis.curves[:, -2]
    area_cm2 = (scene.mm_per_px / 10) ** 2
    return round(float((scene.tau[0] @ curve).sum()) * area_cm2 / MASS_ATTENUATION_CM2_G)


def _person(rng: np.random.Generator) -> str:
    return f"{pick(rng, *SURNAMES)}示例{int(rng.integers(10, 99))}"


def _line(goods: Goods, count: int, origin: str, share: float = 1.0) -> dict[str, Any]:
    return {
        "name": goods.name,
        "hs_code": goods.hs_code,
        "quantity": str(count),
        "unit": goods.unit,
        "weight_g": round(goods.weight_g * count * share),
        "value": goods.value_yuan * count * 100_000,
        "origin": origin,
    }


def _declare(
    rng: np.random.Generator, number: str, lines: list[dict[str, Any]], *, channel: str, gross_g: int, minute: int
) -> dict[str, Any]:
    return {
        "number": number,
        "goods": lines,
        "channel": channel,
        "sender": f"Sample Sender {int(rng.integers(100, 999))}",
        "consignee": _person(rng),
        "origin": lines[0]["origin"],
        "gross_weight_g": gross_g,
        "value": sum(line["value"] for line in lines),
        "currency": "CNY",
        "declared_at": (START + timedelta(seconds=90 * minute) - timedelta(hours=9)).isoformat(),
        "source": "sample",
    }


def _pack(index: int, threats: tuple[str, ...]) -> tuple[np.random.Generator, Scene]:
    """The first scene of this number that shows its threats and holds goods that can be declared, of few kinds."""
    for attempt in range(50):
        rng = np.random.default_rng([7000 + index, attempt])
        size = (int(rng.integers(350, 410)), int(rng.integers(380, 470)))
        scene = compose_parcel(rng, FreshObjects((Aspect.TOP,)), size=size, threats=threats)
        shown = tuple(o.label for o in scene.objects if o.background < 3 and o.own > 0.06)
        kinds = set(scene.contents)
        is_declarable = 1 <= len(kinds) <= MOST_KINDS and GOODS.keys() >= kinds | _declared_things(index, scene).keys()
        if scene.packaging and is_declarable and sorted(shown) == sorted(threats):
            return rng, scene
    raise RuntimeError(f"no fitting scene after 50 attempts for parcel {index}")


def declared_classes(index: int) -> frozenset[str]:
    """Classes of prohibited and restricted things that sample parcel number `index` declares where it holds them."""
    return HONEST if index % 3 == 1 else frozenset()


def _declared_things(index: int, scene: Scene) -> Counter[str]:
    return Counter(o.name for o in scene.objects if o.label in declared_classes(index))


def make_parcel(index: int) -> tuple[Scan, list[dict[str, Any]]]:
    """Sample parcel number `index` and its declarations: one, or none, of the first of its numbers."""
    threats: tuple[str, ...] = () if index % 9 in {0, 2, 4, 6} else (CLASSES[index % len(CLASSES)],)
    if index % 11 == 7 and threats:
        threats += (CLASSES[(index + 3) % len(CLASSES)],)
    rng, scene = _pack(index, threats)
    machine = replace(sample_detector(rng), photons=between(rng, 3e4, 9e4))
    scan = measure_scene(scene, rng, detector=machine)
    origin, mail = pick(rng, *ORIGINS), rng.random() < 0.6
    numbers = [_parcel_number(rng, index, origin, mail) for _ in range(CODE_COUNT.get(index, 1))]
    scan = _finish(scan, machine, f"parcel {index}", index, numbers)
    if index in NO_DECLARATION:
        return scan, []
    weight = weigh_g(scene)
    counts = Counter(scene.contents) + _declared_things(index, scene)
    nominal = sum(GOODS[name].weight_g * count for name, count in counts.items())
    lines = [_line(GOODS[name], count, origin, weight * 0.92 / nominal) for name, count in counts.items()]
    channel = "mail" if mail else "express"
    return scan, [_declare(rng, numbers[0], lines, channel=channel, gross_g=weight, minute=index)]


def _parcel_number(rng: np.random.Generator, index: int, origin: str, mail: bool) -> str:
    if mail or index in BAD_CHECK_DIGIT:
        serial = int(rng.integers(10_000_000, 99_999_999))
        return s10_number(pick(rng, "RX", "CX", "EX", "LX"), serial, origin, spoilt=index in BAD_CHECK_DIGIT)
    return f"{pick(rng, 'SF', 'YT')}{int(rng.integers(10**12, 10**13))}"


def make_container(index: int) -> tuple[Scan, list[dict[str, Any]]]:
    """Sample container number `index`: two clean, two with something hidden, each with its declaration."""
    rng = np.random.default_rng([8100, index])
    machine = sample_cargo_detector(rng)
    hidden = ((), ("false_wall",), (), ("dense_block",))[index]
    scan = simulate_container(8100 + index, mm_per_px=10.0, hidden=hidden, detector=machine)
    number = container_number("QQX", int(rng.integers(100_000, 999_999)))
    scan = _finish(scan, machine, f"container {index}", PARCELS + index, [number])
    origin = pick(rng, *ORIGINS)
    lines = [_line(CARGO_GOODS[name], 1, origin) for name in scan.extra["contents"].split()]
    gross = sum(line["weight_g"] for line in lines) + 2_300_000
    return scan, [_declare(rng, number, lines, channel="cargo", gross_g=gross, minute=PARCELS + index)]


def make_empty(feet: int) -> Scan:
    """An empty container on its lorry, to compare others with."""
    machine = sample_cargo_detector(np.random.default_rng([8200, feet]))
    scan = simulate_container(EMPTY_SEED, mm_per_px=10.0, feet=feet, hidden=(), detector=machine)
    assert scan.extra["contents"] == "empty"
    return _finish(scan, machine, f"empty {feet}", PARCELS + CONTAINERS, [])


def make_samples(out: Path) -> npt.NDArray[np.int64]:
    """Write all samples below `out` and return the sizes of the pictures in bytes."""
    declarations: list[dict[str, Any]] = []
    sizes = []
    for folder, count, make in (("parcels", PARCELS, make_parcel), ("containers", CONTAINERS, make_container)):
        (out / folder).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            scan, declared = make(index)
            path = out / folder / f"{folder[:-1]}-{index + 1:02d}.tif"
            native.write(scan, path)
            declarations += declared
            sizes.append(path.stat().st_size)
    (out / "empty").mkdir(parents=True, exist_ok=True)
    for feet in (20, 40):
        native.write(make_empty(feet), out / "empty" / f"empty-{feet}.tif")
    text = json.dumps(declarations, ensure_ascii=False, indent=1)
    (out / "declarations.json").write_text(text + "\n", encoding="utf-8")
    return np.array(sizes)


if __name__ == "__main__":
    make_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
