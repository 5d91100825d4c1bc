"""The form that asks, as a browser sends it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.api.schemas import AnswerRequest
from service.errors import BadRequest


class AskForm(BaseModel):
    """The form as a browser sends it: every field is text."""

    model_config = ConfigDict(extra="ignore")

    question: str = ""
    choices: str = Field(default="", description="One a line: its label, a space, its text")
    strategy: str = ""
    reviewed: bool = False
    superseded: bool = False
    published_from: str = ""
    after: str = Field(default="", max_length=100, description="The answer that this question follows")

    def asked(self) -> AnswerRequest:
        """The request that the API would get.

        Raises:
            BadRequest: Naming the field.
        """
        filters: dict[str, Any] = {}
        if self.reviewed:
            filters["unreviewed"] = False
        if self.superseded:
            filters["superseded"] = "include"
        if self.published_from:
            filters["published_from"] = self.published_from
        values: dict[str, Any] = {"question": self.question, "choices": choices_of(self.choices)}
        if self.strategy:
            values["strategy"] = self.strategy
        if filters:
            values["filters"] = filters
        try:
            return AnswerRequest.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3]
            )
            raise BadRequest(
                f"入力に誤りがあります。{faults}", f"Something in the form is not valid. {faults}"
            ) from None


def choices_of(text: str) -> list[dict[str, str]]:
    """「A テント状T波」, 「A. …」, 「1）…」: a label, then the choice; without one a letter."""
    found = []
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines()))):
        label, parted, rest = line.partition(" ")
        label = label.rstrip(".．:：)）、,")
        if parted and rest.strip() and 0 < len(label) <= 2:
            found.append({"label": label, "text": rest.strip()})
        else:
            found.append({"label": chr(ord("A") + number % 26), "text": line})
    return found
