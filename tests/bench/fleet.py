"""The bench's side of the load generator."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.errors import BenchError
from tests.stage import CHECKOUT

Reply = dict[str, Any]
PATIENCE_SECONDS = 300.0


@dataclass
class Fleet:
    """A running load generator."""

    process: subprocess.Popen[str]
    replies: queue.Queue[Reply] = field(default_factory=queue.Queue)
    calls: queue.Queue[Reply] = field(default_factory=queue.Queue)

    def connect(self, port: int, identities: Sequence[str], password: str, *, width: int = 50) -> Reply:
        """Connect and boot these; `width` 0 does it in one instant."""
        words = {"port": port, "path": "/ocpp", "identities": list(identities), "password": password, "width": width}
        return self.ask("connect", **words)

    def load(self, messages: int) -> Reply:
        """Let every station send so many messages. Raises BenchError unless all were answered well."""
        return self.ask("load", messages=messages)

    def ask(self, what: str, **words: object) -> Reply:
        """Give an order and wait for its reply. Raises BenchError for faults and for silence."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **words}) + "\n")
        self.process.stdin.flush()
        try:
            reply = self.replies.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise BenchError(f"no reply to {what}") from None
        if reply["faults"]:
            raise BenchError(f"{what}: {reply['faults']} faults, such as {reply['shown']}")
        return reply

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            (self.calls if "call" in told else self.replies).put(told)


@contextmanager
def fleet(module: str = "tests.bench.load") -> Iterator[Fleet]:
    """A load generator for the time of the block."""
    argv = [sys.executable, "-m", module]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        made = Fleet(process)
        reader = threading.Thread(target=made._read, daemon=True)
        reader.start()
        try:
            yield made
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join()
