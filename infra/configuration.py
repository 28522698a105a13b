"""What a deployment chooses, from the CDK context, checked before anything is synthesized."""

import re
from typing import Annotated, Literal, Self

from aws_cdk import App
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

DOMAIN_PATTERN = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"

PARAMETER_PREFIX = re.compile(r"/(?!aws|ssm)[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,11}")


def _parameter_prefix(value: str) -> str:
    """SSM: at most 15 levels, of which ours are two; names must not begin with aws or ssm."""
    if not PARAMETER_PREFIX.fullmatch(value):
        message = "must be like /tenant-onboarding: 1 to 12 levels, not beginning with aws or ssm"
        raise ValueError(message)
    return value


class Configuration(BaseModel):
    """The choices, each a context key in camelCase: `-c appDomain=app.example`."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")

    local: bool = False
    """Leaves third-party packages out of the code assets; the local stack brings its own."""
    app_domain: Annotated[str, Field(pattern=DOMAIN_PATTERN, max_length=189)] = "app.example"
    """DNS: a host name has at most 253 characters; 64 are for the subdomain and its dot."""
    sender: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] = "welcome@app.example"
    sender_identity: str = ""
    """The SES identity that covers the sender: the address itself unless its domain is verified."""
    parameter_prefix: Annotated[str, AfterValidator(_parameter_prefix)] = "/tenant-onboarding"
    feature_plan: Literal["LITE", "ESSENTIALS", "PLUS"] = "ESSENTIALS"
    auth_flows: str = "ALLOW_USER_SRP_AUTH,ALLOW_REFRESH_TOKEN_AUTH"
    open_shards: Annotated[int, Field(ge=1, le=100)] = 1
    in_doubt_wait_seconds: Annotated[float, Field(ge=0, le=10)] = 3.0

    @classmethod
    def from_context(cls, app: App) -> Self:
        """Return the configuration in an app's context; ends the program with a line for each mistake."""
        names = [to_camel(name) for name in cls.model_fields]
        given = {name: app.node.try_get_context(name) for name in names}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            lines = [f"context {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise SystemExit("\n".join(lines)) from None
