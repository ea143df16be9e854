"""The Celery application: queues by urgency (`urgent`, `live`, `default`, `webhooks`) and the beat schedule.

Tasks are acknowledged when they are done, so one whose worker dies comes again: each is a question to the database,
asked twice without harm. Threads cannot be stopped from outside; what ends a task that hangs is the database, which
cancels its statements (STATEMENT_SECONDS), and the time-outs of whoever speaks over the network.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, heartbeat_sent, setup_logging, worker_ready
from django.db.backends.signals import connection_created

from hub.pulse import worker_lives

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["chargepoints", "installer", "hub.account"])
app.conf.beat_schedule = {
    "commands-due": {"task": "commands.due", "schedule": 1.0, "options": {"expires": 5}},
    "batches-advance": {"task": "batches.advance", "schedule": 1.0, "options": {"expires": 5}},
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
    "charge-limits-due": {"task": "chargepoints.charge_limits_due", "schedule": 2.0, "options": {"expires": 5}},
    "bills-due": {"task": "chargepoints.bills_due", "schedule": 2.0, "options": {"expires": 5}},
    "idempotency-keys-forget": {"task": "chargepoints.idempotency_keys_forget", "schedule": 3600.0},
    "diagnostics-expire": {"task": "chargepoints.diagnostics_expire", "schedule": 3600.0},
    "job-mails-due": {"task": "jobs.mails_due", "schedule": 10.0, "options": {"expires": 30}},
    "job-photos-sweep": {"task": "jobs.photos_sweep", "schedule": 3600.0},
    "sessions-tidy": {"task": "account.sessions_tidy", "schedule": 3600.0},
    "webhooks-send": {"task": "webhooks.send", "schedule": 1.0, "options": {"expires": 5}},
    "webhooks-tidy": {"task": "webhooks.tidy", "schedule": 3600.0},
    "job-tests-advance": {"task": "jobs.tests_advance", "schedule": 1.0, "options": {"expires": 5}},
    "partitions-ensure": {"task": "chargepoints.partitions_ensure", "schedule": 3600.0},
}


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Django has configured logging already; Celery shall not do it again."""


# Below the broker's visibility time-out: a task whose statement was cancelled has ended before it is given out again.
STATEMENT_SECONDS = 110


@celeryd_init.connect
def limit_statements(**_: object) -> None:
    """In a worker, no statement of the database may run longer than a task may."""
    connection_created.connect(_limit, dispatch_uid="worker-statements")


def _limit(connection: Any, **_: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")


# What this process is as a worker; empty in all others.
_worker: dict[str, Any] = {}


@worker_ready.connect
def know_worker(sender: Any, **_: object) -> None:
    """What this worker is told to be, for its signs of life."""
    queues = sorted(queue.name for queue in sender.task_consumer.queues)
    _worker.update(name=str(sender.hostname), queues=queues, threads=int(sender.controller.concurrency))
    worker_lives(**_worker)


@heartbeat_sent.connect
def tell_pulse(**_: object) -> None:
    """With each heartbeat of Celery's own, every 2 s."""
    if _worker:
        worker_lives(**_worker)
