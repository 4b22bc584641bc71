"""The bars at the window's edges: who and when above; devices, codes and pace below."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QWidget

from app.officers.rights import Role
from app.printing import PrinterStatus
from app.store.space import Space
from app.texts import language, text
from app.ui import build, keys, theme, words
from app.ui.chips import Lamp
from app.ui.pace import Pace
from imaging.errors import KnownError
from scanners.device import DeviceState, DeviceStatus


class TopBar(QFrame):
    """The station's name, the officer, the clock, and the switches of the window itself."""

    pressed = Signal(str)

    def __init__(self, officer: str, post_names: Mapping[str, str]) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self._officer_name = officer
        self._post_names = dict(post_names)
        self._sign = QLabel()
        self._brand = build.named(QLabel(), "brand")
        self._post = build.named(QLabel(), "soft")
        self._pace = build.named(QLabel(), "soft")
        self._role: Role | None = None
        self._officer = build.named(QLabel(), "pill")
        self._demo = build.named(QLabel(), "demo")
        self._demo.hide()
        self._clock = build.named(QLabel(), "mono")
        self._buttons = {name: build.named(QToolButton(), "flat") for name in ("pages", "language", "theme", "help")}
        row = build.row(self, gap=10, margins=(12, 4, 8, 4))
        for widget in (self._sign, self._brand, self._post):
            row.addWidget(widget)
        row.addStretch()
        for widget in (self._demo, self._pace, self._officer, self._clock):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.pressed.emit(name))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(button)

    def set_officer(self, name: str, role: Role) -> None:
        self._officer_name, self._role = name, role
        self.retranslate()

    def mark_demo(self) -> None:
        """Say for as long as the window is open that nothing here is real."""
        self._demo.show()

    def tick(self, pace: Pace) -> None:
        self._clock.setText(f"{datetime.now(UTC).astimezone():%H:%M}")
        key = "ui.pace.break" if pace.is_on_break else "ui.pace.work"
        spent = pace.break_s if pace.is_on_break else pace.on_task_s
        rate = str(pace.per_hour) if pace.per_hour else "–"
        self._pace.setText(text(key, span=words.span(spent), decided=pace.decided, rate=rate))
        self._pace.setToolTip(text("ui.pace.tip"))

    def retranslate(self) -> None:
        self._brand.setText(text("ui.brand"))
        self._post.setText(self._post_names.get(language(), ""))
        if self._role is None:
            self._officer.setText(text("ui.officer", name=self._officer_name))
        else:
            self._officer.setText(text("officers.seated", name=self._officer_name, role=self._role))
        self._demo.setText(text("officers.demo_mark"))
        self._demo.setToolTip(text("officers.demo_tip"))
        for name, button in self._buttons.items():
            button.setText(keys.key_of(name))
            button.setToolTip(f"{text(f'ui.key.{name}')} ({keys.key_of(name)})")
            button.setAccessibleName(text(f"ui.key.{name}"))
            button.setIcon(theme.icon(name, "soft"))
            button.setIconSize(QSize(theme.text_px() + 3, theme.text_px() + 3))
        self._sign.setPixmap(theme.pixmap("guanjian", theme.text_px() + 10, "accent"))


class Elided(QLabel):
    """Words that give way where there is no room: their end becomes an ellipsis, the tool tip has all of them."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(min(self.fontMetrics().height() * 5, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter, role = QPainter(self), self.foregroundRole()
        self.style().drawItemText(
            painter, self.rect(), Qt.AlignmentFlag.AlignVCenter, self.palette(), True, shown, role
        )


class LampLabel(QWidget):
    """One lamp with its words; it may be pressed."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lamp = Lamp()
        self._words = Elided()
        row = build.row(self, gap=6)
        row.addWidget(self._lamp, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words)

    def tell(self, state: DeviceState, line: str, tip: str = "") -> None:
        self._lamp.set_state(state)
        self._words.setText(line)
        tone = "bad" if state == DeviceState.FAULT else "soft"
        self._words.setStyleSheet(f"color: {theme.palette(theme.current())[tone]};")
        self.setToolTip(f"{line}\n{tip}" if tip else line)

    @property
    def words(self) -> str:
        return self._words.text()

    def mousePressEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        self.pressed.emit()


