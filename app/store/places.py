"""What lies in a station's data folder, and in which form where its store is encrypted: the one list of it."""

from __future__ import annotations

from typing import Final

SEALED: Final = ("captures", "photographs", "labels", "prints", "records", "pictures", "forms", "reports")
"""Folders of which every file is encrypted where the store is."""

EXCHANGE: Final = ("outbox",)
"""Folders that another system reads: plain always. Nothing else that tells of goods or people may be plain."""

NESTED: Final = "replay"
"""The store of replays below the post's, encrypted with its key."""
