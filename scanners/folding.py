"""The same code seen several times in a short while is one reading."""

from __future__ import annotations

from datetime import datetime, timedelta

from scanners.barcode import Reading


class Fold:
    """Tells the first sight of a code from its repetitions; not for several threads at once.

    A code that stays in view is one reading however long: every sight of it renews the window. A sure reading passes
    once more after a doubtful one, because it says something new. Texts are compared, not symbologies: a number that
    a label shows as a line code and as a square is one number.
    """

    def __init__(self, window_s: float) -> None:
        self._window = timedelta(seconds=window_s)
        self._seen: dict[str, tuple[datetime, bool]] = {}

    def is_new(self, reading: Reading) -> bool:
        """Whether to take this reading; it counts as seen from now on."""
        code, at = reading.code, reading.read_at
        # A played clock may begin anew, so a time that lies far ahead is as old as one that lies far back.
        self._seen = {text: seen for text, seen in self._seen.items() if abs(at - seen[0]) < self._window}
        last_at, was_doubtful = self._seen.get(code.text, (None, True))
        self._seen[code.text] = (max(at, last_at or at), was_doubtful and code.is_doubtful)
        return last_at is None or (was_doubtful and not code.is_doubtful)
