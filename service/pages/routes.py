"""All pages, for the application to include by one line."""

from fastapi import APIRouter

from service.pages import ask, reading, running, searching, site

router = APIRouter(include_in_schema=False)
for part in (site, ask, reading, searching, running):
    router.include_router(part.router)
