"""Writes docs/licences.md: every package that the station installs, its version and its licence.

.venv/bin/python .ci/licences.py            writes it
.venv/bin/python .ci/licences.py --check    fails where a licence is not on the list below, or the page is old
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "requirements" / "run.txt"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==\S+(?! ; sys_platform == 'win32')", re.MULTILINE)
"""Packages of Linux; those for Windows alone are not there to be asked."""
ACCEPTED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|MPL|Mozilla|LGPL|Lesser General|HPND|CC0|Zlib|public domain",
    re.IGNORECASE,
)
"""What may be shipped with a program under the Apache licence; the LGPL parts are libraries that stay replaceable."""
TOLD = {"pysqlite3": "Zlib"}
"""Licences that packages leave out of their metadata, from their repositories."""
HEAD = """# Licences

What `requirements/run.txt` installs, with the licences that the packages themselves state. Written by
`.ci/licences.py`; `./audit` checks it, and makes the bill of materials (CycloneDX) and the list of known
vulnerabilities beside it.

| package | version | licence |
|---|---|---|
"""


def licence_of(name: str) -> str:
    """What a package says of its licence: the SPDX expression, else the classifiers, else its short text."""
    if name in TOLD:
        return TOLD[name]
    found = metadata.metadata(name)
    if expression := found.get("License-Expression"):
        return str(expression)
    classified = [line.split(" :: ")[-1] for line in found.get_all("Classifier", []) if line.startswith("License ::")]
    if named := [name for name in classified if name != "OSI Approved"]:
        return ", ".join(named)
    return str(found.get("License") or "not stated").splitlines()[0]


def read_packages() -> dict[str, tuple[str, str]]:
    """Version and licence of every locked package, by name."""
    names = dict.fromkeys(PINNED.findall(LOCK.read_text("utf-8")))
    return {name: (metadata.version(name), licence_of(name)) for name in names}


def main() -> int:
    packages = read_packages()
    page = HEAD + "".join(f"| {name} | {version} | {licence} |\n" for name, (version, licence) in packages.items())
    refused = [f"{name}: {licence}" for name, (_, licence) in packages.items() if not ACCEPTED.search(licence)]
    if refused:
        sys.stderr.write("Licences that are not on the list:\n    " + "\n    ".join(refused) + "\n")
    if "--check" not in sys.argv:
        PAGE.write_text(page, "utf-8")
    elif PAGE.read_text("utf-8") != page:
        sys.stderr.write("docs/licences.md is not what the lock installs; run .ci/licences.py.\n")
        return 1
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
