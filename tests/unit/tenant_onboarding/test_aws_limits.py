"""Our bounds are within those of AWS."""

import botocore.session
import pytest

from tenant_onboarding.contracts.fields import PROVIDER_NAME_MAX
from tenant_onboarding.contracts.identity_providers import PROVIDER_TYPES
from tenant_onboarding.names import USERNAME_MAX
from tests.unit.tenant_onboarding.judgement import aws_shape, judge
from tests.unit.tenant_onboarding.sample_events import changed


def test_the_limits_are_those_of_cognito() -> None:
    assert aws_shape("cognito-idp", "UsernameType").metadata["max"] == USERNAME_MAX
    provider_name = aws_shape("cognito-idp", "ProviderNameTypeV2").metadata
    assert provider_name["max"] == len("0123abcd-") + PROVIDER_NAME_MAX
    assert provider_name["pattern"].endswith(r"[^_\p{Z}]+")  # so no underscore
    assert aws_shape("cognito-idp", "PasswordPolicyMinLengthType").metadata["max"] == 99
    assert aws_shape("cognito-idp", "PasswordHistorySizeType").metadata["max"] == 24
    assert aws_shape("cognito-idp", "TemporaryPasswordValidityDaysType").metadata["max"] == 365
    assert aws_shape("cognito-idp", "RedirectUrlType").metadata["max"] == 1024
    assert set(PROVIDER_TYPES) == set(aws_shape("cognito-idp", "IdentityProviderTypeType").enum)


def test_the_longest_tenant_id_leaves_room_in_the_names_that_aws_limits() -> None:
    longest = "a" * 40
    assert len(f"{longest}-{10**9}") <= aws_shape("stepfunctions", "Name").metadata["max"]
    assert len(longest) <= aws_shape("cognito-idp", "GroupNameType").metadata["max"]
    assert len(f"/tenant-onboarding/tenants/{longest}") <= 1011  # Systems Manager's documentation of PutParameter


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_every_region_that_the_sdk_knows_is_a_region_to_us(partition: str) -> None:
    regions = botocore.session.get_session().get_available_regions("dynamodb", partition_name=partition)
    assert regions
    for region in regions:
        assert judge(changed("region", region)) == []
