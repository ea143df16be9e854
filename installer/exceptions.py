"""What the services of jobs raise besides ActionRefused."""

from chargepoints.exceptions import ActionRefused


class EditConflict(ActionRefused):
    """Somebody else has changed the same thing meanwhile: both values are told."""

    def __init__(self, field: str, yours: str, theirs: str) -> None:
        super().__init__(f"It was changed meanwhile: it is now “{theirs or 'empty'}”.")
        self.field, self.yours, self.theirs = field, yours, theirs


class JobIsOver(ActionRefused):
    """The job is completed or archived: it can only be read."""
