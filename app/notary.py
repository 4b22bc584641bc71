"""Signs the checkpoints of the station's log with the key of its office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.trace.keyring import Keyring
from app.trace.keys import EDDSA


@dataclass(frozen=True, slots=True)
class Notary:
    """The office's own keys, as the store wants them; keys of other offices sign nothing here."""

    keys: Keyring

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """The public key that may sign now, and its signature. Raises KeyStoreError, NoSigningKeyError."""
        store = self.keys.store
        signer = store.signer(datetime.now(UTC), EDDSA)
        key = store.public_keys().get(signer.kid)
        assert key is not None, "a key store lists the key it signs with"
        return key.public, signer.sign(message)

    def public_keys(self) -> frozenset[bytes]:
        """All keys that this office ever signed checkpoints with."""
        return frozenset(key.public for key in self.keys.store.public_keys() if key.alg == EDDSA)
