"""What a find is worth as evidence: how much more often a model says it where the thing is than where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from models.baseline import DenseBlobs
from models.card import LEVEL_OF_RATE, STORE, ModelCard, load_card

Worth = Mapping[str, Mapping[str, float]]
"""Class -> confidence step -> likelihood ratio; a class that was never calibrated has no step that proves anything."""

USUAL_POWER = 0.25
"""Where a card tells no hit rates: hit rate = false-alarm rate to this power, which is a detector of AUROC .8."""


def worth_of(card: ModelCard) -> Worth:
    """The likelihood ratios of a model's finds, by the false-alarm rates and the hit rates of its card."""
    return {entry.label: weigh_steps(entry.thresholds, hit_rates(card, entry.label)) for entry in card.classes}


@lru_cache(maxsize=32)
def read_worth(model: str, folder: Path = STORE, *, is_measured: bool = True) -> Worth:
    """The same by the name of a model; of what is not measured by the card of the one that then looks in its place.

    A card is read once: the model that looks was loaded with what it said then.

    Raises:
        ModelError: as `models.card.load_card`.
    """
    card, home = load_card(model, folder)
    if card.others and not is_measured:
        card, _ = load_card(card.others, home)
    return worth_of(card)


def hit_rates(card: ModelCard, label: str) -> dict[int, float]:
    """Part of a class's objects that is found, by false-alarm rate in percent: the mean over the card's data sets."""
    judged = [figures for title, figures in card.metrics.items() if not title.endswith(f": {DenseBlobs.name}")]
    found = {}
    for rate in LEVEL_OF_RATE:
        name = f"{label} recall at {rate} %"
        if told := [figures[name] for figures in judged if name in figures]:
            found[rate] = sum(told) / len(told)
    return found


def weigh_steps(calibrated: Iterable[int], hits: Mapping[int, float]) -> dict[str, float]:
    """Likelihood ratio of each confidence step, from the false-alarm rates (percent) that it was calibrated at.

    A step's ratio is the slope of the ROC between its rate and the next stricter one. A weaker step never proves more
    than a stronger one, which few objects to count hits by would often have it do: so it is the slope of the least
    concave curve above the points (as in Fawcett, An introduction to ROC analysis, 2006, section 6).
    """
    rates = sorted(set(calibrated) & LEVEL_OF_RATE.keys())
    if not hits.keys() >= set(rates):
        hits = {rate: (rate / 100) ** USUAL_POWER for rate in rates}
    false = [0.0, *(rate / 100 for rate in rates), 1.0]
    found = [0.0, *(hits[rate] for rate in rates), 1.0]
    return {
        LEVEL_OF_RATE[rate].value: min(
            max((found[end] - found[start]) / (false[end] - false[start]) for end in range(step, len(false)))
            for start in range(step)
        )
        for step, rate in enumerate(rates, 1)
    }


UNKNOWN = weigh_steps(LEVEL_OF_RATE, {})
"""The steps of a calibrated class whose card is not at hand."""
