"""What a measurement says, in words and curves; computed on the worker, without Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from app.texts import text
from app.ui.viewer import Shown
from imaging.material import MaterialClass
from imaging.probe import Point, Probe, Steel, area_mm2, distance_mm, line_profile, probe, region_histogram
from imaging.scan import Box, View

CURVE_COLUMNS = 320
BINS = 256


class Tool(StrEnum):
    """What the measuring key cycles through, after nothing at all."""

    PROBE = "probe"
    DISTANCE = "distance"
    AREA = "area"
    PROFILE = "profile"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Least and greatest value of each of at most CURVE_COLUMNS columns, so that a thin wire never falls between."""

    name: str
    least: npt.NDArray[np.float64]
    most: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Lines of text, those of the curves last; and curves with the words at the ends of their axes: left, right,
    bottom, top."""

    lines: tuple[str, ...]
    curves: tuple[Curve, ...] = ()
    ends: tuple[str, str, str, str] = field(default=("", "", "", ""))


def read(shown: Shown, tool: Tool, points: Sequence[Point]) -> Reading | None:
    """Measure a view at points of the picture; None while there are too few of them."""
    view = shown.view
    if view is None or not points:
        return None
    if tool is Tool.PROBE:
        found = probe(view, *points[-1], shown.generator)
        return None if found is None else Reading(tuple(_probe_lines(found)))
    if tool is Tool.AREA:
        return Reading(_area_lines(view, points)) if len(points) > 2 else None
    if len(points) < 2:
        return None
    if tool is Tool.DISTANCE:
        return Reading(_distance_lines(view, points[0], points[1]))
    if view.high is None:
        return Reading((text("ui.measure.no_counts"),))
    return _profile(view, points[0], points[1]) if tool is Tool.PROFILE else _histogram(view, points[0], points[1])


def box_between(start: Point, end: Point) -> Box:
    """The pixels of a rectangle between two corners, one at least."""
    left, right = sorted((start[0], end[0]))
    top, bottom = sorted((start[1], end[1]))
    first_x, first_y = math.floor(left), math.floor(top)
    return first_x, first_y, max(math.ceil(right), first_x + 1), max(math.ceil(bottom), first_y + 1)


def envelope(name: str, values: npt.NDArray[np.float64], columns: int = CURVE_COLUMNS) -> Curve:
    """A curve of at most `columns` columns that keeps every peak of its values."""
    edges = np.linspace(0, len(values), min(columns, len(values)), endpoint=False).astype(np.intp)
    return Curve(name, np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges))


def _probe_lines(found: Probe) -> Iterator[str]:
    yield text("ui.measure.at", x=found.x, y=found.y)
    if found.colour is not None:
        red, green, blue = found.colour
        yield text("ui.measure.colour", red=red, green=green, blue=blue)
        yield text("ui.measure.no_counts")
        return
    assert found.a_high is not None
    if found.low is None or found.a_low is None:
        yield text("ui.measure.count", high=found.high)
        yield text("ui.measure.attenuation", a=f"{found.a_high:.3f}")
    else:
        yield text("ui.measure.counts", high=found.high, low=found.low)
        yield text("ui.measure.attenuations", high=f"{found.a_high:.3f}", low=f"{found.a_low:.3f}")
        material = text(f"ui.material.{found.material.name.lower()}")
        if found.zeff is None or found.material in (MaterialClass.AIR, MaterialClass.DARK):
            yield material
        else:
            yield text("ui.measure.zeff", zeff=f"{found.zeff:.1f}", material=material)
    if found.steel is not None:
        yield _steel_words(found.steel)
    if found.is_estimated:
        yield text("ui.measure.estimated")


def _steel_words(steel: Steel) -> str:
    if steel.most_mm is None:
        return text("ui.measure.steel_over", least=_mm(steel.least_mm))
    return text("ui.measure.steel", mm=_mm(steel.mm), least=_mm(steel.least_mm), most=_mm(steel.most_mm))


def _distance_lines(view: View, start: Point, end: Point) -> tuple[str, ...]:
    length_px = math.hypot(end[0] - start[0], end[1] - start[1])
    length_mm = distance_mm(view, start, end)
    if length_mm is None:
        return text("ui.measure.distance_px", px=f"{length_px:.1f}"), text("ui.measure.not_calibrated")
    return text("ui.measure.mm", mm=_mm(length_mm)), text("ui.measure.distance_px", px=f"{length_px:.1f}")


def _area_lines(view: View, corners: Sequence[Point]) -> tuple[str, ...]:
    following = (*corners[1:], corners[0])
    area_px = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True))) / 2
    area = area_mm2(view, tuple(corners))
    if area is None:
        return text("ui.measure.area_px", px=f"{area_px:,.0f}"), text("ui.measure.not_calibrated")
    return text("ui.measure.cm2", cm2=f"{area / 100:,.2f}"), text("ui.measure.area_px", px=f"{area_px:,.0f}")


def _profile(view: View, start: Point, end: Point) -> Reading:
    found = line_profile(view, start, end)
    planes = [("high", found.high)] if found.low is None else [("high", found.high), ("low", found.low)]
    curves = tuple(envelope(name, values) for name, values in planes)
    is_mm = found.at_mm is not None
    length = found.at_mm[-1] if found.at_mm is not None else found.at_px[-1]
    right = f"{length:,.1f} {'mm' if is_mm else 'px'}"
    lines = tuple(
        text(f"ui.measure.profile_{name}", least=f"{values.min():,.0f}", most=f"{values.max():,.0f}")
        for name, values in planes
    )
    top = max(float(values.max()) for _, values in planes)
    remarks = () if is_mm else (text("ui.measure.not_calibrated"),)
    return Reading((*remarks, *lines), curves, ("0", right, "0", f"{top:,.0f}"))


def _histogram(view: View, start: Point, end: Point) -> Reading:
    """Pixels by count; the height is the square root, so that a few dark pixels can be seen beside much air."""
    box = box_between(start, end)
    found = region_histogram(view, box, BINS)
    total = int(found["high"].sum())
    middle = (np.arange(BINS) + 0.5) * (65536 / BINS)
    lines = [text("ui.measure.pixels", n=f"{total:,}")]
    for name, bins in found.items():
        mean = float((bins * middle).sum() / total)
        spread = float(np.sqrt((bins * (middle - mean) ** 2).sum() / total))
        lines.append(text(f"ui.measure.mean_{name}", mean=f"{mean:,.0f}", spread=f"{spread:,.0f}"))
    curves = tuple(envelope(name, np.sqrt(bins.astype(np.float64))) for name, bins in found.items())
    most = max(int(bins.max()) for bins in found.values())
    return Reading(tuple(lines), curves, ("0", "65,535", "0", f"{most:,}"))


def _mm(length: float) -> str:
    return f"{length:.2f}" if length < 10 else f"{length:,.1f}"
