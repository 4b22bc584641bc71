"""Reads the text of a condition into its tree, and says where and why it cannot.

condition  = both { "or" both }            both   = denied { "and" denied }
denied     = [ "not" ] compared            compared = sum [ sign sum | "in" texts | "is known" ... ]
sum        = product { "+" | "-" product } product = value { "*" | "/" value }
value      = number [ unit ] | text | field | "(" condition ")" | any | every | count | random | arrivals | hits
"""

from __future__ import annotations

from collections.abc import Callable

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
    measure_of,
)
from app.customs.risk.errors import RuleTextError
from app.customs.risk.facts import Party
from app.customs.risk.tokens import Sort, Token, choice_words, lexicon, refuse_word, tokens
from app.customs.risk.vocabulary import FIELDS, Field, Kind, Measure, Scope

MAX_DEPTH = 20
MAX_TEXTS = 200
MOST_DAYS = 366
_COMPARED = ("=", "≠", "<", "≤", ">", "≥")
_FIELDS = {(each.scope, each.id): each for each in FIELDS}


def parse(text: str) -> Node:
    """The tree of a condition.

    Raises:
        RuleTextError: it says where and why the text is no condition.
    """
    found = tokens(text)
    if len(found) == 1:
        raise RuleTextError("A rule needs a condition.", why="empty", at=0)
    return _Parser(found).whole()


