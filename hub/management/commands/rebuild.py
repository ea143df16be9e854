"""`manage.py rebuild`: derive charges and status history from the stored frames, and compare with what is stored."""

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from chargepoints.models import ChargePoint, Connection, LogLine
from chargepoints.services.rebuilds import Compared, Scratch
from chargepoints.services.states import states_refresh
from ocpp_gateway.replay import ACTIONS, Replayed, replay


def _time(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time such as 2026-01-31T12:00Z") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Prove, charger by charger, that what is stored follows from what the chargers said."""

    help = (
        "Derives charges and status history from the stored frames with the same services and compares. "
        "Prints what differs and ends with 1 when something does. Changes nothing without --apply."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--charge-point", metavar="IDENTITY", help="One charger; all without it.")
        parser.add_argument(
            "--from", dest="since", type=_time, metavar="ISO", help="Compare only what was received since then."
        )
        parser.add_argument("--apply", action="store_true", help="Store what was derived where it differs.")

    def handle(
        self,
        *args: object,
        charge_point: str | None = None,
        since: datetime | None = None,
        apply: bool = False,
        **options: object,
    ) -> None:
        """Rebuild. Raises CommandError for an unknown identity; exits with 1 when something differs."""
        found = ChargePoint.objects.filter(identity__isnull=False).order_by("identity")
        if charge_point is not None:
            found = found.filter(identity__iexact=charge_point)
            if not found.exists():
                raise CommandError(f"No charge point has the identity {charge_point}.")
        charges = changes = differing = 0
        for pk, identity in found.values_list("pk", "identity"):
            replayed, compared = _rebuild(pk, since)
            if apply and compared.differences:
                replayed, compared = _rebuild(pk, since, apply=True)
                states_refresh(charge_point_ids=[pk])
            for told in (*(f"not replayable: {line}" for line in replayed.unreadable), *compared.differences):
                self.stdout.write(f"{identity}: {told}")
            charges, changes = charges + compared.charges, changes + compared.changes
            differing += len(compared.differences)
        if differing:
            self.stdout.write(f"different: {differing} in {charges} charges, {changes} status changes")
            sys.exit(1)
        self.stdout.write(f"equal: {charges} charges, {changes} status changes")


@transaction.atomic
def _rebuild(charge_point_id: int, since: datetime | None, *, apply: bool = False) -> tuple[Replayed, Compared]:
    """One charger. Without `apply` it sees one moment of the database and holds up nobody."""
    if apply:
        Connection.objects.select_for_update().get(pk=charge_point_id)
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    first = LogLine.objects.filter(charge_point=charge_point_id).order_by("seq").values_list("at", flat=True).first()
    scratch = Scratch(charge_point_id, first or datetime.now(UTC))
    replayed = replay(charge_point_id=charge_point_id, stored=scratch.calls(ACTIONS), passed=scratch.passed)
    compared = scratch.compare(since or scratch.first)
    if apply:
        scratch.apply()
    else:
        transaction.set_rollback(True)
    return replayed, compared
