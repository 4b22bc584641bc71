from __future__ import annotations

import io
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from pyzbar import pyzbar

from app.bench.rasterise import rasterise
from app.bench.wear import LEVELS, photograph
from app.trace import fonts
from app.trace.codes import Claims, issue
from app.trace.errors import CodeTooLargeError, FontMissingError, LabelError, TemplateError
from app.trace.fonts import load_font
from app.trace.formats import Format, encode_label
from app.trace.keys import Ed25519Signer
from app.trace.labels import Label, LabelData, _wrap, draw_label, qr_modules, to_px
from app.trace.templates import load_template, template_names

TEMPLATES = ("express-100x150", "mail-40x60")


@pytest.fixture
def data(claims: Claims, signer: Ed25519Signer) -> LabelData:
    return LabelData(
        code=issue(claims, signer),
        trace_id=claims.trace_id,
        item_id=claims.item_id,
        office_name="示例口岸海关",
        status=claims.status,
        issued_at=claims.issued_at,
        inventory_no=claims.inventory_no,
        goods="T恤、棉质运动外套、儿童玩具车",
    )


def read(picture: NDArray[np.uint8]) -> set[str]:
    """What plain zxing-cpp reads, or else plain zbar, at the picture's size and at two steps of it."""
    for seen in (picture, cv2.medianBlur(picture, 3), cv2.resize(picture, None, fx=2, fy=2)):
        if texts := {code.text for code in zxingcpp.read_barcodes(seen)}:
            return texts
        if texts := {code.data.decode() for code in pyzbar.decode(seen, symbols=[pyzbar.ZBarSymbol.QRCODE])}:
            return texts
    return set()


def grey(label: Label) -> NDArray[np.uint8]:
    return np.where(label.black, 0, 255).astype(np.uint8)


def test_the_templates_of_the_posts_ship() -> None:
    assert tuple(template_names()) == TEMPLATES


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_label_is_read_back_by_both_readers(name: str, dpi: int, language: str, data: LabelData) -> None:
    label = draw_label(load_template(name), data, dpi=dpi, language=language)
    assert label.image.size == (to_px(label.template.width_mm, dpi), to_px(label.template.height_mm, dpi))
    picture = grey(label)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [data.code]
    assert [code.data.decode() for code in pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])] == [data.code]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_worn_label_is_read_back(name: str, dpi: int, language: str, data: LabelData) -> None:
    label = draw_label(load_template(name), data, dpi=dpi, language=language)
    for level in LEVELS[:3]:
        got = [read(photograph(label.black, dpi, level, np.random.default_rng(seed))) for seed in range(2)]
        assert got == [{data.code}] * 2, level.name


@pytest.mark.parametrize("kind", list(Format))
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("dpi", [203, 300])
def test_every_format_holds_the_same_dots(name: str, dpi: int, kind: Format, data: LabelData) -> None:
    label = draw_label(load_template(name), data, dpi=dpi)
    dots = rasterise(encode_label(label, kind), kind)
    rows, cols = label.black.shape
    assert dots.shape[0] == rows
    np.testing.assert_array_equal(dots[:, :cols], label.black)
    assert not dots[:, cols:].any()


def test_files_have_the_labels_size(data: LabelData) -> None:
    label = draw_label(load_template("mail-40x60"), data, dpi=300)
    png = Image.open(io.BytesIO(encode_label(label, Format.PNG)))
    assert png.mode == "1"
    assert png.info["dpi"] == pytest.approx((300, 300), rel=0.001)
    assert b"/MediaBox [0 0 113.3858 170.0787]" in encode_label(label, Format.PDF)
    assert b'width="40mm" height="60mm"' in encode_label(label, Format.SVG)
    assert encode_label(label, Format.TSPL).startswith(b"SIZE 40 mm,60 mm\r\nGAP 2 mm,0 mm\r\n")


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm (poppler-utils) is not installed")
def test_another_programs_picture_of_the_pdf_is_read(data: LabelData, tmp_path: Path) -> None:
    label = draw_label(load_template("mail-40x60"), data)
    (tmp_path / "label.pdf").write_bytes(encode_label(label, Format.PDF))
    subprocess.run(["pdftoppm", "-r", "300", "-png", "label.pdf", "page"], cwd=tmp_path, check=True, timeout=30)
    (page,) = tmp_path.glob("page*.png")
    picture = np.asarray(Image.open(page).convert("L"))
    assert picture.shape == pytest.approx((709, 472), abs=1)
    assert read(picture) == {data.code}


def ink(label: Label, name: str) -> NDArray[np.bool_]:
    """The dots of the field that holds a value."""
    field = next(field for field in label.template.field if f"{{{name}}}" in field.zh)
    left, top = to_px(field.x_mm, label.dpi), to_px(field.y_mm, label.dpi)
    right, bottom = to_px(field.x_mm + field.width_mm, label.dpi), to_px(field.y_mm + field.height_mm, label.dpi)
    return label.black[top:bottom, left:right]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_reprint_is_marked_and_a_first_print_is_not(name: str, data: LabelData) -> None:
    template = load_template(name)
    first, again, third = (draw_label(template, replace(data, copy=copy)) for copy in (0, 1, 2))
    assert not ink(first, "copy").any()
    assert ink(again, "copy").mean() > 0.5
    assert (ink(again, "copy") != ink(third, "copy")).any()
    assert any("REPRINT" in field.zh and "补打" in field.zh for field in template.field)
    assert any("REPRINT" in field.en and "补打" in field.en for field in template.field)


