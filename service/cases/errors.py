"""What can be wrong with a file of a case, its key or a protocol."""

from pathlib import Path

from pydantic import ValidationError

from service.errors import BadRequest


class BadCase(BadRequest):
    """A file that cannot be used as what it should be; names the file, the field and the fault.

    Attributes:
        path: The file.
        reason: The fault alone, without the file's name.
    """

    code = "bad-case"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} を読めません: {reason}", f"{path} cannot be used: {reason}")


def faults(error: ValidationError) -> str:
    """Every fault of a model, one after the other, each with the place of the field."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
