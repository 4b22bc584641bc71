"""The Merkle tree against the vectors of Certificate Transparency and against a recomputation from the RFC's words."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.merkle import (
    TILE_LEVEL,
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    range_root,
)

# The inputs and roots of the reference tests of Certificate Transparency (merkle tree of 0 to 8 leaves).
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_by_the_words(leaves: list[bytes]) -> bytes:
    """MTH as section 2.1 of RFC 6962 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root_by_the_words(leaves[:k]) + root_by_the_words(leaves[k:])).digest()


def node_of(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    def node(level: int, number: int) -> bytes:
        if level == 0:
            return leaf_hash(leaves[number])
        return node_hash(node(level - 1, 2 * number), node(level - 1, 2 * number + 1))

    return node


def grown(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    assert grown(LEAVES[:size]).root().hex() == ROOTS[size]
    assert root_by_the_words(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]),
        (5, 8, [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)  # fmt: skip
def test_the_published_inclusion_proofs(index: int, size: int, path: list[str]) -> None:
    proof = inclusion_proof(node_of(LEAVES), index, size)
    assert [each.hex() for each in proof] == path
    assert is_included(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("old", "size", "path"),
    [
        (1, 1, []),
        (1, 8, [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]),
        (6, 8, [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]),
    ],
)  # fmt: skip
def test_the_published_consistency_proofs(old: int, size: int, path: list[str]) -> None:
    proof = consistency_proof(node_of(LEAVES), old, size)
    assert [each.hex() for each in proof] == path
    assert is_consistent(old, bytes.fromhex(ROOTS[old]), size, bytes.fromhex(ROOTS[size]), proof)


def test_every_proof_of_every_small_tree_holds_and_no_other_does() -> None:
    leaves = [bytes([i]) for i in range(34)]
    node = node_of(leaves)
    roots = [root_by_the_words(leaves[:size]) for size in range(35)]
    for size in range(1, 35):
        assert range_root(node, 0, size) == roots[size]
        for index in range(size):
            proof = inclusion_proof(node, index, size)
            assert is_included(leaves[index], index, size, proof, roots[size])
            assert not is_included(b"other", index, size, proof, roots[size])
            assert not is_included(leaves[index], index, size, [*proof, roots[1]], roots[size])
            if size > 1:
                assert not is_included(leaves[index], (index + 1) % size, size, proof, roots[size])
                assert not is_included(leaves[index], index, size, proof[:-1], roots[size])
        for old in range(1, size + 1):
            proof = consistency_proof(node, old, size)
            assert is_consistent(old, roots[old], size, roots[size], proof)
            if old < size:
                assert not is_consistent(old, roots[1 if old > 1 else 2], size, roots[size], proof)
                assert not is_consistent(old, roots[old], size, roots[old], proof)
                assert not is_consistent(old, roots[old], size, roots[size], proof[:-1])
    assert not is_included(b"", 3, 3, [], roots[3])
    assert not is_consistent(0, roots[0], 3, roots[3], [])


@given(st.lists(st.binary(max_size=4), max_size=700), st.data())
def test_a_tree_that_goes_on_from_its_parts_is_the_same_tree(leaves: list[bytes], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    whole, resumed = grown(leaves), Tree.resume(node_of(leaves), cut)
    for leaf in leaves[cut:]:
        resumed.append(leaf)
    assert resumed.root() == whole.root() == root_by_the_words(leaves)
    tile = 1 << TILE_LEVEL
    ends = range(0, len(leaves) + 1, tile)
    assert whole.tiles == {
        (TILE_LEVEL, n): root_by_the_words(leaves[a:b]) for n, (a, b) in enumerate(pairwise(ends))
    }  # fmt: skip
