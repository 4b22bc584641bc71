from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import texts
from app.customs.identifiers import Candidate, Fact, IdentifierKind, Remark, parse
from app.customs.identifiers.checks import gs1_check_digit, s10_check_digit

K = IdentifierKind


def first(text: str, symbology: str = "") -> Candidate:
    return parse(text, symbology=symbology)[0]


def kinds(text: str) -> set[IdentifierKind]:
    return {candidate.kind for candidate in parse(text)}


@pytest.mark.parametrize(
    "typed", ["ea123456785cn", " EA 123 456 785 CN\r\n", "ＥＡ１２３４５６７８５ＣＮ", "EA-123456785-CN"]
)
def test_typed_forms_come_to_one_number(typed: str) -> None:
    assert first(typed).normalised == "EA123456785CN"


def test_s10_tells_that_it_may_be_used_again() -> None:
    assert first("EA123456785CN").facts == (Fact.REUSED_AFTER_12_MONTHS,)
    assert first("EA123456785CN").parts == {"service": "EA", "serial": "12345678", "check": "5", "country": "CN"}


def test_letter_read_for_a_digit_is_offered_right() -> None:
    found = first("EAI23456785CN")
    assert (found.kind, found.is_valid, found.finding) == (K.S10, False, Remark.MISREAD_LETTER)
    assert found.correction == "EA123456785CN"
    assert first("M5KU1234565").correction == "MSKU1234565"


def test_s10_of_no_country_is_remarked() -> None:
    assert first("EA123456785QQ").finding is Remark.COUNTRY


@given(st.integers(0, 99_999_999), st.data())
def test_any_single_slip_in_an_s10_is_found_and_the_number_offered(serial: int, data: st.DataObject) -> None:
    digits = f"{serial:08d}"
    right = f"RR{digits}{s10_check_digit(digits)}CN"
    at = data.draw(st.integers(2, 10))
    wrong = right[:at] + data.draw(st.sampled_from("0123456789")) + right[at + 1 :]
    found = first(wrong)
    assert found.kind is K.S10
    if not found.is_valid:
        assert right in found.corrections


@given(st.integers(0, 10**16), st.integers(0, 15))
def test_swapped_neighbours_in_an_sscc_are_offered_right(payload: int, at: int) -> None:
    body = f"{payload:017d}"
    right = body + gs1_check_digit(body)
    wrong = right[:at] + right[at + 1] + right[at] + right[at + 2 :]
    found = next(candidate for candidate in parse("(00)" + wrong) if candidate.kind is K.SSCC)
    assert found.is_valid or right in found.corrections


@pytest.mark.parametrize(
    ("text", "symbology"),
    [
        ("]C100106141411234567897", ""),
        ("00106141411234567897", "]C1"),
        ("00106141411234567897", ""),
        ("(00)106141411234567897", ""),
        ("https://id.gs1.org/00/106141411234567897", ""),
        ("HTTPS://EXAMPLE.ORG/some/path/00/106141411234567897", ""),
    ],
)
def test_sscc_is_found_in_every_dress(text: str, symbology: str) -> None:
    found = first(text, symbology)
    assert (found.kind, found.normalised, found.is_valid) == (K.SSCC, "106141411234567897", True)


def test_element_strings_are_taken_apart() -> None:
    candidates = parse("]d2010952123454321310ABC123\x1d17261231")
    assert [candidate.kind for candidate in candidates] == [K.GTIN, K.GS1]
    assert candidates[1].parts == {"01": "09521234543213", "10": "ABC123", "17": "261231"}


def test_wrong_check_digit_inside_an_element_string_keeps_kind_and_offers_the_right_one() -> None:
    sscc, message = parse("]C100106141411234567890")
    assert (sscc.kind, sscc.is_valid, sscc.correction) == (K.SSCC, False, "106141411234567897")
    assert (message.kind, message.is_valid, message.finding) == (K.GS1, False, Remark.CHECK_DIGIT)


def test_broken_element_string_is_still_gs1() -> None:
    found = first("]C1" + "17269999")
    assert (found.kind, found.is_valid, found.finding) == (K.GS1, False, Remark.ELEMENTS)


def test_ordinary_link_is_nothing_known() -> None:
    assert parse("https://example.org/a/b?c=1") == []