class _Parser:
    """Goes through the tokens once; every function reads one part of the grammar and stands after it."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0
        self._scope = Scope.PARCEL

    def whole(self) -> Node:
        first = self._here
        node = self._yes_no(self._condition(), first)
        if self._here.sort is not Sort.END:
            raise self._expected("and_or")
        return node

    # Tokens

    @property
    def _here(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._here
        self._place += 1
        return token

    def _meaning(self, token: Token) -> str:
        """What a word stands for, such as word:and or field:weight; empty where it is no word of the rules."""
        return lexicon().get(token.value, "") if token.sort is Sort.WORD else ""

    def _is_strange(self, token: Token) -> bool:
        return token.sort is Sort.WORD and not self._meaning(token) and token.value not in choice_words()

    def _is_word(self, *ids: str) -> bool:
        return self._meaning(self._here).removeprefix("word:") in ids

    def _is_sign(self, *signs: str) -> bool:
        return self._here.sort is Sort.SIGN and self._here.value in signs

    def _take_sign(self, sign: str) -> Token:
        if not self._is_sign(sign):
            raise self._expected("sign", sign)
        return self._next()

    def _expected(self, what: str, sign: str = "") -> RuleTextError:
        token = self._here
        if self._is_strange(token):
            return refuse_word(token)
        return RuleTextError(
            f"Here is {token.value or 'the end'!r}, where {sign or what} should be.",
            why=f"expected_{what}", at=token.at, length=token.length, sign=sign,
        )  # fmt: skip

    # Yes or no

    def _condition(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RuleTextError("Brackets are nested too deep.", why="too_deep", at=self._here.at)
        node = self._joined("or", lambda: self._joined("and", self._denied))
        self._depth -= 1
        return node

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        first = self._here
        parts = [part()]
        while self._is_word(word):
            self._yes_no(parts[-1], first)
            self._next()
            first = self._here
            parts.append(self._yes_no(part(), first))
        return parts[0] if len(parts) == 1 else All(tuple(parts), word == "or")

    def _denied(self) -> Node:
        is_denied = False
        while self._is_word("not"):
            self._next()
            is_denied = not is_denied
        first = self._here
        node = self._compared()
        return Not(self._yes_no(node, first)) if is_denied else node

    def _yes_no(self, node: Node, first: Token) -> Node:
        if node.kind is not Kind.YES_NO:
            # A word that is none explains more than what stands before it.
            raise self._expected("sign", "=") if self._is_strange(self._here) else self._refuse(first, "not_yes_no")
        return node

    def _compared(self) -> Node:
        first = self._here
        left = self._sum()
        if self._is_sign(*_COMPARED):
            return self._compare(left, first)
        if self._is_word("in", "not_in", "starts", "contains"):
            return self._match(left, first)
        if self._is_word("known", "unknown"):
            return Known(left, self._meaning(self._next()) == "word:known")
        return left

    def _compare(self, left: Node, first: Token) -> Node:
        sign = self._next()
        second = self._here
        right = self._literal(left) or self._sum()
        if left.kind is not right.kind or left.kind is Kind.SET:
            raise self._refuse(second, f"same_{left.kind}")
        if left.kind is Kind.NUMBER:
            measures = {measure_of(left), measure_of(right)} - {Measure.PLAIN}
            if len(measures) > 1:
                raise self._refuse(second, f"measure_{measure_of(left)}")
        elif sign.value not in ("=", "≠") and not (isinstance(left, Read) and left.field.is_ordered):
            raise self._refuse(sign, "order")
        elif left.kind is Kind.YES_NO:
            raise self._refuse(first, "plain_yes_no")
        return Compare(sign.value, left, right)

    def _match(self, left: Node, first: Token) -> Node:
        how = self._meaning(self._next()).removeprefix("word:")
        if left.kind not in (Kind.TEXT, Kind.SET) or (left.kind is Kind.SET and how != "contains"):
            raise self._refuse(first, "not_text")
        return Match(how, left, self._texts(left))

    def _texts(self, left: Node) -> Texts:
        if not self._is_sign("("):
            return Texts((self._text(left),))
        self._next()
        items = [self._text(left)]
        while self._is_sign(","):
            self._next()
            items.append(self._text(left))
        if len(items) > MAX_TEXTS:
            raise RuleTextError(f"More than {MAX_TEXTS} texts in a list.", why="too_many", at=self._here.at)
        self._take_sign(")")
        return Texts(tuple(items))

    def _text(self, left: Node) -> Text:
        found = self._literal(left)
        if not isinstance(found, Text):
            raise self._expected("text")
        return found

    def _literal(self, left: Node) -> Node | None:
        """A quoted text, or the bare word of a choice where the field to its left has choices."""
        token = self._here
        field = left.field if isinstance(left, Read) else None
        if field is None or not field.choices:
            return Text(self._next().value) if token.sort is Sort.TEXT else None
        if token.sort not in (Sort.TEXT, Sort.WORD):
            return None
        choice = next(
            (id_ for id_, term in field.choices.items() if token.value.lower() in (id_, term.en, term.zh)), None
        )
        if choice is None and not (field.is_open and token.sort is Sort.TEXT):
            raise _refuse_choice(token, field)
        self._next()
        return Text(choice or token.value, field if choice else None)

    # Numbers and other values

    def _sum(self) -> Node:
        return self._reckoned(("+", "-"), lambda: self._reckoned(("*", "/"), self._value))

    def _reckoned(self, signs: tuple[str, str], part: Callable[[], Node]) -> Node:
        first = self._here
        node = part()
        while self._is_sign(*signs):
            if node.kind is not Kind.NUMBER:
                raise self._refuse(first, "not_number")
            sign = self._next().value
            second = self._here
            right = part()
            if right.kind is not Kind.NUMBER:
                raise self._refuse(second, "not_number")
            if sign in "+-" and len({measure_of(node), measure_of(right)} - {Measure.PLAIN}) > 1:
                raise self._refuse(second, f"measure_{measure_of(node)}")
            node = Reckon(sign, node, right)
        return node

    def _value(self) -> Node:
        token = self._here
        if token.sort is Sort.NUMBER:
            return self._number()
        if token.sort is Sort.TEXT:
            return Text(self._next().value)
        if self._is_sign("("):
            self._next()
            node = self._condition()
            self._take_sign(")")
            return node
        meaning = self._meaning(token)
        sort, _, name = meaning.partition(":")
        if sort == "field":
            return self._field(name)
        if sort == "word" and name in _STARTS:
            return _STARTS[name](self)
        raise self._expected("value")

    def _number(self) -> Number:
        written = self._next().value
        if self._is_sign("%"):
            self._next()
            return Number(written, "percent")
        meaning = self._meaning(self._here)
        if meaning.startswith("unit:") and not (meaning == "unit:g" and self._here.value == "G"):
            self._next()
            return Number(written, meaning.removeprefix("unit:"))
        return Number(written)

    def _field(self, name: str) -> Read:
        token = self._next()
        field = _FIELDS.get((self._scope, name)) or _FIELDS.get((Scope.PARCEL, name))
        if field is None:
            of = next(each.scope for each in FIELDS if each.id == name)
            raise RuleTextError(
                f"{token.value!r} belongs to each of the {of}; ask for it inside any, every or count.",
                why=f"inside_{of}", at=token.at, length=token.length, found=token.value,
            )  # fmt: skip
        return Read(field)

    def _some(self) -> Node:
        is_every = self._meaning(self._next()) == "word:every"
        scope = self._collection()
        if not self._is_sign("("):
            raise self._expected("sign", "(")
        condition = self._inside(scope)
        return Some(scope, is_every, condition)

    def _count(self) -> Node:
        self._next()
        scope = self._collection()
        return Count(scope, self._inside(scope) if self._is_sign("(") else None)

    def _collection(self) -> Scope:
        token = self._here
        sort, _, name = self._meaning(token).partition(":")
        if sort != "of" or self._scope is not Scope.PARCEL:
            raise self._expected("collection")
        self._next()
        return Scope(name)

    def _inside(self, scope: Scope) -> Node:
        self._take_sign("(")
        self._scope = scope
        first = self._here
        node = self._yes_no(self._condition(), first)
        self._scope = Scope.PARCEL
        self._take_sign(")")
        return node

    def _random(self) -> Node:
        token = self._next()
        if self._scope is not Scope.PARCEL:
            raise self._refuse(token, "random_inside")
        at = self._here
        has_bracket = self._is_sign("(")
        if has_bracket:
            self._next()
        if self._here.sort is not Sort.NUMBER:
            raise self._expected("share")
        share = self._number()
        if share.unit != "percent" or not 0 < float(share.written) <= 100:
            raise RuleTextError(
                "A random share is a number over 0 up to 100 with %.", why="expected_share", at=at.at, length=at.length
            )
        if has_bracket:
            self._take_sign(")")
        return Random(share)

    def _past(self) -> Node:
        is_hits = self._meaning(self._next()) == "word:hits"
        self._take_sign("(")
        parties = {"field:consignor": Party.CONSIGNOR, "field:consignee": Party.CONSIGNEE, "of:goods": Party.GOODS}
        party = parties.get(self._meaning(self._here))
        if party is None:
            raise self._expected("party")
        self._next()
        self._take_sign(",")
        at = self._here
        if at.sort is not Sort.NUMBER:
            raise self._expected("days")
        span = self._number()
        if span.unit not in ("days", "") or "." in span.written or not 0 < int(span.written) <= MOST_DAYS:
            raise RuleTextError(
                f"The history goes back 1 to {MOST_DAYS} days.", why="expected_days", at=at.at, length=at.length
            )
        self._take_sign(")")
        return Past(is_hits, party, int(span.written))

    def _refuse(self, token: Token, why: str) -> RuleTextError:
        return RuleTextError(
            f"{token.value!r} does not fit here ({why}).",
            why=why, at=token.at, length=token.length, found=token.value,
        )  # fmt: skip


_STARTS: dict[str, Callable[[_Parser], Node]] = {
    "any": _Parser._some,
    "every": _Parser._some,
    "count": _Parser._count,
    "random": _Parser._random,
    "arrivals": _Parser._past,
    "hits": _Parser._past,
}


def _refuse_choice(token: Token, field: Field) -> RuleTextError:
    terms = tuple(field.choices.values())
    return RuleTextError(
        f"{token.value!r} is nothing that {field.term.en} can be.",
        why="choice", at=token.at, length=token.length, found=token.value,
        choices=", ".join(f"{term.en} {term.zh}" for term in terms),
    )  # fmt: skip
