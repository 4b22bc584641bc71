"""The tax estimate: limits, rates, exemption, single articles, and the day on which a rule begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customs.dated import DatedRulesError, RuleMissingError, local_day
from app.customs.parcel import Declaration, GoodsLine
from app.customs.tax import (
    Article,
    Direction,
    Shipment,
    Standing,
    ValueMissingError,
    articles_of,
    categories_on,
    estimate,
    estimate_to_json,
    fen_of,
    parse_categories,
    parse_tax_rules,
    suggest_category,
    tax_on,
    value_fen,
    yuan,
)

TABLES = resources.files("resources") / "rules"
RULES = parse_tax_rules((TABLES / "tax.csv").read_text("utf-8"))
CATEGORIES = parse_categories((TABLES / "tax_categories.csv").read_text("utf-8"))
TODAY = date(2026, 11, 22)
FEN = st.integers(0, 10**9)
RATES = st.sampled_from([13, 20, 50])


def inbound(*articles: Article, country: str = "JP", is_commercial: bool = False) -> Shipment:
    return Shipment(Direction.INBOUND, country, articles, is_commercial)


def article(fen: int, category: str = "other", **given: object) -> Article:
    return Article("thing", category, fen, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "country", "limit"),
    [
        (date(2024, 11, 30), "JP", 1000),
        (date(2024, 11, 30), "HK", 800),
        (date(2024, 12, 1), "JP", 2000),
        (date(2024, 12, 1), "MO", 2000),
        (date(2010, 9, 1), "TW", 800),
    ],
)
def test_the_limit_is_that_of_the_day_and_the_place(day: date, country: str, limit: int) -> None:
    rules = RULES.of_kind("limit_inbound", day)
    assert {rule.number for rule in rules} >= {limit}
    if day > date(2018, 11, 1):
        assert estimate(inbound(article(1), country=country), day, RULES).limit_fen == limit * 100


@pytest.mark.parametrize(
    ("fen", "standing"), [(200_000, Standing.WITHIN), (200_001, Standing.OVER_LIMIT), (0, Standing.WITHIN)]
)
def test_what_is_exactly_at_the_limit_is_within_it(fen: int, standing: Standing) -> None:
    assert estimate(inbound(article(fen)), TODAY, RULES).standing is standing


def test_a_rule_begins_at_midnight_in_china() -> None:
    midnight = datetime(2024, 11, 30, 16, tzinfo=UTC)
    before, after = local_day(midnight - timedelta(microseconds=1)), local_day(midnight)
    assert (before, after) == (date(2024, 11, 30), date(2024, 12, 1))
    shipment = inbound(article(150_000))
    assert estimate(shipment, before, RULES).standing is Standing.OVER_LIMIT
    assert estimate(shipment, after, RULES).standing is Standing.WITHIN


@pytest.mark.parametrize(
    ("day", "category", "percent"),
    [
        (date(2019, 4, 8), "books", 15),
        (date(2019, 4, 9), "books", 13),
        (date(2019, 4, 8), "textiles", 25),
        (date(2019, 4, 9), "textiles", 20),
        (TODAY, "alcohol", 50),
    ],
)
def test_the_rate_is_that_of_the_day(day: date, category: str, percent: int) -> None:
    (line,) = estimate(inbound(article(10_000, category)), day, RULES).lines
    assert (line.rate_percent, line.tax_fen) == (percent, percent * 100)


@pytest.mark.parametrize(("fen", "due"), [(25_000, 0), (25_002, 0), (25_003, 5001), (25_100, 5020)])
def test_a_tax_of_fifty_is_not_collected_and_one_over_it_is(fen: int, due: int) -> None:
    made = estimate(inbound(article(fen)), TODAY, RULES)
    assert made.due_fen == due
    assert made.is_exempt == (due == 0)


def test_one_indivisible_article_over_the_limit_clears_as_an_article() -> None:
    one = article(300_000, "watches", is_indivisible=True)
    made = estimate(inbound(one), TODAY, RULES)
    assert (made.standing, made.due_fen) == (Standing.SINGLE_ARTICLE, 150_000)
    assert "GACC announcement 43/2010 point 3" in {rule.source.en for rule in made.rules}
    two = article(300_000, "watches", is_indivisible=True, count=2)
    for shipment in (inbound(two), inbound(one, article(1)), inbound(article(300_000))):
        assert estimate(shipment, TODAY, RULES).standing is Standing.OVER_LIMIT
        assert estimate(shipment, TODAY, RULES).due_fen == 0


def test_commercial_mail_clears_as_goods_whatever_its_value() -> None:
    made = estimate(inbound(article(100), is_commercial=True), TODAY, RULES)
    assert (made.standing, made.due_fen, made.is_article) == (Standing.COMMERCIAL, 0, False)


def test_outbound_mail_has_a_limit_and_no_tax() -> None:
    far = Shipment(Direction.OUTBOUND, "US", (article(100_001),))
    near = Shipment(Direction.OUTBOUND, "HK", (article(80_000),))
    assert estimate(far, TODAY, RULES).standing is Standing.OVER_LIMIT
    assert estimate(near, TODAY, RULES).standing is Standing.WITHIN
    assert estimate(near, TODAY, RULES).tax_fen == 0


def test_the_listed_price_came_first_until_the_actual_one_did() -> None:
    both = inbound(Article("wine", "alcohol", actual_fen=20_000, listed_fen=30_000))
    assert estimate(both, date(2024, 11, 30), RULES).value_fen == 30_000
    assert estimate(both, date(2024, 12, 1), RULES).value_fen == 20_000
    listed = inbound(Article("wine", "alcohol", listed_fen=30_000))
    assert estimate(listed, TODAY, RULES).value_fen == 30_000
    with pytest.raises(ValueMissingError):
        estimate(inbound(Article("wine", "alcohol")), TODAY, RULES)


def test_every_figure_is_shown_with_its_source() -> None:
    made = estimate_to_json(estimate(inbound(article(50_000, "food_drink"), article(10_000)), TODAY, RULES))
    sources = {rule["id"]: rule["source_en"] for rule in made["rules"]}
    assert sources["limit-in-far-2024"] == "GACC announcement 176/2024"
    assert sources["rate-food-drink-2019"] == "Tariff Commission 17/2019"
    assert all(line["rule"] in sources for line in made["lines"])
    assert all(sources.values())


def test_what_has_no_rule_is_said_and_not_guessed() -> None:
    with pytest.raises(RuleMissingError, match="rate golf_carts"):
        estimate(inbound(article(1, "golf_carts")), TODAY, RULES)
    with pytest.raises(RuleMissingError, match="basis"):
        estimate(inbound(article(1)), date(2010, 8, 31), RULES)
    with pytest.raises(RuleMissingError, match="exchange USD"):
        value_fen(100, "USD", TODAY, RULES)


def test_a_rate_of_exchange_of_the_post_is_used_exactly() -> None:
    table = (TABLES / "tax.csv").read_text("utf-8") + "usd,exchange,USD,7.1234,2026-11-01,,post table,x\n"
    assert value_fen(1_000_000, "USD", TODAY, parse_tax_rules(table)) == 7123


@given(st.lists(st.tuples(FEN, RATES), min_size=1, max_size=9))
def test_the_tax_of_the_parts_is_that_of_the_whole_but_for_half_a_fen_each(parts: list[tuple[int, int]]) -> None:
    for rate in {rate for _, rate in parts}:
        of_rate = [fen for fen, each in parts if each == rate]
        apart = sum(tax_on(fen, rate) for fen in of_rate)
        assert abs(apart - tax_on(sum(of_rate), rate)) * 2 <= len(of_rate) + 1


@given(FEN, FEN, RATES)
def test_more_value_is_never_less_tax(one: int, two: int, rate: int) -> None:
    assert (tax_on(one, rate) <= tax_on(two, rate)) or one > two


@given(st.lists(FEN, min_size=1, max_size=6), st.sampled_from(["books", "textiles", "alcohol"]))
def test_an_estimate_adds_up(values: list[int], category: str) -> None:
    made = estimate(inbound(*(article(fen, category) for fen in values)), TODAY, RULES)
    assert made.value_fen == sum(values)
    assert made.tax_fen == sum(line.tax_fen for line in made.lines)
    assert made.due_fen in (0, made.tax_fen)
    assert (made.standing is Standing.WITHIN) == (sum(values) <= made.limit_fen)
    assert made.due_fen == 0 or made.tax_fen > 5000


@given(FEN)
def test_money_is_read_as_it_is_written(fen: int) -> None:
    assert fen_of(yuan(fen).replace(",", "")) == fen


@pytest.mark.parametrize("text", ["", "1.234", "-1", "NaN", "Infinity", "1e400", "一", "9999999999999"])
def test_what_is_no_amount_of_money_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        fen_of(text)


def test_a_code_suggests_its_category_by_the_longest_beginning() -> None:
    assert suggest_category("8471300000", CATEGORIES) == "computers"
    assert suggest_category("8516797000", CATEGORIES) == "electricals"
    assert suggest_category("", CATEGORIES) == "other"
    assert set(CATEGORIES.values()) <= set(categories_on(TODAY, RULES))


def test_declared_goods_become_articles() -> None:
    declared = Declaration("EE1", (GoodsLine("书", "4901990000", "2", value=12_345_600), GoodsLine("茶", quantity="?")))
    books, tea = articles_of(declared, TODAY, RULES, CATEGORIES)
    assert (books.category, books.actual_fen, books.count) == ("books", 12_346, 2)
    assert (tea.category, tea.actual_fen, tea.count) == ("other", None, 0)


HEAD = "id,kind,argument,value,valid_from,valid_to,source_en,source_zh\n"


@pytest.mark.parametrize(
    "rows",
    [
        "a,basis,,both,2020-01-01,,x",
        "a,rate,books,13.5,2020-01-01,,x",
        "a,unheard_of,,1,2020-01-01,,x",
        "a,basis,,actual,2020-13-01,,x",
        "a,basis,,actual,2020-01-02,2020-01-01,x",
        "a,basis,,actual,2020-01-01,,",
        "a,basis,,actual,2020-01-01,,x\na,commercial,,goods,2020-01-01,,x",
        "a,basis,,actual,2020-01-01,2020-06-01,x\nb,basis,,listed,2020-06-01,,x",
        "a,exchange,USD,0,2020-01-01,,x",
        "a,exchange,USD,many,2020-01-01,,x",
    ],
)
def test_a_wrong_table_is_refused_with_its_line(rows: str) -> None:
    with pytest.raises(DatedRulesError, match=f"Line {rows.count(chr(10)) + 2}"):
        parse_tax_rules(HEAD + rows.replace(",x", ",x,x"))
