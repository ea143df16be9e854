"""The addresses of jobs on the desk."""

from django.urls import URLPattern, path

from installer.views.desk import acceptance, acts, editing, links, listing, templates

urlpatterns: list[URLPattern] = [
    path("jobs/", listing.jobs, name="jobs"),
    path("jobs/new/", editing.job_new, name="job_new"),
    path("jobs/<int:pk>/", listing.job, name="job"),
    path("jobs/<int:pk>/edit/", editing.job_change, name="job_edit"),
    path("jobs/<int:pk>/finish/", acts.job_finish, name="job_finish"),
    path("jobs/<int:pk>/activate/", acts.job_activating, name="job_activate"),
    path("jobs/<int:pk>/archive/", acts.job_put_away, name="job_archive"),
    path("jobs/<int:pk>/links/new/", links.job_link_new, name="job_link_new"),
    path("jobs/links/<int:pk>/renew/", links.job_link_renew, name="job_link_renew"),
    path("jobs/links/<int:pk>/revoke/", links.job_link_revoke, name="job_link_revoke"),
    path("jobs/rows/<int:pk>/note/", acts.job_note, name="job_note"),
    path("jobs/<int:pk>/tests/", acceptance.job_tests, name="job_tests"),
    path("jobs/rows/<int:pk>/test/", acceptance.job_row_test, name="job_row_test"),
    path("jobs/steps/<int:pk>/again/", acceptance.job_step_again, name="job_step_again"),
    path("jobs/steps/<int:pk>/skip/", acceptance.job_step_skip, name="job_step_skip"),
    path("charge-points/<int:pk>/jobs/", listing.charge_point_jobs, name="charge_point_jobs"),
    path("job-templates/", templates.job_templates, name="job_templates"),
    path("job-templates/new/", templates.job_template_new, name="job_template_new"),
    path("job-templates/<int:pk>/edit/", templates.job_template_change, name="job_template_edit"),
    path("job-templates/<int:pk>/archive/", templates.job_template_put_away, name="job_template_archive"),
]
