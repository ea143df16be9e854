"""Whether somebody asked the launcher to stop."""

import os
import signal
from contextlib import suppress
from types import FrameType

from hub.embedded.spawn import Child


class Asked:
    """Counts INT, TERM and HUP instead of dying by them; call it to learn whether one came.

    A `make` that was killed counts too: it names itself in HUB_STOP_WITH.
    """

    def __init__(self) -> None:
        self.times = 0
        self.parent = os.environ.pop("HUB_STOP_WITH", "")
        self.command: Child | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def __call__(self) -> bool:
        return self.times > 0 or self.orphaned()

    def orphaned(self) -> bool:
        """Whether the process which we should not outlive is gone."""
        return self.parent != "" and self.parent != str(os.getppid())

    def again(self) -> bool:
        """Whether somebody insisted."""
        return self.times > 1

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.times += 1
        if self.command is not None:
            with suppress(OSError):
                os.kill(self.command.target, number)
