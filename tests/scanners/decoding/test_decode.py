from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scanners.barcode import Code
from scanners.decode import Hints, PictureInvalidError, VideoDecoder, decode, missing_engines
from scanners.decoding import ladder, versions, zbar, zxing
from scanners.decoding.look import Look, box
from scanners.decoding.trust import judge
from scanners.device import DeviceSettingsError

Picture = npt.NDArray[np.uint8]
TEXTS = {
    "QRCode": "EA123456785CN",
    "MicroQRCode": "12345",
    "DataMatrix": "EA123456785CN",
    "PDF417": "EA123456785CN 申报",
    "Aztec": "EA123456785CN",
    "MaxiCode": "EA123456785CN",
    "Code128": "EA123456785CN",
    "Code39": "EA123456785CN",
    "Code93": "EA123456785CN",
    "ITF": "00012345678905",
    "Codabar": "A123456B",
    "EAN13": "6901234567892",
    "EAN8": "12345670",
    "UPCE": "01234565",
    "DataBarOmni": "0112345678901231",
}


def draw(symbology: str, text: str, scale: int = 3, margin: int = 30) -> Picture:
    """A clean symbol on white paper."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, symbology))
    picture = np.array(made.to_image(scale=scale))
    tall = cv2.resize(picture, None, fx=1, fy=max(1, round(90 / picture.shape[0])), interpolation=cv2.INTER_NEAREST)
    return np.asarray(
        cv2.copyMakeBorder(tall, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=255), np.uint8
    )


def draw_qr(data: bytes | str) -> Picture:
    code = qrcode.QRCode(box_size=4, border=4)
    code.add_data(data)
    return np.where(np.array(code.get_matrix()).repeat(4, 0).repeat(4, 1), 0, 255).astype(np.uint8)


def texts(picture: Picture, hints: Hints | None = None) -> list[str]:
    return [code.text for code in (decode(picture, hints) if hints else decode(picture))]


@pytest.mark.parametrize("symbology", TEXTS)
def test_every_symbology_is_read(symbology: str) -> None:
    codes = decode(draw(symbology, TEXTS[symbology]))
    assert [code.text for code in codes] == [{"UPCE": "0012345000065"}.get(symbology, TEXTS[symbology])]
    assert codes[0].symbology.startswith(symbology)
    assert codes[0].aim.startswith("]")


@pytest.mark.parametrize("symbology", ["QRCode", "DataMatrix", "Code128", "EAN13", "PDF417"])
@pytest.mark.parametrize("degrees", [20, 45, 90, 137, 180])
def test_turned_symbols_are_read(symbology: str, degrees: float) -> None:
    turned = versions.turned(draw(symbology, TEXTS[symbology], scale=4), degrees).pixels
    if symbology == "PDF417" and degrees % 90:
        pytest.skip("slanted PDF417 is beyond both engines")
    assert texts(turned) == [TEXTS[symbology]]


@pytest.mark.parametrize("symbology", ["QRCode", "DataMatrix", "Code128"])
def test_inverted_symbols_are_read(symbology: str) -> None:
    assert texts(255 - draw(symbology, TEXTS[symbology])) == [TEXTS[symbology]]


def test_low_contrast_noise_and_blur_are_read() -> None:
    dice = np.random.default_rng(4)
    clean = draw("Code128", TEXTS["Code128"]).astype(float)
    worn = 110 + clean * 0.15 + dice.normal(0, 4, clean.shape)
    assert texts(np.clip(cv2.GaussianBlur(worn, (0, 0), 1.2), 0, 255).astype(np.uint8)) == [TEXTS["Code128"]]


def test_ean_out_of_focus_is_read_by_its_profile() -> None:
    soft = cv2.GaussianBlur(draw("EAN13", "6901234567892", scale=2), (0, 0), 2.6)
    (code,) = decode(np.asarray(soft, np.uint8))
    assert (code.symbology, code.text) == ("EAN13", "6901234567892")


def test_bgr_and_grey_are_read_alike() -> None:
    grey = draw("QRCode", "A")
    assert texts(np.dstack([grey] * 3)) == texts(grey) == ["A"]


def test_several_codes_in_one_picture_with_their_places() -> None:
    left, right = draw("QRCode", "LEFT"), draw("Code128", "RIGHT")
    height = max(len(left), len(right))
    sheets = [cv2.copyMakeBorder(p, 0, height - len(p), 0, 0, cv2.BORDER_CONSTANT, value=255) for p in (left, right)]
    codes = {code.text: code for code in decode(np.hstack(sheets))}
    assert codes.keys() == {"LEFT", "RIGHT"}
    assert max(x for x, _ in codes["LEFT"].points) < left.shape[1] <= min(x for x, _ in codes["RIGHT"].points)


def test_places_are_in_the_pixels_of_the_picture_on_every_rung() -> None:
    picture = versions.turned(draw("Code128", "EA123456785CN", scale=4), 30).pixels
    (code,) = decode(picture)
    assert all(-5 <= x <= picture.shape[1] + 5 and -5 <= y <= picture.shape[0] + 5 for x, y in code.points)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_chinese_text_comes_from_the_bytes(charset: str) -> None:
    raw = "深圳邮局海关 清单".encode(charset)
    (code,) = decode(draw_qr(raw))
    assert (code.text, code.raw) == ("深圳邮局海关 清单", raw)


def test_gs1_separator_and_aim_identifier_are_kept() -> None:
    made = zxingcpp.create_barcode("(01)09521234543213(10)ABC(21)12", zxingcpp.BarcodeFormat.DataMatrix, gs1=True)
    picture = np.array(made.to_image(scale=5))
    (code,) = decode(picture)
    assert (code.text, code.aim) == ("010952123454321310ABC\x1d2112", "]d2")


def test_short_itf_is_doubtful_and_whole_itf14_is_not() -> None:
    assert [code.is_doubtful for code in decode(draw("ITF", "123456"))] == [True]
    assert [code.is_doubtful for code in decode(draw("ITF", "00012345678905"))] == [False]


def test_a_post_that_expects_a_shape_believes_it() -> None:
    hints = Hints(shapes=(r"\d{6}",))
    assert [code.is_doubtful for code in decode(draw("ITF", "123456"), hints)] == [False]


def test_hints_leave_other_symbologies_out() -> None:
    both = np.hstack([draw("EAN13", "6901234567892")] * 1)
    assert texts(both, Hints(symbologies=frozenset({"Code128"}))) == []
    assert texts(both, Hints(symbologies=frozenset({"EAN13"}))) == ["6901234567892"]


def test_shape_that_is_no_expression_is_refused() -> None:
    with pytest.raises(DeviceSettingsError, match="regular expression"):
        Hints(shapes=("(",))


@pytest.mark.parametrize("symbology", ["EAN13", "Codabar", "EAN8", "DataBarOmni"])
def test_clean_weak_codes_are_confirmed_by_a_second_look(symbology: str) -> None:
    assert [code.is_doubtful for code in decode(draw(symbology, TEXTS[symbology]))] == [False]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 5), np.uint16),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros(9, np.uint8),
        np.broadcast_to(np.uint8(0), (200_000, 200_000)),
        "picture",
    ],
)
def test_what_is_no_picture_is_refused(image: Picture) -> None:
    with pytest.raises(PictureInvalidError):
        decode(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (40, 60)])
def test_empty_pictures_hold_nothing(shape: tuple[int, int]) -> None:
    assert decode(np.full(shape, 128, np.uint8)) == []


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=64)))
def test_no_small_array_raises(image: Picture) -> None:
    assert all(isinstance(code.text, str) for code in decode(image))


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_no_bytes_in_a_qr_raise(data: bytes) -> None:
    (code,) = decode(draw_qr(data))
    assert code.raw == data


def test_noise_holds_no_code(capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320), dtype=np.uint8)
    assert [code for code in decode(noise) if not code.is_doubtful] == []
    assert capfd.readouterr().err == ""


def test_video_takes_one_look_a_frame_and_believes_what_repeats() -> None:
    video = VideoDecoder()
    frames = [video.decode(draw("Codabar", "A12B", scale=2)) for _ in range(5)]
    plain = [codes for codes in frames if codes]
    assert plain
    assert not plain[-1][0].is_doubtful
    assert VideoDecoder().decode(np.full((720, 1280), 200, np.uint8)) == []


def test_without_the_zbar_library_the_rest_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zbar, "_module", lambda: None)
    assert missing_engines() == ("zbar",)
    assert texts(draw("EAN13", "6901234567892")) == ["6901234567892"]


def test_zbar_that_raises_has_seen_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Raising:
        PyZbarError = RuntimeError
        ZBarSymbol = dict.fromkeys(zbar._NAMES)

        def decode(self, *_: object, **__: object) -> None:
            raise ValueError("structured append")

    monkeypatch.setattr(zbar, "_module", Raising)
    assert zbar.read(Look("full", np.zeros((9, 9), np.uint8), versions.IDENTITY)) == []


@pytest.mark.parametrize(
    ("printed", "read"),
    [("I2HGFG1B86BH501831", "2HGFG1B86BH501831"), ("I2HGFG1B87BH501831", "I2HGFG1B87BH501831"), ("IAB123", "IAB123")],
)
def test_import_mark_before_a_vehicle_number_is_no_part_of_it(printed: str, read: str) -> None:
    codes = decode(draw("Code39", printed, scale=2))
    assert [(code.text, code.raw) for code in codes] == [(read, printed.encode())]


def test_a_doubtful_code_on_a_believed_one_is_its_own_modules() -> None:
    picture = draw("QRCode", TEXTS["QRCode"])
    (real,) = zxing.read(Look("full", picture, versions.IDENTITY))
    left, _, right, bottom = box(real.code.points)
    within = ((left, bottom - 9), (right, bottom - 9), (right, bottom - 5), (left, bottom - 5))
    ghost = replace(real, code=Code("Codabar", "C$$A", within))
    beside = replace(real, code=Code("Codabar", "A12B", tuple((x, y + 2 * bottom) for x, y in within)))
    codes = ladder.judged(picture, [ghost, real, beside], Hints())
    assert [(code.text, code.is_doubtful) for code in codes] == [(TEXTS["QRCode"], False), ("A12B", True)]


def test_a_text_that_the_profile_contradicts_is_doubtful() -> None:
    picture = draw("EAN13", "6901234567892", scale=2)
    seen = zxing.read(Look("full", picture, versions.IDENTITY))[0]
    claimed = replace(seen, code=replace(seen.code, text="6901234561890"))
    assert not judge(picture, seen, Hints()).is_doubtful
    assert judge(picture, claimed, Hints()).is_doubtful


PHOTOGRAPHS = (
    "zxingjava/upca-6__15.png",
    "zxingcpp/upca-4__1.webp",
    "zxingcpp/qrcode-2__17.webp",
    "zxingcpp/codabar-1__09.webp",
    "quagga/code_93__image-005.jpg",
    "zxingjava/rssexpanded-2__4_01.png",
)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs(shared: Path, name: str) -> None:
    lines = (shared / "data/barcodes/truth.jsonl").read_text(encoding="utf-8").splitlines()
    truth = next(entry for entry in map(json.loads, lines) if entry["file"] == name)
    picture = cv2.imread(str(shared / "data/barcodes" / name))
    found = [code.text.lstrip("0") for code in decode(np.asarray(picture, np.uint8))]
    assert found == [text.replace("(", "").replace(")", "").lstrip("0") for text in truth["text"]]


@pytest.mark.parametrize("name", ["zxingcpp/falsepositives-2__01.webp", "zxingjava/partial__12.png"])
def test_photographs_without_a_whole_code_give_nothing_certain(shared: Path, name: str) -> None:
    picture = cv2.imread(str(shared / "data/barcodes" / name))
    assert [code for code in decode(np.asarray(picture, np.uint8)) if not code.is_doubtful] == []