class StatusBar(QFrame):
    """A lamp for every device and the detector, in form, colour and words; and the code read last."""

    printer_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self._devices: dict[str, DeviceStatus] = {}
        self._printer: PrinterStatus | None = None
        self._printer_lamp = LampLabel()
        self._printer_lamp.hide()
        self._printer_lamp.pressed.connect(self.printer_pressed)
        self._space: Space | None = None
        self._room_lamp = LampLabel()
        self._room_lamp.hide()
        self._detector: tuple[str, KnownError | None] | None = None
        self._lamps: dict[str, LampLabel] = {}
        self._detector_lamp = LampLabel()
        self._code = build.named(Elided(), "mono")
        self._last_code = ("", "")
        self._row = build.row(self, gap=18, margins=(12, 3, 12, 3))
        self._row.addWidget(self._detector_lamp)
        self._row.addWidget(self._printer_lamp)
        self._row.addWidget(self._room_lamp)
        self._row.addStretch()
        self._row.addWidget(self._code)

    def set_device(self, name: str, status: DeviceStatus) -> None:
        if name not in self._lamps:
            self._lamps[name] = LampLabel()
            self._row.insertWidget(len(self._lamps) - 1, self._lamps[name])
        self._devices[name] = status
        self.retranslate()

    def set_detector(self, name: str, error: KnownError | None) -> None:
        self._detector = (name, error)
        self.retranslate()

    def set_printer(self, status: PrinterStatus) -> None:
        self._printer = status
        self._printer_lamp.show()
        self.retranslate()

    def set_room(self, space: Space) -> None:
        """Say that the disk is almost full for as long as it is."""
        self._space = space
        self.retranslate()

    def set_code(self, symbology: str, code: str) -> None:
        self._last_code = (symbology, code)
        self.retranslate()

    def lamp_words(self, name: str) -> str:
        return self._lamps[name].words

    @property
    def printer_words(self) -> str:
        return self._printer_lamp.words

    @property
    def room_words(self) -> str:
        return "" if self._room_lamp.isHidden() else self._room_lamp.words

    @property
    def detector_words(self) -> str:
        return self._detector_lamp.words

    def retranslate(self) -> None:
        for name, status in self._devices.items():
            faults = [device_fault_words(fault.kind) for fault in status.faults]
            state = words.name_of("device", status.state)
            details = "\n".join(fault.detail for fault in status.faults if fault.detail)
            lamp_state = DeviceState.FAULT if status.faults else status.state
            self._lamps[name].tell(lamp_state, f"{name}: {', '.join(faults) or state}", details)
        self._show_detector()
        self._show_printer()
        self._show_room()
        symbology, code = self._last_code
        shown = code if len(code) <= 40 else code[:38] + "…"
        self._code.setText(text("ui.status.last_code", code=shown) if code else text("ui.status.no_code"))
        self._code.setToolTip(f"{symbology}\n{code}" if code else "")

    def _show_printer(self) -> None:
        if self._printer is None:
            return
        name, trouble = self._printer.name, self._printer.error_key
        state, key = DeviceState.READY, "ready"
        if trouble or self._printer.unsure:
            state, key = DeviceState.FAULT, trouble or "unsure"
        elif self._printer.waiting:
            state, key = DeviceState.BUSY, "busy"
        line = text(f"trace.printer.{key}", name=name, waiting=self._printer.waiting)
        tip = text(f"error.{trouble}", name=name) if trouble else ""
        self._printer_lamp.tell(state, line, tip)

    def _show_room(self) -> None:
        if self._space is None:
            return
        self._room_lamp.setVisible(self._space.is_low)
        key = "low" if self._space.has_reserve else "full"
        self._room_lamp.tell(DeviceState.FAULT, text(f"keeping.room.{key}"), text("keeping.room.tip"))

    def _show_detector(self) -> None:
        if self._detector is None:
            self._detector_lamp.tell(DeviceState.CLOSED, text("ui.status.detector_none"))
            return
        name, error = self._detector
        if error is None:
            self._detector_lamp.tell(DeviceState.READY, text("ui.status.detector", name=name))
        else:
            self._detector_lamp.tell(DeviceState.FAULT, text("ui.status.detector_off"), words.error_words(error))


def device_fault_words(kind: str) -> str:
    return words.name_of("fault", kind)
