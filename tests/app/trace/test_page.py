"""The verifying page in a real browser: driven through its own inputs in a frame, its policy in force."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.bench.wear import LEVELS, photograph
from app.trace.base45 import decode_base45, encode_base45
from app.trace.codes import PREFIX, Claims, issue
from app.trace.keys import SM2, Ed25519Signer, KeyList, PublicKey, key_id
from app.trace.labels import Label, LabelData, draw_label
from app.trace.page import build_page
from app.trace.templates import load_template
from app.trace.verdicts import VerdictKind, verify
from tests.app.trace.browser import BROWSER, browse, write_film
from tests.app.trace.forging import forge, mutants

PAGE_FILES = Path(__file__).parents[3] / "resources" / "verify"
DRIVER = """<!doctype html><meta charset="utf-8"><iframe id="frame" src="/page.html"></iframe>
<script src="/ed25519.js"></script><script src="/trace.js"></script><script>
const results = { pictures: {}, texts: {}, errors: [] };
window.addEventListener("error", (event) => results.errors.push(event.message));
const frame = document.getElementById("frame");
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function verdictAfter(page, act) {
  delete page.body.dataset.verdict;
  await act();
  for (let i = 0; i < 400 && !page.body.dataset.verdict; i++) await later(25);
  return page.body.dataset.verdict ?? "nothing";
}

async function run() {
  const work = await (await fetch("/work.json")).json();
  const page = frame.contentDocument, view = frame.contentWindow;
  for (const [name, data] of Object.entries(work.pictures)) {
    const blob = await (await fetch("data:image/png;base64," + data)).blob();
    const files = new view.DataTransfer();
    files.items.add(new view.File([blob], name));
    const input = page.getElementById("picture");
    results.pictures[name] = await verdictAfter(page, () => {
      input.files = files.files;
      input.dispatchEvent(new view.Event("change"));
    });
  }
  results.shown = page.getElementById("claims").innerText;
  const typed = (text) => verdictAfter(page, () => {
    page.getElementById("text").value = text;
    page.getElementById("check").click();
  });
  results.typed = await typed(work.genuine);
  results.hostile = [await typed('<img src=x onerror="document.title=1">'), page.querySelectorAll("img").length];
  results.link = await verdictAfter(page, () => { view.location.hash = encodeURIComponent(work.genuine); });
  Object.defineProperty(view.crypto, "subtle", { value: undefined });
  results.withoutWebCrypto = [await typed(work.genuine), await typed(work.forged)];
  page.getElementById("language").click();
  results.languages = [page.documentElement.lang, page.getElementById("verdict").textContent];
  page.getElementById("language").click();
  const words = () => page.getElementById("verdict").textContent;
  results.sm2 = [await typed(work.sm2), words()];
  page.getElementById("language").click();
  results.sm2.push(words());
  const live = page.getElementById("live"), press = () => page.getElementById("camera").click();
  const watched = [];
  const open = view.MediaDevices.prototype.getUserMedia;
  view.MediaDevices.prototype.getUserMedia = async function (...wanted) {
    watched.push(await open.apply(this, wanted));
    return watched.at(-1);
  };
  const twice = () => {
    press();
    press();
    results.cleared = page.getElementById("result").hidden;
  };
  results.camera = [await verdictAfter(page, twice), page.getElementById("claims").innerText];
  results.cameraClosed = [live.hidden, watched.map((each) => each.getTracks().map((track) => track.readyState))];
  view.jsQR = () => null;
  const shown = async () => { for (let i = 0; i < 400 && live.hidden; i++) await later(25); };
  press();
  await shown();
  delete page.body.dataset.verdict;
  press();
  results.closedByHand = [live.hidden, watched.at(-1).active];
  await later(500);
  results.closedByHand.push(page.body.dataset.verdict ?? "nothing");
  press();
  await shown();
  results.unplugged = await verdictAfter(page, () => watched.at(-1).getTracks()[0].dispatchEvent(new Event("ended")));
  view.MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
  results.refused = await verdictAfter(page, press);
  Object.defineProperty(view.navigator, "mediaDevices", { value: undefined });
  results.insecure = await verdictAfter(page, press);
  results.started = page.getElementById("start").hidden;
  const lists = Object.fromEntries(Object.entries(work.lists).map(([name, list]) => [name, Trace.parseKeyList(list)]));
  for (const [name, [text, list]] of Object.entries(work.texts)) {
    results.texts[name] = (await Trace.verify(text, lists[list], work.now)).kind;
  }
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  results.vectors = work.vectors.map((v) => Ed25519.verify(bytes(v[0]), bytes(v[1]), bytes(v[2])));
}
frame.addEventListener("load", () => run().catch((error) => results.errors.push(String(error)))
  .finally(() => fetch("/done", { method: "POST", body: JSON.stringify(results) })), { once: true });
