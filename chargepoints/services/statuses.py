"""What connectors report."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chargepoints import sql
from chargepoints.choices import ConnectorStatus
from chargepoints.reports import Status
from chargepoints.services.availability import availability_reported
from chargepoints.services.charges import charges_follow_status
from chargepoints.services.states import states_refresh

_Key = tuple[int, int]
# status, error_code, vendor_error_code, info, status_at
_Known = tuple[str, str, str, str, datetime | None]

_KNOWN = """
SELECT k.charge_point_id, k.number, k.raw_status, k.error_code, k.vendor_error_code, k.info, k.status_at
FROM chargepoints_connector k
JOIN unnest(%s::bigint[], %s::int[]) AS w (id, number) ON k.charge_point_id = w.id AND k.number = w.number
UNION ALL
SELECT p.id, 0, p.box_status, p.box_error_code, '', '', NULL FROM chargepoints_chargepoint p WHERE p.id = ANY(%s)
"""

_UPSERT = """
INSERT INTO chargepoints_connector AS k (charge_point_id, number, type, status, raw_status, error_code,
    vendor_error_code, info, status_at, status_since)
SELECT id, number, '', status, raw, error, vendor, info, reported, received FROM unnest(%s::bigint[], %s::int[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS n (id, number, status, raw, error, vendor, info, reported, received)
ON CONFLICT (charge_point_id, number) DO UPDATE SET status = excluded.status, raw_status = excluded.raw_status,
    error_code = excluded.error_code, vendor_error_code = excluded.vendor_error_code, info = excluded.info,
    status_at = excluded.status_at,
    status_since = CASE WHEN k.raw_status = excluded.raw_status AND k.error_code = excluded.error_code
                        THEN k.status_since ELSE excluded.status_since END
"""

_BOX = """
UPDATE chargepoints_chargepoint p SET box_status = n.status, box_error_code = n.error
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (id, status, error) WHERE p.id = n.id
"""

_HISTORY = """
COPY chargepoints_statuschange (charge_point_id, connector_number, reported_at, received_at, status, raw_status,
    error_code, vendor_error_code, info) FROM STDIN
"""


def statuses_record(*, reports: Sequence[Status]) -> None:
    """Store reported statuses in their order: the connector's present state, and the history where it changed.

    An older report that arrives late goes into the history only (CSMS.md 2.1, StatusNotification).
    """
    known = _known(reports)
    history: list[Status] = []
    latest: dict[_Key, Status] = {}
    # Each connector's reports one after the other, as they would have been taken one by one.
    rounds: list[dict[_Key, Status]] = []
    counts: Counter[_Key] = Counter()
    for report in reports:
        key = (report.charge_point_id, report.connector_number)
        before = known.get(key)
        if before is None or _differs(before, report):
            history.append(report)
        if before is None or not _late(before, report):
            latest[key] = report
            if counts[key] == len(rounds):
                rounds.append({})
            rounds[counts[key]][key] = report
            counts[key] += 1
            known[key] = _as_known(report)
    _store(latest.values())
    _history_store(history)
    touched = {report.charge_point_id for report in history}
    for told in rounds:
        charges_follow_status(reports=list(told.values()))
    availability_reported(reports=history)
    states_refresh(charge_point_ids=touched)


def _known(reports: Sequence[Status]) -> dict[_Key, _Known]:
    keys = sorted({(r.charge_point_id, r.connector_number) for r in reports if r.connector_number})
    boxes = sorted({r.charge_point_id for r in reports if not r.connector_number})
    found = sql.rows(_KNOWN, [key[0] for key in keys], [key[1] for key in keys], boxes)
    return {(row[0], row[1]): row[2:] for row in found}


def _as_known(report: Status) -> _Known:
    # A clock that ran ahead is put right sooner or later: what it said must not count as later than that.
    usable = report.reported_at is not None and _usable(report)
    at = min(report.reported_at or report.received_at, report.received_at) if usable else report.received_at
    return (_word(report), report.error_code, report.vendor_error_code, report.info, at)


def _word(report: Status) -> str:
    # The box keeps only our word for its status.
    return report.raw_status if report.connector_number else str(report.status)


def _differs(before: _Known, report: Status) -> bool:
    if not report.connector_number:
        return before[:2] != (_word(report), report.error_code)
    return before[:4] != (report.raw_status, report.error_code, report.vendor_error_code, report.info)


def _usable(report: Status) -> bool:
    """Whether the charger's clock can be believed: not more than a week behind or an hour ahead."""
    at, received = report.reported_at, report.received_at
    return at is not None and received - timedelta(days=7) <= at <= received + timedelta(hours=1)


def _late(before: _Known, report: Status) -> bool:
    at, last = report.reported_at, before[4] if report.connector_number else None
    return _usable(report) and at is not None and last is not None and at < last


def _store(reports: Iterable[Status]) -> None:
    ordered = sorted(reports, key=lambda report: (report.charge_point_id, report.connector_number))
    connectors = [report for report in ordered if report.connector_number]
    boxes = [report for report in ordered if not report.connector_number]
    if connectors:
        sql.execute(
            _UPSERT,
            [r.charge_point_id for r in connectors],
            [r.connector_number for r in connectors],
            [str(r.status) for r in connectors],
            [r.raw_status for r in connectors],
            [r.error_code for r in connectors],
            [r.vendor_error_code for r in connectors],
            [r.info for r in connectors],
            [_as_known(r)[4] for r in connectors],
            [r.received_at for r in connectors],
        )
    if boxes:
        sql.execute(
            _BOX,
            [r.charge_point_id for r in boxes],
            [str(r.status) for r in boxes],
            [r.error_code for r in boxes],
        )


def _history_store(reports: Sequence[Status]) -> None:
    if reports:
        sql.copy(_HISTORY, [_change(report) for report in reports])


def _change(report: Status) -> str:
    reported_at = sql.NULL if report.reported_at is None else report.reported_at
    told = sql.columns(str(report.status), report.raw_status, report.error_code, report.vendor_error_code, report.info)
    return f"{report.charge_point_id}\t{report.connector_number}\t{reported_at}\t{report.received_at}\t{told}"


def status_parse(raw: str) -> ConnectorStatus:
    """The status word of a charger as one of ours; what nobody knows becomes Unknown, the raw word is kept."""
    try:
        return ConnectorStatus(raw)
    except ValueError:
        return ConnectorStatus.UNKNOWN
