"""Whether an id tag may charge."""

from collections.abc import Sequence
from datetime import datetime

from chargepoints import sql
from chargepoints.choices import KeyState, Verdict
from chargepoints.reports import KeyAnswer, KeyQuestion

_KEYS = """
SELECT q.ordinal, k.id, k.state, k.expires_at, k.parent_id_tag
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS q (id, tag, ordinal)
JOIN chargepoints_chargepoint p ON p.id = q.id
JOIN chargepoints_site s ON s.id = p.site_id
JOIN teams_team t ON t.id = s.team_id
JOIN chargepoints_chargekey k ON k.organisation_id = t.organisation_id AND lower(k.id_tag) = lower(q.tag)
"""


def keys_authorise(*, questions: Sequence[KeyQuestion], now: datetime) -> list[KeyAnswer]:
    """The verdict on each question, in order. Tags are compared without regard to case (OCPP 1.6 CiString).

    Only keys of the charger's own organisation count; an unknown tag is Invalid (CSMS.md 2.1, Authorize).
    """
    found = sql.rows(
        _KEYS, [question.charge_point_id for question in questions], [question.id_tag for question in questions]
    )
    answers = [KeyAnswer(Verdict.INVALID)] * len(questions)
    for ordinal, key_id, state, expires_at, parent in found:
        answers[ordinal - 1] = KeyAnswer(_verdict(state, expires_at, now), expires_at, parent, key_id)
    return answers


def _verdict(state: str, expires_at: datetime | None, now: datetime) -> Verdict:
    if state == KeyState.BLOCKED:
        return Verdict.BLOCKED
    return Verdict.EXPIRED if expires_at is not None and expires_at <= now else Verdict.ACCEPTED
