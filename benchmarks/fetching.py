"""Download a data set from its publisher; called by hand only."""

from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.errors import BadRequest
from benchmarks.licences import DataFile, DataSet, sha256_of

TIMEOUT_S = 60.0


def fetch(entry: DataSet, data: Path) -> Iterator[Path]:
    """Download what is not there yet, below ``data``.

    Yields:
        Each file, once its sha256 is the expected one.

    Raises:
        BadRequest: If the set cannot be downloaded, the network is down, or a file is another version.
    """
    if not entry.files or any(file.url is None for file in entry.files):
        if entry.hub is None:
            raise BadRequest(f"{entry.name} has no address to download from: see {entry.home}")
        yield _from_hub(entry, data)
        return
    with httpx.Client(follow_redirects=True, timeout=TIMEOUT_S) as client:
        for file in entry.files:
            path = data / file.path
            if not (path.is_file() and file.sha256 and sha256_of(path) == file.sha256):
                _download(client, file, path)
            yield path


def _download(client: httpx.Client, file: DataFile, path: Path) -> None:
    assert file.url is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with client.stream("GET", file.url) as response, part.open("wb") as out:
            response.raise_for_status()
            for block in response.iter_bytes():
                out.write(block)
    except httpx.HTTPError as error:
        part.unlink(missing_ok=True)
        raise BadRequest(
            f"{file.url}: {type(error).__name__}: is there a network, and the file still there?"
        ) from None
    if file.sha256 and (found := sha256_of(part)) != file.sha256:
        part.unlink()
        raise BadRequest(f"{file.url}: sha256 is {found}, not {file.sha256}: the publisher changed the file")
    part.replace(path)


def _from_hub(entry: DataSet, data: Path) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ModuleNotFoundError:
        raise BadRequest(
            f"{entry.hub} is on the hub: pip install huggingface_hub, then fetch again"
        ) from None
    out = data / entry.name
    try:
        snapshot_download(str(entry.hub), repo_type="dataset", local_dir=out)
    except (HfHubHTTPError, OSError, httpx.HTTPError) as error:
        raise BadRequest(
            f"{entry.hub}: {type(error).__name__}: is there a network, and are the terms accepted on "
            f"{entry.home}?"
        ) from None
    return out
