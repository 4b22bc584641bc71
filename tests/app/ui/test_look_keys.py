"""What look keys do: tap latches, hold reverts, parts combine, one key returns to the standard image."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from app.ui.look_keys import LOOK_NAMES, LookKeys, changed, is_on, parts_on
from imaging.look import STANDARD, Enhancement, Look, Mode, conflict_in
from imaging.phantom import simulate_parcel
from imaging.pyramid import Pyramid
from imaging.render import fit, render


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def look_keys(clock: Clock) -> LookKeys:
    return LookKeys(clock)


def test_tap_latches(look_keys: LookKeys, clock: Clock) -> None:
    look_keys.press("grey")
    clock.now_s += 0.69
    assert look_keys.release("grey").mode == Mode.GREY


def test_hold_reverts_on_release(look_keys: LookKeys, clock: Clock) -> None:
    look_keys.press("inverse")
    assert look_keys.look.inverse
    clock.now_s += 0.7
    assert look_keys.release("inverse") == STANDARD


def test_hold_on_top_of_a_latched_look_goes_back_to_that(look_keys: LookKeys, clock: Clock) -> None:
    look_keys.press("grey")
    look_keys.release("grey")
    look_keys.press("edge")
    clock.now_s += 2
    assert look_keys.look.enhancement == Enhancement.EDGE
    assert look_keys.release("edge") == Look(mode=Mode.GREY)


def test_second_tap_turns_a_look_off(look_keys: LookKeys) -> None:
    for _ in range(2):
        look_keys.press("grey")
        look_keys.release("grey")
    assert look_keys.look == STANDARD


def test_release_of_another_key_changes_nothing(look_keys: LookKeys, clock: Clock) -> None:
    look_keys.press("grey")
    clock.now_s += 5
    look_keys.release("inverse")
    assert look_keys.look.mode == Mode.GREY


def test_holding_standard_shows_it_and_goes_back(look_keys: LookKeys, clock: Clock) -> None:
    look_keys.set(Look(inverse=True))
    assert look_keys.press("standard") == STANDARD
    clock.now_s += 1
    assert look_keys.release("standard").inverse


@pytest.mark.parametrize("name", LOOK_NAMES[1:-1])
def test_every_look_turns_on_and_off_and_is_named(name: str) -> None:
    on = changed(STANDARD, name)
    assert is_on(on, name)
    assert parts_on(on) == [name]
    assert changed(on, name) == STANDARD


def test_zeff_cycles_through_7_8_9_and_off() -> None:
    look, seen = STANDARD, []
    for _ in range(4):
        look = changed(look, "zeff")
        seen.append(look.highlight)
    assert seen == [7, 8, 9, None]


@pytest.mark.parametrize("dial", ["window", "level", "gamma", "absorption"])
def test_dials_stay_in_their_range_and_come_back(look_keys: LookKeys, dial: str) -> None:
    for steps in (3, -3):
        look_keys.turn(dial, steps)
    assert look_keys.look.window_width == pytest.approx(1.0, abs=0.001)
    assert look_keys.look.window_centre == pytest.approx(0.5)
    for steps in (500, -1000):
        look_keys.turn(dial, steps)


def test_two_looks_that_show_no_more_than_one_of_them_are_told() -> None:
    scan = simulate_parcel(3)
    pyramid = Pyramid.of(scan.views[0], scan.generator)
    names = LOOK_NAMES[1:]
    single = {name: changed(STANDARD, name) for name in names}
    drawn = {look: render(pyramid, fit(pyramid.shape, 160, 160), look) for look in single.values()}
    for one, other in permutations(names, 2):
        both = changed(single[one], other)
        if both in drawn or both == STANDARD:
            continue
        pixels = render(pyramid, fit(pyramid.shape, 160, 160), both)
        shows_one_only = any(np.array_equal(pixels, drawn[single[name]]) for name in (one, other))
        reason = conflict_in(both)
        assert shows_one_only == (reason not in {None, "log_over_penetration"}), (one, other, reason)
