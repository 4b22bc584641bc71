"""The one place that names concrete devices, store, keys and detector, and puts a station together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any, cast

import structlog

from app.arrivals import Placed
from app.customs.parcel import Declaration, GoodsLine
from app.customs.risk.errors import RulesError
from app.customs.risk.rule import Rule
from app.customs.risk.table import parse_rules
from app.duty import Duty
from app.labelling import Labelling
from app.notary import Notary
from app.officers.directory import LdapDirectory
from app.officers.errors import DemoDevicesError, DemoRefusedError
from app.officers.rights import KnownOfficers, Role
from app.sameness import home_of
from app.screening import Posted
from app.settings import Detection, DeviceEntry, ModelChoice, Sameness, Settings
from app.settings import Printer as PrinterEntry
from app.station import Station
from app.store import retention
from app.store.encrypting import check_finished
from app.store.errors import RetentionError
from app.store.sealed import seal_of
from app.store.store import Store
from app.tables import load_tables
from app.trace.formats import Format
from app.trace.keyring import Keyring
from app.trace.keys import ALGORITHMS, KeyList
from app.trace.keystore import create_key_store
from app.trace.printers import CupsPrinter, FolderPrinter, Printer, TcpPrinter
from app.trace.printing import PrintQueue
from imaging import plugins
from models import onnx
from models.apart import ApartDetector, ApartEmbedder
from models.card import STORE, load_card
from models.detector import ModelError
from scanners.barcode import BarcodeReader
from scanners.drivers.keyboard_wedge import KeyboardWedge
from scanners.drivers.recording import open_recording
from scanners.drivers.replay import Replay
from scanners.registry import build_device
from scanners.simulated.content import renumber
from scanners.xray import XraySource

log = structlog.get_logger()

SIMULATED = ("simulated-belt", "simulated-h986")
DEMO_DRIVERS = (*SIMULATED, "simulated-barcode", "replay", "keyboard-wedge")
"""What a demo may have: nothing that brings real goods."""

FEWEST_DECLARED = 2_000
"""Declarations made in advance for simulators that run on without an end."""


def build_station(settings: Settings, *, place: str = "window") -> Station:
    """A station on its store, with the model loaded; without a usable model it works and says so.

    `place` stands in the log with every officer who signs in.

    Raises:
        StoreError, KeyStoreError, RulesError, DatedRulesError: what the station cannot do without cannot be used.
        DemoRefusedError: a demo was asked for where none may be. DirectoryError: it cannot be used safely.
    """
    plugins.trust_with(lambda: settings.plugins.trusted)
    rules, tables = load_rules(settings.work.rules), load_tables(settings.work.tables)
    check_finished(settings.data, wanted=settings.store.encryption != "off")
    store = Store.open(settings.data, station=settings.post.station)
    try:
        rights = build_rights(settings, store, place=place)
    except BaseException:
        store.close()
        raise
    settings = declare_samples(store, settings)
    keys = open_keys(settings)
    store.keeping.sign(Notary(keys), on_error=_tell_unsigned)
    labelling = Labelling(keys, settings.post, settings.work, settings.data / "labels")
    prints = open_print_queue(settings)
    station = Station(store, labelling, rules, settings, rights=rights, tables=tables, prints=prints)
    station.identities.use(ApartEmbedder)
    if settings.detection.is_on:
        try:
            detector = start_detector(settings.detection, settings.sameness)
            station.use_detector(detector)
            station.sameness.use(detector)
        except ModelError as error:
            station.use_detector(None, error)
        carried = {entry.carries for entry in settings.devices}
        further = [choice for choice in settings.detection.further if carried & set(choice.looks_at)]
        station.use_further([post_model(choice) for choice in further])
    return station


def build_rights(settings: Settings, store: Store, *, place: str = "window") -> KnownOfficers | Duty:
    """Who may do what: in a demo its fictitious officers, everywhere else who has an account and signs in.

    Raises:
        DemoRefusedError: the store has accounts. DemoDevicesError: a device is no simulator. DirectoryError.
    """
    chosen = settings.officers
    if chosen.sign_in == "demo":
        check_demo(settings, store)
        return KnownOfficers({settings.officer.name: Role.OFFICER, **chosen.demo})
    directory = None
    if chosen.directory.url:
        directory = LdapDirectory(chosen.directory.url, chosen.directory.user_dn, chosen.directory.ca_file)
    return Duty(store.officers, chosen, directory=directory, place=place)


def check_demo(settings: Settings, store: Store) -> None:
    """
    Raises:
        DemoRefusedError, DemoDevicesError: nobody works on this store, or on these devices, without a secret.
    """
    if not store.officers.is_empty():
        raise DemoRefusedError(
            "Officers have accounts in this store, so nobody works on it without signing in. Use the profile of your "
            'post with officers.sign_in = "required", or another --data folder for the demo.'
        )
    real = [each.name for each in settings.devices if each.driver not in DEMO_DRIVERS]
    if real:
        raise DemoDevicesError(
            f"Without signing in only simulators and replays run, and {', '.join(real)} is none. Set "
            'officers.sign_in = "required" in the profile.',
            devices=", ".join(real),
        )


def declare_samples(store: Store, settings: Settings) -> Settings:
    """Let the simulators go on with numbers that this store has not seen, and declare them in advance."""
    if not any(entry.driver in SIMULATED for entry in settings.devices):
        return settings
    samples = sample_declarations()
    lap = next(n for n in count() if not any(store.find_number(renumber(each.number, n)) for each in samples))
    parcels = max((entry.options.get("count") or 0 for entry in settings.devices), default=0)
    laps = range(lap, lap + 1 + max(parcels, FEWEST_DECLARED) // len(samples))
    store.add_declarations(replace(each, number=renumber(each.number, n)) for n in laps for each in samples)
    devices = tuple(
        entry.model_copy(update={"options": {"first_lap": lap, **entry.options}})
        if entry.driver in SIMULATED
        else entry
        for entry in settings.devices
    )
    return settings.model_copy(update={"devices": devices})


def load_detector(detection: ModelChoice) -> onnx.OnnxDetector:
    """A detector that the settings name, loaded in this process, checked against its card and warm.

    Raises:
        ModelError: it is missing, altered, broken or refused.
    """
    folder = detection.folder or STORE
    return onnx.load(detection.model, folder, provider=detection.provider, batch=detection.batch)


def start_detector(detection: Detection, sameness: Sameness | None = None) -> ApartDetector:
    """The same in a process of its own, so that no model takes the station with it; an embedding model beside it.

    Raises:
        ModelError: the detector is missing, altered, broken or refused.
    """
    embedding = sameness.model if sameness else ""
    return ApartDetector(
        detection.model,
        detection.folder or STORE,
        provider=detection.provider,
        batch=detection.batch,
        longest_s=detection.longest_s,
        embedding=(embedding, home_of(embedding, detection.folder)),
    )


def post_model(choice: ModelChoice) -> Posted:
    """A model beside the first, in a process of its own; one that cannot be used says why."""
    try:
        detector = ApartDetector(
            choice.model,
            choice.folder or STORE,
            provider=choice.provider,
            batch=choice.batch,
            longest_s=choice.longest_s,
        )
    except ModelError as error:
        return Posted(choice, error=error)
    return Posted(choice, detector)


def name_models(detection: Detection) -> list[Posted]:
    """The models of the settings by what their cards say; none is run."""
    named = []
    for choice in (detection, *detection.further) if detection.is_on else ():
        try:
            named.append(Posted(choice, title=load_card(choice.model, choice.folder or STORE)[0].title))
        except ModelError as error:
            named.append(Posted(choice, error=error))
    return named


def build_devices(settings: Settings) -> list[Placed]:
    """The devices of the settings, not opened yet.

    Raises:
        DeviceError: a driver is unknown, or an option does not fit it.
    """
    return [Placed(entry, _build(entry)) for entry in settings.devices]


def _build(entry: DeviceEntry) -> XraySource | BarcodeReader:
    return cast(XraySource | BarcodeReader, build_device(entry.name, entry.driver, entry.options))


def find_wedge(devices: Sequence[Placed]) -> KeyboardWedge | None:
    """The reader that types, whose keys the window has to tell apart."""
    return next((placed.device for placed in devices if isinstance(placed.device, KeyboardWedge)), None)


def expect_scans(path: Path) -> None:
    """
    Raises:
        DeviceUnavailableError: there is nothing in this folder or archive that a replay could play.
    """
    open_recording(path).close()


def find_player(devices: Sequence[Placed]) -> Replay | None:
    """The replay, which a trainer pauses and winds."""
    return next((placed.device for placed in devices if isinstance(placed.device, Replay)), None)


def open_keys(settings: Settings) -> Keyring:
    """The keys of the post; its signing keys are made on the first start."""
    path, alg = _keys_file(settings), ALGORITHMS[settings.post.signer]
    if not path.exists():
        create_key_store(path, settings.post.office, now=datetime.now(UTC), alg=alg)
    return Keyring(path, alg=alg)


def _keys_file(settings: Settings) -> Path:
    return settings.data / "keys" / f"{settings.post.office}.keys"


def find_notary(settings: Settings) -> Notary | None:
    """Who signs the log's checkpoints; None where the post has no keys yet."""
    return Notary(open_keys(settings)) if _keys_file(settings).exists() else None


