"""Commands for many charge points, and firmware waves."""

from tests.portal.matrix_tables.line import COMMANDERS, EVERY, REBOOTERS, Url

# The batch of the scene reboots.
BATCHES = [
    Url("batches", get=EVERY),
    Url("batch_new", get=REBOOTERS, post=REBOOTERS, data={"kind": "reboot"}),
    Url("batch_new", get=COMMANDERS, post=COMMANDERS, data={"kind": "clear_cache"}),
    Url("batch", of="batch", get=EVERY),
    Url("batch_results", of="batch", get=EVERY),
    Url("batch_stop", of="batch", post=REBOOTERS),
    Url("batch_retry", of="batch", post=REBOOTERS),
    Url("batch_resume", of="batch", get=REBOOTERS, post=REBOOTERS),
    Url("firmware_wave", of="wave", get=COMMANDERS, post=COMMANDERS),
]
