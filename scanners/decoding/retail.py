"""EAN-13 and UPC-A from one blurred line of grey values, by the model that explains the line best.

Edge finders fail once bars melt into each other, and take 1 for 7 and 2 for 8 where ink or exposure makes bars fat
or thin. Here a whole code is fitted: for a blur and an ink gain every pair of neighbouring digits has a known
profile, and the best sequence of digits is found by dynamic programming over those profiles (Viterbi 1967), after
the idea of Gallo and Manduchi, "Reading 1D barcodes with mobile phones using deformable templates" (2011).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Patterns = npt.NDArray[np.intp]

PER_MODULE = 4
_QUIET = 5
_MODULES = 95
LENGTH = (_MODULES + 2 * _QUIET) * PER_MODULE
_HALF_DIGIT = 7 * PER_MODULE // 2
_LEFT = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()  # noqa: SIM905
_RIGHT = ["".join("10"[int(bit)] for bit in code) for code in _LEFT]
_EITHER = _LEFT + [code[::-1] for code in _RIGHT]
"""Patterns of the left half: odd parity, then even."""
_PARITIES = "LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL".split()  # noqa: SIM905

Model = tuple[float, float]
"""Blur (standard deviation) and ink gain (each edge of a bar moved outwards), both in modules."""
BLURS = (0.45, 0.75, 1.0, 1.3, 1.6, 1.9)
_MAX_GAIN_BLUR = 1.0
"""Beyond this blur ink gain cannot be told from it."""
COARSE: tuple[Model, ...] = ((0.45, -0.2), (0.45, 0.0), (0.45, 0.2), (0.75, 0.0), (1.1, 0.0), (1.5, 0.0))
_SHARP: Model = (0.6, 0.0)
_CLAIMED: tuple[Model, ...] = (_SHARP, (0.45, 0.0), (0.75, 0.0), (0.75, -0.2), (0.75, 0.2), (1.0, 0.0))
"""Models under which a text that was read is held against the profile, before any other text is."""
Place = tuple[float, float, float]
"""Left and right edge in px, and the bend between them (the quadratic part of a tilted view)."""
_STEPS = 4
_LOOKS = 3
_CLEAR = 0.006
"""A residual that only the right digits reach; no further step is needed."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The code that explains a profile best: `text` is empty where it breaks parity or check digit.

    `residual` is the mean square left unexplained, with the step from white to black as 1.
    """

    text: str
    residual: float
    blur: float
    left: float
    right: float


@dataclass(frozen=True, slots=True, eq=False)
class _Templates:
    """Profiles of one model: 13 links from quiet zone to quiet zone, each (patterns, samples), and their squares.

    A link reaches from the middle of one digit to the middle of the next; row `a * count + b` is digit a before b.
    """

    links: tuple[Floats, ...]
    squares: tuple[Floats, ...]
    guards: Floats


def _edges(bits: str) -> tuple[Floats, Floats]:
    padded = f"0{bits}0"
    rise = np.array([padded[i : i + 2] == "01" for i in range(len(bits) + 1)], float)
    fall = np.array([padded[i : i + 2] == "10" for i in range(len(bits) + 1)], float)
    return rise, fall


def _normal_cdf(z: Floats) -> Floats:
    """The logistic-free form by Zelen and Severo (Abramowitz and Stegun 26.2.17), error below 1e-7."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * poly
    return np.where(z >= 0, 1 - tail, tail)


def _render(codes: list[str], model: Model) -> Floats:
    """Blurred profiles of bit strings of one length, PER_MODULE samples a module: (codes, samples), black as 1."""
    blur, gain = model
    count = len(codes[0])
    at = (np.arange(count * PER_MODULE) + 0.5) / PER_MODULE
    edge = np.arange(count + 1)[:, None]
    rise, fall = (np.stack(side) for side in zip(*(_edges(code) for code in codes), strict=True))
    up = _normal_cdf((at - edge + gain) / blur)
    down = _normal_cdf((at - edge - gain) / blur)
    return np.asarray(rise @ up - fall @ down)


@cache
def _templates(model: Model) -> _Templates:
    quiet, half, per = "0" * 9, _HALF_DIGIT, PER_MODULE
    pairs = [a + b for a in _EITHER for b in _EITHER]
    middles = [f"{a}01010{b}" for a in _EITHER for b in _RIGHT]
    rights = [a + b for a in _RIGHT for b in _RIGHT]
    first = _render([f"{quiet}101{a}0000" for a in _EITHER], model)[:, 4 * per : 12 * per + half]
    last = _render([f"0000{a}101{quiet}" for a in _RIGHT], model)[:, 4 * per + half :][:, : half + 8 * per]
    whole = _render([f"{quiet}101{'0' * 42}01010{'0' * 42}101{quiet}"], model)[0, 4 * per : 4 * per + LENGTH]
    left = _render(pairs, model)[:, half : half + 7 * per]
    middle = _render(middles, model)[:, half : half + 12 * per]
    right = _render(rights, model)[:, half : half + 7 * per]
    links = (first, *[left] * 5, middle, *[right] * 5, last)
    links = tuple(link.astype(np.float32) for link in links)
    return _Templates(links, tuple(np.einsum("ts,ts->t", link, link) for link in links), whole[_GUARDS])


