"""Filters as they are written on a command line: ``field=value``, a field again for another value."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from indexer.errors import InvalidQuery
from indexer.hits import Filters

FIELDS = tuple(Filters.model_fields)

_SEVERAL = frozenset(
    name for name, field in Filters.model_fields.items() if field.annotation == tuple[str, ...] | None
)
"""Fields that may be given again: a passage passes with any of the values."""


def parse_filters(conditions: Sequence[str]) -> Filters:
    """Read conditions, each ``field=value``.

    Raises:
        InvalidQuery: For an unknown field, a value that the field cannot have, or a second value of a field
            that has but one.
    """
    values: dict[str, Any] = {}
    for condition in conditions:
        field, equals, value = condition.partition("=")
        field, value = field.strip(), value.strip()
        if field not in FIELDS:
            raise InvalidQuery(f"{condition!r} names no field to filter by: write one of {', '.join(FIELDS)}")
        if not equals or not value:
            raise InvalidQuery(f"{condition!r} has no value: write {field}=VALUE")
        if field in _SEVERAL:
            values[field] = (*values.get(field, ()), value)
        elif field in values:
            raise InvalidQuery(f"{field} is given twice, and no passage has two")
        else:
            values[field] = value
    try:
        return Filters.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = f"{'.'.join(map(str, fault['loc']))}: " if fault["loc"] else ""
        raise InvalidQuery(f"{place}{fault['msg'].removeprefix('Value error, ')}") from None