def test_an_empty_value_leaves_its_line_out(data: LabelData) -> None:
    label = draw_label(load_template("mail-40x60"), replace(data, inventory_no=""))
    assert ink(label, "inventory_no")[2:-2].mean() == 0
    assert ink(label, "item_id")[2:-2].mean() > 0.05


def test_status_is_in_the_labels_language(data: LabelData) -> None:
    template = load_template("express-100x150")
    chinese, english = (ink(draw_label(template, data, language=each), "status") for each in ("zh_CN", "en"))
    assert (chinese != english).any()


def test_long_goods_stay_in_their_place(data: LabelData) -> None:
    template = load_template("mail-40x60")
    short, long = (draw_label(template, replace(data, goods=goods)) for goods in ("书", "运动鞋与外套，" * 5000))
    changed = np.argwhere(short.black != long.black)
    field = next(field for field in template.field if "{goods}" in field.zh)
    assert changed[:, 0].min() >= to_px(field.y_mm, 203) - 2
    assert changed[:, 0].max() <= to_px(field.y_mm + field.height_mm, 203) + 2


def test_words_stay_whole_where_they_fit() -> None:
    font = load_font(20)
    width = int(font.getlength("运动鞋、cotton sh"))
    assert _wrap("运动鞋、cotton shirt x", font, width, 3) == (["运动鞋、cotton", "shirt x"], "")
    assert _wrap("W" * 40, font, width, 2)[0][0].startswith("WW")
    lines, rest = _wrap("书" * 40, font, int(font.getlength("书") * 10), 3)
    assert (lines, rest) == (["书" * 10] * 3, "书" * 10)
    assert _wrap("", font, width, 2) == ([], "")


def test_hostile_goods_cannot_turn_or_break_the_text(data: LabelData) -> None:
    template = load_template("mail-40x60")
    plain = draw_label(template, replace(data, goods="abc def"))
    hostile = draw_label(template, replace(data, goods="abc\u202e\x00\r\n\u200b def"))
    np.testing.assert_array_equal(plain.black, hostile.black)
    draw_label(template, replace(data, goods="{code.__class__} %s {0}"))


def test_modules_have_four_dots_at_least(data: LabelData) -> None:
    template = load_template("mail-40x60")
    cramped = template.model_copy(update={"qr": template.qr.model_copy(update={"size_mm": 30.0})})
    with pytest.raises(CodeTooLargeError) as caught:
        draw_label(cramped, data)
    assert caught.value.details == {"modules": 61, "room_mm": 30.0}
    label = draw_label(template, data)
    rows = np.flatnonzero(label.black[: to_px(39, 203)].any(axis=1))
    assert rows[-1] - rows[0] + 1 == 53 * 5


def test_the_code_is_in_alphanumeric_mode_at_level_m(data: LabelData) -> None:
    assert len(qr_modules(data.code)) == 53
    (found,) = zxingcpp.read_barcodes(grey(draw_label(load_template("mail-40x60"), data)))
    assert found.ec_level == "M"
    for bad in ("PT1:abc", "", "PT1:" + "A" * 5000):
        if bad:
            with pytest.raises(CodeTooLargeError):
                qr_modules(bad)


def test_impossible_printers_are_refused(data: LabelData) -> None:
    for dpi in (0, 72, 10_000):
        with pytest.raises(LabelError):
            draw_label(load_template("mail-40x60"), data, dpi=dpi)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("width_mm = 40.0", "width_mm = 30.0"), "reaches beyond"),
        (("{goods}", "{consignee}"), "unknown value consignee"),
        (("{goods}", "{goods"), "wrong at field"),
        (("[qr]", "[qr"), "no TOML"),
        (('name = "mail-40x60"', 'name = "../x"'), "wrong at name"),
        (("gap_mm", "gap"), "wrong at gap"),
    ],
)
def test_a_wrong_template_says_where(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    good = (Path(__file__).parents[3] / "resources/labels/mail-40x60.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(good, encoding="utf-8")
    assert load_template(path).name == "mail-40x60"
    path.write_text(good.replace(*change), encoding="utf-8")
    with pytest.raises(TemplateError, match=message):
        load_template(path)


def test_a_missing_template_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="express-100x150, mail-40x60"):
        load_template("../../etc/passwd")
    with pytest.raises(TemplateError, match="cannot be read"):
        load_template(tmp_path / "none.toml")


def test_without_a_chinese_font_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "_font_folders", lambda: iter([tmp_path]))
    fonts._font_file.cache_clear()
    try:
        with pytest.raises(FontMissingError, match="apt-get install fonts-noto-cjk"):
            fonts._font_file(False)
    finally:
        fonts._font_file.cache_clear()


def test_any_parcel_fits_the_small_label(claims: Claims, signer: Ed25519Signer, data: LabelData) -> None:
    rng = random.Random(5)
    template = load_template("mail-40x60")
    for length in (1, 13, 30, 60):
        item_id = "".join(rng.choices("ABCDEFGHJK0123456789", k=length))
        code = issue(replace(claims, item_id=item_id), signer)
        for dpi in (203, 300):
            assert read(grey(draw_label(template, replace(data, code=code, item_id=item_id), dpi=dpi))) == {code}
