"""The page that verifies trace codes on any phone, as one file that holds its scripts and the key list."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from importlib import resources

from app.trace.keys import KeyList

_SCRIPT = re.compile(r'<script src="([a-zA-Z0-9/.]+)"></script>')
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_KEY_LIST = '<script id="keyList" type="application/json"></script>'


def build_page(keys: KeyList, *, now: datetime) -> str:
    """The page with everything inside. Its policy lets it run its own scripts and forbids every connection."""
    folder = resources.files("resources") / "verify"
    page = (folder / "index.html").read_text(encoding="utf-8")
    scripts = {name: folder.joinpath(*name.split("/")).read_text(encoding="utf-8") for name in _SCRIPT.findall(page)}
    policy = _policy(list(scripts.values()), _STYLE.findall(page))
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}', 1)
    page = _SCRIPT.sub(lambda found: f"<script>{scripts[found[1]]}</script>", page)
    listed = keys.to_json(now=now).replace("<", "\\u003c")
    return page.replace(_KEY_LIST, _KEY_LIST.replace("></", f">{listed}</"), 1)


def _policy(scripts: list[str], styles: list[str]) -> str:
    allowed = " ".join(_hash(script) for script in scripts)
    looks = " ".join(_hash(style) for style in styles)
    return (
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src {allowed}; '
        f"style-src {looks}; img-src blob: data:; media-src blob: mediastream:; base-uri 'none'; form-action 'none'\">"
    )


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
