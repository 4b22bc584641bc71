"""A directory that checks secrets in place of a PIN: LDAP over TLS, one simple bind (RFC 4511) and nothing else."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from app.officers.errors import DirectoryError
from app.officers.pins import check_login

PORT = 636
TIMEOUT_S = 5.0
MOST_BYTES = 65_536
"""An answer to a bind is some dozens of bytes; a longer one is none."""

_BIND_REQUEST, _BIND_RESPONSE, _SIMPLE = 0x60, 0x61, 0x80
_SEQUENCE, _INTEGER, _OCTETS, _ENUMERATED = 0x30, 0x02, 0x04, 0x0A
_SUCCESS, _WRONG_SECRET = 0, 49


class Directory(Protocol):
    """Somebody else who knows the officers' secrets; who may do what stays with the station."""

    def is_right(self, login: str, secret: str) -> bool:
        """
        Raises:
            DirectoryError: it cannot be asked now.
        """
        ...


class LdapDirectory:
    """An LDAP server by its URL (ldaps only). `user_dn` is the name of an officer's entry, with {login} in it.

    `ca_file` holds the certificates that are trusted; None: those of the system.

    Raises:
        DirectoryError: the URL is not ldaps, or the certificates cannot be read.
    """

    def __init__(self, url: str, user_dn: str, ca_file: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "ldaps" or not parts.hostname:
            raise DirectoryError(f"{url} is not used: secrets go over TLS only (ldaps://host).", detail=url)
        self._host, self._port, self._user_dn = parts.hostname, parts.port or PORT, user_dn
        try:
            self._tls = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise DirectoryError(
                f"The certificates in {ca_file} cannot be read: {error}.", detail=str(error)
            ) from error
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    def is_right(self, login: str, secret: str) -> bool:
        if not secret:
            return False  # a bind without a secret is anonymous and succeeds
        request = _bind(self._user_dn.replace("{login}", check_login(login)), secret)
        try:
            with (
                socket.create_connection((self._host, self._port), TIMEOUT_S) as plain,
                self._tls.wrap_socket(plain, server_hostname=self._host) as server,
            ):
                server.sendall(request)
                code = _result(_receive(server))
        except OSError as error:
            raise DirectoryError(f"The directory {self._host} cannot be asked: {error}.", detail=str(error)) from error
        if code not in (_SUCCESS, _WRONG_SECRET):
            raise DirectoryError(f"The directory {self._host} answers with LDAP code {code}.", detail=str(code))
        return code == _SUCCESS


def _bind(dn: str, secret: str) -> bytes:
    version, name = _element(_INTEGER, b"\x03"), _element(_OCTETS, dn.encode())
    operation = _element(_BIND_REQUEST, version + name + _element(_SIMPLE, secret.encode()))
    return _element(_SEQUENCE, _element(_INTEGER, b"\x01") + operation)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _receive(server: ssl.SSLSocket) -> bytes:
    """One whole message."""
    found = b""
    while True:
        more = server.recv(4096)
        found += more
        head = _head(found)
        if head is not None and len(found) >= sum(head):
            return found
        if not more or len(found) > MOST_BYTES or (head is not None and sum(head) > MOST_BYTES):
            raise DirectoryError("The directory's answer is no LDAP message.", detail=found[:16].hex())


def _head(data: bytes) -> tuple[int, int] | None:
    """Length of an element's head and of its content, where there is enough of it."""
    if len(data) < 2:
        return None
    if data[1] < 0x80:
        return 2, data[1]
    more = data[1] & 0x7F
    return None if len(data) < 2 + more else (2 + more, int.from_bytes(data[2 : 2 + more], "big"))


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it."""
    head = _head(data)
    if head is None or data[0] != tag or len(data) < sum(head):
        raise DirectoryError("The directory's answer is no LDAP message.", detail=data[:16].hex())
    return data[head[0] : sum(head)], data[sum(head) :]


def _result(answer: bytes) -> int:
    message, _ = _take(answer, _SEQUENCE)
    _, operation = _take(message, _INTEGER)
    response, _ = _take(operation, _BIND_RESPONSE)
    code, _ = _take(response, _ENUMERATED)
    return int.from_bytes(code, "big")
