"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import actions, audit, charge_point, commands, configuration, drivers, log, overview

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("overview/<slug:panel>/", overview.overview_panel, name="overview_panel"),
    path("charge-points/<int:pk>/", charge_point.charge_point, name="charge_point"),
    path("charge-points/<int:pk>/panels/<slug:panel>/", charge_point.charge_point_panel, name="panel"),
    path("charge-points/<int:pk>/status-log/", charge_point.status_log, name="charge_point_status_log"),
    path("charge-points/<int:pk>/integration/", charge_point.integration, name="charge_point_integration"),
    path("charge-points/<int:pk>/configuration/", configuration.configuration, name="charge_point_configuration"),
    path("charge-points/<int:pk>/findings/", charge_point.findings, name="charge_point_findings"),
    path("charge-points/<int:pk>/actions/<slug:kind>/", actions.action, name="action"),
    path("charge-points/<int:pk>/keys/", drivers.keys, name="keys"),
    path("commands/<uuid:pk>/", commands.command, name="command"),
    *log.urlpatterns,
    *audit.urlpatterns,
]
