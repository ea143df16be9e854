"""Installer jobs: a site is finished by somebody without an account, on a phone."""

from django.apps import AppConfig


class InstallerConfig(AppConfig):
    """The application of jobs and their public page."""

    name = "installer"
    verbose_name = "Installer jobs"
