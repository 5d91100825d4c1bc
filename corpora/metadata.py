"""What a site says of a file that cannot say it itself: ``guide.pdf`` beside ``guide.pdf.yaml``.

The YAML file has the keys of a Markdown document's front matter (title, source, licence, published,
edition, supersedes, tags, …). What it says wins over what the file says.
"""

from pathlib import Path

import yaml
from pydantic import ValidationError

from corpora.cleaning import clean, decode
from corpora.documents import Document
from corpora.errors import CorpusError
from corpora.front_matter import UNREVIEWED, FrontMatter


def beside(path: Path) -> FrontMatter | None:
    """The metadata file of ``path``, ``None`` where there is none.

    Raises:
        CorpusError: If it is there and malformed.
    """
    file = path.with_name(path.name + ".yaml")
    if not file.is_file():
        return None
    try:
        values = yaml.safe_load(clean(decode(file.read_bytes())))
        return FrontMatter.model_validate(values or {})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise CorpusError(file, None, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    except (ValueError, yaml.YAMLError, OSError) as error:
        raise CorpusError(file, None, f"cannot be read: {' '.join(str(error).split())}") from error


def with_metadata(document: Document, matter: FrontMatter) -> Document:
    """``document`` with the fields that ``matter`` sets."""
    update = {
        name: value
        for name in ("title", "source", "licence", "published", "edition", "language", "supersedes", "tags")
        if (value := getattr(matter, name))
    }
    if matter.id:
        update["doc_id"] = matter.id
    if matter.review == UNREVIEWED:
        update["unreviewed"] = True
    return document.model_copy(update=update)
