"""Installer jobs on the desk."""

from tests.portal.matrix_tables.line import EDITORS, EVERY, NOT_BOB, UNSEEN_BY_BOB, Url, desk

JOBS = [
    Url("jobs", get=EVERY),
    Url("job_new", get=EDITORS, post=EDITORS),
    Url("job", of="job", get=EVERY),
    Url("job_edit", of="job", get=EDITORS, post=EDITORS),
    Url("job_finish", of="job", get=EDITORS, post=EDITORS),
    Url("job_activate", of="job", get=EDITORS, post=EDITORS),
    Url("job_archive", of="job", get=EDITORS, post=EDITORS),
    Url("job_link_new", of="job", get=EDITORS, post=EDITORS),
    Url("job_link_renew", of="job_link", get=EDITORS, post=EDITORS),
    Url("job_link_revoke", of="job_link", get=EDITORS, post=EDITORS),
    Url("job_note", of="job_row", get=EDITORS, post=EDITORS),
    Url("job_report", of="job", get=EVERY),
    Url("job_report_pdf", of="job", get=EVERY),
    Url("desk_photo", of="job_photo", get=EVERY),
    Url("desk_photo_small", of="job_photo", get=EVERY),
    desk("charge_point_jobs"),
    Url("job_templates", get=EVERY),
    Url("job_template_new", get=EDITORS, post=EDITORS, but=NOT_BOB),
    Url("job_template_edit", of="job_template", get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("job_template_archive", of="job_template", get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
]
