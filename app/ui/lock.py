"""Who sits at the window: signing in and out, locking when he is idle or takes his badge away, coming back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.accounts import Accounts
from app.duty import Duty, Seat
from app.officers.rights import KnownOfficers, Role
from app.settings import Officers as OfficerSettings
from app.ui.background import Background
from app.ui.pages.first_start import FirstStart
from app.ui.sign_in import Cover, DemoOfficers, SignIn
from scanners.barcode import Reading
from scanners.device import DeviceState, DeviceStatus

_AWAY = (DeviceState.FAULT, DeviceState.CLOSED)


@dataclass(frozen=True, slots=True)
class Door:
    """How officers come to the window: in a demo as somebody who is known, else with an account."""

    rights: KnownOfficers | Duty
    accounts: Accounts
    settings: OfficerSettings


class Guard(QObject):
    """Covers the window while nobody sits there; what was on it stays as it was.

    `active_at_s` is when a key or the mouse was last used, on the monotonic clock.

    `seated` tells login, name and role of who works from now on. The station is asked on `worker`, in one order with
    his decisions: what he decided before he locked is decided.
    """

    seated = Signal(str, str, object)
    covered = Signal(bool)

    def __init__(self, window: QWidget, worker: Background, door: Door, active_at_s: Callable[[], float]) -> None:
        super().__init__(window)
        self._window, self._worker, self._door, self._active_at_s = window, worker, door, active_at_s
        self._duty = door.rights if isinstance(door.rights, Duty) else None
        self._seat: Seat | None = None
        self._put_away: list[tuple[QWidget, bool]] = []
        self._focus: QWidget | None = None
        self._held_at_s = 0.0
        self._is_held = False
        self.cover = Cover(window)
        self.sign_in, self.first_start = SignIn(), FirstStart()
        known = door.rights.roles if isinstance(door.rights, KnownOfficers) else {}
        self.demo = DemoOfficers(known)
        for card in (self.sign_in, self.first_start, self.demo):
            self.cover.add_card(card)
        self.sign_in.proved.connect(self._prove)
        self.sign_in.unlocked.connect(self._unlock)
        self.first_start.made.connect(self._make_first)
        self.demo.chosen.connect(lambda login: self._sit(login, login, known[login]))
        self._watch = QTimer(self, interval=500)
        self._watch.timeout.connect(self._look)
        self.retranslate()
        if self._duty is not None:
            self._watch.start()

    @property
    def is_shut(self) -> bool:
        """Whether the window is covered."""
        return self.cover.isVisibleTo(self._window)

    @property
    def is_demo(self) -> bool:
        return self._duty is None

    def begin(self) -> None:
        """Before anybody works: have somebody sign in, or make the first admin; a demo begins at once."""
        if self._duty is not None:
            self._shut(self.sign_in)
            self._worker.submit(self._duty.is_set_up, lambda is_so: None if is_so else self._shut(self.first_start))

    def lock(self, why: str) -> None:
        """Cover everything until the officer proves himself again; in a demo, choose who works."""
        if self.is_shut:
            return
        if self._duty is None:
            self._shut(self.demo)
        elif self._seat is not None:
            duty = self._duty
            self._worker.submit(lambda: duty.lock(why), lambda _: None)
            self._shut(self.sign_in)

    def sign_out(self) -> None:
        """End the officer's shift: somebody signs in; in a demo, choose who works."""
        if self.is_shut:
            return
        if self._duty is None:
            self._shut(self.demo)
        elif self._seat is not None:
            self._seat = None
            self._shut(self.sign_in)  # first what he saw is logged, as his
            self._worker.submit(self._duty.sign_out, lambda _: None)

    def take_code(self, reading: Reading) -> bool:
        """Whether a code is a badge, or comes while the window is covered; such a code opens no parcel.

        A badge at a locked window says who signs in; at an open one it locks.
        """
        settings = self._door.settings
        if not settings.is_badge(reading.code.text):
            return self.is_shut
        is_holder = bool(settings.badge_holder) and reading.reader == settings.badge_holder
        is_new = not (is_holder and self._is_held)
        if is_holder:
            self._is_held, self._held_at_s = True, monotonic()
        if self.is_shut:
            if is_new and self._duty is not None and not self.sign_in.isHidden():
                self.sign_in.take_badge(reading.code.text)
        elif not is_holder:
            self.lock("badge")
        return True

    def take_device(self, name: str, status: DeviceStatus) -> None:
        """A badge holder that is unplugged is a badge that is gone."""
        if name == self._door.settings.badge_holder and self._is_held and status.state in _AWAY:
            self._is_held = False
            self.lock("badge")

    def place(self) -> None:
        self.cover.place()

    def retranslate(self) -> None:
        for part in (self.cover, self.sign_in, self.first_start, self.demo):
            part.retranslate()

    def stop(self) -> None:
        self._watch.stop()

    def _look(self) -> None:
        """Twice a second: whether he is idle, or his badge is gone."""
        settings, now_s = self._door.settings, monotonic()
        if self._is_held and now_s - self._held_at_s > settings.badge_gone_s:
            self._is_held = False
            self.lock("badge")
        elif now_s - self._active_at_s() > settings.lock_after_s:
            self.lock("idle")

    def _shut(self, card: QWidget) -> None:
        """Cover the window with one of the cards; windows of their own, such as the archive, are put away."""
        for each in (self.sign_in, self.first_start, self.demo):
            each.setVisible(each is card)
        if not self.is_shut:
            self._focus = self._window.focusWidget()
            self._put_all_away()
        self.cover.place()
        self.cover.show()
        self.cover.raise_()
        self.covered.emit(True)
        if card is self.sign_in and self._seat is not None:
            self.sign_in.ask_back(self._seat.name)
        elif card is self.demo:
            next(iter(self.demo.buttons.values())).setFocus()
        elif card is self.sign_in:
            self.sign_in.ask()
        else:
            self.first_start.ask()

    def _put_all_away(self) -> None:
        inside = self._window.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        for each in inside:
            if each.isWindow() and each.isVisible():
                self._put_away.append((each, True))
                each.hide()
            elif each is not self.cover and not each.isWindow() and each.isEnabled():
                self._put_away.append((each, False))
                each.setEnabled(False)

    def _open(self) -> None:
        self.cover.hide()
        put_away, self._put_away = self._put_away, []
        for each, was_hidden in put_away:
            each.show() if was_hidden else each.setEnabled(True)
        if self._focus is not None:
            self._focus.setFocus()
        self.covered.emit(False)

    def _prove(self, who: str, pin: str, new_pin: str) -> None:
        assert self._duty is not None
        duty = self._duty
        self._worker.submit(
            lambda: duty.sign_in(who, pin, new_pin=new_pin), self._take_seat, otherwise=self.sign_in.tell_error
        )

    def _unlock(self, pin: str) -> None:
        assert self._duty is not None
        duty = self._duty
        self._worker.submit(lambda: duty.unlock(pin), self._take_seat, otherwise=self.sign_in.tell_error)

    def _make_first(self, login: str, name: str, pin: str) -> None:
        accounts = self._door.accounts

        def then(_: None) -> None:
            self._shut(self.sign_in)
            self.sign_in.who.setText(login)
            self.sign_in.pin.setFocus()

        self._worker.submit(lambda: accounts.make_first(login, name, pin), then, otherwise=self.first_start.tell_error)

    def _take_seat(self, seat: Seat) -> None:
        self._seat = seat
        self._sit(seat.login, seat.name, seat.role)

    def _sit(self, login: str, name: str, role: Role) -> None:
        self._open()
        self.seated.emit(login, name, role)
