"""What a message may not hold and reading would pass over in silence: attributes, stray text, elements in fields."""

from __future__ import annotations

from lxml import etree

from app.exchange.ceb.groups import Faults, local_name
from app.exchange.ceb.message import FaultKind
from app.exchange.ceb.tables import NAMESPACE, Spec

_NAMES = {"c": NAMESPACE}
_ROOT_TEXT = "/*/text()[normalize-space()]"
_ODD_EXTENSION = {
    FaultKind.UNKNOWN_ATTRIBUTE: ["@*", "*/@*"],
    FaultKind.STRAY_TEXT: ["text()[normalize-space()]", "c:Message/text()[normalize-space()]"],
    FaultKind.UNKNOWN_TAG: ["c:name/*", "c:version/*", "c:Message/*[position() > 1]"],
}
"""An extension's message may hold one element of anybody's, with whatever is in it."""


class Oddities:
    """Looks for them with one XPath of the whole tree, and goes through them only where there are any."""

    def __init__(self, spec: Spec) -> None:
        odd = {
            f"/*/c:{group.tag}": _odd_below(1) for group in spec.tail if group.tag in ("BaseTransfer", "BaseSubscribe")
        }
        if any(group.tag == "ExtendMessage" for group in spec.tail):
            odd["/*/c:ExtendMessage"] = _ODD_EXTENSION
        self._is_tail_odd = _is_any(odd)
        odd[f"/*/c:{spec.record.tag}"] = _odd_below(2 if spec.head else 1)
        self._is_odd = _is_any(odd)
        self._finds: list[tuple[FaultKind, etree.XPath]] = [(FaultKind.STRAY_TEXT, etree.XPath(_ROOT_TEXT))]
        for path, kinds in odd.items():
            for kind, paths in kinds.items():
                found = " | ".join(f"{path}/{each}" for each in paths)
                self._finds.append((kind, etree.XPath(found, namespaces=_NAMES)))

    def name(self, root: etree._Element, faults: Faults, *, are_records_usual: bool = False) -> None:
        """Add a fault for each; records that are known to hold none need not be looked at."""
        is_odd = self._is_tail_odd if are_records_usual else self._is_odd
        if not is_odd(root):
            return
        for kind, find in self._finds:
            found = find(root)
            assert isinstance(found, list)
            for node in found:
                if isinstance(node, etree._Element):
                    faults.put(kind, _path(node))
                elif isinstance(node, etree._ElementUnicodeResult):
                    _put_text(kind, node, faults)


def _is_any(odd: dict[str, dict[FaultKind, list[str]]]) -> etree.XPath:
    """A test for anything odd. It stands in predicates: there sets stay small, and XPath adds to large ones slowly."""
    tests = [
        f"{path}[{' or '.join(each for paths in kinds.values() for each in paths)}]" for path, kinds in odd.items()
    ]
    return etree.XPath(" or ".join(f"boolean({test})" for test in (*tests, _ROOT_TEXT)), namespaces=_NAMES)


def _odd_below(depth: int) -> dict[FaultKind, list[str]]:
    """Paths of what is odd below an element whose fields lie so many levels deeper."""
    steps = ["*/" * level for level in range(depth + 1)]
    return {
        FaultKind.UNKNOWN_ATTRIBUTE: [f"{step}@*" for step in steps],
        FaultKind.STRAY_TEXT: [f"{step}text()[normalize-space()]" for step in steps[:-1]],
        FaultKind.UNKNOWN_TAG: [f"{steps[-1]}*"],
    }


def _put_text(kind: FaultKind, node: etree._ElementUnicodeResult, faults: Faults) -> None:
    """Add a fault of an attribute or text, which lxml gives as a string that knows its element."""
    element = node.getparent()
    if element is not None and node.is_tail:
        element = element.getparent()
    if element is None:
        return
    if node.is_attribute:
        faults.put(kind, f"{_path(element)}/@{node.attrname!s}", str(node))
    else:
        faults.put(kind, _path(element) or local_name(str(element.tag)), str(node).strip())


def _path(element: etree._Element) -> str:
    """Where an element is, from below the root, as faults name it: records and lines have a number."""
    steps: list[str] = []
    while (parent := element.getparent()) is not None:
        name = local_name(str(element.tag))
        if name.endswith("List") or parent.getparent() is None:
            name += f"[{1 + sum(1 for _ in element.itersiblings(element.tag, preceding=True))}]"
        steps.append(name)
        element = parent
    return "/".join(reversed(steps))
