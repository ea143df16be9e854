"""Rendering for those who look."""

from celery import shared_task

from chargepoints.rendering.live import changes_publish


@shared_task(name="live.render", acks_late=False)
def render(changes: list[tuple[int, list[str]]]) -> None:
    """Render and publish what changed: a list of [charge point id, facets]."""
    changes_publish(dict(changes))
