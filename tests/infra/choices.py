"""What a deployment may choose, by the keys that it is chosen with."""

from pydantic.alias_generators import to_camel

from infra.configuration.choices import Configuration

FIELDS = {to_camel(name): field for name, field in Configuration.model_fields.items()}
