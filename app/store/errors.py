"""What can go wrong with the store, each with what the officer does next."""

from __future__ import annotations

from imaging.errors import KnownError


class StoreError(KnownError):
    """Root of the errors of this package."""

    key = "store"


class StoreFullError(StoreError):
    """The disk is full. The reserve was released: decisions go on for a while, pictures need room soon."""

    key = "store_full"


class StoreReadOnlyError(StoreError):
    """The store's folder cannot be written."""

    key = "store_read_only"


class StoreBusyError(StoreError):
    """Another program keeps the store locked."""

    key = "store_busy"


PASSING = (StoreFullError, StoreReadOnlyError, StoreBusyError)
"""What passes: the same write goes later."""


class StoreDamagedError(StoreError):
    """The file of the store is damaged."""

    key = "store_damaged"


class StoreForeignError(StoreError):
    """The file is a database, but not a store of Guanjian, or it comes from a newer version."""

    key = "store_foreign"


class SqliteUnsafeError(StoreError):
    """The SQLite library that was found can lose data in WAL mode."""

    key = "sqlite_unsafe"


class MigrationError(StoreError):
    """A migration was edited after it had been applied, or it left the store without its guards."""

    key = "migration"


class ParcelUnknownError(StoreError):
    """No parcel, decision or scan has this number."""

    key = "parcel_unknown"


class ParcelChangedError(StoreError):
    """The parcel changed after the officer had looked at it."""

    key = "parcel_changed"


class AlreadyKeptError(StoreError):
    """A scan or a trace code that must be unique is in the store already."""

    key = "already_kept"


class NoticeUnknownError(StoreError):
    """No recall or intercept with this id is in force."""

    key = "notice_unknown"


class MatterUnknownError(StoreError):
    """There is no matter with this number or key at the counter."""

    key = "matter_unknown"


class NoteError(StoreError):
    """A text is no checkpoint of a log."""

    key = "note"


class PictureRemovedError(StoreError):
    """The picture was removed after its time, by rule; its record stays."""

    key = "picture_removed"


class RetentionError(StoreError):
    """The table of retention rules is wrong; the message names the line."""

    key = "retention"


class BackupError(StoreError):
    """A backup cannot be made or restored here, or is not what was written."""

    key = "backup"


class BackupNoneError(BackupError):
    """There is no whole backup where one was looked for."""

    key = "backup_none"


class BackupAlteredError(BackupError):
    """A backup is not as it was written."""

    key = "backup_altered"


class BackupTargetError(BackupError):
    """A backup is to be restored where a store is already."""

    key = "backup_target"


class ExportError(StoreError):
    """A package cannot be made of what was asked for."""

    key = "log_export"


class WaitingUnknownError(StoreError):
    """No waiting reason is open with this number."""

    key = "waiting_unknown"


class AccountChangedError(StoreError):
    """An officer's account has another version than the one that was changed."""

    key = "account_changed"


class BadgeTakenError(StoreError):
    """Another officer has this badge."""

    key = "badge_taken"


class AdminMissingError(StoreError):
    """After this nobody could manage the accounts any more."""

    key = "admin_missing"


class HandoverStateError(StoreError):
    """A parcel is not in the state in which it could be handed over or closed."""

    key = "handover_state"


class OrderUnknownError(StoreError):
    """There is no such control order or hit."""

    key = "order_unknown"


class StoreMissingError(StoreError):
    """There is no store in the folder, and whoever asked only wanted to read one."""

    key = "store_missing"


class StoreLockedError(StoreError):
    """The store is encrypted, and its passphrase is missing or wrong."""

    key = "store_locked"


class KeyFileError(StoreError):
    """The key file of an encrypted store is damaged or gone."""

    key = "store_key_file"


class WeakPassphraseError(StoreError):
    """A passphrase is too short."""

    key = "store_passphrase_weak"


class KeyringMissingError(StoreError):
    """The library for the system's keyring is not installed."""

    key = "keyring_missing"


class CipherMissingError(StoreError):
    """The store is, or is to be, encrypted, and the SQLite library here cannot."""

    key = "cipher_missing"


class EncryptionUnfinishedError(StoreError):
    """The store's encryption was interrupted, or the profile asks for one that was never made."""

    key = "encryption_unfinished"


class EncryptedAlreadyError(StoreError):
    """The store is encrypted already."""

    key = "encrypted_already"
