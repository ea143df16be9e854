"""GetLog: the charger uploads its security or diagnostics log (CSMS.md 2.2; TC_079)."""

from ocpp_gateway.outgoing import Outgoing, Payload
from ocpp_gateway.v16.cancelling import apply_job, judge_job


def _build(given: Payload) -> Payload:
    log: Payload = {"remoteLocation": given["location"]}
    for name, field in (("oldest", "oldestTimestamp"), ("latest", "latestTimestamp")):
        if given.get(name):
            log[field] = given[name]
    payload: Payload = {"logType": given["type"], "requestId": int(given["request_id"]), "log": log}
    for name, field in (("retries", "retries"), ("retry_interval", "retryInterval")):
        if given.get(name) is not None:
            payload[field] = int(given[name])
    return payload


OUT = Outgoing("log_upload", "GetLog", _build, judge=judge_job, apply=apply_job("log_upload"))
