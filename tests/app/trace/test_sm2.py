"""SM2 for trace codes: against the published signature, in a key store, and on a machine without the library."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app import texts
from app.build import open_keys
from app.cli import cli
from app.commands.output import Exit
from app.notary import Notary
from app.settings import Post, Settings, load_settings
from app.trace import sm2
from app.trace.codes import Claims, issue, read_code
from app.trace.errors import KeyListError, Sm2MissingError
from app.trace.keyring import Keyring
from app.trace.keys import EDDSA, SM2, Ed25519Signer, KeyList, PublicKey, Sm2Signer, key_id, parse_key_list
from app.trace.keystore import SIGN_FOR, KeyStore, create_key_store, open_key_store
from app.trace.labels import LabelData, draw_label, qr_modules
from app.trace.templates import load_template, template_names
from app.trace.verdicts import VerdictKind, verify
from scanners.decode import decode

needs_library = pytest.mark.skipif(
    find_spec("gmalg") is None, reason="SM2 is not installed: pip install 'guanjian[sm2]'"
)

# The example of GM/T 0003.5-2012, annex A (GB/T 32918.5-2017, annex A.2): key, random number, signature.
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
MESSAGE = b"message digest"
RANDOM = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Of the curve's group."""


class ForeignSigner:
    """Another office's SM2 signer, for machines that have none: the signature stays to be checked."""

    alg, kid, issuer = SM2, key_id(PUBLIC), "5301"

    def sign(self, message: bytes) -> bytes:
        return SIGNATURE


@pytest.fixture
def sm2_key(public_key: PublicKey) -> PublicKey:
    return replace(public_key, kid=key_id(PUBLIC), public=PUBLIC, alg=SM2)


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmalg", None)


@needs_library
def test_the_published_signature_is_made_and_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sm2.has_signed(PUBLIC, MESSAGE, SIGNATURE)
    monkeypatch.setattr("secrets.randbits", lambda bits: RANDOM)
    assert sm2.sign(SECRET, PUBLIC, MESSAGE) == SIGNATURE


@needs_library
@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (MESSAGE + b" ", SIGNATURE),
        (MESSAGE, SIGNATURE[:-1] + b"\xab"),
        (MESSAGE, SIGNATURE[32:] + SIGNATURE[:32]),
        (MESSAGE, bytes(64)),
        (MESSAGE, SIGNATURE[:32] + (ORDER - int.from_bytes(SIGNATURE[:32], "big")).to_bytes(32, "big")),
        (MESSAGE, b"\xff" * 64),
    ],
    ids=["message", "bit", "swapped", "zero", "sum is the order", "above the order"],
)
def test_no_other_signature_verifies(message: bytes, signature: bytes) -> None:
    assert not sm2.has_signed(PUBLIC, message, signature)


@needs_library
@pytest.mark.parametrize("point", [bytes(64), b"\xff" * 64, PUBLIC[1:-1] + b"\x14"])
def test_a_point_beside_the_curve_has_signed_nothing(point: bytes) -> None:
    assert not sm2.has_signed(b"\x04" + point, MESSAGE, SIGNATURE)


@needs_library
def test_short_numbers_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([1, RANDOM])
    monkeypatch.setattr("secrets.randbits", lambda bits: next(numbers))
    secret, public = sm2.make_key()
    assert (len(secret), len(public)) == (32, sm2.PUBLIC_BYTES)
    signature = sm2.sign(secret, public, MESSAGE)
    assert len(signature) == 64
    assert sm2.has_signed(public, MESSAGE, signature)


@needs_library
def test_an_sm2_code_has_every_verdict(
    claims: Claims, public_key: PublicKey, sm2_key: PublicKey, now: datetime
) -> None:
    text = issue(claims, Sm2Signer(SECRET, PUBLIC, "5301"))

    def kind(key: PublicKey, code: str = text) -> VerdictKind:
        return verify(code, KeyList([key]), now=now).kind

    assert kind(sm2_key) is VerdictKind.VALID
    assert kind(sm2_key, issue(claims, ForeignSigner())) is VerdictKind.WRONG_SIGNATURE
    assert kind(sm2_key, issue(claims, Sm2Signer(SECRET, PUBLIC, "5301", alg=EDDSA))) is VerdictKind.WRONG_SIGNATURE
    assert kind(public_key) is VerdictKind.UNKNOWN_KEY
    assert kind(replace(sm2_key, issuer="2233")) is VerdictKind.UNKNOWN_KEY
    assert kind(replace(sm2_key, revoked_at=now)) is VerdictKind.KEY_REVOKED
    assert kind(replace(sm2_key, sign_until=now)) is VerdictKind.KEY_EXPIRED


@pytest.mark.parametrize("name", template_names())
def test_an_sm2_code_is_six_letters_longer_and_fits_every_label(
    name: str, claims: Claims, signer: Ed25519Signer
) -> None:
    long, short = issue(claims, ForeignSigner()), issue(claims, signer)
    assert (len(long) - len(short), len(qr_modules(long))) == (6, 57)
    data = LabelData(long, claims.trace_id, claims.item_id, "示例口岸海关", claims.status, claims.issued_at)
    label = draw_label(load_template(name), data)
    assert [code.text for code in decode(np.where(label.black, 0, 255).astype(np.uint8))] == [long]


