"""SignedUpdateFirmware: new firmware, with signature and signing certificate (CSMS.md 2.2; TC_080, TC_081)."""

from ocpp_gateway.outgoing import Outgoing, Payload
from ocpp_gateway.v16.cancelling import apply_job, judge_job


def _build(given: Payload) -> Payload:
    firmware: Payload = {
        "location": given["location"],
        "retrieveDateTime": given["retrieve_at"],
        "signingCertificate": given["certificate"],
        "signature": given["signature"],
    }
    if given.get("install_at"):
        firmware["installDateTime"] = given["install_at"]
    payload: Payload = {"requestId": int(given["request_id"]), "firmware": firmware}
    for name, field in (("retries", "retries"), ("retry_interval", "retryInterval")):
        if given.get(name) is not None:
            payload[field] = int(given[name])
    return payload


OUT = Outgoing("signed_firmware", "SignedUpdateFirmware", _build, judge=judge_job, apply=apply_job("signed_firmware"))
