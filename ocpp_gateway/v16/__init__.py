"""OCPP 1.6: one file per message, request to reply on one screen."""
