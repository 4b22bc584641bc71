"""How long an officer waits after wrong secrets: the times grow, so that a slip costs little and guessing a lot."""

from __future__ import annotations

FIRST_S = (0.0, 0.0, 1.0, 5.0, 30.0)
LOCKED_AFTER = 5
LOCKED_S = 15 * 60.0
LONGEST_S = 24 * 3600.0


def wait_s(failures: int) -> float:
    """Seconds from the last failure to the next try: from the fifth on 15 minutes, doubling up to a day."""
    if failures < LOCKED_AFTER:
        return FIRST_S[failures]
    return min(LOCKED_S * 2.0 ** min(failures - LOCKED_AFTER, 20), LONGEST_S)
