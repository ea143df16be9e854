"""UpdateFirmware: its answer says nothing; the status messages tell how it goes (CSMS.md 2.2; TC_044)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload = {"location": given["location"], "retrieveDate": given["retrieve_at"]}
    if given.get("retries") is not None:
        payload["retries"] = given["retries"]
    if given.get("retry_interval") is not None:
        payload["retryInterval"] = given["retry_interval"]
    return payload


OUT = Outgoing("firmware", "UpdateFirmware", _build)
