"""The memory of a fleet over a loss of power: which charges were running."""

from pathlib import Path

import msgspec

from hub.simulator.clock import stamp
from hub.simulator.wire import Payload


class Running(msgspec.Struct, frozen=True):
    """A charge at its last sample; `register` in Wh."""

    transaction: int
    register: int
    at: str


class State:
    """Running charges by charger and connector, in a small file; in memory only without a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._running: dict[str, Running] = {}
        if path and path.exists():
            self._running = msgspec.json.decode(path.read_bytes(), type=dict[str, Running])

    def keep(self, identity: str, connector: int, transaction: int, register: float) -> None:
        """Remember that a charge has come this far. One without a transaction id cannot be remembered."""
        if transaction > 0:
            self._running[f"{identity}/{connector}"] = Running(transaction, int(register), stamp())
            self._write()

    def forget(self, identity: str, connector: int) -> None:
        """The charge has ended in good order."""
        if self._running.pop(f"{identity}/{connector}", None):
            self._write()

    def lost(self, identity: str, connector: int) -> Payload | None:
        """The StopTransaction that a charger owes after its power was lost."""
        charge = self._running.get(f"{identity}/{connector}")
        if charge is None:
            return None
        payload = {"transactionId": charge.transaction, "meterStop": charge.register}
        return payload | {"timestamp": charge.at, "reason": "PowerLoss"}

    def _write(self) -> None:
        if self._path:
            # A half-written file after a kill would cost the whole memory.
            draft = self._path.with_suffix(".new")
            draft.write_bytes(msgspec.json.encode(self._running))
            draft.replace(self._path)
