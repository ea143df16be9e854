"""The administration of jobs. Jobs, links and results are made on the desk and by phones; here they are read."""

from installer.admin import evidence, job

__all__ = ["evidence", "job"]
