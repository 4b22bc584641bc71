"""Bakes the shaders of resources/shaders for all graphics systems: `python -m app.ui.make_shaders`.

It needs the tool `pyside6-qsb` of the package PySide6_Addons of the same version as PySide6, which the station itself
does not need; QSB names it where it is not on the path.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

SHADERS = Path(__file__).parents[2] / "resources" / "shaders"
NAMES = ("picture.vert", "picture.frag")
SUMS = "sources.sha256"
FOR = ("--glsl", "300 es,150", "--hlsl", "50", "--msl", "12", "--qsbversion", "65")


def bake() -> None:
    """Write each shader's .qsb, and the sums of the sources that they were baked from."""
    for name in NAMES:
        source = SHADERS / name
        subprocess.run([os.environ.get("QSB", "pyside6-qsb"), *FOR, "-o", f"{source}.qsb", source], check=True)
    (SHADERS / SUMS).write_text(sums(), encoding="utf-8")


def sums() -> str:
    """The sums of the sources as they are now, a line each; line ends do not count."""
    lines = ((name, (SHADERS / name).read_text(encoding="utf-8")) for name in NAMES)
    return "".join(f"{hashlib.sha256(source.encode()).hexdigest()}  {name}\n" for name, source in lines)


if __name__ == "__main__":
    bake()
