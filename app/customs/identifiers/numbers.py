"""Numbers known by their shape: postal, container, air, customs, enterprise and the station's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from stdnum import damm, iso6346
from stdnum.cn import ric, uscc

from app.customs.identifiers import checks
from app.customs.identifiers.candidate import Candidate, Fact, IdentifierKind, Remark
from app.customs.identifiers.countries import COUNTRIES

TRACE_PREFIX = "PT1:"
FIRST_YEAR = 2014
"""The year in which cross-border e-commerce inventories (清单) began."""

_S10 = re.compile(r"([A-Z]{2})([0-9]{8})([0-9])([A-Z]{2})")
_S10_OFF = re.compile(r"[A-Z]{2}(?:[0-9]{7,8}|[0-9]{10})([A-Z]{2})")
_S10_SERVICES = "ABCDEGHJKLNPRUVZ"
_S9 = re.compile(
    r"(?P<origin>[A-Z]{6})(?P<destination>[A-Z]{6})(?P<category>[A-Z])(?P<subclass>[A-Z]{2})(?P<year>[0-9])"
    r"(?P<dispatch>[0-9]{4})(?P<receptacle>[0-9]{3})(?P<highest>[01])(?P<insured>[01])(?P<weight>[0-9]{4})"
)
_CONTAINER = re.compile(r"([A-Z]{3})([UJZ])([0-9]{6})([0-9])")
_AWB = re.compile(r"[0-9]{11}")
_INVT_NO = re.compile(r"([0-9]{4})([0-9]{4})(?:(I)([0-9]{9})|(E)([0-9]{9,11}))")
_PRE_NO = re.compile(r"([A-Z])([0-9]{8})([0-9]{9})")
_USCC = re.compile(r"[1-9A-GY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_LIKELY = re.compile(r"(?:1[1239]|5[1239]|9[123]|Y1)[1-6][0-9]")
_RESIDENT_ID = re.compile(r"[1-9][0-9]{5}((?:19|20)[0-9]{6})[0-9]{3}[0-9X]")
_BAGGAGE = re.compile(r"([0-9])([0-9]{3})([0-9]{6})")
_TRACE_ID = re.compile(r"T([0-9]{4})([0-9]{4})([0-9]{9})([0-9])")
_BASE45 = re.compile(r"[0-9A-Z $%*+\-./:]+")


def parse_s10(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """A postal item (UPU S10): the number may be used again after 12 months, so it is no permanent key."""
    if found := _S10.fullmatch(text):
        service, serial, check, country = found.groups()
        parts = {"service": service, "serial": serial, "check": check, "country": country}
        if not _is_s10(text):
            fixes = checks.corrections(text, _is_s10, check_at=10)
            yield Candidate(IdentifierKind.S10, text, False, 0.85, parts, Remark.CHECK_DIGIT, fixes, _S10_FACTS)
            return
        is_known = country in COUNTRIES
        confidence = (0.98 if service[0] in _S10_SERVICES else 0.8) if is_known else 0.6
        finding = None if is_known else Remark.COUNTRY
        yield Candidate(IdentifierKind.S10, text, True, confidence, parts, finding, facts=_S10_FACTS)
    elif (off := _S10_OFF.fullmatch(text)) and off.group(1) in COUNTRIES:
        yield Candidate(IdentifierKind.S10, text, False, 0.5, finding=Remark.LENGTH, facts=_S10_FACTS)
    elif len(text) == 13:
        fixed = checks.unmix(text, lambda i: i < 2 or i > 10)
        if _S10.fullmatch(fixed) and _is_s10(fixed) and fixed[-2:] in COUNTRIES:
            fixes = (fixed,) if fixed[0] in _S10_SERVICES else ()
            yield Candidate(IdentifierKind.S10, text, False, 0.6, {}, Remark.MISREAD_LETTER, fixes, _S10_FACTS)


_S10_FACTS = (Fact.REUSED_AFTER_12_MONTHS,)


def _is_s10(text: str) -> bool:
    found = _S10.fullmatch(text)
    return found is not None and checks.s10_check_digit(found.group(2)) == found.group(3)


def parse_s9(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """A mail bag (UPU S9 receptacle, 总包袋牌): no check digit, so the offices' countries are the only check."""
    if found := _S9.fullmatch(text):
        parts = found.groupdict()
        parts["weight_kg"] = f"{int(parts.pop('weight')) / 10:.1f}"
        is_known = parts["origin"][:2] in COUNTRIES and parts["destination"][:2] in COUNTRIES
        yield Candidate(IdentifierKind.S9, text, is_known, 0.97 if is_known else 0.6, parts, _unknown(is_known))


def _unknown(is_known: bool) -> Remark | None:
    return None if is_known else Remark.COUNTRY