</script>"""


def as_png(picture: NDArray[Any]) -> str:
    return base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()


def held_before_camera(picture: NDArray[np.uint8], turned_deg: float) -> NDArray[np.uint8]:
    """A label on a dark table as a phone's camera sees it: turned, small, a little out of focus, with noise."""
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turned_deg, 640 / height)
    turn[:, 2] += 640 - width / 2, 360 - height / 2
    seen = cv2.warpAffine(picture, turn, (1280, 720), flags=cv2.INTER_AREA, borderValue=70)
    noise = np.random.default_rng(2).normal(0, 4, seen.shape)
    grey = np.clip(cv2.GaussianBlur(seen, (0, 0), 0.6) + noise, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


@dataclass(frozen=True)
class Sm2Looking:
    """Says that it signs with SM2, as an office with another library does."""

    kid: bytes
    issuer: str = "5301"
    alg: int = SM2

    def sign(self, message: bytes) -> bytes:
        return bytes(range(64))


def compared_texts(claims: Claims, signer: Ed25519Signer, public_key: PublicKey, now: datetime) -> tuple[Any, Any]:
    """Codes of every kind with the name of the key list to hold them against, and these lists."""
    lists = {
        "good": KeyList([public_key]),
        "none": KeyList(),
        "other office": KeyList([replace(public_key, issuer="2233")]),
        "revoked": KeyList([replace(public_key, revoked_at=now)]),
        "over": KeyList([replace(public_key, valid_until=now, sign_until=now)]),
        "later": KeyList([replace(public_key, valid_from=now + timedelta(seconds=1))]),
    }
    genuine = issue(claims, signer)
    texts = {f"genuine against {name}": (genuine, name) for name in lists}
    texts["other algorithm"] = (issue(claims, Ed25519Signer(signer.private, "5301", alg=-7)), "good")
    texts |= {name: (PREFIX + encode_base45(data), "good") for name, data in mutants(claims, signer).items()}
    rng = random.Random(1)
    data = decode_base45(genuine.removeprefix(PREFIX))
    texts |= {f"forged {n}": (forge(genuine, data, rng), "good") for n in range(300)}
    return texts, lists


@pytest.fixture(scope="module")
def label(claims: Claims, signer: Ed25519Signer) -> Label:
    data = LabelData(
        issue(claims, signer), claims.trace_id, claims.item_id, "示例口岸海关", claims.status, claims.issued_at
    )
    return draw_label(load_template("mail-40x60"), data)


@pytest.fixture(scope="module")
def listed(public_key: PublicKey) -> tuple[PublicKey, PublicKey]:
    """The keys inside the page: one of Ed25519 and one of SM2."""
    public = b"\x04" + bytes(range(64))
    return public_key, replace(public_key, kid=key_id(public), public=public, alg=SM2)


@pytest.fixture(scope="module")
def work(
    claims: Claims, signer: Ed25519Signer, listed: tuple[PublicKey, PublicKey], label: Label, now: datetime
) -> dict[str, Any]:
    genuine = issue(claims, signer)
    forged = genuine[:-2] + ("00" if genuine[-2:] != "00" else "11")
    data = LabelData(genuine, claims.trace_id, claims.item_id, "示例口岸海关", claims.status, claims.issued_at)
    bad = draw_label(load_template("mail-40x60"), replace(data, code=forged))
    clean = np.where(label.black, 0, 255).astype(np.uint8)
    pictures = {
        "empty": np.full((300, 300), 255, np.uint8),
        "forged": np.where(bad.black, 0, 255).astype(np.uint8),
        "upside down": cv2.rotate(clean, cv2.ROTATE_180),
        "large": cv2.resize(clean, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST),
        "light wear": photograph(label.black, 203, LEVELS[1], np.random.default_rng(4)),
        "clean": clean,
    }
    public_key, sm2_key = listed
    texts, lists = compared_texts(claims, signer, public_key, now)
    expected = {name: verify(text, lists[keys], now=now).kind for name, (text, keys) in texts.items()}
    sm2_code = issue(claims, Sm2Looking(sm2_key.kid))
    texts["SM2"], expected["SM2"] = (sm2_code, "SM2"), VerdictKind.UNCHECKED
    texts["SM2 key, other algorithm"] = (issue(claims, Sm2Looking(sm2_key.kid, alg=-8)), "SM2")
    expected["SM2 key, other algorithm"] = VerdictKind.WRONG_SIGNATURE
    lists["SM2"] = KeyList([sm2_key])
    public, message = public_key.public, b"guanjian"
    good = signer.sign(message)
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    vectors = [
        (public, good, message),
        (public, good, b"other"),
        (public, shifted, message),
        (public[::-1], good, message),
    ]
    # RFC 8032, 7.1, test 1
    vectors.append(
        (
            bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
            bytes.fromhex(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            b"",
        )
    )
    return {
        "pictures": {name: as_png(picture) for name, picture in pictures.items()},
        "genuine": genuine,
        "forged": forged,
        "texts": texts,
        "lists": {name: keys.to_json(now=now) for name, keys in lists.items()},
        "expected": expected,
        "sm2": sm2_code,
        "now": now.timestamp() * 1000,
        "vectors": [[part.hex() for part in vector] for vector in vectors],
    }


@pytest.fixture(scope="module")
def seen(
    work: dict[str, Any],
    label: Label,
    listed: tuple[PublicKey, PublicKey],
    now: datetime,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What the browser saw, for all tests of this file."""
    if not BROWSER:
        pytest.skip("no Chromium on this machine: sudo apt-get install chromium")
    scripts = {f"/{name}": (PAGE_FILES / name).read_text(encoding="utf-8") for name in ("ed25519.js", "trace.js")}
    page = build_page(KeyList(listed), now=now)
    files = {"/driver.html": DRIVER, "/page.html": page, "/work.json": json.dumps(work), **scripts}
    folder = tmp_path_factory.mktemp("browser")
    clean = np.where(label.black, 0, 255).astype(np.uint8)
    empty = np.full((720, 1280, 3), 70, np.uint8)
    write_film(folder / "film.y4m", [empty] * 5 + [held_before_camera(clean, 12 + n) for n in range(5)])
    results = browse(files, folder / "profile", folder / "film.y4m")
    assert results["errors"] == []
    return results


def test_a_code_is_verified_from_a_picture(seen: dict[str, Any]) -> None:
    assert seen["pictures"] == {
        "empty": "noCode",
        "forged": "wrong_signature",
        "upside down": "valid",
        "large": "valid",
        "light wear": "valid",
        "clean": "valid",
    }
    for shown in ("T5301-2026-000012345-5", "EE123456785CN", "53012026I000012345", "5301"):
        assert shown in seen["shown"]


def test_a_code_is_verified_from_text_and_from_a_link(seen: dict[str, Any]) -> None:
    assert (seen["typed"], seen["link"]) == ("valid", "valid")


def test_markup_is_shown_as_what_it_is(seen: dict[str, Any]) -> None:
    assert seen["hostile"] == ["malformed", 0]


def test_without_web_crypto_the_page_checks_signatures_itself(seen: dict[str, Any]) -> None:
    assert seen["withoutWebCrypto"] == ["valid", "wrong_signature"]
    assert seen["vectors"] == [True, False, False, False, True]


def test_a_code_is_verified_from_the_camera_which_is_closed_then(seen: dict[str, Any]) -> None:
    verdict, shown = seen["camera"]
    assert (seen["cleared"], verdict) == (True, "valid")
    assert "T5301-2026-000012345-5" in shown
    assert seen["cameraClosed"] == [True, [["ended"]]]


def test_a_camera_is_closed_by_hand_lost_or_refused(seen: dict[str, Any]) -> None:
    assert seen["closedByHand"] == [True, False, "nothing"]
    assert (seen["unplugged"], seen["refused"], seen["insecure"]) == ("noCamera", "cameraDenied", "cameraNotHere")


def test_what_an_old_browser_would_show_is_gone_where_the_page_works(seen: dict[str, Any]) -> None:
    assert seen["started"] is True


def test_the_page_says_that_it_cannot_check_sm2(seen: dict[str, Any]) -> None:
    verdict, *words = seen["sm2"]
    assert verdict == "unchecked"
    assert sorted(words) == [
        "? Not checked: this page cannot verify SM2 signatures",
        "? 未验证：本页无法验证国密 SM2 签名",
    ]


def test_the_language_can_be_changed(seen: dict[str, Any]) -> None:
    language, verdict = seen["languages"]
    assert (language, verdict) in [("zh-CN", "✗ 签名不符，疑为伪造"), ("en", "✗ Forged: wrong signature")]


def test_page_and_station_agree_on_every_code(seen: dict[str, Any], work: dict[str, Any]) -> None:
    assert len(set(work["expected"].values())) == 7
    assert {name: kind for name, kind in seen["texts"].items() if kind != work["expected"][name]} == {}
    assert len(seen["texts"]) == len(work["texts"])


def test_the_page_is_one_file_without_connections(keys: KeyList, now: datetime) -> None:
    page = build_page(keys, now=now)
    assert "<script src=" not in page
    assert "default-src 'none'" in page
    assert "connect-src" not in page
    assert next(iter(keys)).public.hex() in page


def test_a_key_list_cannot_break_out_of_the_page(public_key: PublicKey, now: datetime) -> None:
    evil = replace(public_key, revoked_at=now, revoked_reason="</script><script>alert(1)</script>")
    assert "<script>alert" not in build_page(KeyList([evil]), now=now)
