"""What keeps jobs in order."""

from celery import shared_task

from installer.services import photo_sweep


@shared_task(name="jobs.photos_sweep")
def photos_sweep() -> None:
    """Delete files of photos that no row names, and photos that were kept long enough."""
    photo_sweep.photos_sweep()
    photo_sweep.photos_expire()
