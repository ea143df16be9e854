"""The nouns of the domain."""

from chargepoints.models.batch import BatchRow, CommandBatch
from chargepoints.models.bill import Bill, HomeCharger
from chargepoints.models.certificate import InstalledCertificate, IssuedCertificate
from chargepoints.models.charge import Charge
from chargepoints.models.charge_point import ChargePoint, MaintenancePeriod
from chargepoints.models.command import Command, IdempotencyKey
from chargepoints.models.configuration import ChargingProfile, ConfigurationItem, LocalList
from chargepoints.models.connection import Connection, ConnectionAttempt, GatewayProcess, LinkPeriod
from chargepoints.models.connector import Connector, StatusChange
from chargepoints.models.file import DiagnosticsFile, FirmwareFile, FirmwareVersion, Transfer
from chargepoints.models.finding import Finding, SecurityEvent
from chargepoints.models.key import ChargeKey, Driver, KeyLimit
from chargepoints.models.log_line import LogLine
from chargepoints.models.meter_sample import MeterSample
from chargepoints.models.payment import LedgerAccount, LedgerLine, LedgerMovement, Payment, PaymentMethod
from chargepoints.models.price import Price, PriceGroup, SpotPrice, SpotSource
from chargepoints.models.reservation import Reservation
from chargepoints.models.site import Site, SiteLimit
from chargepoints.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "BatchRow",
    "Bill",
    "Charge",
    "ChargeKey",
    "ChargePoint",
    "ChargingProfile",
    "Command",
    "CommandBatch",
    "ConfigurationItem",
    "Connection",
    "ConnectionAttempt",
    "Connector",
    "DiagnosticsFile",
    "Driver",
    "Finding",
    "FirmwareFile",
    "FirmwareVersion",
    "GatewayProcess",
    "HomeCharger",
    "IdempotencyKey",
    "InstalledCertificate",
    "IssuedCertificate",
    "KeyLimit",
    "LedgerAccount",
    "LedgerLine",
    "LedgerMovement",
    "LinkPeriod",
    "LocalList",
    "LogLine",
    "MaintenancePeriod",
    "MeterSample",
    "Payment",
    "PaymentMethod",
    "Price",
    "PriceGroup",
    "Reservation",
    "SecurityEvent",
    "Site",
    "SiteLimit",
    "SpotPrice",
    "SpotSource",
    "StatusChange",
    "Transfer",
    "Webhook",
    "WebhookDelivery",
]
