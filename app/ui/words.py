"""What the records mean, in the officer's words: names, times, amounts, findings and errors."""

from __future__ import annotations

from datetime import UTC, datetime

from app.customs.likeness import remarks_of
from app.customs.opacity import opaque_part
from app.customs.parcel import Finding, FindingKind
from app.customs.states import Action, State, Term
from app.customs.waiting import WaitingKind
from app.texts import catalogue, has_text, language, text
from imaging.errors import KnownError

_VALUE_UNITS = 100_000
_ERROR_ROOTS = ("error", "ui.error")
_LONGEST_CODE = 40


def name_of(area: str, code: str) -> str:
    """The name of a state, action, lane or class; a code that no catalogue knows is shown as it is."""
    key = f"ui.{area}.{code}"
    return text(key) if has_text(key) else code.replace("_", " ")


def term(found: Term) -> str:
    """A term of the field in the officer's language, as a name of its own."""
    return _as_name(found.zh if language() == "zh_CN" else found.en)


def state_name(state: State) -> str:
    return _as_name(text(f"state.{state}"))


def action_name(action: Action) -> str:
    return _as_name(text(f"action.{action}"))


def reasons(action: Action) -> list[tuple[str, str]]:
    """What may be chosen as reason of an action: (code, words), in the order of the catalogue."""
    prefix = f"reason.{action}."
    found = catalogue(language())
    return [(key.removeprefix(prefix), words) for key, words in found.items() if key.startswith(prefix)]


def reason_name(action: Action, code: str) -> str:
    key = f"reason.{action}.{code}"
    return text(key) if has_text(key) else code


def waiting_name(kind: WaitingKind) -> str:
    return text(f"waiting.kind.{kind}")


def translated(key_or_words: str) -> str:
    """The text of a key; words that are no key stay as they are."""
    return text(key_or_words) if has_text(key_or_words) else key_or_words


def error_words(error: BaseException) -> str:
    """A known error in the officer's language; for a bug, a sentence that says it was logged."""
    if not isinstance(error, KnownError):
        return text("ui.error.bug", what=f"{type(error).__name__}: {error}")
    for root in _ERROR_ROOTS:
        key = f"{root}.{error.key}"
        if has_text(key):
            try:
                return text(key, lang=None, **error.details)
            except KeyError:
                break
    return str(error)


def finding_words(finding: Finding) -> str:
    words = text(f"ui.finding.{finding.kind}")
    if not finding.detail:
        return words
    if finding.kind == FindingKind.NOT_AS_DECLARED:
        detail = " ".join(_remark(*remark) for remark in remarks_of(finding))
    elif finding.kind == FindingKind.OPAQUE:
        detail = text("ui.finding.opaque_part", percent=f"{opaque_part((finding,)):.0%}")
    elif finding.kind == FindingKind.DETECTION:
        detail = name_of("class", finding.detail)
    else:
        detail = translated(finding.detail)
    return text("ui.finding.with_detail", finding=words, detail=detail)


def _remark(key: str, details: dict[str, str]) -> str:
    """One difference between picture and declaration, in words."""
    if "class" in details:
        found = name_of("class", details["class"])
        if "level" in details:  # earlier records do not say how sure it was
            found = text("likeness.at_level", found=found, level=name_of("level", details["level"]))
        details = {"found": found}
    return text(f"likeness.{key}", **details)


def shorten(code: str) -> str:
    """A code as a line has room for it: what is long shows its beginning."""
    return code if len(code) <= _LONGEST_CODE else f"{code[:_LONGEST_CODE]}…"


def clock(moment: datetime, *, has_seconds: bool = False) -> str:
    """A time of day on this machine's clock; with the date when it is not today's."""
    local = moment.astimezone()
    time = local.strftime("%H:%M:%S" if has_seconds else "%H:%M")
    return time if local.date() == datetime.now(UTC).astimezone().date() else f"{local:%m-%d} {time}"


def _as_name(words: str) -> str:
    return words[:1].upper() + words[1:]


def span(seconds: float) -> str:
    """A duration, short enough for a table: 0:42, 12:05, 3 h 05, 2 d."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86400:
        return text("ui.time.hours", hours=whole // 3600, minutes=f"{whole % 3600 // 60:02d}")
    return text("ui.time.days", days=whole // 86400)


def since(moment: datetime) -> float:
    """Seconds from an aware time until now."""
    return (datetime.now(UTC) - moment).total_seconds()


def weight(grams: int | None) -> str:
    if grams is None:
        return text("ui.side.unknown")
    return f"{grams} g" if grams < 1000 else f"{grams / 1000:,.3f}".rstrip("0").rstrip(".") + " kg"


def money(value: int | None, currency: str) -> str:
    """An amount in 1e-5 units, as money."""
    return text("ui.side.unknown") if value is None else f"{value / _VALUE_UNITS:,.2f} {currency}"
