"""The classes of the shipped models, in the order of their outputs, and the kinds of sets of scenes."""

from __future__ import annotations

from enum import StrEnum

LABELS = ("firearm", "blade", "battery", "liquid", "dense_block", "powder_bag", "cigarettes", "ivory", "tool")
"""The eight that phantoms hide, and hand tools: harmless, but taken for weapons by a detector that cannot name them."""

CARGO_LABELS = ("dense_block", "cigarettes", "firearm", "false_wall")
"""What phantom containers hide; a false wall is the space behind it."""


class Kind(StrEnum):
    """What a set is for: training packs more at once than the others, each of which is for judging.

    KNOWN has the same recipes, UNSEEN takes shape generators that training never sees, CLEAN packs harmless goods
    only, BAGS is luggage with weapons, liquids and tools. FAN packs as TRAINING does and looks by the rays of a fan.
    There are no containers of the last two kinds.
    """

    TRAINING = "training"
    KNOWN = "known"
    UNSEEN = "unseen"
    CLEAN = "clean"
    BAGS = "bags"
    FAN = "fan"
