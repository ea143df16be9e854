"""The nouns of the domain."""

from chargepoints.models.charge import Charge
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.command import Command
from chargepoints.models.connection import Connection, ConnectionAttempt, GatewayProcess, LinkPeriod
from chargepoints.models.connector import Connector, StatusChange
from chargepoints.models.key import ChargeKey, Driver
from chargepoints.models.log_line import LogLine
from chargepoints.models.meter_sample import MeterSample
from chargepoints.models.site import Site, SiteLimit

__all__ = [
    "Charge",
    "ChargeKey",
    "ChargePoint",
    "Command",
    "Connection",
    "ConnectionAttempt",
    "Connector",
    "Driver",
    "GatewayProcess",
    "LinkPeriod",
    "LogLine",
    "MeterSample",
    "Site",
    "SiteLimit",
    "StatusChange",
]
