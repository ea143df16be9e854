"""Run a module with its event loop and its committer thread under cProfile: `profiled FILE MODULE [ARGUMENTS]`."""

import atexit
import cProfile
import runpy
import sys
import threading
import time
from types import FrameType


def main() -> None:
    """Profile CPU time of the two threads that matter, and save it at the end."""
    path, module = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:]]
    profiles = {name: cProfile.Profile(time.thread_time) for name in ("loop", "journal")}

    def begin(_frame: FrameType, _event: str, _argument: object) -> None:
        if threading.current_thread().name.startswith("journal"):
            profiles["journal"].enable()
        else:
            sys.setprofile(None)

    def save() -> None:
        for name, profile in profiles.items():
            profile.dump_stats(f"{path}.{name}")

    threading.setprofile(begin)
    atexit.register(save)
    profiles["loop"].enable()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
