"""The key that test charges are made with: one for each organisation, made when it is first needed."""

import secrets

from django.db import transaction

from chargepoints.choices import KeyType, PaymentKind
from chargepoints.models import ChargeKey, PaymentMethod
from hub.audit.records import HUB, audit_record
from hub.teams.models import Organisation

LABEL = "Installation tests"
PREFIX = "HUB-TEST-"


@transaction.atomic
def test_key_for(organisation: Organisation) -> ChargeKey:
    """The key of the organisation's test charges. It pays nothing, and works on charge points of open jobs only.

    Several charge points may charge with it at once. An id tag of OCPP 1.6 has 20 characters at most.
    """
    found = ChargeKey.objects.filter(organisation=organisation, for_tests=True).first()
    if found is not None:
        return found
    # Of two that find none, one makes it.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    found = ChargeKey.objects.filter(organisation=organisation, for_tests=True).first()
    if found is not None:
        return found
    free = PaymentMethod.objects.create(organisation=organisation, kind=PaymentKind.FREE, name=LABEL)
    key = ChargeKey.objects.create(
        organisation=organisation,
        id_tag=f"{PREFIX}{secrets.token_hex(5).upper()}",
        label=LABEL,
        type=KeyType.APP,
        allows_concurrent=True,
        payment_method=free,
        for_tests=True,
    )
    after = {"label": LABEL, "type": key.type, "payment_method": free.name}
    audit_record(actor=HUB, act="created", obj=key, place=key.place, after=after)
    return key


# A test file that imports it imports no test.
test_key_for.__test__ = False  # type: ignore[attr-defined]