def test_digital_link_without_a_fault() -> None:
    found = {
        candidate.kind: candidate for candidate in parse("https://id.gs1.org/01/09521234543213/10/ABC123?17=261231")
    }
    assert found[K.GTIN].normalised == "09521234543213"
    assert found[K.DIGITAL_LINK].parts["10"] == "ABC123"


def test_symbology_decides_between_a_trade_item_and_a_waybill() -> None:
    assert first("6901234567892", "EAN13").confidence > 0.9
    assert {c.parts["carrier"] for c in parse("6901234567892") if c.kind is K.CARRIER} == {"yunda"}


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("CNPVGADEFRAAAUN60123001110125", K.S9, {"origin": "CNPVGA", "dispatch": "0123", "weight_kg": "12.5"}),
        ("0999123456", K.BAGGAGE, {"type": "0", "airline": "999", "serial": "123456"}),
        ("SF1234567890123", K.CARRIER, {"carrier": "sf"}),
        ("MSKU 123456 5", K.CONTAINER, {"owner": "MSK", "category": "U"}),
        ("T5301-2026-000012345-5", K.TRACE_ID, {"office": "5301", "year": "2026", "serial": "000012345"}),
    ],
)
def test_parts(text: str, kind: IdentifierKind, parts: dict[str, str]) -> None:
    found = next(candidate for candidate in parse(text) if candidate.kind is kind)
    assert parts.items() <= found.parts.items()


def test_wrong_trace_id_offers_the_right_one() -> None:
    right = "T530120260000123455"
    assert first(right).is_valid
    assert right in first("T530120260000123545").corrections


def test_signed_trace_code_is_known_but_not_vouched_for() -> None:
    found = first("PT1:6BFOXN*TS0BI$ZD")
    assert (found.kind, found.facts) == (K.TRACE_CODE, (Fact.SIGNATURE_UNCHECKED,))


def test_numbers_dated_in_the_future_are_remarked() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert parse("B20260115000000001", now=now)[0].is_valid
    late = parse("B20270115000000001", now=now)[0]
    assert (late.kind, late.is_valid, late.finding) == (K.PRE_NO, False, Remark.DATE)
    assert parse("53142031I000000001", now=now)[0].finding is Remark.DATE


def test_resident_id_is_marked_personal_and_masked() -> None:
    found = first("11010519491231002X")
    assert found.facts == (Fact.PERSONAL,)
    assert found.parts == {"masked": "110***********002X"}
    assert not any(candidate.is_valid for candidate in parse("110105194912310021"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "EA123456785CN\x00",
        "EA1234\u202e56785CN",
        "EA123\u200b456785CN",
        "\x1b[2JEA123456785CN",
        "';DROP TABLE parcels;--",
        "<script>alert(1)</script>",
        "A" * 100_000,
        "(" * 4000,
        "(00)" * 1000,
        "\x1d" * 3000,
        "无",
        "]C1",
        "http://",
        "https://[::1/00/1",
    ],
)
def test_hostile_text_is_nothing_valid_and_costs_no_time(text: str) -> None:
    begun = time.process_time()
    assert not any(candidate.is_valid for candidate in parse(text))
    assert time.process_time() - begun < 0.5


@given(st.text(max_size=60), st.sampled_from(["", "]C1", "]d2", "]Q3", "EAN13", "\x00"]))
def test_no_text_raises(text: str, symbology: str) -> None:
    for candidate in parse(text, symbology=symbology):
        assert 0 <= candidate.confidence <= 1


@given(st.text(alphabet="0123456789()\x1d/ABCx:.%&=?]", max_size=80), st.sampled_from(["", "]C1", "https://a.cn/"]))
def test_no_near_gs1_text_raises(text: str, prefix: str) -> None:
    for candidate in parse(prefix + text):
        assert candidate.is_valid or candidate.finding is not None


def test_parsing_keeps_up_with_a_busy_lane() -> None:
    dice = random.Random(5)
    numbers = [f"{dice.randrange(10**18):018d}" for _ in range(300)] + ["EA123456789CN"] * 300
    begun = time.process_time()
    for number in numbers:
        parse(number)
    assert (time.process_time() - begun) / len(numbers) < 0.005


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_everything_has_a_name_in_both_languages(language: str) -> None:
    catalogue = texts.catalogue(language)
    wanted = [f"identifier.kind.{kind}" for kind in K] + [f"identifier.finding.{remark}" for remark in Remark]
    wanted += [f"identifier.fact.{fact}" for fact in Fact]
    assert not [key for key in wanted if not catalogue.get(key)]
