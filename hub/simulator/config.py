"""The configuration keys of a charger."""

from dataclasses import dataclass
from random import Random
from typing import Any

DEFAULTS = {
    "AllowOfflineTxForUnknownId": "true",
    "AuthorizationCacheEnabled": "true",
    "AuthorizeRemoteTxRequests": "false",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "0.RST,1.RST",
    "HeartbeatInterval": "300",
    "LocalAuthListEnabled": "true",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "MeterValueSampleInterval": "15",
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
    "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
    "MinimumStatusDuration": "0",
    "ResetRetries": "1",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "UnlockConnectorOnEVSideDisconnect": "true",
    "Display.Brightness": "70",
}
NEED_REBOOT = {"WebSocketPingInterval": "30", "Network.Apn": "internet", "Power.MaxCurrent": "32"}
READ_ONLY = {
    "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "24",
    "ConnectorSwitch3to1PhaseSupported": "false",
    "GetConfigurationMaxKeys": "50",
    "LocalAuthListMaxLength": "1000",
    "MaxChargingProfilesInstalled": "16",
    "ReserveConnectorZeroSupported": "false",
    "SendLocalListMaxLength": "100",
    "SupportedFeatureProfiles": "Core,FirmwareManagement,LocalAuthListManagement,"
    "Reservation,SmartCharging,RemoteTrigger",
}


@dataclass
class Config:
    """Values by key; keys compare as written."""

    values: dict[str, str]
    read_only: frozenset[str]

    def number(self, key: str) -> int:
        """The value of a numeric key."""
        return int(self.values[key])

    def flag(self, key: str) -> bool:
        """The value of a boolean key."""
        return self.values[key].lower() == "true"

    def names(self, key: str) -> frozenset[str]:
        """The value of a list key."""
        return frozenset(self.values[key].replace(" ", "").split(","))

    def change(self, key: str, value: str) -> str:
        """Set a key; returns the ChangeConfiguration status."""
        if key not in self.values:
            return "NotSupported"
        if key in self.read_only or not _fits(self.values[key], value):
            return "Rejected"
        self.values[key] = value
        return "RebootRequired" if key in NEED_REBOOT else "Accepted"

    def report(self, keys: list[str]) -> dict[str, Any]:
        """The GetConfiguration answer for these keys, for all when there are none."""
        known = [key for key in keys or sorted(self.values) if key in self.values]
        listed = [{"key": k, "readonly": k in self.read_only, "value": self.values[k]} for k in known]
        unknown = [key for key in keys if key not in self.values]
        return {"configurationKey": listed} | ({"unknownKey": unknown} if unknown else {})


def _fits(old: str, new: str) -> bool:
    """A number stays a number that is not negative, a boolean a boolean."""
    if old.isdecimal():
        return new.isdecimal()
    if old in ("true", "false"):
        return new.lower() in ("true", "false")
    return len(new) <= 500


def factory(rng: Random, connectors: int) -> Config:
    """The configuration of a new charger."""
    own = {"NumberOfConnectors": str(connectors)}
    interval = {"MeterValueSampleInterval": str(rng.randint(10, 20))}
    return Config(DEFAULTS | NEED_REBOOT | READ_ONLY | own | interval, frozenset({*READ_ONLY, *own}))
