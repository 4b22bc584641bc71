"""Commands on messages of the Single Window: read, import, receipts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, acting
from app.commands.output import Exit, expand, explain, known_errors, print_json, print_line
from app.exchange.ceb.message import Fault, Message
from app.exchange.ceb.read import read_message
from app.exchange.ceb.tables import spec
from app.exchange.errors import ExchangeError
from app.officers.rights import Right
from app.settings import load_settings
from app.store.store import Store
from app.texts import language, text

Data = Annotated[Path | None, typer.Option(help="Folder of the store; default: the user's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
message_commands = typer.Typer(help="Messages of the Single Window for e-commerce.", no_args_is_help=True)


@message_commands.command("read")
def read(
    files: Annotated[list[Path], typer.Argument(help="Messages, or folders of them.")], json: Json = False
) -> None:
    """Read messages, each with every fault; nothing is kept."""
    failed = False
    for path in expand(files):
        try:
            _show(path, read_message(path), json)
        except ExchangeError as error:
            failed = True
            typer.echo(f"{path}: {explain(error)}", err=True)
            if json:
                print_json(_unread(path, error))
    if failed:
        raise typer.Exit(Exit.FAILED)


@message_commands.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with .xml files; they move to done/ and refused/ in it.")],
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Keep the messages of a folder in the store: inventories become declarations, faults are kept with them."""
    from app.single_window import import_folder

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder", param_hint="FOLDER")
    refused = 0
    with known_errors(), _store(data, officer) as store:
        for imported in import_folder(store, folder):
            if imported.message:
                _show(imported.path, imported.message, json)
            elif imported.error:
                refused += 1
                typer.echo(f"{imported.path}: {explain(imported.error)}", err=True)
    if refused:
        raise typer.Exit(Exit.FOUND)


@message_commands.command("receipts")
def receipts(
    out: Annotated[Path, typer.Option("--out", "-o", help="The outbox folder.")],
    officer: Officer = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Write the receipts that are due into a folder, each once."""
    from app.receipts import send_receipts

    with known_errors(), _store(data, officer) as store:
        for path in send_receipts(store, out):
            if json:
                print_json({"file": str(path)})
            else:
                print_line(str(path))


@contextmanager
def _store(data: Path | None, officer: str | None) -> Iterator[Store]:
    settings = load_settings()
    store = Store.open(data or settings.data, station=settings.post.station)
    try:
        with acting(settings, store, officer, Right.FILINGS_IMPORT):
            yield store
    finally:
        store.close()


def _show(path: Path, message: Message, json: bool) -> None:
    if json:
        print_json(
            {
                "file": str(path),
                "type": message.type,
                "guid": message.guid,
                "signature": message.signature.value,
                "records": [record.to_json() for record in message.records],
                "faults": [{**fault.to_json(), "text": _describe(fault)} for fault in message.faults],
            }
        )
        return
    table = spec(message.type)
    name = table.zh if language() == "zh_CN" else table.en
    signature = text(f"ceb.signature.{message.signature}")
    print_line(f"{path}  {message.type} {name}  {len(message.records)}  {signature}")
    for fault in message.faults:
        print_line(f"    {_describe(fault)}")


def _unread(path: Path, error: ExchangeError) -> dict[str, object]:
    """What stands for a file of which no message could be made, so that every file has its object."""
    fault = {"kind": error.key, "path": "", "value": "", "expected": "", "text": explain(error)}
    return {"file": str(path), "type": None, "guid": None, "signature": None, "records": [], "faults": [fault]}


def _describe(fault: Fault) -> str:
    return text(f"ceb.fault.{fault.kind}", path=fault.path, value=fault.value, expected=fault.expected)
