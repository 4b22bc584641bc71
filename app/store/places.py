"""What lies in a station's data folder, and in which form where its store is encrypted: the one list of it.

What is in no folder named here holds no goods and nobody's data, or is encrypted by itself: the store's file, keys, the
signed roots in `checkpoints`, how the window was left.
"""

from __future__ import annotations

from typing import Final

SEALED: Final = ("captures", "photographs", "labels", "prints", "records", "pictures", "forms", "reports")
"""Folders of which every file is encrypted where the store is."""

EXCHANGE: Final = ("outbox",)
"""Folders that another system reads: plain always. Nothing else that tells of goods or people may be plain."""

NESTED: Final = "replay"
"""The store of replays below the post's, encrypted with its key."""
