"""Every form of a remote action, by its kind."""

from collections.abc import Mapping

from chargepoints.forms import actions
from chargepoints.forms.actions import ActionForm
from chargepoints.forms.diagnostics import DiagnosticsForm, LogUploadForm

FORMS: Mapping[str, type[ActionForm]] = {
    **actions.FORMS,
    "diagnostics": DiagnosticsForm,
    "log_upload": LogUploadForm,
}