_GUARDS = np.concatenate(
    [
        np.arange(0, (_QUIET + 3) * PER_MODULE),
        np.arange((_QUIET + 45) * PER_MODULE, (_QUIET + 50) * PER_MODULE),
        np.arange((_QUIET + 92) * PER_MODULE, LENGTH),
    ]
)
_ALONG = ((np.arange(LENGTH) + 0.5) / PER_MODULE - _QUIET) / _MODULES
_CENTRED = np.linspace(-1, 1, LENGTH)
_LIGHT = np.stack([np.ones(LENGTH), _CENTRED, _CENTRED**2])
"""Light that falls off along the code: constant, slope and bend."""


def _best_digits(samples: Floats, model: Model) -> tuple[Floats, Patterns]:
    """Cost and twelve patterns (0 to 19 left, 0 to 9 right) of the best sequence for each row of (rows, LENGTH)."""
    t, rows = _templates(model), np.arange(len(samples))
    samples = samples.astype(np.float32)
    cost = np.einsum("bs,bs->b", samples, samples)[:, None]
    at, back = 0, []
    for link, squares in zip(t.links, t.squares, strict=True):
        part = samples[:, at : at + link.shape[1]]
        at += link.shape[1]
        step = squares - 2 * part @ link.T
        if at == link.shape[1] or at == LENGTH:
            cost = cost + step
            continue
        step = cost[:, :, None] + step.reshape(len(samples), cost.shape[1], -1)
        back.append(step.argmin(1))
        cost = step.min(1)
    digits = [cost.argmin(1)]
    for choice in reversed(back):
        digits.append(choice[rows, digits[-1]])
    return cost.min(1), np.stack(digits[::-1], 1)


def _text(digits: Patterns) -> str:
    parity = "".join("L" if digit < 10 else "G" for digit in digits[:6])
    if parity not in _PARITIES:
        return ""
    text = f"{_PARITIES.index(parity)}{''.join(str(digit % 10) for digit in digits)}"
    return text if sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(text)) % 10 == 0 else ""


def _whole(digits: Patterns, model: Model) -> Floats:
    """The profile of twelve patterns, black as 1, LENGTH samples."""
    links = _templates(model).links
    rows = [digits[0], *(a * (20 if i < 5 else 10) + b for i, (a, b) in enumerate(pairwise(digits))), digits[-1]]
    return np.concatenate([link[row] for link, row in zip(links, rows, strict=True)])


def _sample(profile: Floats, left: Floats, right: Floats, bend: float = 0.0) -> Floats:
    """Rows of LENGTH samples for codes from `left` to `right` px; `bend` is the quadratic part of a tilted view."""
    along = _ALONG + bend * _ALONG * (1 - _ALONG)
    x = left[:, None] + (right - left)[:, None] * along
    return np.interp(x - 0.5, np.arange(len(profile)), profile)


def _places(profile: Floats, left: Floats, right: Floats, keep: int) -> tuple[Floats, Floats]:
    """The most likely ends of the code among all pairs, by its three guards and quiet zones alone."""
    lefts, rights = (grid.ravel() for grid in np.meshgrid(left, right))
    guards = _templates((0.9, 0.0)).guards
    guards = guards - guards.mean()
    x = lefts[:, None] + (rights - lefts)[:, None] * _ALONG[_GUARDS]
    seen = np.interp(x - 0.5, np.arange(len(profile)), profile)
    seen -= seen.mean(1, keepdims=True)
    likeness = -(seen @ guards) / np.sqrt(np.einsum("bs,bs->b", seen, seen) * (guards @ guards) + 1e-9)
    chosen: list[int] = []
    for i in np.argsort(-likeness):
        if likeness[i] < 0.35 or len(chosen) == keep:
            break
        apart = [abs(lefts[i] - lefts[j]) + abs(rights[i] - rights[j]) for j in chosen]
        if rights[i] - lefts[i] > _MODULES and (not apart or min(apart) > (rights[i] - lefts[i]) / _MODULES * 0.8):
            chosen.append(int(i))
    return lefts[chosen], rights[chosen]


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """Where a code seems to lie on a profile, before refinement; `residual` as in Fit."""

    profile: Floats
    left: float
    right: float
    model: Model
    digits: Patterns
    residual: float


def guesses(profile: Floats, left: Floats, right: Floats, *, places: int = 12, keep: int = 2) -> list[Guess]:
    """The `keep` best codes whose outer edges lie at one of the px positions `left` and one of `right`.

    `profile` holds grey values along a line across the bars, ideally the mean of many such lines; `places` pairs of
    edges are tried, those that look most like guards.
    """
    lefts, rights = _places(profile, left, right, places)
    if not len(lefts):
        return []
    samples = _sample(profile, lefts, rights)
    found: dict[int, Guess] = {}
    for model in COARSE:
        black, white = _levels(samples, _templates(model).guards)
        costs, digits = _best_digits((samples - white) / black, model)
        for i, cost in enumerate(costs / LENGTH):
            if i not in found or cost < found[i].residual:
                found[i] = Guess(profile, float(lefts[i]), float(rights[i]), model, digits[i], float(cost))
    return sorted(found.values(), key=lambda one: one.residual)[:keep]


