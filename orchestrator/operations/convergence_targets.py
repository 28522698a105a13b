"""What is converged: a user pool, an app client. Each says what it lacks of what is wanted, and changes that."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.aws.errors import TenantConflictError
from orchestrator.identity import cognito, desired_settings, natural_keys
from orchestrator.identity.desired_settings import OF_APP_CLIENT, OF_USER_POOL, Difference, lacking
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.identity.user_pool_updates import whole, whole_client

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


class UserPool:
    """A user pool, and its domain."""

    client_id = ""

    def __init__(
        self,
        clients: "Clients",
        settings: "Settings",
        paced: PacedCalls,
        new: cognito.NewUserPool,
        pool_id: str,
        configured: bool = True,  # noqa: FBT001, FBT002  # named where it is given
    ) -> None:
        self.cognito, self.settings, self.paced = clients.cognito_once, settings, paced
        self.new, self.pool_id, self.region = new, pool_id, new.region
        self._configured = configured
        """Whether the step that sets MFA and the domain is done; else it will do so."""

    def look(self) -> tuple[Difference, ...]:
        """Return what differs; raises TenantConflictError if the user pool is another deployment's."""
        self._found = self.paced(self.cognito.describe_user_pool, UserPoolId=self.pool_id)["UserPool"]
        owner = self._found.get("UserPoolTags", {}).get(OWNER_TAG, self.new.owner)
        if owner != self.new.owner:
            raise TenantConflictError(f"The user pool {self.pool_id} is tagged as {owner}'s, not {self.new.owner}'s")
        wanted = desired_settings.of_user_pool(self.settings, self.new)
        if not self._configured:
            del wanted["MfaConfiguration"]
        found = lacking(wanted, self._found, OF_USER_POOL)
        self._parameters = found.parameters
        return (*found.differences, *self._domain())

    def change(self) -> None:
        """Change what differs. MFA is set last: the other update sends along what was found of it."""
        paced, of_pool = self.paced, {"UserPoolId": self.pool_id}
        changes = dict(self._parameters)
        mfa, schema = changes.pop("MfaConfiguration", None), changes.pop("Schema", None)
        if schema:
            self._make("Schema", self.cognito.add_custom_attributes, **of_pool, CustomAttributes=schema)
        if changes:
            paced(self.cognito.update_user_pool, **of_pool, **whole(self._found, **changes))
        if mfa:
            factors = paced(self.cognito.get_user_pool_mfa_config, **of_pool)
            paced(self.cognito.set_user_pool_mfa_config, **of_pool, **cognito.mfa_config(mfa, factors))
        if any(self._domain()):
            self._make("Domain", self.cognito.create_user_pool_domain, **of_pool, **natural_keys.domain(self._prefix))

    def _make(self, setting: str, call: Callable[..., Any], **arguments: Any) -> None:  # Any: what the call takes
        """Make what is refused if it is there: a call whose answer was lost, or another operator, may have made it."""
        try:
            self.paced(call, **arguments)
        except ClientError as error:
            if not is_code(error, "InvalidParameterException") or setting in {each.setting for each in self.look()}:
                raise

    def _domain(self) -> Iterator[Difference]:
        if self._configured and not self._found.get("Domain"):
            yield Difference("Domain", None, self._prefix)

    @property
    def _prefix(self) -> str:
        return cognito.domain_prefix(self.settings.account_id, self.region, self.new.owner)


class AppClient:
    """An app client of a user pool."""

    def __init__(self, pool: UserPool, new: cognito.NewAppClient, client_id: str) -> None:
        self._pool = pool
        self.new, self.client_id, self.pool_id, self.region = new, client_id, pool.pool_id, pool.region
        self._which = {"UserPoolId": pool.pool_id, "ClientId": client_id}

    def look(self) -> tuple[Difference, ...]:
        """Return what differs."""
        pool = self._pool
        self._found = pool.paced(pool.cognito.describe_user_pool_client, **self._which)["UserPoolClient"]
        wanted = desired_settings.of_app_client(pool.settings, self.new, self._found)
        found = lacking(wanted, self._found, OF_APP_CLIENT)
        self._parameters = found.parameters
        return found.differences

    def change(self) -> None:
        """Change what differs."""
        pool = self._pool
        pool.paced(pool.cognito.update_user_pool_client, **self._which, **whole_client(self._found, **self._parameters))
