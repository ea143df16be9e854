"""What chargers upload: asked for, listed, taken away, deleted."""

from chargepoints.models import DiagnosticsFile
from tests.portal.matrix_tables.administration import page
from tests.portal.matrix_tables.desk import act
from tests.portal.matrix_tables.line import COMMANDERS, EDITORS, REBOOTERS, Url, desk

DIAGNOSTICS = [
    act("diagnostics", COMMANDERS),
    act("log_upload", COMMANDERS),
    desk("charge_point_diagnostics", get=REBOOTERS),
    Url("diagnostics_download", of="diagnostics", get=REBOOTERS),
    Url("diagnostics_delete", of="diagnostics", get=EDITORS, post=EDITORS),
    *page("chargepoints", DiagnosticsFile, add=False, change=False),
]
