"""Writes a condition in English or in Chinese; reading it back gives the same tree."""

from __future__ import annotations

from app.customs.risk.condition import (
    All,
    Compare,
    Count,
    Known,
    Match,
    Node,
    Not,
    Number,
    Past,
    Random,
    Read,
    Reckon,
    Some,
    Text,
    Texts,
)
from app.customs.risk.facts import Party
from app.customs.risk.vocabulary import COLLECTIONS, UNITS, WORDS, Scope
from app.customs.states import Term

_PARTIES = {
    Party.CONSIGNOR: WORDS["consignor"],
    Party.CONSIGNEE: WORDS["consignee"],
    Party.GOODS: COLLECTIONS[Scope.GOODS][0],
}
_SUM, _PRODUCT = 4, 5


def spell(node: Node, language: str) -> str:
    """The text of a condition in a language, zh_CN or en."""
    return _Speller(is_chinese=language == "zh_CN").write(node, 0)


class _Speller:
    def __init__(self, *, is_chinese: bool) -> None:
        self._is_chinese = is_chinese

    def _say(self, term: Term) -> str:
        return term.zh if self._is_chinese else term.en

    def _word(self, word_id: str) -> str:
        return self._say(WORDS[word_id])

    def write(self, node: Node, around: int) -> str:
        """`around` is how tightly the part around binds: what binds less gets brackets."""
        text, own = self._write(node)
        return f"({text})" if own < around else text

    def _write(self, node: Node) -> tuple[str, int]:
        """The text of a part and how tightly it binds: or 1, and 2, not 3, a value 9."""
        match node:
            case All(parts, is_any):
                own = 1 if is_any else 2
                joint = f" {self._word('or' if is_any else 'and')} "
                return joint.join(self.write(part, own + 1) for part in parts), own
            case Not(part):
                return f"{self._word('not')} {self.write(part, 3)}", 3
            case Compare(sign, left, right):
                return f"{self.write(left, _SUM)} {sign} {self.write(right, _SUM)}", 3
            case Match(how, left, right):
                return f"{self.write(left, _SUM)} {self._word(how)} {self._texts(right)}", 3
            case Known(value, is_known):
                return f"{self.write(value, _SUM)} {self._word('known' if is_known else 'unknown')}", 3
            case Reckon(sign, left, right):
                own = _SUM if sign in "+-" else _PRODUCT
                return f"{self.write(left, own)} {sign} {self.write(right, own + 1)}", own
            case _:
                return self._value(node), 9

    def _value(self, node: Node) -> str:
        match node:
            case Number():
                return self._number(node)
            case Text(value, field):
                return self._say(field.choices[value]) if field else _quoted(value)
            case Texts():
                return self._texts(node)
            case Read(field):
                return self._say(field.term)
            case Past(is_hits, party, days):
                span = self._number(Number(str(days), "days"))
                name = self._word("hits" if is_hits else "arrivals")
                return f"{name}({self._say(_PARTIES[party])}, {span})"
            case Count(scope, condition):
                head = f"{self._word('count')} {self._say(COLLECTIONS[scope][0])}"
                return head if condition is None else f"{head} ({self.write(condition, 0)})"
            case Some(scope, is_every, condition):
                head = f"{self._word('every' if is_every else 'any')} {self._say(COLLECTIONS[scope][0])}"
                return f"{head} ({self.write(condition, 0)})"
            case Random(share):
                return f"{self._word('random')} {self._number(share)}"
        raise AssertionError(node)

    def _number(self, number: Number) -> str:
        if not number.unit:
            return number.written
        gap = "" if self._is_chinese or number.unit == "percent" else " "
        return f"{number.written}{gap}{self._say(UNITS[number.unit].term)}"

    def _texts(self, texts: Texts) -> str:
        items = [self._value(item) for item in texts.items]
        return items[0] if len(items) == 1 else f"({', '.join(items)})"


def _quoted(value: str) -> str:
    mark = "'" if '"' in value else '"'
    return f"{mark}{value}{mark}"
