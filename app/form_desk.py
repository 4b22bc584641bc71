"""The forms of a parcel: which of them there is something to say for, and each filled from the record."""

from __future__ import annotations

from pathlib import Path

from app import forms
from app.customs.parcel import Decision
from app.customs.states import Action, State
from app.customs.tax import Estimate
from app.customs.waiting import WaitingKind
from app.forms import Form, FormError, FormKind, Stationery
from app.mail_office import MailOffice
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.store import Store

_HANDED_OVER = (Action.TRANSFER, Action.DETAIN, Action.CONFISCATE)


class FormDesk:
    """The station's view of forms; the mail office estimates the tax."""

    def __init__(self, store: Store, post: Post, templates: Path | None, mail: MailOffice, rights: Rights) -> None:
        self._store = store
        self._rights = rights
        self._sheet = Stationery(post, templates)
        self._mail = mail

    def offered(self, parcel_id: int) -> list[FormKind]:
        """The forms that can be made of a parcel now."""
        made = {
            FormKind.EXAMINATION_RECORD: bool(self._store.examinations.of(parcel_id)),
            FormKind.DETENTION_NOTE: self._decided(parcel_id, Action.DETAIN) is not None,
            FormKind.TAX_ESTIMATE: self._estimate_of(parcel_id) is not None,
            FormKind.SAMPLING_NOTE: self._decided(parcel_id, Action.SAMPLE) is not None,
            FormKind.HAND_OVER_LIST: self._store.parcel(parcel_id).state in (State.TRANSFERRED, State.DETAINED),
        }
        return [kind for kind, is_possible in made.items() if is_possible]

    def make(self, kind: FormKind, parcel_id: int, *, officer: str, to: str = "") -> Form:
        """Fill a form from a parcel's record; `to` is who takes over what is on a hand-over list.

        Raises:
            FormError: the record says nothing for this form. OfficerError: the officer may not write it.
        """
        self._rights.require(officer, Right.EXPORT)
        store, sheet = self._store, self._sheet
        parcel = store.parcel(parcel_id)
        match kind:
            case FormKind.EXAMINATION_RECORD if records := store.examinations.of(parcel_id):
                pictures = [(each, store.examinations.load(each)) for each in store.examinations.photographs(parcel_id)]
                return forms.examination_record(parcel, records[-1], pictures, sheet)
            case FormKind.DETENTION_NOTE if decision := self._decided(parcel_id, Action.DETAIN):
                records = store.examinations.of(parcel_id)
                return forms.detention_note(parcel, decision, records[-1] if records else None, sheet)
            case FormKind.SAMPLING_NOTE if decision := self._decided(parcel_id, Action.SAMPLE):
                waits = store.waiting.of(parcel_id)
                waiting = next((each for each in reversed(waits) if each.kind is WaitingKind.LABORATORY), None)
                return forms.sampling_note(parcel, decision, waiting, sheet)
            case FormKind.TAX_ESTIMATE if estimate := self._estimate_of(parcel_id):
                return forms.tax_estimate(parcel, estimate, sheet, officer=officer)
            case FormKind.HAND_OVER_LIST:
                return self.hand_over_list([parcel_id], to, officer=officer)
            case _:
                raise FormError(f"The record of {parcel.number} says nothing for this form.", detail=kind.value)

    def hand_over_list(self, parcel_ids: list[int], to: str, *, officer: str) -> Form:
        """The list of parcels that are handed over together. Raises OfficerError."""
        self._rights.require(officer, Right.EXPORT)
        parcels = [(self._store.parcel(parcel_id), self._decided(parcel_id, *_HANDED_OVER)) for parcel_id in parcel_ids]
        return forms.hand_over_list(parcels, to, self._sheet, officer=officer)

    def _estimate_of(self, parcel_id: int) -> Estimate | None:
        declared = self._store.parcel(parcel_id).declaration
        is_mail = declared is not None and declared.channel == "mail"
        return self._mail.view(parcel_id).estimate if is_mail else None

    def _decided(self, parcel_id: int, *actions: Action) -> Decision | None:
        return forms.last_decision(self._store.history(parcel_id), *actions)
