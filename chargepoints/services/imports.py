"""Importing a list of charge points: upload, keep, apply. What is wrong with it is found by `selectors.imports`."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction

from chargepoints.columns import header_read
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Connection, Connector
from chargepoints.permissions import Person
from chargepoints.selectors.imports import Checked, Draft, Line, import_check
from chargepoints.services.credentials import LONGEST, SHORTEST, password_hmac
from chargepoints.services.passwords import password_made
from chargepoints.services.states import states_refresh
from chargepoints.services.strangers import attempts_tie
from hub.audit.records import Actor, Place, audit_record, audit_record_all, facts_of
from hub.spreadsheets import Row, TableError, csv_write, table_read

KEPT_SECONDS = 3600
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """A list that was uploaded: its rows, under the name of its file."""

    file_name: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made, and the passwords that were made with it, in clear: they are stored nowhere."""

    charge_points: Sequence[ChargePoint]
    passwords: Sequence[tuple[ChargePoint, str]]


class ImportDiffers(Exception):
    """The rows are not all good any more; `checked` says what is wrong now."""

    def __init__(self, checked: Checked) -> None:
        super().__init__("The list cannot be imported as it is.")
        self.checked = checked


def import_read(*, file_name: str, content: bytes) -> Upload:
    """The rows of an uploaded file. Raises TableError for one that is no such list."""
    head, *rows = table_read(content)
    header = header_read(head.cells)
    if header.wrong:
        raise TableError(" ".join(header.wrong))
    if not rows:
        raise TableError("The list has a first row and nothing below it. Put one charge point into each row.")
    return Upload(file_name[:100], [_line(row, header.names) for row in rows])


def _line(row: Row, names: Sequence[str]) -> Line:
    cells = dict(zip(names, row.cells, strict=False))
    extra = ", ".join(filter(None, row.cells[len(names) :]))
    password = cells.pop("password", "")
    cells = {name: text for name, text in cells.items() if text}
    if not password:
        return Line(row.number, cells, extra=extra)
    if not SHORTEST <= len(password.encode()) <= LONGEST:
        return Line(row.number, cells, password_wrong=f"Use {SHORTEST} to {LONGEST} characters.", extra=extra)
    return Line(row.number, cells, sealed=password_hmac(cells.get("identity", ""), password), extra=extra)


def upload_keep(*, owner: int, upload: Upload) -> str:
    """Keep an upload for an hour, for this person only; its token."""
    token = secrets.token_urlsafe(16)
    cache.set(_key(owner, token), upload, KEPT_SECONDS)
    return token


def upload_find(*, owner: int, token: str) -> Upload | None:
    """An upload of this person that is still kept."""
    found = cache.get(_key(owner, token))
    return found if isinstance(found, Upload) else None


def upload_claim(*, owner: int, token: str) -> Upload | None:
    """Take an upload away; of two who press the button at once only one gets it."""
    found = upload_find(owner=owner, token=token)
    return found if found is not None and cache.delete(_key(owner, token)) else None


def _key(owner: int, token: str) -> str:
    return f"import:{owner}:{token[:64]}"


@transaction.atomic
def import_apply(*, actor: Actor, person: Person, upload: Upload, only_good: bool = False) -> Imported:
    """Make the charge points of a list, all or none; with `only_good` those of its rows without mistakes.

    Raises ImportDiffers when rows are wrong (now), and ActionRefused when somebody was faster with one of them.
    """
    checked = import_check(person, upload.lines)
    if not checked.drafts or (checked.wrong and not only_good):
        raise ImportDiffers(checked)
    made, passwords = [], []
    for draft in checked.drafts:
        password = password_made() if draft.needs_password else ""
        point = _charge_point(draft, password)
        made.append(point)
        if password:
            passwords.append((point, password))
    try:
        with transaction.atomic():
            ChargePoint.objects.bulk_create(made, batch_size=_BATCH)
    except IntegrityError:
        raise ActionRefused("Somebody has registered one of these meanwhile. Nothing was made. Look again.") from None
    # Nobody is told of rows that are made in bulk, so that the connections are made here.
    Connection.objects.bulk_create([Connection(charge_point=point) for point in made], batch_size=_BATCH)
    Connector.objects.bulk_create(
        [
            Connector(charge_point=point, number=plug.number, type=plug.type, max_power_w=plug.max_power_w)
            for point, draft in zip(made, checked.drafts, strict=True)
            for plug in draft.plugs
        ],
        batch_size=_BATCH,
    )
    attempts_tie(charge_points=made)
    states_refresh(charge_point_ids=[point.pk for point in made])
    _record(actor, upload, checked, made)
    return Imported(made, passwords)


def _charge_point(draft: Draft, password: str) -> ChargePoint:
    identity = str(draft.fields["identity"] or "")
    return ChargePoint(
        site=draft.site,
        password_hmac=password_hmac(identity, password) if password else draft.sealed,
        **draft.fields,
    )


def _record(actor: Actor, upload: Upload, checked: Checked, made: Sequence[ChargePoint]) -> None:
    """One entry for the import in each organisation that got something of it, and one for each charge point."""
    counts: dict[int, list[ChargePoint]] = defaultdict(list)
    for point in made:
        counts[point.site.team.organisation_id].append(point)
    for number, points in counts.items():
        audit_record(
            actor=actor,
            act="imported",
            obj=points[0].site.team.organisation,
            place=Place(number),
            after={"file": upload.file_name, "charge_points": len(points), "rows_left_out": checked.bad_rows},
        )
    facts = (facts_of(point, "site", "name", "identity", "is_active") for point in made)
    entries = [(point, point.place, after) for point, after in zip(made, facts, strict=True)]
    audit_record_all(actor=actor, act="imported", made=entries)


def passwords_seal(*, owner: int, passwords: Sequence[tuple[ChargePoint, str]]) -> tuple[str, str]:
    """Keep made passwords for one download within the hour: token and key. Without the key nobody can read them."""
    head = ("site", "name", "identity", "address", "password")
    rows = [
        (point.site.name, point.name, point.identity, f"{settings.OCPP_URL}/{point.identity}", password)
        for point, password in passwords
    ]
    token, key = secrets.token_urlsafe(16), Fernet.generate_key()
    cache.set(_key(owner, f"p-{token}"), Fernet(key).encrypt(csv_write([head, *rows])), KEPT_SECONDS)
    return token, key.decode()


def passwords_open(*, owner: int, token: str, key: str) -> bytes | None:
    """The passwords as CSV, once; None when they were fetched before, or the hour is over, or the key is wrong."""
    sealed = cache.get(_key(owner, f"p-{token}"))
    try:
        found = Fernet(key.encode()).decrypt(sealed) if isinstance(sealed, bytes) else None
    except (InvalidToken, ValueError):
        return None
    return found if found is not None and cache.delete(_key(owner, f"p-{token}")) else None
