"""Looks keep the order of nature: thicker is never brighter; what is said to have no effect has none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.texts import LANGUAGES, catalogue
from imaging.look import LOOKS, PALETTES, Enhancement, Look, Mode, Penetration, Strip, conflict_in
from imaging.phantom.physics import belt_beam
from imaging.pyramid import Pyramid
from imaging.render import Viewport, picture_of, render
from imaging.scan import Generator, View
from imaging.tone import paint_table
from tests.imaging.inputs import bag_view, cargo_view, noise_view

GAINS = (Penetration.STANDARD, Penetration.LOW, Penetration.HIGH, Penetration.SUPER, Penetration.SLICE)


def wedge(material: str) -> View:
    """A wedge of 0 to a high attenuation of 6, without noise, by the simulated belt at 160 kV."""
    beam = belt_beam()
    thickness = np.linspace(0, 6 / float(beam.attenuate(beam.basis.of(material)[None] * 5.0)[0, 1]) * 5.0, 500)
    transmission = beam.transmit((thickness[:, None] * beam.basis.of(material)).astype(np.float32))
    low, high = (np.repeat(np.rint(57000 * transmission[None, :, i]), 9, axis=0).astype(np.uint16) for i in range(2))
    return View(high=high, low=low, air_high=57000, air_low=57000)


@pytest.mark.parametrize("material", ["PE", "water", "Al", "steel"])
@pytest.mark.parametrize("penetration", GAINS)
def test_thicker_is_never_brighter_under_any_penetration(material: str, penetration: Penetration) -> None:
    for absorption in (-0.7, 0.0, 0.7):
        look = Look(mode=Mode.GREY, penetration=penetration, absorption=absorption)
        shown = picture_of(wedge(material), look)[4, :, 0].astype(int)
        assert (np.diff(shown) <= 0).all()
        assert shown[0] > shown[-1]


@pytest.mark.parametrize("strip", Strip)
@pytest.mark.parametrize("palette", [*PALETTES, "grey"])
def test_no_strip_or_palette_turns_the_order_of_brightness(strip: Strip, palette: str) -> None:
    for highlight in (None, 7, 9):
        for is_inverse in (False, True):
            table = paint_table(palette, strip, highlight, is_inverse).view(np.uint32).reshape(256, 256)
            sign = -1 if is_inverse else 1
            for shift in (0, 8, 16):
                channel = ((table >> np.uint32(shift)) & np.uint32(255)).astype(int)
                assert (sign * np.diff(channel, axis=1) >= 0).all()


@pytest.mark.parametrize("strip", [strip for strip in Strip if strip is not Strip.NONE])
def test_a_stripped_wedge_never_vanishes_and_never_brightens(strip: Strip) -> None:
    for material in ("PE", "Al", "steel"):
        shown = picture_of(Pyramid.of(wedge(material), Generator(160)), Look(strip=strip)).astype(int)[4, 60:400]
        assert shown.min(axis=1).max() < 250


CONFLICTS = [
    (Look(highlight=8, strip=Strip.ORGANIC_STRIP), Look(highlight=8), "highlight_over_strip"),
    (
        Look(enhancement=Enhancement.LOG, penetration=Penetration.SLICE),
        Look(penetration=Penetration.SLICE),
        "slice_over_log",
    ),
    (Look(mode=Mode.GREY, palette="smooth"), Look(mode=Mode.GREY), "grey_over_palette"),
]


@pytest.mark.parametrize(("both", "alone", "reason"), CONFLICTS)
def test_what_is_said_to_do_nothing_does_nothing(both: Look, alone: Look, reason: str) -> None:
    assert conflict_in(both) == reason
    assert conflict_in(alone) is None
    for view in (bag_view(), cargo_view()):
        assert np.array_equal(picture_of(view, both), picture_of(view, alone))


def test_conflicts_have_their_words_and_named_looks_have_none() -> None:
    assert conflict_in(Look(enhancement=Enhancement.LOG, penetration=Penetration.HIGH)) == "log_over_penetration"
    assert not any(conflict_in(look) for look in LOOKS.values())
    keys = {*(reason for _, _, reason in CONFLICTS), "log_over_penetration"}
    for language in LANGUAGES:
        assert all(f"look.conflict.{key}" in catalogue(language) for key in keys)


@pytest.mark.parametrize("name", ["edge", "super", "local"])
def test_filters_in_several_threads_do_not_mix_their_pictures(name: str) -> None:
    pyramids = [Pyramid.of(noise_view(300 + 40 * n, 400 + 30 * n, seed=n)) for n in range(3)]
    viewport = Viewport(150, 150, 0.9, 240, 200)
    alone = [render(pyramid, viewport, LOOKS[name]) for pyramid in pyramids]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda n: render(pyramids[n % 3], viewport, LOOKS[name]), range(30)))
    for n, picture in enumerate(together):
        assert np.array_equal(picture, alone[n % 3])
