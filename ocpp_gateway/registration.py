"""Registration: what a charger may send before it is accepted (CSMS.md 1.3; OCPP 1.6 errata J 3.10)."""

from chargepoints.choices import Registration
from ocpp_gateway.errors import Code, OcppError
from ocpp_gateway.links import Link

# A new charger that has not booted by then, without having been asked for anything, is asked to (QUIRKS 1.6).
ASK_AFTER_SECONDS = 10.0
_BOOT = "BootNotification"
_WORDS = {
    Registration.PENDING: "The charge point is pending: only BootNotification and what was triggered is taken.",
    Registration.REJECTED: "The charge point is rejected: only BootNotification is taken.",
}


def gate(link: Link, action: str, now: float) -> str:
    """The finding under which a call is let through, mostly none. Raises OcppError for one that has to wait.

    Who was accepted once stays so, over connections and restarts (H13). A new charger that does not boot, even when
    asked to, is taken in without: it would be dead otherwise. Not in strict mode.
    """
    if link.registration == Registration.ACCEPTED or action == _BOOT:
        return ""
    if link.booting and not link.is_strict:
        return ""  # sent behind its boot without waiting for the answer; the order is kept
    if link.registration != Registration.REJECTED and link.triggered == action:
        return ""
    if link.registration:
        raise OcppError(Code.SECURITY, _WORDS[Registration(link.registration)])
    if link.may_skip_boot and link.boot_by is not None and now >= link.boot_by:
        return "no-boot"
    raise OcppError(Code.SECURITY, "The charge point is new: BootNotification comes first.")


def to_be_asked(link: Link, now: float, patience: float = ASK_AFTER_SECONDS) -> bool:
    """Whether this new charger shall be asked for its boot now; true once for a connection."""
    if link.registration or link.booting or link.asked or now - link.session.since < patience:
        return False
    link.asked = True
    return True
