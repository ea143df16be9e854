"""GetCompositeSchedule: what the profiles come to; the schedule is the result (CSMS.md 2.2; TC_066)."""

from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    payload = {"connectorId": int(given["connector"]), "duration": int(given["duration"])}
    if given.get("unit"):
        payload["chargingRateUnit"] = given["unit"]
    return payload


OUT = Outgoing("composite_schedule", "GetCompositeSchedule", _build)
