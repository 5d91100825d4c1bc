"""How corpora that are not shipped are got and indexed: one TOML a corpus, read and shown, never run.

A recipe names the terms of use, the commands, and for every benchmark task that searches the corpus what must
be left out of the index because the task would find its own answers there.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from corpora.documents import Frozen
from corpora.errors import UnknownRecipe


class Leak(Frozen):
    """A task that would leak, why, and what to do about it.

    Attributes:
        action: ``leave_out``: build the index without these documents; ``never``: the corpus and the task
            must not meet; ``flag``: nothing can be left out beforehand, and the run's flags tell.
    """

    task: str
    why: str
    action: Literal["leave_out", "never", "flag"]
    cure: str = ""


class Recipe(Frozen):
    """One corpus.

    Attributes:
        doc_ids: What its documents' ids look like once read; leave-out files hold such ids.
        fetch: Commands that get it; read the terms first.
        build: The TOML of ``jmedqa index build --config``.
        read: The date the terms and addresses were last looked at, or ``not read`` where they were not.
    """

    name: str
    title: str
    home: str
    licence: str
    terms: str
    redistribute: bool
    commercial: bool
    language: str
    size: str
    doc_ids: str
    fetch: str
    build: str
    read: str
    leaks: tuple[Leak, ...] = ()

    def described(self) -> str:
        """As Markdown."""
        flags = "may be passed on" if self.redistribute else "not to be passed on"
        flags += ", commercial use allowed" if self.commercial else ", non-commercial"
        leaks = [
            f"- `{leak.task}` ({leak.action.replace('_', ' ')}): {leak.why} {leak.cure}".rstrip()
            for leak in self.leaks
        ]
        return "\n".join(
            [
                f"## {self.name}: {self.title}",
                f"\n{self.home}\n\n{self.licence} ({flags}). {self.terms} {self.size}. Document ids: "
                f"{self.doc_ids}. Terms looked at: {self.read}.",
                f"\n```sh\n{self.fetch.strip()}\n```",
                f"\n```toml\n{self.build.strip()}\n```",
                "\nWhat would leak:\n",
                *(leaks or ["- no task that is known."]),
            ]
        )


@cache
def shipped() -> dict[str, Recipe]:
    """All recipes by name."""
    found = sorted(
        (entry for entry in files("corpora.recipes").iterdir() if entry.name.endswith(".toml")),
        key=lambda entry: entry.name,
    )
    recipes = [Recipe.model_validate(tomllib.loads(entry.read_text(encoding="utf-8"))) for entry in found]
    return {one.name: one for one in recipes}


def recipe(name: str) -> Recipe:
    """One recipe.

    Raises:
        UnknownRecipe: Lists the names that there are.
    """
    if name not in shipped():
        raise UnknownRecipe(name, tuple(shipped()))
    return shipped()[name]