def parse_container(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """A freight container (ISO 6346)."""
    if found := _CONTAINER.fullmatch(text):
        parts = dict(zip(("owner", "category", "serial", "check"), found.groups(), strict=True))
        if iso6346.is_valid(text):
            yield Candidate(IdentifierKind.CONTAINER, text, True, 0.98, parts)
        else:
            fixes = checks.corrections(text, _is_container)
            yield Candidate(IdentifierKind.CONTAINER, text, False, 0.85, parts, Remark.CHECK_DIGIT, fixes)
    elif len(text) == 11:
        fixed = checks.unmix(text, lambda i: i < 4)
        if fixed != text and _is_container(fixed):
            yield Candidate(IdentifierKind.CONTAINER, text, False, 0.6, {}, Remark.MISREAD_LETTER, (fixed,))


def _is_container(text: str) -> bool:
    return _CONTAINER.fullmatch(text) is not None and bool(iso6346.is_valid(text))


def parse_awb(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """An air waybill (空运单): airline prefix, serial, check digit."""
    if not _AWB.fullmatch(text):
        return
    normalised, parts = f"{text[:3]}-{text[3:]}", {"airline": text[:3], "serial": text[3:10], "check": text[10]}
    if checks.is_awb_checked(text):
        yield Candidate(IdentifierKind.AWB, normalised, True, 0.8, parts)
    else:
        fixes = tuple(f"{fix[:3]}-{fix[3:]}" for fix in checks.corrections(text, _is_awb))
        yield Candidate(IdentifierKind.AWB, normalised, False, 0.6, parts, Remark.CHECK_DIGIT, fixes)


def _is_awb(text: str) -> bool:
    return _AWB.fullmatch(text) is not None and checks.is_awb_checked(text)


def parse_invt_no(text: str, now: datetime | None) -> Iterator[Candidate]:
    """An inventory number (清单编号) of cross-border e-commerce: office, year, I or E, serial."""
    if found := _INVT_NO.fullmatch(text):
        office, year, *rest = (group for group in found.groups() if group is not None)
        parts = {"office": office, "year": year, "direction": rest[0], "serial": rest[1]}
        is_dated = FIRST_YEAR <= int(year) <= (now.year + 1 if now else 2099)
        yield _dated(IdentifierKind.INVT_NO, text, parts, is_dated)


def parse_pre_no(text: str, now: datetime | None) -> Iterator[Candidate]:
    """A pre-entry number (预录入编号): B, the day, serial."""
    if found := _PRE_NO.fullmatch(text):
        letter, day, serial = found.groups()
        is_dated = _is_past_day(day, now)
        if letter == "B" or is_dated:
            parts = {"letter": letter, "date": day, "serial": serial}
            yield _dated(IdentifierKind.PRE_NO, text, parts, is_dated, 0.95 if letter == "B" else 0.5)


def _dated(
    kind: IdentifierKind, text: str, parts: dict[str, str], is_dated: bool, confidence: float = 0.95
) -> Candidate:
    if is_dated:
        return Candidate(kind, text, True, confidence, parts)
    return Candidate(kind, text, False, confidence * 0.6, parts, Remark.DATE)


def _is_past_day(day: str, now: datetime | None) -> bool:
    try:
        found = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return False
    return found.year >= 1900 and (now is None or found <= now.date() + timedelta(days=1))


def parse_uscc(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """An enterprise (统一社会信用代码); with a wrong check only where authority, type and province are common ones."""
    if not _USCC.fullmatch(text):
        return
    parts = {"authority": text[0], "type": text[1], "region": text[2:8], "organisation": text[8:17], "check": text[17]}
    if _is_uscc(text):
        yield Candidate(IdentifierKind.USCC, text, True, 0.96, parts)
    elif _USCC_LIKELY.match(text):
        confidence = 0.3 if text.isdigit() else 0.75
        fixes = checks.corrections(text, _is_uscc)
        yield Candidate(IdentifierKind.USCC, text, False, confidence, parts, Remark.CHECK_DIGIT, fixes)


def _is_uscc(text: str) -> bool:
    return _USCC.fullmatch(text) is not None and bool(uscc.is_valid(text))


def parse_resident_id(text: str, now: datetime | None) -> Iterator[Candidate]:
    """A resident's number (居民身份证号): personal, so `parts` has no more than a masked form to show."""
    found = _RESIDENT_ID.fullmatch(text)
    if found is None or not _is_past_day(found.group(1), now):
        return
    parts = {"masked": f"{text[:3]}{'*' * 11}{text[-4:]}"}
    if ric.is_valid(text):
        yield Candidate(IdentifierKind.RESIDENT_ID, text, True, 0.97, parts, facts=(Fact.PERSONAL,))
    else:
        finding = Remark.CHECK_DIGIT
        yield Candidate(IdentifierKind.RESIDENT_ID, text, False, 0.5, parts, finding, facts=(Fact.PERSONAL,))


def parse_baggage(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """A baggage tag's licence plate (行李牌号, IATA Resolution 740): type, airline, serial; no check digit."""
    if found := _BAGGAGE.fullmatch(text):
        parts = dict(zip(("type", "airline", "serial"), found.groups(), strict=True))
        yield Candidate(IdentifierKind.BAGGAGE, text, True, 0.6, parts)


def parse_trace_id(text: str, _now: datetime | None) -> Iterator[Candidate]:
    """The post's own trace id (追溯编号); the check digit is Damm's over all digits before it."""
    if found := _TRACE_ID.fullmatch(text):
        parts = dict(zip(("office", "year", "serial", "check"), found.groups(), strict=True))
        if _is_trace_id(text):
            yield Candidate(IdentifierKind.TRACE_ID, text, True, 0.99, parts)
        else:
            fixes = checks.corrections(text, _is_trace_id)
            yield Candidate(IdentifierKind.TRACE_ID, text, False, 0.9, parts, Remark.CHECK_DIGIT, fixes)


def _is_trace_id(text: str) -> bool:
    return _TRACE_ID.fullmatch(text) is not None and bool(damm.is_valid(text[1:]))


def parse_trace_code(text: str) -> Iterator[Candidate]:
    """The signed trace code (追溯码); only its outer shape is seen here, the signature is checked where keys are."""
    if text.startswith(TRACE_PREFIX) and _BASE45.fullmatch(text):
        yield Candidate(IdentifierKind.TRACE_CODE, text, True, 0.99, facts=(Fact.SIGNATURE_UNCHECKED,))


RECOGNISERS: tuple[Callable[[str, datetime | None], Iterator[Candidate]], ...] = (
    parse_trace_id,
    parse_s10,
    parse_s9,
    parse_container,
    parse_awb,
    parse_invt_no,
    parse_pre_no,
    parse_uscc,
    parse_resident_id,
    parse_baggage,
)
