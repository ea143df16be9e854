"""The Celery application: three queues by urgency (`urgent`, `live`, `default`) and the beat schedule."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chargepoints", "hub.account"])
app.conf.beat_schedule = {
    "commands-due": {"task": "commands.due", "schedule": 1.0, "options": {"expires": 5}},
    "connections-reap": {
        "task": "chargepoints.connections_reap",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "reservations-expire": {
        "task": "chargepoints.reservations_expire",
        "schedule": 2.0,
        "options": {"expires": 5},
    },
    "charge-points-upkeep": {"task": "chargepoints.charge_points_upkeep", "schedule": 30.0, "options": {"expires": 25}},
    "certificates-sign": {"task": "chargepoints.certificates_sign", "schedule": 2.0, "options": {"expires": 10}},
    "bills-due": {"task": "chargepoints.bills_due", "schedule": 2.0, "options": {"expires": 5}},
    "sessions-tidy": {"task": "account.sessions_tidy", "schedule": 3600.0},
    "webhooks-send": {"task": "webhooks.send", "schedule": 1.0, "options": {"expires": 5}},
    "webhooks-tidy": {"task": "webhooks.tidy", "schedule": 3600.0},
    "partitions-ensure": {"task": "chargepoints.partitions_ensure", "schedule": 3600.0},
}


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Django has configured logging already; Celery shall not do it again."""
