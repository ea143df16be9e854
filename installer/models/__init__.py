"""The nouns of installer jobs."""

from installer.models.evidence import AcceptanceStep, JobPhoto, Note
from installer.models.job import InstallerJob, JobChargePoint, JobTemplate
from installer.models.link import JobEdit, JobLink
from installer.models.mail import JobMail

__all__ = [
    "AcceptanceStep",
    "InstallerJob",
    "JobChargePoint",
    "JobEdit",
    "JobLink",
    "JobMail",
    "JobPhoto",
    "JobTemplate",
    "Note",
]
