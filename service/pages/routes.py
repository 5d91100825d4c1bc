"""All pages, for the application to include by one line."""

from fastapi import APIRouter

from service.pages import (
    ask,
    auditing,
    csp_reports,
    key_ring,
    originals,
    reading,
    running,
    searching,
    signing,
    site,
    status,
    uploading,
)

router = APIRouter(include_in_schema=False)
for part in (
    site,
    signing,
    ask,
    reading,
    searching,
    running,
    uploading,
    originals,
    status,
    auditing,
    key_ring,
    csp_reports,
):
    router.include_router(part.router)
