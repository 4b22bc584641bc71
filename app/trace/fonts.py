"""A font of this machine that has the Chinese glyphs a label needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import ImageFont

from app.trace.errors import FontMissingError

# Regular and bold file of each family, best first: free fonts of the distributions, then what Windows brings.
_FAMILIES = (
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("SourceHanSans.ttc", "SourceHanSans.ttc"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("wqy-microhei.ttc", "wqy-microhei.ttc"),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc"),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf"),
    ("msyh.ttc", "msyhbd.ttc"),
    ("simhei.ttf", "simhei.ttf"),
)
_SIMPLIFIED = ("SC", "CN")
_MAX_FACES = 16


@cache
def load_font(size_px: int, *, is_bold: bool = False) -> ImageFont.FreeTypeFont:
    """The best Chinese font found, at a size in px.

    Raises:
        FontMissingError: there is none; the message says what to install.
    """
    path, face = _font_file(is_bold)
    return ImageFont.truetype(str(path), size_px, index=face, layout_engine=ImageFont.Layout.BASIC)


@cache
def _font_file(is_bold: bool) -> tuple[Path, int]:
    found = {path.name: path for folder in _font_folders() for path in sorted(folder.rglob("*.[ot]t[cf]"))}
    for regular, bold in _FAMILIES:
        path = (found.get(bold) if is_bold else None) or found.get(regular)
        if path is not None:
            return path, _simplified_face(path)
    raise FontMissingError(
        "No font with Chinese glyphs was found for the label. Install one: sudo apt-get install fonts-noto-cjk"
    )


def _simplified_face(path: Path) -> int:
    """The face of a collection that draws the mainland's forms; the first one where none says so."""
    for index in range(_MAX_FACES if path.suffix == ".ttc" else 0):
        try:
            family = ImageFont.truetype(str(path), 12, index=index).getname()[0] or ""
        except OSError:  # past the last face
            break
        if family.split()[-1] in _SIMPLIFIED and "Mono" not in family:
            return index
    return 0


def _font_folders() -> Iterator[Path]:
    """Where the system keeps fonts, by its own convention."""
    if sys.platform == "win32":
        folders = [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    else:
        data_home = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share"))
        shared = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
        folders = [Path.home() / ".fonts", data_home / "fonts", *(Path(each) / "fonts" for each in shared if each)]
    return (folder for folder in folders if folder.is_dir())