def _levels(samples: Floats, guards: Floats) -> tuple[Floats, Floats]:
    """Per row the step from white to black (negative) and the white level, by least squares at the guards."""
    seen = samples[:, _GUARDS]
    centred = guards - guards.mean()
    step = np.minimum((seen - seen.mean(1, keepdims=True)) @ centred / (centred @ centred), -1.0)
    return step[:, None], (seen.mean(1) - step * guards.mean())[:, None]


def verify(profile: Floats, left: float, right: float, text: str) -> Fit | None:
    """The code that explains the profile best between two ends where `text` was read; often that very text."""
    patterns = _PARITIES[int(text[0])]
    digits = [int(digit) + 10 * (parity == "G") for digit, parity in zip(text[1:7], patterns, strict=True)]
    claimed = np.array(digits + [int(digit) for digit in text[7:]])
    place, model = (left, right, 0.0), _SHARP
    for _ in range(_LOOKS):
        wanted = _whole(claimed, model)
        moved, levelled = _align(profile, place, wanted)
        if moved is None:
            return None
        place, residual = moved, float(np.mean((levelled - wanted) ** 2))
        if residual < 1.5 * _CLEAR:
            return Fit(text, residual, model[0], place[0], place[1])
        model = min(_CLAIMED, key=lambda each: float(np.mean((levelled - _whole(claimed, each)) ** 2)))
    return refine(Guess(profile, left, right, _SHARP, claimed, residual))


def refine(found: Guess) -> Fit | None:
    """Let place, bend, light and blur follow from the digits, and the digits from them, until they agree."""
    model, digits, cost = found.model, found.digits, math.inf
    place: Place = (found.left, found.right, 0.0)
    for _ in range(_STEPS):
        moved, levelled = _align(found.profile, place, _whole(digits, model))
        if moved is None:
            return None
        place, before, old = moved, cost, digits
        cost, model, digits = _best_model(levelled, model)
        if np.array_equal(old, digits) and (cost < _CLEAR * LENGTH or abs(before - cost) < 0.02 * before):
            break
    return Fit(_text(digits), cost / LENGTH, model[0], place[0], place[1])


def _align(profile: Floats, place: Place, wanted: Floats) -> tuple[Place | None, Floats]:
    """The place moved so that the profile fits what is wanted there, and the profile levelled to white 0, black 1.

    No place where the profile is not darker in the bars.
    """
    left, right, bend = place
    samples = _sample(profile, np.array([left]), np.array([right]), bend)[0]
    slope = np.empty(LENGTH)
    slope[1:-1], slope[0], slope[-1] = (wanted[2:] - wanted[:-2]) * (PER_MODULE / 2), 0, 0
    parts = [wanted, wanted * _CENTRED, *_LIGHT, slope, slope * _CENTRED, slope * (1 - _LIGHT[2])]
    terms = _least_squares(np.array(parts), samples)
    if terms[0] >= -1:
        return None, samples
    shift = np.clip(terms[5:] / terms[0], -0.6, 0.6)
    module = (right - left) / _MODULES
    left, right = left - float(shift[0] - shift[1]) * module, right - float(shift[0] + shift[1]) * module
    bend -= float(shift[2]) * 4 / _MODULES
    samples = _sample(profile, np.array([left]), np.array([right]), bend)[0]
    light = terms[2:5] @ _LIGHT
    return (left, right, bend), (samples - light) / np.minimum(terms[0] + terms[1] * _CENTRED, -1)


def _least_squares(rows: Floats, samples: Floats) -> Floats:
    """Weights with which the rows add up to the samples; a little damping keeps flat profiles solvable."""
    squares = rows @ rows.T
    return np.asarray(np.linalg.solve(squares + 1e-6 * np.eye(len(rows)), rows @ samples))


def _best_model(levelled: Floats, near: Model) -> tuple[float, Model, Patterns]:
    """The best blur near the last one, then the best ink gain at that blur."""

    def tried(models: list[Model]) -> list[tuple[float, Model, Patterns]]:
        results = [(*_best_digits(levelled[None], model), model) for model in models]
        return [(float(cost[0]), model, digits[0]) for cost, digits, model in results]

    cost, model, digits = min(tried(_near(near)), key=lambda one: one[0])
    gains = [(model[0], gain) for gain in (-0.2, 0.2)] if model[0] <= _MAX_GAIN_BLUR else []
    return min([(cost, model, digits), *tried(gains)], key=lambda one: one[0])


def _near(model: Model) -> list[Model]:
    return [(blur, 0.0) for blur in BLURS if abs(blur - model[0]) < 0.4]
