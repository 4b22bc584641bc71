"""Damages bytes as disks, networks and attackers do; the seed says how."""

from __future__ import annotations

import random

TOKENS = (
    b"\x00", b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"-1", b"1e999", b"NaN", b"null", b"[" * 500,
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"../../../etc/passwd", b"\xe2\x80\xae", b"'; DROP TABLE parcels; --", b"%n%s%s",
    b"9" * 400, b"\r\n\r\n", b"{}", b"\"",
)  # fmt: skip


def mutate(data: bytes, seed: int) -> bytes:
    """One to six damages: bits, bytes and blocks changed, cut, doubled, moved; tokens that parsers stumble over."""
    chance, found = random.Random(seed), bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        length = min(chance.choice((1, 2, 4, 16, 256, 4096)), len(found))
        match chance.randrange(8):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at : at + length] = chance.randbytes(length)
            case 2:
                del found[at : at + length]
            case 3:
                del found[at:]
            case 4:
                found[at:at] = found[at : at + length]
            case 5:
                found[at:at] = chance.choice(TOKENS)
            case 6:
                found[at : at + 4] = chance.choice(TOKENS)[:4]
            case _:
                head = chance.randrange(min(len(found), 64) + 1)  # headers decide most
                found[head : head + 1] = chance.randbytes(1)
    return bytes(found)
