"""A machine's image quality from a scan of the test piece; imaging.drift judges it over days.

The kinds of test are those of ASTM F792: wire display, useful and simple penetration, spatial resolution, thin organic
material, material discrimination. They are judged by signal and noise and not by an eye, so figures compare with those
of the same piece on other days, not with a certificate. A detail counts as seen from five sigmas on (Rose, 1948).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from imaging import locate
from imaging.calibrate import references
from imaging.drift import Figure, Result
from imaging.errors import PieceMissingError
from imaging.material import MEV_FROM_KV, Beam, MaterialClass, beam_of, classify, zeff
from imaging.piece import BoxMm, Group, Piece, Plate, Wire, reaches, standard_piece
from imaging.scan import Scan, View, ViewKind

Array = npt.NDArray[np.float32]

SEEN_SIGMAS = 5.0
SEGMENT_MM = 10.0
SEGMENTS_SEEN = 0.8
RESOLVED = 0.2
"""Modulation, of that of the widest bars, from which lines count as told apart."""
INSET_MM = 2.0
CELL_MM = 4.0
RATIO_CELL_PX = 3


def check(scan: Scan, view: int = 0, place: locate.Place | None = None) -> Result:
    """Measure the test piece in a scan; where it lies is found unless told.

    Raises:
        PieceMissingError: the picture does not show the piece, or has not two energies.
    """
    shown = scan.views[view]
    if shown.kind is not ViewKind.DUAL:
        raise PieceMissingError("The check needs a picture with two energies. Scan the test piece again.")
    piece = standard_piece()
    beam = beam_of(shown, scan.generator)
    if beam.kv >= MEV_FROM_KV:
        raise PieceMissingError("The test piece is made for parcel belts; this picture is of an accelerator.")
    measured = _Measured.of(shown, piece, place or locate.find(shown, piece, beam.kv))
    values = {**_seen(measured, piece), **_materials(measured, piece, beam)}
    limits = reaches()
    figures = tuple(_figure(name, value, unit, limits.get(name)) for name, (value, unit) in values.items())
    return Result(scan.started_at, scan.device, shown.name, measured.mm_per_px, figures)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Transmissions of the piece alone, turned upright, with px per mm along both axes."""

    low: Array
    high: Array
    px_per_mm: tuple[float, float]

    @classmethod
    def of(cls, view: View, piece: Piece, place: locate.Place) -> _Measured:
        known = references(view)
        planes = []
        for counts, air in ((view.low, known.air_low), (view.high, known.air_high)):
            assert counts is not None
            upright = place.upright(counts).astype(np.float32)
            planes.append(np.asarray((upright - known.dark) / (air - known.dark), np.float32))
        rows, cols = planes[0].shape
        return cls(planes[0], planes[1], (cols / piece.width_mm, rows / piece.height_mm))

    @property
    def mm_per_px(self) -> float:
        return 2 / (self.px_per_mm[0] + self.px_per_mm[1])

    @property
    def signal(self) -> Array:
        return np.asarray((self.low + self.high) / 2)

    def part(self, plane: Array, box: BoxMm, inset_mm: float = INSET_MM) -> Array:
        """What lies well inside a box."""
        across, down = self.px_per_mm
        left, top, right, bottom = box
        first_row, last_row = round((top + inset_mm) * down), round((bottom - inset_mm) * down)
        first_col, last_col = round((left + inset_mm) * across), round((right - inset_mm) * across)
        return plane[first_row : max(last_row, first_row + 1), first_col : max(last_col, first_col + 1)]