def load_retention(path: Path | None) -> tuple[retention.Rule, ...]:
    """The retention rules of the post, or those that ship.

    Raises:
        RetentionError: the file cannot be read, or a line is wrong.
    """
    try:
        table = path.read_text("utf-8-sig") if path else _resource("rules", "retention.csv")
    except (OSError, UnicodeDecodeError) as error:
        detail = f"The retention rules in {path} cannot be read: {error}."
        raise RetentionError(detail, detail=detail) from error
    return retention.parse_rules(table)


def audit_inserts(keys: KeyList | None) -> list[tuple[str, bytes]]:
    """What goes into a package for an auditor beside the records: the script that checks it, and the key list."""
    script = _resource("audit", "check_package.py").encode()
    listed = (keys or KeyList()).to_json(now=datetime.now(UTC)).encode()
    guide = _resource("audit", "README.txt").encode()
    return [("check_package.py", script), ("README.txt", guide), ("keys.json", listed)]


def _tell_unsigned(error: Exception) -> None:
    log.warning("the log is not signed", error=str(error))


def open_print_queue(settings: Settings) -> PrintQueue | None:
    """The queue of the label printer that the settings name; None where labels go through the print dialog."""
    printer = make_printer(settings.printer)
    return PrintQueue(settings.data / "prints", printer, seal=seal_of(settings.data)) if printer else None


