"""Draws the sheets of docs/phantoms.md: every class, theme and packaging. Run: python -m imaging.phantom.make_sheet"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from imaging.phantom.bodies import Aspect, Body, Recipe
from imaging.phantom.cast import look_through
from imaging.phantom.chain import Detector
from imaging.phantom.container import HIDDEN, simulate_container
from imaging.phantom.fan import CORNER_TUNNEL
from imaging.phantom.library import FreshObjects
from imaging.phantom.objects import (
    BENIGN,
    HELD_OUT,
    PACKAGING,
    THREATS,
    TOOL_LABEL,
    UNFAMILIAR,
    UNFAMILIAR_LABEL,
    PackagingRecipe,
)
from imaging.phantom.objects.cargo import LOADS, frozen_goods
from imaging.phantom.objects.hardware import TOOLS
from imaging.phantom.physics import DEFAULT_KVP, belt_basis, belt_beam
from imaging.phantom.scene import compose_parcel
from imaging.phantom.simulate import measure_scene
from imaging.pyramid import Pyramid
from imaging.render import picture_of
from imaging.scan import Colour, Scan, View

OUT = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CELL_PX = 112
COLOURS = 96
BEAMS_SEED = 5
CARGO_SEED, COOLED_SEED, HIDDEN_SEED = 300, 299, 350
CONTAINER_PX = 320
QUIET = Detector(photons=4e5, scatter=0.001, gain_error=0.0, drift=0.0)
INK = (40, 40, 40)
FRAME = (200, 30, 30)


def _cell(body: Body, rng: np.random.Generator) -> Colour:
    """One object alone, shrunk to a cell."""
    basis = belt_basis()
    shadow = body.project(body.rest(rng), Aspect.TOP, 1.0, basis)
    side = max(*shadow.mask.shape, 90) + 16
    tau = np.zeros((side, side, shadow.tau.shape[2]), np.float32)
    rows, cols = shadow.mask.shape
    top, left = (side - rows) // 2, (side - cols) // 2
    tau[top : top + rows, left : left + cols] = shadow.tau
    low, high = QUIET.measure(belt_beam().transmit(tau), rng)
    view = View(high=high, low=low, air_low=QUIET.air[0], air_high=QUIET.air[1], dark=QUIET.dark)
    return _shrunk(picture_of(view), CELL_PX, CELL_PX)


def _shrunk(picture: Colour, width: int, height: int) -> Colour:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _write(picture: Colour, text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.33, INK, 1, cv2.LINE_AA)


def _sheet(rows: dict[str, list[tuple[str, Recipe]]]) -> Colour:
    """A row of cells for each name, each cell with its recipe's name."""
    lines = []
    longest = max(len(cells) for cells in rows.values())
    for title, cells in rows.items():
        line = np.full((CELL_PX + 14, 90 + longest * CELL_PX, 3), 255, np.uint8)
        _write(line, title, 4, CELL_PX // 2)
        for column, (name, make) in enumerate(cells):
            rng = np.random.default_rng([17, column])
            x = 90 + column * CELL_PX
            line[:CELL_PX, x : x + CELL_PX] = _cell(make(rng), rng)
            _write(line, name, x + 4, CELL_PX + 9)
        lines.append(line)
    return np.concatenate(lines)


def _named(recipes: tuple[Recipe, ...]) -> list[tuple[str, Recipe]]:
    return [(recipe.__name__, recipe) for recipe in dict.fromkeys(recipes)]


def draw_classes() -> Colour:
    """The detector's classes; the last of each row but the tools' is the design held out of training."""
    classes = {label: _named(recipes + HELD_OUT[label]) for label, recipes in THREATS.items()}
    return _sheet(classes | {TOOL_LABEL: _named(TOOLS)})


def _body_of(recipe: PackagingRecipe) -> Recipe:
    return lambda rng: recipe(rng).body


def draw_goods() -> Colour:
    """Harmless goods by theme, packaging, and goods of no trained class."""
    themes = {theme: _named(recipes) for theme, recipes in BENIGN.items()}
    packaging = [(recipe.__name__, _body_of(recipe)) for recipe in dict.fromkeys(PACKAGING)]
    everything: dict[str, list[tuple[str, Recipe]]] = {
        **themes,
        UNFAMILIAR_LABEL: _named(UNFAMILIAR),
        "packaging": packaging,
    }
    broken = {}
    for title, cells in everything.items():
        for start in range(0, len(cells), 11):
            broken[f"{title} {start // 11 + 1}" if start else title] = cells[start : start + 11]
    return _sheet(broken)


def _framed(scan: Scan, width: int, view: int = 0) -> Colour:
    """A whole view of a scan with its truth drawn in."""
    picture = np.ascontiguousarray(picture_of(Pyramid.of(scan.views[view], scan.generator)))
    scale = width / picture.shape[1]
    picture = _shrunk(picture, width, round(picture.shape[0] * scale))
    for truth in (each for each in scan.truth if each.view == view):
        left, top, right, bottom = (round(v * scale) for v in truth.box)
        cv2.rectangle(picture, (left, top), (right, bottom), FRAME, 1)
        cv2.putText(
            picture, truth.label, (left, max(top - 3, 8)), cv2.FONT_HERSHEY_SIMPLEX, 0.35, FRAME, 1, cv2.LINE_AA
        )
    return picture


def draw_scenes() -> Colour:
    """Parcels, then containers."""
    parcels = []
    for seed in (2, 5, 9, 14, 20, 23, 27, 31, 36):
        rng = np.random.default_rng(seed)
        scene = compose_parcel(rng, FreshObjects(), size=(450, 600), threats=1 + seed % 2)
        parcels.append(_framed(measure_scene(scene, rng, detector=QUIET), 320))
    rows = [np.concatenate(parcels[i : i + 3], axis=1) for i in range(0, len(parcels), 3)]
    for seed in (61, 66, 69):
        rows.append(_framed(simulate_container(seed, mm_per_px=8.0, feet=40), rows[0].shape[1]))
    return np.concatenate(rows)


def draw_cargo() -> Colour:
    """A short container with each load, the cooled one last, then one with each thing that is hidden."""
    cells = []
    for number, load in enumerate(dict.fromkeys(LOADS)):
        seed = COOLED_SEED if load is frozen_goods else CARGO_SEED + number
        scan = simulate_container(seed, mm_per_px=8.0, feet=20, hidden=(), loads=(load,))
        cells.append(_titled(_framed(scan, CONTAINER_PX), load.__name__))
    for number, label in enumerate(HIDDEN):
        scan = simulate_container(HIDDEN_SEED + number, mm_per_px=8.0, feet=20, hidden=(label,), loads=(LOADS[0],))
        cells.append(_titled(_framed(scan, CONTAINER_PX), f"hidden: {label}"))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % 4)
    return np.concatenate([np.concatenate(cells[start : start + 4], axis=1) for start in range(0, len(cells), 4)])


