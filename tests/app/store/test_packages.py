"""Packages for auditors, the script that checks them, and what is forged in them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest

from app.build import audit_inserts
from app.store.errors import ExportError
from app.store.export import Wanted
from app.store.merkle import Tree, consistency_proof, inclusion_proof, leaf_hash, node_hash
from app.store.notes import Note
from app.store.store import Store
from tests.app.store.signed_store import LONG_AGO, Office, chain_anew, forget_guards


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "check_package", str(resources.files("resources") / "audit" / "check_package.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# RFC 8032, section 7.1: tests 1 to 3 and SHA(abc)
ED25519 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
        "27beceea1ec40a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), ED25519)
def test_the_scripts_signatures_are_those_of_the_rfc(
    script: ModuleType, public: str, message: str, signature: str
) -> None:
    key, text, signed = (bytes.fromhex(each) for each in (public, message, signature))
    assert script.has_signed(key, text, signed)
    assert not script.has_signed(key, text + b"x", signed)
    for place in (0, 31, 32, 63):
        forged = bytearray(signed)
        forged[place] ^= 1
        assert not script.has_signed(key, text, bytes(forged))
    high = int.from_bytes(signed[32:], "little") + script.Q
    assert not script.has_signed(key, text, signed[:32] + high.to_bytes(32, "little")), "a second form of one signature"
    assert not script.has_signed(key[:31], text, signed)


def test_the_script_is_short_enough_to_be_read_and_needs_the_standard_library_alone(script: ModuleType) -> None:
    assert script.__file__
    lines = [line for line in Path(script.__file__).read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 120
    imports = re.findall(r"^(?:import (.*)|from (\S+) import .*)$", "\n".join(lines), re.MULTILINE)
    names = {name.strip() for one, other in imports for name in (one or other).split(",")}
    assert names <= set(sys.stdlib_module_names)


def test_the_scripts_proofs_are_those_of_the_rfc(script: ModuleType) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    roots, nodes = [Tree().root()], dict[tuple[int, int], bytes]()
    tree = Tree()
    for number in range(len(leaves)):
        tree.append(bytes([number]))
        roots.append(tree.root())
    for level in range(6):
        for number in range(len(leaves) >> level):
            pair = (nodes.get((level - 1, 2 * number), b""), nodes.get((level - 1, 2 * number + 1), b""))
            nodes[level, number] = node_hash(*pair) if level else leaves[number]

    def spoilt(proof: list[bytes]) -> Iterator[list[bytes]]:
        """A proof with one hash altered, lost, doubled, cut in two or joined with its neighbour."""
        for at, each in enumerate(proof):
            before, after = proof[:at], proof[at + 1 :]
            yield from (
                [*before, bytes(32), *after], before + after, [*before, each, each, *after],
                [*before, each[:16], each[16:], *after], [*before, each + (after or [b"x"])[0], *after[1:]],
            )  # fmt: skip
        yield [*proof, b"".join(leaves[:2])]
        yield [b"".join(leaves[:2]), *proof]

    def node(level: int, number: int) -> bytes:
        return nodes[level, number]

    for size in range(1, len(leaves) + 1):
        for seq in range(1, size + 1):
            proof = inclusion_proof(node, seq - 1, size)
            assert script.climb(seq, size, proof, leaves[seq - 1], is_leaf=True)[1] == roots[size]
            for wrong in spoilt(proof):
                assert script.climb(seq, size, wrong, leaves[seq - 1], is_leaf=True)[1] != roots[size]
            path = consistency_proof(node, seq, size)
            whole = [roots[seq], *path] if seq == size or not seq & (seq - 1) else path
            assert script.climb(seq, size, whole[1:], whole[0]) == (roots[seq], roots[size])
            for wrong in spoilt(whole):
                assert not wrong or script.climb(seq, size, wrong[1:], wrong[0]) != (roots[seq], roots[size])


def make(store: Store, office: Office, out: Path, wanted: Wanted, held: tuple[Note, ...] = ()) -> Path:
    inserts = [each for each in audit_inserts(None) if each[0] != "keys.json"]
    store.keeping.export(out, wanted, held=held, inserts=[*inserts, ("keys.json", office.key_list())])
    return out


def problems(script: ModuleType, package: Path, office: Office, held: tuple[Note, ...] = ()) -> list[str]:
    notes = "\n".join(map(str, held))
    with zipfile.ZipFile(package) as opened:
        return [what for holds, what in script.check(zipfile.Path(opened), [office.public], notes) if not holds]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(parcel_id=2), Wanted(since=LONG_AGO)])
def test_a_package_checks_and_proves_that_it_goes_on_from_what_is_held(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path, wanted: Wanted
) -> None:
    held = kept.keeping.exported_notes()
    package = make(kept, office, tmp_path / "p.zip", wanted, held)
    assert problems(script, package, office, held) == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    with zipfile.ZipFile(package) as opened:
        pictures = [name for name in opened.namelist() if name.endswith(".tif")]
        assert len(pictures) == (1 if wanted.parcel_id else 8)


def test_the_package_checks_itself_from_the_command_line(kept: Store, office: Office, tmp_path: Path) -> None:
    package = make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))
    with zipfile.ZipFile(package) as opened:
        opened.extract("check_package.py", tmp_path)
    run = [sys.executable, "-I", str(tmp_path / "check_package.py"), str(package)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"})
    assert (done.returncode, done.stderr) == (0, "")
    rewrite(package, "checkpoint.txt", lambda data: data.split(b"\n\n")[1])
    headless = subprocess.run(run, capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"})
    assert (headless.returncode, headless.stderr) == (2, "")
    package.write_bytes(b"PK")
    assert subprocess.run(run, capture_output=True, check=False).returncode == 2


@pytest.fixture
def parcel_package(kept: Store, office: Office, tmp_path: Path) -> Path:
    return make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))


@pytest.fixture
def audit(script: ModuleType, office: Office) -> Callable[[Path], list[str]]:
    return lambda package: problems(script, package, office)


def rewrite(package: Path, name: str, change: Callable[[bytes], bytes] | None) -> None:
    with zipfile.ZipFile(package) as opened:
        content = {each: opened.read(each) for each in opened.namelist()}
    with zipfile.ZipFile(package, "w") as written:
        for each, data in content.items():
            if each == name and change is None:
                continue
            written.writestr(each, change(data) if each == name and change else data)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("events.jsonl", lambda data: data.replace(b'\\"officer\\"', b'\\"officre\\"').replace(b"li", b"lu"), "event "),
        ("events.jsonl", lambda data: data.replace(b'"at_us": 1', b'"at_us": 2'), "event "),
        ("events.jsonl", lambda data: b"\n".join(data.split(b"\n")[:-2]) + b"\n", "parcel 2: "),
        ("records.jsonl", lambda data: data.replace(b'"released"', b'"imaged"'), "parcel 2: its record"),
        ("records.jsonl", lambda data: data.replace("手表".encode(), "茶叶".encode()), "declaration 2: "),
        ("records.jsonl", lambda data: data.replace(b"PT1:1", b"PT1:2"), "label T0001: "),
        ("records.jsonl", lambda data: b"", "parcel 2: its record is missing"),
        ("checkpoint.txt", lambda data: data.replace(b"belt-1", b"belt-2"), "checkpoint.txt: "),
    ],
)
def test_what_is_forged_in_a_package_is_named(
    parcel_package: Path,
    audit: Callable[[Path], list[str]],
    name: str,
    change: Callable[[bytes], bytes],
    named: str,
) -> None:
    rewrite(parcel_package, name, change)
    assert any(each.startswith(named) for each in audit(parcel_package)), audit(parcel_package)


def test_a_forged_or_missing_picture_of_a_package_is_named(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path
) -> None:
    package = make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))
    with zipfile.ZipFile(package) as opened:
        (name,) = [each for each in opened.namelist() if each.endswith(".tif")]
    rewrite(package, name, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert problems(script, package, office) == [f"picture s1 ({name}): it is not the one that was signed"]
    rewrite(package, name, None)
    assert problems(script, package, office) == ["picture s1: it is missing"]


def test_a_whole_package_of_a_forged_log_does_not_go_on_from_what_the_auditor_holds(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path
) -> None:
    held = kept.keeping.exported_notes()

    def forge(other) -> None:  # type: ignore[no-untyped-def]
        chain_anew(other, lambda fields: fields.__setitem__(1, fields[1] + 1))
        other.execute("DELETE FROM checkpoints")

    forget_guards(kept.folder / "store.sqlite", forge)
    kept.keeping.take_checkpoint(office)
    package = make(kept, office, tmp_path / "p.zip", Wanted(), held)
    assert problems(script, package, office) == []
    assert all("does not begin with it" in each for each in problems(script, package, office, held))
    assert len(problems(script, package, office, held)) == 2
    package = make(kept, office, tmp_path / "p.zip", Wanted())
    assert all("no proof for it" in each for each in problems(script, package, office, held))


def test_what_cannot_be_proven_is_not_exported(kept: Store, store: Store, office: Office, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="No checkpoint"):
        store.keeping.export(tmp_path / "p.zip", Wanted())
    with pytest.raises(ExportError, match="no parcel 99"):
        kept.keeping.export(tmp_path / "p.zip", Wanted(parcel_id=99))
    kept.add_event("x", None, {})
    with pytest.raises(ExportError, match="not signed yet"):
        kept.keeping.export(tmp_path / "p.zip", Wanted())
    (kept.captures_folder / kept.parcel(2).captures[0].path).write_bytes(b"x")
    with pytest.raises(ExportError, match="altered"):
        kept.keeping.export(tmp_path / "p.zip", Wanted(parcel_id=2))
    assert [path.name for path in tmp_path.glob("p.zip*")] == []
