"""What can be wrong with risk rules, each with what to do next; errors in a rule's text say where."""

from __future__ import annotations

from imaging.errors import KnownError


class RulesError(KnownError):
    """The rules cannot be used; the message names the line or the rule."""

    key = "rules"


class RulesEmptyError(RulesError):
    """A file of rules that holds none."""

    key = "rules_empty"


class RuleTextError(RulesError):
    """A condition that cannot be read: `why` says what is wrong, `at` and `length` where, counted in characters.

    Its key is `rule_` and why: empty, too_long, character, quote, word, like_word, expected_*, same_*, measure_*, ...
    """

    key = "rule_text"

    def __init__(self, message: str, *, why: str, at: int, length: int = 1, **details: object) -> None:
        super().__init__(message, place=at + 1, **details)
        self.key = f"rule_{why}"
        self.at = at
        self.length = length


class RuleUnknownError(RulesError):
    """There is no such rule, or no such version of it."""

    key = "rule_unknown"


class RuleUnchangedError(RulesError):
    """The version says what the one before it says."""

    key = "rule_unchanged"


class RuleSelfApprovedError(RulesError):
    """Who wrote a version may not switch it on himself."""

    key = "rule_self_approved"
