"""Handing work to Celery by name, after the commit, so that a service never imports the tasks above it."""

from functools import partial

from django.db import transaction

from hub.celery import app


def enqueue(name: str, *args: object) -> None:
    """Send task `name` at once. Raises kombu's OperationalError when the broker is away."""
    app.send_task(name, args=args)


def enqueue_on_commit(name: str, *args: object) -> None:
    """Send task `name` after the surrounding transaction commits; a broker that is away is only logged.

    The row that the task is about is the truth, and a sweep finds what was not sent.
    """
    transaction.on_commit(partial(enqueue, name, *args), robust=True)
