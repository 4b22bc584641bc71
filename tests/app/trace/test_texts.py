from __future__ import annotations

import string

import pytest

from app.texts import LANGUAGES, catalogue
from app.trace import errors
from app.trace.codes import _STATUS_NUMBERS
from app.trace.errors import TraceError
from app.trace.printing import JobState
from app.trace.verdicts import VerdictKind


def all_keys() -> list[str]:
    found = [each.key for each in vars(errors).values() if isinstance(each, type) and issubclass(each, TraceError)]
    keys = [f"error.{key}" for key in found]
    keys += [f"trace.{area}.{kind}" for area in ("verdict", "advice") for kind in VerdictKind]
    keys += [f"trace.job.{state}" for state in JobState]
    return keys + [f"label.status.{state}" for state in _STATUS_NUMBERS]


@pytest.mark.parametrize("key", all_keys())
def test_every_text_exists_in_each_language_with_the_same_places(key: str) -> None:
    texts = [catalogue(language)[key] for language in LANGUAGES]
    names = [{name for _, name, _, _ in string.Formatter().parse(each) if name} for each in texts]
    assert names[0] == names[1]
    assert all(texts)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_trouble_of_a_printer_has_short_words_for_its_lamp(lang: str) -> None:
    troubles = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.PrinterError | errors.PrintJobError)
    ]
    for trouble in troubles:
        assert catalogue(lang)[f"trace.printer.{trouble.key}"].format(name="label", waiting=2)
