"""The directory over TLS, against a server that speaks the few bytes of a bind."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.officers.directory import MOST_BYTES, LdapDirectory
from app.officers.errors import DirectoryError, LoginInvalidError

DN = "uid={login},ou=officers,dc=post,dc=example"
NAME = b"uid=wu,ou=officers,dc=post,dc=example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory.post.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "directory.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def answer(code: int) -> bytes:
    return bytes([0x30, 12, 0x02, 1, 1, 0x61, 7, 0x0A, 1, code, 0x04, 0, 0x04, 0])


def judge(request: bytes) -> bytes:
    """One officer, one secret."""
    is_right = NAME in request and b"\x80\x0dnine-lanterns" in request
    return answer(0 if is_right else 49)


@contextmanager
def serve(certificate: Path, reply: Callable[[bytes], bytes]) -> Iterator[str]:
    """Answers connections one after the other until the block ends."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with suppress(OSError):
                plain, _ = listener.accept()
                plain.settimeout(5)
                with plain, tls.wrap_socket(plain, server_side=True) as client:
                    client.sendall(reply(client.recv(4096)))

    thread = threading.Thread(target=work, name="directory")
    thread.start()
    try:
        yield f"ldaps://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def test_the_right_secret_is_right_and_no_other(certificate: Path) -> None:
    with serve(certificate, judge) as url:
        directory = LdapDirectory(url, DN, certificate)
        assert directory.is_right("wu", "nine-lanterns")
        assert not directory.is_right("wu", "ten-lanterns!")
        assert not directory.is_right("li", "nine-lanterns")


def test_an_empty_secret_is_not_even_sent() -> None:
    assert not LdapDirectory("ldaps://127.0.0.1:1", DN).is_right("wu", "")


@pytest.mark.parametrize("url", ["ldap://127.0.0.1", "http://127.0.0.1", "127.0.0.1", "ldaps://", ""])
def test_secrets_go_over_tls_only(url: str) -> None:
    with pytest.raises(DirectoryError):
        LdapDirectory(url, DN)


def test_a_server_that_nobody_vouches_for_gets_no_secret(certificate: Path) -> None:
    heard: list[bytes] = []

    def listen(request: bytes) -> bytes:
        heard.append(request)
        return answer(0)

    with serve(certificate, listen) as url, pytest.raises(DirectoryError):
        LdapDirectory(url, DN).is_right("wu", "nine-lanterns")
    with serve(certificate, listen) as url, pytest.raises(DirectoryError):
        LdapDirectory(url.replace("127.0.0.1", "localhost"), DN, certificate).is_right("wu", "nine-lanterns")
    assert heard == []


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x30",
        b"HTTP/1.1 200 OK\r\n\r\n",
        answer(0)[:-1],
        b"\x30\x84\xff\xff\xff\xff" + b"\x00" * 64,
        b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x00",
        answer(52),
    ],
    ids=["nothing", "one byte", "http", "torn", "huge", "another operation", "empty", "unavailable"],
)
def test_what_is_no_clear_answer_lets_nobody_in(certificate: Path, reply: bytes) -> None:
    with serve(certificate, lambda _: reply) as url, pytest.raises(DirectoryError):
        LdapDirectory(url, DN, certificate).is_right("wu", "nine-lanterns")


def test_an_answer_without_an_end_is_given_up(certificate: Path) -> None:
    flood = b"\x30\x83\x00\xff\xff" + b"\x00" * (MOST_BYTES + 4096)
    with serve(certificate, lambda _: flood) as url, pytest.raises(DirectoryError):
        LdapDirectory(url, DN, certificate).is_right("wu", "nine-lanterns")


@pytest.mark.parametrize("login", ["wu,ou=admins", "*", "wu\x00", "wu)(uid=*"])
def test_a_name_cannot_reach_into_another_branch(certificate: Path, login: str) -> None:
    with pytest.raises(LoginInvalidError):
        LdapDirectory("ldaps://127.0.0.1:1", DN, certificate).is_right(login, "nine-lanterns")


def test_a_directory_that_is_away_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DirectoryError) as refused:
        LdapDirectory(f"ldaps://127.0.0.1:{port}", DN).is_right("wu", "nine-lanterns")
    assert refused.value.key == "directory"


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match=r"nothing\.pem"):
        LdapDirectory("ldaps://directory.example", DN, tmp_path / "nothing.pem")
