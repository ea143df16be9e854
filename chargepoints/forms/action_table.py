"""Every form of a remote action, by its kind."""

from collections.abc import Mapping

from chargepoints.forms import actions
from chargepoints.forms.action_certificates import CertificateTypeForm, DeleteCertificateForm, InstallCertificateForm
from chargepoints.forms.action_expert import CallForm, DataTransferForm
from chargepoints.forms.action_profiles import ClearProfileForm, CompositeForm, SetProfileForm
from chargepoints.forms.action_reservations import CancelReservationForm, ReserveForm
from chargepoints.forms.actions import ActionForm
from chargepoints.forms.diagnostics import DiagnosticsForm, LogUploadForm
from chargepoints.forms.firmware import UpdateFirmwareForm
from chargepoints.forms.start import StartForm


class ListVersionForm(ActionForm):
    """Asks for nothing."""

    send = "Ask for it"


FORMS: Mapping[str, type[ActionForm]] = {
    **actions.FORMS,
    "start": StartForm,
    "diagnostics": DiagnosticsForm,
    "log_upload": LogUploadForm,
    "firmware": UpdateFirmwareForm,
    "local_list_version": ListVersionForm,
    "reserve": ReserveForm,
    "cancel_reservation": CancelReservationForm,
    "set_profile": SetProfileForm,
    "clear_profile": ClearProfileForm,
    "composite_schedule": CompositeForm,
    "data_transfer": DataTransferForm,
    "call": CallForm,
    "install_certificate": InstallCertificateForm,
    "certificate_ids": CertificateTypeForm,
    "delete_certificate": DeleteCertificateForm,
}
