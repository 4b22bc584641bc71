"""The command line of Guanjian."""

from __future__ import annotations

import typer

from app.commands import (
    bench,
    counters,
    devices,
    encryption,
    export,
    files,
    filings,
    hub,
    identity,
    keeping,
    log,
    mail,
    messages,
    models,
    officers,
    orders,
    quality,
    records,
    returns,
    risk,
    runs,
    same,
    stats,
    tip,
    trace,
    train,
    train_embedding,
)
from app.commands.output import Commands
from app.commands.prints import print_commands
from app.logs import configure_logs
from app.settings import load_settings, system_language
from app.store.sealed import ask_with
from app.texts import set_language
from imaging.plugins import trust_with

cli = typer.Typer(
    cls=Commands,
    name="guanjian",
    help="Guanjian (关检): the inspection station of a customs officer at an X-ray belt or container scanner.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    runs.run,
    runs.replay,
    files.simulate,
    files.detect,
    files.decode,
    files.render,
    files.convert,
    same.same,
    same.nearest,
    records.label,
    keeping.backup,
    keeping.restore,
    keeping.retention,
    trace.trace,
    trace.verify,
    quality.quality,
    quality.accuracy,
    bench.bench,
    stats.stats,
):
    cli.command()(command)
cli.add_typer(risk.risk_commands, name="risk")
cli.add_typer(trace.key_commands, name="keys")
cli.add_typer(trace.recall_commands, name="recall")
cli.add_typer(trace.intercept_commands, name="intercept")
cli.add_typer(print_commands, name="prints")
cli.add_typer(orders.order_commands, name="orders")
cli.add_typer(filings.filing_commands, name="filings")
cli.add_typer(hub.hub_commands, name="hub")
cli.add_typer(log.log_commands, name="log")
cli.add_typer(encryption.encryption_commands, name="encryption")
cli.add_typer(devices.device_commands, name="devices")
cli.add_typer(models.model_commands, name="model")
cli.add_typer(export.export_commands, name="export")
train.train_commands.add_typer(train_embedding.embedding_commands, name="embedding")
cli.add_typer(train.train_commands, name="train")
cli.add_typer(messages.message_commands, name="messages")
cli.add_typer(officers.officer_commands, name="officers")
cli.add_typer(mail.mail_commands, name="mail")
cli.add_typer(returns.return_commands, name="returns")
cli.add_typer(identity.identity_commands, name="identity")
cli.add_typer(tip.tip_commands, name="tip")
cli.add_typer(counters.refund_commands, name="refund")
cli.add_typer(counters.sample_commands, name="samples")
cli.add_typer(counters.vehicle_commands, name="vehicles")
cli.add_typer(counters.baggage_commands, name="baggage")


def run_commands() -> None:
    """Do what the arguments of the process say."""
    configure_logs()
    set_language(system_language())
    ask_with(encryption.ask_passphrase)
    trust_with(lambda: load_settings().plugins.trusted)
    cli()