def make_printer(chosen: PrinterEntry) -> Printer | None:
    kind = Format(chosen.language)
    match chosen.kind:
        case "tcp":
            host, port = chosen.host_and_port()
            return TcpPrinter(chosen.name, kind, host, port, asks_status=chosen.asks_status)
        case "cups":
            return CupsPrinter(chosen.name, kind, chosen.address)
        case "folder":
            return FolderPrinter(chosen.name, kind, Path(chosen.address))
        case "none":
            return None


def load_rules(path: Path | None) -> list[Rule]:
    """The lane rules of the post, or those that ship.

    Raises:
        RulesError: the file cannot be read, or a line is wrong.
    """
    try:
        table = path.read_text("utf-8-sig") if path else _resource("rules", "lanes.toml")
    except (OSError, UnicodeDecodeError) as error:
        detail = f"The rules in {path} cannot be read: {error}."
        raise RulesError(detail, detail=detail) from error
    return parse_rules(table)


def sample_declarations() -> list[Declaration]:
    """The fictitious declarations of the sample parcels and containers."""
    return [_declaration(entry) for entry in json.loads(_resource("samples", "declarations.json"))]


def _declaration(entry: dict[str, Any]) -> Declaration:
    goods = tuple(GoodsLine(**line) for line in entry.pop("goods"))
    declared_at = entry.pop("declared_at", None)
    return Declaration(goods=goods, declared_at=declared_at and datetime.fromisoformat(declared_at), **entry)


def _resource(*names: str) -> str:
    return resources.files("resources").joinpath(*names).read_text("utf-8")
