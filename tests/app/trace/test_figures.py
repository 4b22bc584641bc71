from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from app.bench.rasterise import rasterise
from app.bench.trace import forge_codes, make_claims, make_office, measure_sizes, read_labels
from app.bench.wear import LEVELS, photograph
from app.trace.codes import issue
from app.trace.formats import Format


def test_sizes_are_those_of_real_codes() -> None:
    office = make_office()
    rows = {row.name: row for row in measure_sizes(office)}
    text = issue(make_claims(1, random.Random(1)), office.signer)
    assert rows["trace.ecommerce.letters"].value == len(text)
    assert rows["trace.ecommerce.qr_version_m"].value == 9
    assert rows["trace.mail.side_at_4_dots"].value == pytest.approx(30.5)
    assert all(row.ok is not False for row in rows.values())


def test_forgeries_are_counted() -> None:
    row = forge_codes(make_office(), 200)
    assert (row.value, row.ok) == (0, True)


def test_labels_are_read_by_level_of_wear() -> None:
    rows = {row.name: row for row in read_labels(8, 1)}
    assert rows["trace.labels_read.clean_of_2"].value == 100
    assert [name.split(".")[-1].split("_")[0] for name in rows][:4] == [level.name for level in LEVELS]
    assert rows["trace.label_drawn_and_encoded"].value > 0


def test_wear_is_seeded_and_does_something() -> None:
    black = np.zeros((480, 320), dtype=np.bool_)
    black[100:200, 100:200] = True
    level = replace(LEVELS[2])
    first, again, other = (photograph(black, 203, level, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.std() < photograph(black, 203, LEVELS[0], np.random.default_rng(1)).std()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (Format.ZPL, b"^XA^XZ"),
        (Format.ZPL, b"^XA^PW8^LL1^LH0,0^FO0,0^GFA,1,1,1,:Z64:eJwDAAAAAAE=:0000^FS^PQ1^XZ"),
        (Format.TSPL, b"CLS\r\nBITMAP 0,0,1,2,0,\x00\r\nPRINT 1,1\r\n"),
        (Format.ESCPOS, b"hello"),
        (Format.PDF, b"%PDF-1.4"),
        (Format.SVG, b"<svg/>"),
    ],
)
def test_what_breaks_the_rules_of_a_language_is_not_rasterised(kind: Format, payload: bytes) -> None:
    with pytest.raises(ValueError):
        rasterise(payload, kind)
