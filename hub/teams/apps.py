"""Organisations, teams and people."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    """Who may see and do what."""

    name = "hub.teams"
    label = "teams"
    verbose_name = "Teams and people"
