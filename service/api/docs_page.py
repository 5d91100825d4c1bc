"""The interactive API page, from files of an installed package: nothing is fetched from elsewhere."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from service.security.headers import page_policy

_ASSETS = "/docs/assets"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> RedirectResponse:
    """To the API page."""
    return RedirectResponse("/docs")


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI on our OpenAPI document."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="jmedqa API",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},  # its default sends the document to a public site
    )
    # It writes style attributes into the page as it runs, and one script stands in the page itself.
    policy = page_policy(bytes(page.body).decode(), inline_styles=True)
    page.headers["Content-Security-Policy"] = policy
    return page


def mount_assets(app: FastAPI) -> None:
    """Serve Swagger UI's files as `fastapi-offline` packages them."""
    folder = Path(str(files("fastapi_offline") / "static"))
    app.mount(_ASSETS, StaticFiles(directory=folder), name="docs-assets")
