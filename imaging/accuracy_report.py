"""The standing table of accuracy as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from imaging.accuracy import (
    ATTENUATIONS,
    LEAST_STEPS,
    OTHER_KVPS,
    STRETCH_MM,
    SteelRow,
    ZeffAt,
    ZeffRow,
    misread_zeff,
    steel_rows,
    wire_rows,
    zeff_rows,
)
from imaging.material import THICKEST
from imaging.phantom.physics import DEFAULT_KVP


def write_report(seed: int = 1) -> str:
    """All tables as Markdown."""
    lines = [
        "# Accuracy",
        "",
        "Made by `guanjian accuracy` from phantoms: a tube of 160 kV, a detector with noise, scatter and uneven pixels "
        "(`imaging/phantom`). Phantoms and the station's tables come from the same published attenuation data and "
        "spectrum model, so these figures show noise, scatter and folding, and not how far a real machine's spectrum "
        "is from the model; the table of other voltages gives an idea of that. Check your own machine with the test "
        "piece.",
        "",
        *_zeff_lines(zeff_rows(seed)),
        *_voltage_lines(),
        *_steel_lines("Steel thickness at 160 kV", *(list(steel_rows(seed, has_scatter=on)) for on in (False, True))),
        *_steel_lines(
            "Steel thickness at 6/4 MeV",
            *(list(steel_rows(seed, is_cargo=True, has_scatter=on)) for on in (False, True)),
        ),
        *_wire_lines(wire_rows(seed)),
    ]
    return "\n".join(lines)


def _zeff_lines(rows: list[ZeffRow]) -> list[str]:
    lines = [
        "## Effective atomic number",
        "",
        f"{len(rows)} materials, each as thick as attenuates the high channel by exp(-0.3), exp(-1) and exp(-2.5). "
        "Reference: the element's number, or for compounds Mayneord's power law (exponent 2.94). Each cell: thickness, "
        "Zeff found in the median and its spread over single pixels, error; in brackets the error without noise and "
        "scatter. The last column says from which thickness on the class is wrong even without noise; `dark` is no "
        "wrong class but too little light (attenuation over "
        f"{THICKEST}).",
        "",
        "| material | reference | a = 0.3 | a = 1 | a = 2.5 | class leaves the right one |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [_zeff_cell(at, row.reference) for at in row.found]
        ends = "never" if row.wrong_from_mm is None else f"{row.wrong_from_mm:.3g} mm: {row.wrong_as}"
        lines.append(f"| {row.material} | {row.reference:.1f} | {' | '.join(cells)} | {ends} |")
    lines += ["", *_zeff_summary(rows), ""]
    return lines


def _zeff_cell(at: ZeffAt, reference: float) -> str:
    ideal = "" if at.ideal is None else f" ({at.ideal - reference:+.1f})"
    if at.measured is None or at.spread is None:
        return f"{at.mm:.3g} mm: none{ideal}"
    return f"{at.mm:.3g} mm: {at.measured:.1f} ± {at.spread:.1f}, {at.measured - reference:+.1f}{ideal}"


def _zeff_summary(rows: list[ZeffRow]) -> list[str]:
    parts = []
    for index, attenuation in enumerate(ATTENUATIONS):
        for name, first, last in (("up to 10", 0.0, 10.0), ("10 to 18", 10.0, 18.0), ("over 18", 18.0, 99.0)):
            errors = [
                abs(at.measured - row.reference)
                for row in rows
                for at in (row.found[index],)
                if first < row.reference <= last and at.measured is not None
            ]
            if errors:
                parts.append(f"| {attenuation} | {name} | {np.mean(errors):.2f} | {max(errors):.2f} |")
    return ["| attenuation | reference | mean error | largest error |", "|---|---|---|---|", *parts]


def _voltage_lines() -> list[str]:
    """Zeff at attenuation 1 where the machine runs at another voltage than the station believes."""
    names = ("PE", "water", "PVC", "Al", "Ti", "steel")
    lines = [
        "## Zeff where the voltage is not the one told",
        "",
        "Read with the tables of 160 kV, attenuation 1, without noise or scatter.",
        "",
        f"| tube | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for kvp in (*OTHER_KVPS, DEFAULT_KVP):
        numbers = [misread_zeff(kvp, name) for name in names]
        lines.append(f"| {kvp:g} kV | {' | '.join(f'{number:.1f}' for number in numbers)} |")
    return [*lines, ""]


def _steel_lines(title: str, clean: list[SteelRow], veiled: list[SteelRow]) -> list[str]:
    lines = [
        f"## {title}",
        "",
        "Single pixels under the cursor, by a machine that corrects its scatter and by one that does not.",
        "",
        "| steel | probe, median | error | truth within the range shown | error with scatter | within, with scatter |",
        "|---|---|---|---|---|---|",
    ]
    for one, other in zip(clean, veiled, strict=True):
        lines.append(
            f"| {one.mm:g} mm | {one.told_mm:.2f} mm | {one.error_percent:+.1f} % | {one.within_percent:.0f} % "
            f"| {other.error_percent:+.1f} % | {other.within_percent:.0f} % |"
        )
    return [*lines, ""]


def _wire_lines(rows: Iterator[tuple[float, float | None, float | None]]) -> list[str]:
    lines = [
        "## Thinnest visible wire at each zoom",
        "",
        f"Copper in air, pixels of 1 mm, black and white, seen where most stretches of {STRETCH_MM:g} mm stand out by "
        f"{LEAST_STEPS:g} grey steps and above the noise. The station shows the minimum; the mean is what smooth "
        "scaling would leave.",
        "",
        "| screen px a pixel | with minimum pyramid | with mean pyramid |",
        "|---|---|---|",
    ]
    lines += [f"| {scale:g} | {_size(thin)} | {_size(mean)} |" for scale, thin, mean in rows]
    return [*lines, ""]


def _size(mm: float | None) -> str:
    return "none" if mm is None else f"{mm:.3g} mm"
