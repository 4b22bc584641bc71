"""The language of the rules: one meaning in two languages, and errors that say where and what."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import texts
from app.customs.filings import Book, Credit, FilingFacts, Standing
from app.customs.opacity import to_finding
from app.customs.parcel import Declaration, Finding, FindingKind, GoodsLine, Seen
from app.customs.risk import vocabulary
from app.customs.risk.build import build
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
from app.customs.risk.errors import RuleTextError
from app.customs.risk.facts import Facts, Party, draw
from app.customs.risk.parse import MAX_DEPTH, parse
from app.customs.risk.spell import spell
from app.customs.risk.tokens import MAX_TEXT
from app.customs.risk.vocabulary import FIELDS, Kind, Measure, Scope

GOODS = (
    GoodsLine("折叠刀", hs_code="8211930000", quantity="2", value=80 * 100_000, weight_g=300, origin="DE"),
    GoodsLine("书", hs_code="4901990000", quantity="1", value=20 * 100_000, origin=""),
)
DECLARED = Declaration(
    "RR123456785DE", GOODS, sender="Sample Sender 1", consignee="测试甲", origin="DE", gross_weight_g=500,
    value=100 * 100_000,
)  # fmt: skip
SEEN = (Seen("blade", 0.8, "likely", (0, 0, 9, 9)), Seen("battery", 0.3, "hint", (0, 0, 9, 9)))


class Before:
    """A history in which every party had three parcels in the last 30 days, one of them a hit."""

    def arrivals(self, party: Party, key: str, days: int, before: datetime) -> int:
        return 3 if days >= 30 else 1

    def hits(self, party: Party, key: str, days: int, before: datetime) -> int:
        return 1 if key == "8211" or party is Party.CONSIGNEE else 0


FILED = FilingFacts("4403DEMO02", Standing.IN_FORCE, Credit.ORDINARY, frozenset({Book.WHITELIST}), negative_lines=(1,))

UNLIKE = Finding(FindingKind.NOT_AS_DECLARED, '{"mismatch": 0.7, "remarks": []}')
FACTS = Facts(
    "RR123456785DE", date(2026, 11, 22), DECLARED, SEEN,
    (Finding(FindingKind.DOUBTFUL_CODE), UNLIKE, to_finding(0.12, [(0, 1, 2, 30, 40)])),
    arrived_at=datetime(2026, 11, 22, 2, tzinfo=UTC), history=Before(), filing=FILED,
)  # fmt: skip
BARE = Facts("#1", date(2026, 11, 22), None, (), ())


def holds(text: str, facts: Facts = FACTS) -> bool:
    return build(parse(text), "rule")(facts)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ('value > 5000 and origin = "XX"', '申报价值 > 5000 且 启运国 = "XX"'),
        ("weight > 500 g or not declared", "毛重 > 500克 或 非 已申报"),
        ("any detection (class = firearm and level ≥ likely)", "任一 目标 (类别 = 枪支 且 置信 ≥ 中置信)"),
        ('every goods (hs starts_with ("49", "97"))', '每项 商品 (税号 开头为 ("49", "97"))'),
        ("count goods (line_value > 100 CNY) ≥ 3", "计数 商品 (单项价值 > 100元) ≥ 3"),
        ("hits(consignee, 90 days) > 0 and random 10%", "查获数(收件人, 90天) > 0 且 随机 10%"),
        ("findings contains (no_code, several_codes)", "异常 包含 (无码, 一件多码)"),
        ("(value + 10) * 2 / weight > 300 and currency is_unknown", "(申报价值 + 10) * 2 / 毛重 > 300 且 币制 未知"),
        (
            "credit < advanced and (blacklisted or mismatch > 0.5)",
            "信用等级 < 高级认证 且 (黑名单 或 图货不符度 > 0.5)",
        ),
    ],
)
def test_a_rule_says_the_same_in_both_languages(english: str, chinese: str) -> None:
    node = parse(english)
    assert parse(chinese) == node
    assert (spell(node, "en"), spell(node, "zh_CN")) == (english, chinese)


def test_chinese_needs_no_spaces_and_takes_its_own_punctuation() -> None:
    dense = "申报价值>5000元且（毛重＜500克或任一商品（税号开头为“93”））"
    assert parse(dense) == parse('value > 5000 CNY and (weight < 500 g or any goods (hs starts with "93"))')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("value = 100", True), ("value > 100", False), ("value < 100.5 CNY", True), ("weight = 500 g", True),
        ("weight = 0.5 kg", True), ("value / weight = 200", True), ("value - 1 * 50 = 50", True),
        ("value / 0 > 1", False),
        ('origin in ("DE", "FR")', True), ('origin not_in ("DE")', False), ('consignee contains "甲"', True),
        ('goods_names contains "刀"', True), ("any goods (quantity ≥ 2)", True), ("every goods (quantity ≥ 2)", False),
        ('any goods (made_in = "DE" and hs starts_with "8211")', True), ("count goods = 2", True),
        ("any goods (line_weight > 1 g)", True), ('any goods (made_in ≠ "CN")', True),
        ("count goods (made_in is_unknown) = 1", True), ("any detection (level ≥ likely)", True),
        ("any detection (level = sure)", False), ("any detection (class = battery and score < 50%)", True),
        ("count detections > 1", True), ("findings contains doubtful_code", True), ("outbound", False),
        ("hits(goods, 30 days) = 1", True), ("hits(consignor, 30 days) = 0", True),
        ("arrivals(consignee, 7) = 1", True),
        ("credit ≥ ordinary", True), ("credit > ordinary", False), ("whitelisted and not blacklisted", True),
        ("mismatch > 0.5", True), ("opaque > 10%", True), ("findings contains opaque", True),
        ("any detection (class = opaque)", False), ("filed and forbidden", True), ("underpriced or unlisted", False),
        ("kind = parcel", True), ("channel = mail", True), ("not not declared", True),
    ],
)  # fmt: skip
def test_conditions_hold_as_they_read(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    ["value > 0", "value ≤ 0", 'origin = "CN"', 'origin ≠ "CN"', 'origin not_in ("CN")', "credit < advanced",
     "mismatch ≥ 0",
     "arrivals(consignee, 7) ≥ 0", "value + 1 > 0", 'consignee starts_with ""', "every goods (quantity > 0)"],
)  # fmt: skip
def test_no_comparison_with_the_unknown_holds(text: str) -> None:
    assert holds(text, BARE) is False


def test_what_is_unknown_can_be_asked_for() -> None:
    assert holds("value is unknown and not declared", BARE)
    assert holds("value is known")


def test_a_foreign_currency_is_not_taken_for_yuan() -> None:
    foreign = Declaration("X", (), value=100 * 100_000, currency="USD", origin="US")
    facts = Facts("X", date(2026, 11, 22), foreign, (), ())
    assert holds('value is unknown and currency = "USD"', facts)


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("", "rule_empty", 1), ("valeu > 5", "rule_like_word", 1), ("申报价格>5000", "rule_like_word", 1),
        ("单号单证", "rule_like_word", 3), ("xyzzyqqq > 1", "rule_word", 1), ("value > 5 $", "rule_character", 11),
        ('origin = "C', "rule_quote", 10), ('value > "5"', "rule_same_number", 9),
        ("origin = 5", "rule_same_text", 10),
        ("value > 5 kg", "rule_measure_money", 9), ("weight > 3元", "rule_measure_mass", 10),
        ("weight + value > 3", "rule_measure_mass", 10), ("value", "rule_not_yes_no", 1),
        ("value >", "rule_expected_value", 8),
        ("(value > 5", "rule_expected_sign", 11), ('value > 5 origin = "X"', "rule_expected_and_or", 11),
        ('hs starts with "93"', "rule_inside_goods", 1), ("level = sure", "rule_inside_detection", 1),
        ("any goods (random 2%)", "rule_random_inside", 12), ("random 2", "rule_expected_share", 8),
        ("random 200%", "rule_expected_share", 8), ("hits(value, 3 days) > 1", "rule_expected_party", 6),
        ("hits(consignee, 999 days) > 1", "rule_expected_days", 17),
        ("any value (1 = 1)", "rule_expected_collection", 5),
        ('origin > "A"', "rule_order", 8), ("any detection (level = shure)", "rule_choice", 24),
        ("findings = no_code", "rule_same_set", 12), ("declared = outbound", "rule_plain_yes_no", 1),
        ('value contains "5"', "rule_not_text", 1), ("origin + 1 > 2", "rule_not_number", 1),
        ("origin starts_with 5", "rule_expected_text", 20), ("(" * 60 + "declared", "rule_too_deep", MAX_DEPTH + 1),
        ("declared or " * 400 + "declared", "rule_too_long", MAX_TEXT + 1),
        ("origin in (" + ", ".join(['"A"'] * 201) + ")", "rule_too_many", 1_015),
    ],
)  # fmt: skip
def test_an_error_names_its_place_and_is_told_in_both_languages(text: str, key: str, place: int) -> None:
    with pytest.raises(RuleTextError) as caught:
        parse(text)
    assert (caught.value.key, caught.value.details["place"]) == (key, place)
    for language in texts.LANGUAGES:
        said = texts.text(f"error.{key}", lang=language, **caught.value.details)
        assert "{" not in said


def test_every_word_of_the_rules_is_one_word_and_means_one_thing() -> None:
    terms = [field.term for field in FIELDS] + [term for term, _ in vocabulary.COLLECTIONS.values()]
    for spelling in ("en", "zh"):
        names = [getattr(term, spelling) for term in terms]
        assert len(names) == len(set(names))
        assert all(" " not in name for name in names)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_known_error(text: str) -> None:
    at = 0
    try:
        node: Node | None = parse(text)
    except RuleTextError as error:
        node, at = None, error.at
    if node is None:
        assert 0 <= at <= len(text)
    else:
        assert parse(spell(node, "zh_CN")) == node


WORDS_OF_RULES = st.sampled_from(
    ["value", "origin", ">", "=", "5", "kg", '"X"', "(", ")", "and", "or", "not", "any", "goods", "hs", "in", ",",
     "且", "任一",
     "目标", "置信", "sure", "random", "2%", "hits", "consignee", "30", "天", "+", "/", "计数", "包含", "异常", "无码"]
)  # fmt: skip


@given(st.lists(WORDS_OF_RULES, max_size=14))
def test_words_in_any_order_are_a_condition_or_a_known_error(words: list[str]) -> None:
    try:
        node = parse(" ".join(words))
    except RuleTextError:
        return
    assert parse(spell(node, "en")) == node
    assert build(node, "r")(FACTS) in (True, False)
    assert build(node, "r")(BARE) in (True, False)


def _reads(kind: Kind, scope: Scope, measure: Measure | None = None) -> st.SearchStrategy[Node]:
    fields = [
        field for field in FIELDS
        if field.kind is kind and field.scope is scope and not field.choices and measure in (None, field.measure)
    ]  # fmt: skip
    return st.sampled_from(fields).map(Read)


def conditions(scope: Scope) -> st.SearchStrategy[Node]:
    """Trees as an officer could have written them."""
    numbers = st.integers(0, 999).map(lambda n: Number(str(n)))
    texts_ = st.text("AB九刀", min_size=1, max_size=3).map(Text)
    plain = st.one_of(numbers, _reads(Kind.NUMBER, scope, Measure.PLAIN))
    sums = st.builds(Reckon, st.sampled_from(["+", "-", "*", "/"]), plain, plain)
    signs = st.sampled_from(["=", "≠", "<", "≤", ">", "≥"])
    leaves: list[st.SearchStrategy[Node]] = [st.builds(Compare, signs, st.one_of(plain, sums), plain)]
    if scope is Scope.GOODS:
        lists = st.lists(texts_, min_size=1, max_size=3).map(lambda items: Texts(tuple(items)))
        hows = st.sampled_from(["in", "not_in", "starts", "contains"])
        leaves.append(st.builds(Match, hows, _reads(Kind.TEXT, scope), lists))
        leaves.append(st.builds(Known, _reads(Kind.TEXT, scope), st.booleans()))
    if scope is Scope.PARCEL:
        inner = conditions(Scope.GOODS)
        pasts = st.builds(Past, st.booleans(), st.sampled_from(Party), st.integers(1, 366))
        leaves += [
            _reads(Kind.YES_NO, scope), st.builds(Some, st.just(Scope.GOODS), st.booleans(), inner),
            st.builds(Compare, signs, st.builds(Count, st.just(Scope.GOODS), st.one_of(st.none(), inner)), numbers),
            st.builds(Compare, signs, pasts, numbers),
            st.builds(Random, st.integers(1, 100).map(lambda n: Number(str(n), "percent"))),
        ]  # fmt: skip
    # What is joined by the same word is one list in the tree, as reading gives it.
    return st.recursive(
        st.one_of(leaves),
        lambda part: st.one_of(
            part.filter(lambda node: not isinstance(node, Not)).map(Not),
            st.builds(_joined, st.lists(part, min_size=2, max_size=3), st.booleans()),
        ),
        max_leaves=5,
    )


def _joined(parts: list[Node], is_any: bool) -> Node:
    return All(tuple(parts), is_any)


@given(conditions(Scope.PARCEL), st.sampled_from(["en", "zh_CN"]))
def test_what_is_written_is_read_back(node: Node, language: str) -> None:
    text = spell(node, language)
    if len(text) < MAX_TEXT:
        assert parse(text) == node
        assert build(parse(text), "r")(FACTS) == build(node, "r")(FACTS)


def test_the_random_draw_is_even_repeatable_and_its_own_for_every_rule() -> None:
    lots = [draw(b"k" * 32, "random", f"RR{n:09d}CN") for n in range(20_000)]
    assert all(0 <= lot < 1 for lot in lots)
    assert sum(lot < 0.02 for lot in lots) == pytest.approx(400, abs=80)
    assert lots == [draw(b"k" * 32, "random", f"RR{n:09d}CN") for n in range(20_000)]
    assert lots[0] != draw(b"k" * 32, "other", "RR000000000CN")
    assert lots[0] != draw(b"j" * 32, "random", "RR000000000CN")
