"""Readers on the network, over the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.device import CodeRefusedError, DeviceLostError, DeviceUnavailableError, FaultKind
from scanners.drivers.framing import Frames
from scanners.drivers.tcp_reader import TcpReader, TcpSettings
from tests.scanners.rigs import TcpPeer


@pytest.fixture
def peer() -> Iterator[TcpPeer]:
    peer = TcpPeer()
    yield peer
    peer.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[TcpReader]:
    reader = TcpReader("tcp", TcpSettings(mode="server", port=0, **getattr(request, "param", {})))
    reader.open()
    yield reader
    reader.close()


def read_texts(reader: TcpReader, count: int) -> list[str]:
    texts = []
    for _ in range(count):
        reading = reader.read(2.0)
        assert reading is not None
        texts.append(reading.code.text)
    return texts


def faults(reader: TcpReader) -> list[FaultKind]:
    return [fault.kind for fault in reader.status().faults]


def test_client_reads_lines_and_connects_again(peer: TcpPeer) -> None:
    reader = TcpReader("tcp", TcpSettings(port=peer.port))
    reader.open()
    peer.send(reader, b"RR473124829GB\r\n\r\nEA1234")
    assert read_texts(reader, 1) == ["RR473124829GB"]
    peer.send(reader, "56785CN\n包裹\r".encode("gb18030"))
    assert read_texts(reader, 2) == ["EA123456785CN", "包裹"]
    peer.send(reader, b"half a co")
    peer.drop(reader)
    with pytest.raises(DeviceLostError):
        reader.read(1.0)
    with pytest.raises(DeviceLostError):
        reader.read(0)
    assert FaultKind.DISCONNECTED in faults(reader)
    reader.close()
    reader.open()
    peer.send(reader, b"LX000000014JP\n")
    assert read_texts(reader, 1) == ["LX000000014JP"]
    reader.close()


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceUnavailableError, match="cannot be reached"):
        TcpReader("tcp", TcpSettings(port=port)).open()


def test_server_takes_several_readers(server: TcpReader) -> None:
    assert faults(server) == [FaultKind.DISCONNECTED]
    with socket.create_connection(("127.0.0.1", server.port)) as one:
        with socket.create_connection(("127.0.0.1", server.port)) as two:
            one.sendall(b"one\n")
            assert read_texts(server, 1) == ["one"]
            two.sendall(b"two\n")
            assert read_texts(server, 1) == ["two"]
            assert faults(server) == []
        assert server.read(0.1) is None
        one.sendall(b"three\n")
        assert read_texts(server, 1) == ["three"]
    assert server.read(0.1) is None
    assert faults(server) == [FaultKind.DISCONNECTED]


@pytest.mark.parametrize("server", [{"allowed": ("192.0.2.7",)}], indirect=True)
def test_server_turns_strangers_away(server: TcpReader) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as stranger:
        assert server.read(0.2) is None
        assert stranger.recv(1) == b""
    assert faults(server) == [FaultKind.DISCONNECTED]


@pytest.mark.parametrize(
    "hostile", [b"x" * 100_000, b"\x1b]0;evil\x07", b"\xff\xfe\xff", "a\u202eb".encode(), b"]C1\x00", b"y" * 600]
)
def test_hostile_text_is_refused_and_the_next_code_read(server: TcpReader, hostile: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as sender:
        sender.sendall(hostile + b"\r\n")
        for _ in range(100):
            assert server.read(0.01) is None
            if faults(server) == [FaultKind.CODE_REFUSED]:
                break
        else:
            pytest.fail("the text was not refused")
        sender.sendall(b"RR473124829GB\r\n")
        assert read_texts(server, 1) == ["RR473124829GB"]
        assert faults(server) == []


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"\x02one\x03\x02two\x03", [b"one", b"two"]),
        (b"noise\x02one\x03noise\r\n\x02two\x03", [b"one", b"two"]),
        (b"\x02lost end\x02one\x03", [b"one"]),
        (b"\x02\x03\x03\x02one\x03", [b"one"]),
    ],
)
def test_stx_etx(stream: bytes, frames: list[bytes]) -> None:
    assert take_all("stx_etx", [stream]) == frames


@given(
    st.lists(st.binary(min_size=1, max_size=20).map(lambda b: b.replace(b"\r", b"a").replace(b"\n", b"b"))), st.data()
)
def test_lines_survive_any_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\r\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert take_all("line", parts) == lines


def test_an_endless_line_is_not_kept() -> None:
    frames = Frames("line")
    for _ in range(1000):
        frames.feed(b"x" * 4096)
        assert frames.take() is None
    assert len(frames._bytes) <= 4096
    frames.feed(b"\nnext\n")
    with pytest.raises(CodeRefusedError):
        frames.take()
    assert frames.take() == b"next"


def take_all(framing: Any, parts: list[bytes]) -> list[bytes]:
    frames, taken = Frames(framing), []
    for part in parts:
        frames.feed(part)
        while (frame := frames.take()) is not None:
            taken.append(frame)
    return taken
