"""Writes docs/states.md from the table of moves: python docs/make_states.py"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from app.customs.states import FROZEN, LETS_GO, MOVES, TERMINAL, WAITING, WITHDRAWABLE, Action, Move, State  # noqa: E402
from app.customs.waiting import OWING, WaitingKind  # noqa: E402
from app.exchange.ceb.receipts import STATUSES  # noqa: E402
from app.officers.rights import RIGHT_FOR  # noqa: E402
from app.texts import text  # noqa: E402

HEAD = """\
# States and actions

Made from the code by `python docs/make_states.py`; a test holds the page against the table of moves in
`app/customs/states.py`. A parcel has one state. Waiting reasons, control orders, list hits and findings hang on it.

## States
"""

GUARDS = f"""
## Guards

- **◆** a reason, **★** a second officer beside the first, **№** the number of the document. The second officer has the
  right too, is another person, and proves who he is.
- While a control order or a tax is open, a release leads to document review; from document review and after an abnormal
  examination it is refused. A conditional release needs the port's orders carried out, the destination's go on with it;
  the destination closes only when its own are.
- A parcel whose declaration the sender took back goes over document review too.
- What the detector marked is released only with a reason that says it was looked at, unless it was opened.
- {", ".join(sorted(f"`{state}`" for state in FROZEN))} are frozen: only what the table lists is possible there.
- Who detained a parcel may not lift the detention, neither as first nor as second officer.
- `lift_hold` goes back to the state before the hold.
- Undo: within the time of the settings, by the officer who decided, the parcel's last decision only; not what two
  officers decided, not a closing. Both rows stay, the label is void.
- Every action asks for the officer's right, in the last column.

## Batch

A consignment (the parcels of one bill, or what waits in the green lane) may be released together: every parcel that is
imaged and screened, in the green lane, without findings, detections, orders and waits, and whose papers agree. The
page shows what is clear, and for each other parcel why it is not; each release is a transaction of its own, and the
batch is one event with the parcels that were left.

## Cancellations

A cancellation (CEB623, CEB605, or an inventory with appType 3) marks the parcel that stands here while it is
{", ".join(sorted(f"`{state}`" for state in WITHDRAWABLE))}; later ones are answered with 100 at once.
What is taken back before it arrives is marked on arrival, unless it was declared anew. Rejecting the parcel answers the
cancellation with 399, releasing it all the same with 100.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD, "| state | 中文 | English | | CEB 622 |", "|---|---|---|---|---|"]
    lines += [_state_row(state) for state in State]
    lines += ["\n## Actions\n", "| action | 中文 | English | from | to | needs | right |", "|---|" + 6 * "---|"]
    lines += [_move_row(move) for move in MOVES]
    lines += ["\n## Waiting reasons\n", *_waiting()]
    return "\n".join(lines) + "\n" + GUARDS


def _state_row(state: State) -> str:
    kinds = {"waits for an officer": WAITING, "lets go": LETS_GO, "terminal": TERMINAL, "frozen": FROZEN - TERMINAL}
    said = ", ".join(name for name, states in kinds.items() if state in states)
    statuses = ", ".join(STATUSES.get(state, ()))
    return f"| `{state}` | {_zh('state', state)} | {_en('state', state)} | {said} | {statuses} |"


def _move_row(move: Move) -> str:
    marks = (("◆", move.needs_reason), ("★", move.needs_second_officer), ("№", move.needs_document))
    needs = "".join(mark for mark, is_needed in marks if is_needed)
    before = ", ".join(f"`{state}`" for state in move.before)
    if len(move.before) > 8:
        before = "any that is not frozen"
    after = f"`{move.after}`" if move.after else "the state before"
    names = f"{_zh('action', move.action)} | {_en('action', move.action)}"
    return f"| `{move.action}` | {names} | {before} | {after} | {needs} | {RIGHT_FOR[move.action]} |"


def _waiting() -> Iterator[str]:
    yield "A waiting reason has a kind, since when, until when, and a note. Several may be open at once.\n"
    yield "| kind | 中文 | English | |"
    yield "|---|---|---|---|"
    for kind in WaitingKind:
        zh, en = text(f"waiting.kind.{kind}", lang="zh_CN"), text(f"waiting.kind.{kind}", lang="en")
        yield f"| `{kind}` | {zh} | {en} | {'a tax is due: no release' if kind in OWING else ''} |"


def _zh(area: str, code: State | Action) -> str:
    return text(f"{area}.{code}", lang="zh_CN")


def _en(area: str, code: State | Action) -> str:
    return text(f"{area}.{code}", lang="en")


if __name__ == "__main__":
    (HERE / "states.md").write_text(page(), encoding="utf-8")