def _seen(measured: _Measured, piece: Piece) -> dict[str, tuple[float | None, str]]:
    air = measured.part(measured.high, piece.air)
    wires = [wire for wire in piece.wires if _sees_wire(measured, wire, wire.left_mm, wire.right_mm)]
    steps = [_sees_wire(measured, piece.step_wire, plate.box[0], plate.box[2]) for plate in piece.aluminium]
    leads = [_sees_bar(measured, *pair) for pair in zip(piece.steel, piece.bars, strict=True)]
    sheets = [_sees_sheet(measured, plate) for plate in reversed(piece.organic)]
    return {
        "air_noise_percent": (100 * float(air.std() / air.mean()), "%"),
        "wire_mm": (_last([wire in wires for wire in piece.wires], [w.diameter_mm for w in piece.wires]), "mm"),
        "useful_penetration_mm": (_last(steps, [plate.thickness_mm for plate in piece.aluminium]), "mm Al"),
        "simple_penetration_mm": (_last(leads, [plate.thickness_mm for plate in piece.steel]), "mm Fe"),
        "resolution_across_mm": (_finest(measured, [g for g in piece.groups if g.is_across]), "mm"),
        "resolution_along_mm": (_finest(measured, [g for g in piece.groups if not g.is_across]), "mm"),
        "thin_organic_mm": (_last(sheets, [plate.thickness_mm for plate in reversed(piece.organic)]), "mm PE"),
    }


def _last(seen: list[bool], sizes: list[float]) -> float | None:
    """The hardest size, of sizes from easy to hard, up to which all were seen."""
    count = seen.index(False) if False in seen else len(seen)
    return sizes[count - 1] if count else None


def _sees_wire(measured: _Measured, wire: Wire, left_mm: float, right_mm: float) -> bool:
    """Whether most stretches of a wire stand out of what lies above and below it."""
    across, down = measured.px_per_mm
    cols = np.arange(round((left_mm + INSET_MM) * across), round((right_mm - INSET_MM) * across))
    at = np.rint(wire.y_mm(((cols + 0.5) / across).astype(np.float32)) * down - 0.5).astype(np.intp)
    near, far = max(round(INSET_MM * down), 3), max(round(5 * down), 8)
    offsets = np.concatenate([np.arange(-far, -near + 1), np.arange(near, far + 1)])
    signal = measured.signal
    around = signal[at[None] + offsets[:, None], cols[None]]
    on_wire = signal[at[None] + np.arange(-1, 2)[:, None], cols[None]].mean(axis=0)
    contrast = around.mean(axis=0) - on_wire
    noise = float((around - around.mean(axis=0)).std()) / 3**0.5
    stretches = np.array_split(contrast, max(round((right_mm - left_mm) / SEGMENT_MM), 1))
    seen = [part.mean() * len(part) ** 0.5 >= SEEN_SIGMAS * noise for part in stretches]
    return float(np.mean(seen)) >= SEGMENTS_SEEN


def _sees_bar(measured: _Measured, step: Plate, bar: Plate) -> bool:
    """Whether a bar stands out of the step to its left and right."""
    left, top, right, bottom = bar.box
    inside = measured.part(measured.signal, bar.box, 1.0)
    sides = [(step.box[0] + 1, top, left - 1, bottom), (right + 1, top, step.box[2] - 1, bottom)]
    around = np.concatenate([measured.part(measured.signal, side, 1.0).ravel() for side in sides])
    contrast = float(around.mean() - inside.mean())
    return bool(contrast * inside.size**0.5 >= SEEN_SIGMAS * max(float(around.std()), 1e-6))


def _sees_sheet(measured: _Measured, sheet: Plate) -> bool:
    """Whether a thin sheet stands out of the air above and below it, in cells, so that fixed stripes count as noise."""
    left, top, right, bottom = sheet.box
    margins = ((left, top - 8, right, top), (left, bottom, right, bottom + 8))
    cells = np.concatenate([_cells(measured, measured.part(measured.signal, box)) for box in margins])
    inside = _cells(measured, measured.part(measured.signal, sheet.box))
    return float(cells.mean() - inside.mean()) >= SEEN_SIGMAS / 2 * max(float(cells.std()), 1e-6)


