"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import (
    accept,
    actions,
    charge_point,
    commands,
    configuration,
    drivers,
    imports,
    log,
    overview,
    unknown,
)

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
    path("charge-points/import/", imports.upload, name="import"),
    path("charge-points/import/template.<str:kind>", imports.template, name="import_template"),
    path("charge-points/import/passwords/", imports.passwords, name="import_passwords"),
    path("charge-points/import/<str:token>/", imports.check, name="import_check"),
    path("unknown/", unknown.unknown, name="unknown"),
    path("unknown/accept/", accept.accept, name="unknown_accept"),
    path("unknown/ignore/", unknown.ignore, name="unknown_ignore"),
    path("unknown/unignore/", unknown.unignore, name="unknown_unignore"),
    path("unknown/sites/", accept.sites, name="unknown_sites"),
    path("unknown/<int:pk>/accept/", accept.accept_waiting, name="unknown_accept_waiting"),
    path("unknown/<int:pk>/reject/", unknown.reject, name="unknown_reject"),
    path("unknown/<int:pk>/called/", accept.called, name="unknown_called"),
    *log.urlpatterns,
]
