"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import (
    actions,
    charge_point,
    charge_point_new,
    charge_point_settings,
    commands,
    configuration,
    drivers,
    integration,
    log,
    overview,
    passwords,
)

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("overview/<slug:panel>/", overview.overview_panel, name="overview_panel"),
    path("charge-points/<int:pk>/", charge_point.charge_point, name="charge_point"),
    path("charge-points/<int:pk>/panels/<slug:panel>/", charge_point.charge_point_panel, name="panel"),
    path("charge-points/<int:pk>/status-log/", charge_point.status_log, name="charge_point_status_log"),
    path("charge-points/<int:pk>/integration/", integration.integration, name="charge_point_integration"),
    path("charge-points/<int:pk>/integration/calls/", integration.calls, name="charge_point_calls"),
    path("charge-points/<int:pk>/configuration/", configuration.configuration, name="charge_point_configuration"),
    path("charge-points/<int:pk>/findings/", charge_point.findings, name="charge_point_findings"),
    path("charge-points/<int:pk>/actions/<slug:kind>/", actions.action, name="action"),
    path("charge-points/<int:pk>/keys/", drivers.keys, name="keys"),
    path("charge-points/new/", charge_point_new.charge_point_new, name="charge_point_new"),
    path("charge-points/archived/", charge_point_settings.archived, name="charge_points_archived"),
    path("charge-points/archived/<int:pk>/restore/", charge_point_settings.restore, name="charge_point_restore"),
    path("charge-points/<int:pk>/settings/", charge_point_settings.settings, name="charge_point_settings"),
    path("charge-points/<int:pk>/identity/", passwords.identity, name="charge_point_identity"),
    path("charge-points/<int:pk>/password/", passwords.password, name="charge_point_password"),
    path("charge-points/<int:pk>/activation/", charge_point_settings.activation, name="charge_point_activation"),
    path("charge-points/<int:pk>/archive/", charge_point_settings.archive, name="charge_point_archive"),
    path("charge-points/<int:pk>/maintenance/", charge_point_settings.maintenance, name="charge_point_maintenance"),
    path(
        "charge-points/<int:pk>/maintenance/<int:period>/end/",
        charge_point_settings.maintenance_over,
        name="charge_point_maintenance_end",
    ),
    path(
        "charge-points/<int:pk>/maintenance/end/",
        charge_point_settings.maintenance_over,
        name="charge_point_maintenance_clear",
    ),
    path("commands/<uuid:pk>/", commands.command, name="command"),
    *log.urlpatterns,
]
