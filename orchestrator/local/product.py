"""The sample product beside a local stack: its own template deployed, and each tenant's host name served."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from orchestrator.local import assembly
from orchestrator.local.first_sign_in import delivered_mails, temporary_password
from orchestrator.local.front import ACCOUNT, Front
from orchestrator.local.stack import LocalStack
from orchestrator.local.synth import synthesize
from orchestrator.routing import routes
from orchestrator.tenants.records import read_record

APP = "examples.product.app"
STACK = "SampleProduct"


@dataclass(frozen=True)
class Product:
    """A deployed sample product."""

    front: Front
    api_url: str
    """Its API at the local AWS, where no host name is looked at but the one that a request says."""

    def address_of(self, subdomain: str) -> str:
        """Return where a tenant's people find the product."""
        return self.front.address_of(subdomain)


@contextmanager
def product(stack: LocalStack, port: int | None = None) -> Iterator[Product]:
    """Deploy the sample product and serve it on loopback for the length of a with block; raises LocalStackError."""
    with closing(Front(stack.settings.app_domain, stack.ministack.endpoint, port)) as front:
        outputs = stack.deploy(
            assembly.find(synthesize(app=APP), STACK),
            {
                "AppDomain": stack.settings.app_domain,
                "ConfigUrl": stack.config_url,
                "AccountApiUrl": ACCOUNT.rstrip("/"),
                "CognitoAddress": stack.ministack.endpoint,
                "JwksAddress": stack.ministack.endpoint + "/{userPoolId}/.well-known/jwks.json",
                "SignInAddress": front.sign_in_address,
            },
        )
        api_url = stack.local_address(outputs["ApiUrl"])
        with front.serving(api_url, stack.account_api_url):
            yield Product(front, api_url)


def invitation(stack: LocalStack, product: Product, tenant_id: str) -> str:
    """Return what lets somebody sign in as the admin of a tenant that is completed, out of its welcome email."""
    record = read_record(stack.clients.dynamodb, stack.settings.tenants_table, tenant_id) or {}
    address = routes.address(stack.settings, record)
    (mail,) = (mail for mail in delivered_mails(stack.ministack.endpoint) if address in mail["BodyText"])
    return (
        f"Sample product, as the admin of {tenant_id}, with what the welcome email says; it asks for a new password:\n"
        f"  {product.front.here(address)}/  {mail['To'][0]}  password {temporary_password(mail)}"
    )
