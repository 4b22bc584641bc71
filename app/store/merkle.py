"""The Merkle tree over the log's event hashes, and its proofs, as RFC 6962 section 2.1 has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

TILE_LEVEL = 8
"""Perfect subtrees of 256 leaves, 65,536 and so on are kept; everything between follows from 256 hashes or fewer."""

Node = Callable[[int, int], bytes]
"""The root of the perfect subtree of 2^level leaves with this number, counted from the left."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows; it holds the roots of its perfect subtrees, largest first, and nothing else.

    `tiles` are the subtrees to be kept that were completed since it was made, by level and number.
    """

    __slots__ = ("_roots", "size", "tiles")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.tiles: dict[tuple[int, int], bytes] = {}
        self._roots = list(roots)

    @classmethod
    def resume(cls, node: Node, size: int) -> Tree:
        """The tree of the first `size` leaves, of which the perfect subtrees are known."""
        return cls(size, (node(level, (size >> level) - 1) for level in _levels(size)))

    def append(self, data: bytes) -> None:
        """Add a leaf."""
        self._carry(leaf_hash(data), 0, self.size)
        self.size += 1

    def _carry(self, found: bytes, level: int, number: int) -> None:
        """Join the root of a new subtree with its left neighbours."""
        while number & 1:
            found = node_hash(self._roots.pop(), found)
            number >>= 1
            level += 1
            if level % TILE_LEVEL == 0:
                self.tiles[level, number] = found
        self._roots.append(found)

    def extend(self, data: Sequence[bytes]) -> None:
        """Add many leaves; whole tiles of them at once, for a verification brings every event of the log."""
        place, tile = 0, 1 << TILE_LEVEL
        while place < len(data):
            if self.size % tile or len(data) - place < tile:
                self.append(data[place])
                place += 1
                continue
            nodes = [sha256(b"\x00" + leaf).digest() for leaf in data[place : place + tile]]
            while len(nodes) > 1:
                nodes = [
                    sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)
                ]
            self.tiles[TILE_LEVEL, self.size >> TILE_LEVEL] = nodes[0]
            self._carry(nodes[0], TILE_LEVEL, self.size >> TILE_LEVEL)
            self.size += tile
            place += tile

    def root(self) -> bytes:
        """The root now; of no leaf at all it is the hash of nothing."""
        if not self._roots:
            return sha256(b"").digest()
        *rest, found = self._roots
        for left in reversed(rest):
            found = node_hash(left, found)
        return found


def range_root(node: Node, start: int, end: int) -> bytes:
    """The root of the leaves from `start` to before `end`, which must be one of the tree's own parts."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(range_root(node, start, middle), range_root(node, middle, end))


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """What proves that leaf `index` is in the tree of `size` leaves (2.1.1)."""
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(node: Node, old: int, size: int) -> list[bytes]:
    """What proves that the tree of `size` leaves begins with the one of `old` leaves, 0 < old <= size (2.1.2)."""
    start, end, path, is_whole = 0, size, list[bytes](), True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append(range_root(node, start, end))
    return path[::-1]


def is_included(data: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf stands at `index` of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf_hash(data)
    for other in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(other, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, other)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the larger tree begins with the smaller one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, other)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(size: int) -> int:
    """The largest power of two that is less than `size`."""
    return int(1 << ((size - 1).bit_length() - 1))


def _levels(size: int) -> list[int]:
    """The levels of the perfect subtrees that a tree consists of, largest first."""
    return [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
