"""What can go wrong with trace ids, keys, labels and printers, each with what to do next."""

from __future__ import annotations

from typing import ClassVar

from imaging.errors import KnownError


class TraceError(KnownError):
    """Root of the errors of this package."""

    key = "trace"


class TraceIdShapeError(TraceError):
    """The text does not have the shape of a trace id."""

    key = "trace_id_shape"


class TraceIdCheckError(TraceError):
    """The text has the shape of a trace id, but its check digit is wrong: a misread or mistyped id."""

    key = "trace_id_check"


class ClaimsInvalidError(TraceError):
    """What should be signed does not fit into a trace code."""

    key = "trace_claims"


class CodeMalformedError(TraceError):
    """The text is not a trace code, or not one in the only form that is accepted."""

    key = "code_malformed"


class Base45Error(CodeMalformedError):
    """The text is not Base45."""

    key = "base45"


class KeyStoreError(TraceError):
    """The file of signing keys cannot be used."""

    key = "key_store"


class KeyStoreLockedError(KeyStoreError):
    """The passphrase or the key file does not open the signing keys."""

    key = "key_store_locked"


class KeyUnknownError(KeyStoreError):
    """No key has this id."""

    key = "key_unknown"


class KeysMissingError(KeyStoreError):
    """The folder has no signing keys, and reading keys makes none."""

    key = "keys_missing"


class NoSigningKeyError(KeyStoreError):
    """Every key is revoked, expired or not yet valid."""

    key = "no_signing_key"


class Sm2MissingError(KeyStoreError):
    """The optional library for SM2 is not installed."""

    key = "sm2_missing"


class KeyListError(TraceError):
    """The list of public keys cannot be read."""

    key = "key_list"


class LabelError(TraceError):
    """A label cannot be drawn."""

    key = "label"


class LabelNoneError(LabelError):
    """The parcel has not been released, so it carries no trace code and no label; or there is no such parcel."""

    key = "label_none"


class TemplateError(LabelError):
    """A label template is missing or wrong."""

    key = "label_template"


class FontMissingError(LabelError):
    """No font with Chinese glyphs is installed."""

    key = "font_missing"


class CodeTooLargeError(LabelError):
    """The code does not fit into its place on the label at four dots a module."""

    key = "code_too_large"


class PrinterError(TraceError):
    """A printer did not take a label; the job stays in the queue."""

    key = "printer"


class PrinterUnreachableError(PrinterError):
    """The printer is off or not on the network."""

    key = "printer_unreachable"


class PrinterNotReadyError(PrinterError):
    """The printer answers but cannot print; `what` says why."""

    key = "printer_not_ready"
    what: ClassVar[str] = "not ready"

    def __init__(self, name: str) -> None:
        super().__init__(f"Printer {name}: {self.what}.", name=name)


class PrinterPaperOutError(PrinterNotReadyError):
    """The roll of labels is used up."""

    key = "printer_paper_out"
    what = "out of paper"


class PrinterOpenError(PrinterNotReadyError):
    """The cover or the print head is open."""

    key = "printer_open"
    what = "cover or print head open"


class PrinterPausedError(PrinterNotReadyError):
    """Somebody paused the printer or stopped its queue."""

    key = "printer_paused"
    what = "paused"


class PrinterJamError(PrinterNotReadyError):
    """The paper is jammed, or the error lamp is on."""

    key = "printer_jam"
    what = "paper jam or error lamp"


class PrinterRibbonOutError(PrinterNotReadyError):
    """The ribbon is used up."""

    key = "printer_ribbon_out"
    what = "out of ribbon"


class PrinterSlowError(PrinterError):
    """The printer stopped taking data."""

    key = "printer_slow"


class PrintJobError(TraceError):
    """A print job is unknown or its file is damaged."""

    key = "print_job"


class RecallEmptyError(TraceError):
    """A recall that names nothing to look for, or finds nothing."""

    key = "recall"
