"""What an event is judged by: the model, its JSON schema, and the SDK's shapes of what AWS takes."""

import botocore.session
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from pydantic import ValidationError

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.contracts.reasons import Reason, reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.sample_events import Json


def judge(detail: Json, model: type[Contract] = TenantCreated) -> list[Reason]:
    """Return why an event is refused; nothing if it is accepted."""
    try:
        model.model_validate(detail)
    except ValidationError as error:
        return reasons(error)
    return []


def fields(detail: Json) -> list[str]:
    return [reason.field for reason in judge(detail)]


HTTPS_WORDS = "must be an https:// address with a domain name, such as https://idp.acme.example/metadata"


def short(value: Json) -> str:
    return ascii(value)[:40]


VALIDATORS = {
    name: Draft202012Validator(json_schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name in Contracts.ALL
}


def schema_problems(detail: Json, detail_type: str = "TenantCreated") -> list[str]:
    return [error.message for error in VALIDATORS[detail_type].iter_errors(detail)]


def aws_shape(service: str, shape: str) -> Json:
    return botocore.session.get_session().get_service_model(service).shape_for(shape)
