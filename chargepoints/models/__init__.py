"""The nouns of the domain."""

from chargepoints.models.certificate import InstalledCertificate, IssuedCertificate
from chargepoints.models.charge import Charge
from chargepoints.models.charge_point import ChargePoint, MaintenancePeriod
from chargepoints.models.command import Command
from chargepoints.models.configuration import ChargingProfile, ConfigurationItem, LocalList
from chargepoints.models.connection import Connection, ConnectionAttempt, GatewayProcess, LinkPeriod
from chargepoints.models.connector import Connector, StatusChange
from chargepoints.models.finding import Finding, SecurityEvent
from chargepoints.models.key import ChargeKey, Driver
from chargepoints.models.log_line import LogLine
from chargepoints.models.meter_sample import MeterSample
from chargepoints.models.reservation import Reservation
from chargepoints.models.site import Site, SiteLimit

__all__ = [
    "Charge",
    "ChargeKey",
    "ChargePoint",
    "ChargingProfile",
    "Command",
    "ConfigurationItem",
    "Connection",
    "ConnectionAttempt",
    "Connector",
    "Driver",
    "Finding",
    "GatewayProcess",
    "InstalledCertificate",
    "IssuedCertificate",
    "LinkPeriod",
    "LocalList",
    "LogLine",
    "MaintenancePeriod",
    "MeterSample",
    "Reservation",
    "SecurityEvent",
    "Site",
    "SiteLimit",
    "StatusChange",
]