def _cells(measured: _Measured, part: Array) -> Array:
    side = max(round(CELL_MM / measured.mm_per_px), 1)
    rows, cols = max(part.shape[0] // side, 1), max(part.shape[1] // side, 1)
    cut = part[: rows * side, : cols * side]
    if cut.shape != (rows * side, cols * side):
        return np.asarray(part.mean(keepdims=True).ravel())
    return np.asarray(cut.reshape(rows, side, cols, side).mean(axis=(1, 3)).ravel())


def _finest(measured: _Measured, groups: list[Group]) -> float | None:
    """Width of the finest bars that are told apart."""
    modulations = [_modulation(measured, group) for group in groups]
    seen = [modulation >= RESOLVED * modulations[0] > 0 for modulation in modulations]
    return _last(seen, [group.width_mm for group in groups])


def _modulation(measured: _Measured, group: Group) -> float:
    """Difference of gaps and bars in a profile across them."""
    boxes = [bar.box for bar in group.bars]
    hull = (boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3])
    plane, scale, start = measured.signal, measured.px_per_mm[0], hull[0]
    if not group.is_across:
        plane, hull = plane.T, (hull[1], hull[0], hull[3], hull[2])
        scale, start = measured.px_per_mm[1], hull[0]
    other = measured.px_per_mm[1] if group.is_across else measured.px_per_mm[0]
    rows = plane[round((hull[1] + 3) * other) : round((hull[3] - 3) * other)]
    profile = rows.mean(axis=0)
    centres_mm = start + group.width_mm * (np.arange(5) + 0.5)
    values = np.interp(centres_mm * scale - 0.5, np.arange(profile.size), profile)
    return float(values[1::2].mean() - values[::2].mean())


def _materials(measured: _Measured, piece: Piece, beam: Beam) -> dict[str, tuple[float | None, str]]:
    figures: dict[str, tuple[float | None, str]] = {}
    expected = locate.expected_zeff(piece, beam.kv)
    spreads: dict[str, tuple[float, float, int]] = {}
    right = 0
    for plate in piece.blocks:
        numbers, a_high = _zeff_in(measured, plate, beam)
        known = numbers[np.isfinite(numbers)]
        mean = float(np.median(known)) if known.size else None
        figures[f"zeff_{plate.material.lower()}"] = (mean, "Zeff")
        if mean is None:
            continue
        told = MaterialClass(int(classify(np.full((1, 1), mean, np.float32), a_high[:1, :1])[0, 0]))
        truth = MaterialClass(
            int(classify(np.full((1, 1), expected[plate.material], np.float32), a_high[:1, :1])[0, 0])
        )
        right += told is truth
        spreads[plate.material] = (mean, float(known.std()), int(truth))
    figures["classes_right"] = (float(right), f"of {len(piece.blocks)}")
    figures["separation_sigma"] = (_separation(list(spreads.values())), "sigma")
    return figures


def _zeff_in(measured: _Measured, plate: Plate, beam: Beam) -> tuple[Array, Array]:
    """Zeff and attenuation of a block in cells of 3 x 3 px, as the display smooths them."""
    a_low, a_high = (
        -np.log(np.maximum(_blocks_of(measured.part(plane, plate.box, 4.0)), 1e-6))
        for plane in (measured.low, measured.high)
    )
    a_high = np.asarray(a_high, np.float32)
    return zeff(np.asarray(a_low, np.float32), a_high, beam), a_high


def _blocks_of(part: Array) -> Array:
    rows, cols = max(part.shape[0] // RATIO_CELL_PX, 1), max(part.shape[1] // RATIO_CELL_PX, 1)
    cut = part[: rows * RATIO_CELL_PX, : cols * RATIO_CELL_PX]
    if cut.size < rows * cols * RATIO_CELL_PX**2:
        return np.asarray(part.mean(keepdims=True))
    return np.asarray(cut.reshape(rows, RATIO_CELL_PX, cols, RATIO_CELL_PX).mean(axis=(1, 3)))


def _separation(spreads: list[tuple[float, float, int]]) -> float | None:
    """The least distance of two blocks of different class, in sigmas of both."""
    pairs = [
        abs(one[0] - other[0]) / max((one[1] ** 2 + other[1] ** 2) ** 0.5, 1e-3)
        for one, other in combinations(spreads, 2)
        if one[2] != other[2]
    ]
    return min(pairs) if pairs else None


SMALLER_IS_BETTER = frozenset(
    {"air_noise_percent", "wire_mm", "resolution_across_mm", "resolution_along_mm", "thin_organic_mm"}
)


def _figure(name: str, value: float | None, unit: str, reach: float | None) -> Figure:
    is_ok = None
    if reach is not None:
        is_ok = value is not None and (value <= reach if name in SMALLER_IS_BETTER else value >= reach)
    return Figure(name, None if value is None else round(value, 4), unit, reach, is_ok)
