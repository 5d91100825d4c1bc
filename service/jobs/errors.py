# ruff: noqa: N818  (the names say what happened)
"""What keeps a job from being started or stopped."""

from service.errors import ServiceError


class JobsRefused(ServiceError):
    """This server is not set up for it."""

    code = "rebuild-not-configured"
    status = 409


class IndexIsBusy(ServiceError):
    """Another build works in the same folder."""

    code = "index-busy"
    status = 409
    retry_after_s = 60


class JobFinished(ServiceError):
    """It has ended, so it cannot be cancelled."""

    code = "job-finished"
    status = 409
