"""The desk's pages."""

from django.urls import URLPattern, path

from chargepoints.views import (
    actions,
    charge_point,
    commands,
    configuration,
    drivers,
    log,
    moves,
    organisation,
    overview,
    sites,
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
    path("charge-points/<int:pk>/change-site/", moves.change_site, name="change_site"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.site_new, name="site_new"),
    path("sites/<int:pk>/", sites.site, name="site"),
    path("sites/<int:pk>/panels/<slug:panel>/", sites.site_panel, name="site_panel"),
    path("sites/<int:pk>/edit/", sites.site_change, name="site_edit"),
    path("sites/<int:pk>/archive/", sites.site_put_away, name="site_archive"),
    path("sites/<int:pk>/restore/", sites.site_back, name="site_restore"),
    path("organisation/", organisation.organisation, name="organisation"),
    path("organisation/<int:pk>/edit/", organisation.organisation_change, name="organisation_edit"),
    path("organisation/<int:pk>/teams/new/", organisation.team_new, name="team_new"),
    path("teams/<int:pk>/edit/", organisation.team_change, name="team_edit"),
    path("teams/<int:pk>/remove/", organisation.team_away, name="team_remove"),
    *log.urlpatterns,
]