@needs_library
def test_a_store_that_signs_with_sm2_holds_rotates_and_revokes(tmp_path: Path, claims: Claims, now: datetime) -> None:
    path = tmp_path / "keys.json"
    store = create_key_store(path, "5301", now=now, alg=SM2)
    old = issue(claims, store.signer(now))
    assert read_code(old).alg == SM2
    fresh = store.rotate(now)
    again = open_key_store(path, alg=SM2)
    new = issue(claims, again.signer(now))
    assert read_code(new).kid == fresh.kid != read_code(old).kid
    listed = parse_key_list(again.public_keys().to_json(now=now))
    assert [verify(text, listed, now=now).kind for text in (old, new)] == [VerdictKind.VALID] * 2
    again.revoke(fresh.kid, "stolen", now)
    assert verify(new, again.public_keys(), now=now).kind is VerdictKind.KEY_REVOKED
    assert again.rotate_if_due(now) is None


@needs_library
def test_each_kind_of_key_is_renewed_in_its_time(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "keys.json"
    create_key_store(path, "5301", now=now)
    store = open_key_store(path, alg=SM2)
    half = now + SIGN_FOR / 2
    made = store.rotate_if_due(half)
    assert made is not None
    assert made.alg == SM2
    assert store.signer(half).kid == made.kid
    log_kid = store.signer(half, EDDSA).kid
    late = now + SIGN_FOR - timedelta(days=1)
    renewed = store.rotate_if_due(late)
    assert renewed is not None
    assert renewed.alg == EDDSA
    assert store.signer(late, EDDSA).kid == renewed.kid != log_kid
    assert store.signer(late).kid == made.kid
    assert read_kinds(open_key_store(path)) == [EDDSA, SM2, EDDSA]


def read_kinds(store: KeyStore) -> list[int]:
    return [key.alg for key in store.public_keys()]


@needs_library
def test_the_setting_chooses_the_codes_and_the_log_keeps_ed25519(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    keyring = open_keys(Settings(data=tmp_path))
    first = keyring.signer(now)
    assert first.alg == EDDSA
    keyring = open_keys(Settings(data=tmp_path, post=Post(signer="sm2")))
    keyring.store.rotate_if_due(now)
    assert keyring.signer(now + timedelta(seconds=1)).alg == SM2
    notary = Notary(keyring)
    public, signature = notary.sign(b"checkpoint")
    assert key_id(public) == first.kid
    assert len(signature) == 64
    assert notary.public_keys() == {public}
    assert open_keys(Settings(data=tmp_path)).signer(now).kid == first.kid


def make_keys(data: Path) -> None:
    """What the first start of a station does."""
    open_keys(load_settings().model_copy(update={"data": data}))


@needs_library
def test_commands_rotate_to_sm2_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*arguments: str) -> list[str]:
        done = CliRunner().invoke(cli, ["keys", *arguments, "--data", str(tmp_path)])
        assert done.exit_code == Exit.DONE, done.output
        return done.stdout.splitlines()

    monkeypatch.setenv("GUANJIAN_POST__SIGNER", "sm2")
    make_keys(tmp_path)
    assert "  sm2  " in ask("rotate")[0]
    monkeypatch.setenv("GUANJIAN_POST__SIGNER", "ed25519")
    assert "  ed25519  " in ask("rotate")[0]
    assert [json.loads(line)["algorithm"] for line in ask("list", "--json")] == ["ed25519", "sm2", "sm2", "ed25519"]


@pytest.mark.usefixtures("without_library")
@pytest.mark.parametrize(("language", "words"), [("zh_CN", "未安装国密 SM2 组件"), ("en", "SM2 is not installed")])
def test_without_the_library_a_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    make_keys(tmp_path)
    monkeypatch.setenv("GUANJIAN_POST__SIGNER", "sm2")
    before = texts.language()
    texts.set_language(language)
    try:
        done = CliRunner().invoke(cli, ["keys", "rotate", "--data", str(tmp_path)])
    finally:
        texts.set_language(before)
    assert done.exit_code == Exit.FAILED
    assert words in done.stderr
    assert "pip install 'guanjian[sm2]'" in done.stderr


@pytest.mark.usefixtures("without_library")
@pytest.mark.parametrize(
    "act",
    [
        lambda path, now: create_key_store(path, "5301", now=now, alg=SM2),
        lambda path, now: open_keys(Settings(data=path, post=Post(signer="sm2"))),
        lambda path, now: Sm2Signer(SECRET, PUBLIC, "5301").sign(MESSAGE),
    ],
)
def test_without_the_library_it_is_said_what_to_install(
    tmp_path: Path, now: datetime, act: Callable[[Path, datetime], object]
) -> None:
    with pytest.raises(Sm2MissingError, match=r"pip install 'guanjian\[sm2\]'"):
        act(tmp_path / "keys", now)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.usefixtures("without_library")
def test_a_store_of_ed25519_is_not_opened_for_sm2_without_the_library(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "5301.keys"
    create_key_store(path, "5301", now=now)
    with pytest.raises(Sm2MissingError):
        Keyring(path, alg=SM2)
    assert Keyring(path).signer(now).alg == EDDSA


@pytest.mark.usefixtures("without_library")
def test_without_the_library_a_code_is_unchecked_and_not_called_forged(
    claims: Claims, sm2_key: PublicKey, now: datetime
) -> None:
    keys = parse_key_list(KeyList([sm2_key]).to_json(now=now))
    verdict = verify(issue(claims, ForeignSigner()), keys, now=now)
    assert (verdict.kind, verdict.is_genuine, verdict.claims) == (VerdictKind.UNCHECKED, False, claims)
    assert verify(issue(claims, ForeignSigner()), KeyList(), now=now).kind is VerdictKind.UNKNOWN_KEY


@pytest.mark.parametrize("public", [PUBLIC[1:], b"\x02" + PUBLIC[1:], PUBLIC[:33], PUBLIC + b"\0"])
def test_an_sm2_key_in_another_form_is_refused(sm2_key: PublicKey, public: bytes) -> None:
    with pytest.raises(KeyListError):
        replace(sm2_key, public=public, kid=key_id(public))
