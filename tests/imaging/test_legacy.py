"""A maker's palette is recognised, turned back, and refused where it is not known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.texts import LANGUAGES, catalogue
from imaging import files, legacy
from imaging.look import LEGACY_REASONS, LOOKS, Look, Strip, why_not
from imaging.material import MaterialClass, code_of_zeff
from imaging.pyramid import Pyramid
from imaging.render import picture_of
from imaging.scan import Colour, View, ViewKind
from imaging.tone import paint_table
from tests.imaging.inputs import colour_view

CODES = {kind: code_of_zeff(zeff) for kind, zeff in legacy.CLASS_ZEFF.items()}


def palette_named(name: str) -> legacy.Palette:
    return next(palette for palette in legacy.palettes() if palette.name == name)


def painted(palette: legacy.Palette, rows: int = 40) -> Colour:
    """One band of columns a class, from thin to thick, beside a white one."""
    bands = [np.full((rows, 30, 3), 255, np.uint8)]
    for curve in palette.curves.values():
        wedge = [np.interp(np.linspace(curve[0, 0], curve[-1, 0], 90), curve[:, 0], curve[:, i]) for i in (1, 2, 3)]
        bands.append(np.broadcast_to(np.rint(np.stack(wedge, axis=1)), (rows, 90, 3)).astype(np.uint8))
    return np.concatenate(bands, axis=1)


@pytest.mark.parametrize("palette", legacy.palettes(), ids=lambda palette: palette.name)
def test_a_wedge_in_a_palette_is_recognised_and_turned_back(palette: legacy.Palette) -> None:
    picture = painted(palette)
    found = legacy.recognise(picture)
    assert found.palette is palette
    assert found.score > 0.99
    back = legacy.invert(picture, palette)
    for number, (kind, curve) in enumerate(palette.curves.items()):
        band = slice(30 + 90 * number, 120 + 90 * number)
        told = back.codes[0, band]
        assert set(np.unique(told)) <= {0, CODES[kind]}
        assert (told == CODES[kind]).mean() > 0.6
        attenuation = -np.log(back.counts[0, band] / legacy.PSEUDO_AIR)
        truth = np.linspace(curve[0, 0], curve[-1, 0], 90)
        assert np.abs(attenuation - truth)[truth < 4].max() < 0.35


def test_the_station_recognises_what_it_exported() -> None:
    table = paint_table("standard", Strip.NONE, None, False).view(np.uint32).reshape(256, 256)
    for kind, curve in palette_named("guanjian").curves.items():
        for attenuation, *rgb in curve.tolist():
            value = int(table[CODES[kind], round(255 * float(np.exp(-attenuation / 2)))])
            assert np.allclose([(value >> 16) & 255, (value >> 8) & 255, value & 255], rgb, atol=6)


def test_noise_greys_and_an_unknown_palette_are_refused_with_the_reason() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(20, axis=0)
    assert legacy.recognise(ramp).reason == LEGACY_REASONS.grey
    assert legacy.recognise(colour_view().colour).reason == LEGACY_REASONS.unknown  # type: ignore[arg-type]
    swapped = painted(palette_named("compass_xp"))[..., ::-1].copy()
    found = legacy.recognise(swapped)
    assert found.palette is None
    assert found.reason == LEGACY_REASONS.unknown
    assert found.score < legacy.LEAST_SCORE


def test_every_reason_has_its_words() -> None:
    looks = [*LOOKS.values(), Look(absorption=0.5)]
    keys = {why_not(look, ViewKind.COLOUR, known) for look in looks for known in (True, False)} - {None}
    for language in LANGUAGES:
        assert all(f"look.unavailable.{key}" in catalogue(language) for key in {*keys, *LEGACY_REASONS})


def test_a_known_palette_offers_strips_and_no_atomic_number() -> None:
    pyramid = Pyramid.of(View(colour=painted(palette_named("compass_xp"))))
    assert pyramid.is_palette_known
    assert why_not(LOOKS["organic_only"], ViewKind.COLOUR, is_palette_known=True) is None
    assert why_not(LOOKS["zeff_8"], ViewKind.COLOUR, is_palette_known=True) == "colour_has_no_zeff"
    assert why_not(LOOKS["organic_only"], ViewKind.COLOUR) == "colour_has_no_material"
    stripped = picture_of(pyramid, LOOKS["organic_strip"]).astype(int)
    chroma = stripped.max(axis=2) - stripped.min(axis=2)
    organic, metal = chroma[:, 45:105], chroma[:, 230:280]
    assert organic.max() == 0
    assert np.median(metal) > 40


def test_the_standard_look_of_a_legacy_picture_is_the_picture() -> None:
    picture = painted(palette_named("compass_xp"))
    assert np.array_equal(picture_of(View(colour=picture)), picture)


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_of_a_legacy_picture_is_a_picture(name: str) -> None:
    picture = painted(palette_named("compass_xp"), rows=21)
    assert picture_of(View(colour=picture), LOOKS[name]).shape == picture.shape


def test_pictures_that_were_not_learnt_from_are_recognised(shared: Path) -> None:
    folder = shared / "data/compass-xp/images"
    for path in sorted(folder.glob("*.png"))[1::4]:
        colour = files.read(path).views[0].colour
        assert colour is not None
        found = legacy.recognise(colour)
        assert found.palette is palette_named("compass_xp"), path.name
        assert found.score > 0.97


def test_a_palette_is_learnt_from_its_pictures_and_kept_as_a_file() -> None:
    truth = palette_named("compass_xp")
    learnt = legacy.learn_palette("again", "a test", [painted(truth, rows=80)])
    kept = legacy.parse_palette("again", legacy.palette_text(learnt))
    assert set(kept.curves) == {MaterialClass.ORGANIC, MaterialClass.MIXED, MaterialClass.METAL}
    assert kept.is_estimated
    for kind, curve in kept.curves.items():
        for _, *rgb in curve.tolist():
            near = np.min(np.linalg.norm(truth.curves[kind][:, 1:] - np.array(rgb), axis=1))
            assert near < 25
    blurred = cv2.blur(painted(truth), (3, 3))
    assert legacy.recognise(np.asarray(blurred, np.uint8)).palette is truth
