"""The JSON Schema of a contract file, for editors and other programs."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.domain.examples import Example
from contracts.domain.terms import Terms

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Contract(Terms):
    """
    A contract file: the terms of one version, and examples of what was agreed.

    What one part says of another (systems, pools, hours) is checked by `check_terms`.
    """

    examples: Annotated[tuple[Example, ...], Field(max_length=500)] = ()


class _AsWritten(GenerateJsonSchema):
    """Writes defaults as a file would: `30m`, not 30."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        said = super().default_schema(schema)
        if (write := _writer(schema["schema"])) is not None:
            said["default"] = write(self.get_default_value(schema))
        return said

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Close a mapping whose names have a pattern: the portal refuses all others."""
        said = super().dict_schema(schema)
        return {**said, "additionalProperties": False} if "patternProperties" in said else said


def _writer(schema: Any) -> Callable[[Any], Any] | None:
    """Return how a scalar writes itself, looking through the checks around it."""
    written = schema.get("serialization")
    if written is None and schema["type"] == "function-after":
        return _writer(schema["schema"])
    plain = written is not None and written["type"] == "function-plain"
    return written["function"] if plain else None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a contract file (`terms`, written as YAML or JSON)."""
    said = Contract.model_json_schema(by_alias=True, schema_generator=_AsWritten)
    return {"$schema": DIALECT, **said}
