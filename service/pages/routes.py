"""All pages, for the application to include by one line."""

from fastapi import APIRouter

from service.pages import ask, reading, running, searching, signing, site, uploading

router = APIRouter(include_in_schema=False)
for part in (site, signing, ask, reading, searching, running, uploading):
    router.include_router(part.router)