def _titled(picture: Colour, title: str) -> Colour:
    """A picture with its title above, and a margin."""
    cell = np.full((picture.shape[0] + 22, picture.shape[1] + 6, 3), 255, np.uint8)
    cell[16 : 16 + picture.shape[0], : picture.shape[1]] = picture
    _write(cell, title, 4, 11)
    return cell


def draw_beams() -> Colour:
    """One suitcase twice: by parallel rays from above and from aside, and in a tunnel's fans from below and aside."""
    mm = CORNER_TUNNEL.mm_per_col
    size = (round(CORNER_TUNNEL.width_mm / mm), 480)
    rng, objects = np.random.default_rng(BEAMS_SEED), FreshObjects(tuple(Aspect))
    packed = compose_parcel(rng, objects, size=size, mm_per_px=mm, threats=("firearm",), views=2)
    columns = []
    for title, scene in (("parallel", packed), ("fans", look_through(packed, CORNER_TUNNEL))):
        scan = measure_scene(scene, rng, kvp=DEFAULT_KVP, detector=QUIET)
        for view in range(2):
            picture = _framed(scan, 300, view)
            column = np.full((400, 304, 3), 255, np.uint8)
            column[16 : 16 + len(picture), :300] = picture
            _write(column, f"{title}, {scan.views[view].name}", 4, 11)
            columns.append(column)
    return np.concatenate(columns, axis=1)


SHEETS = {"classes": draw_classes, "goods": draw_goods, "scenes": draw_scenes, "cargo": draw_cargo, "beams": draw_beams}


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.mkdir(parents=True, exist_ok=True)
    for name, draw in SHEETS.items():
        Image.fromarray(draw()).quantize(COLOURS).save(out / f"phantom-{name}.png", optimize=True)
