"""What becomes of our emails, told as Amazon SES tells it: the emulator itself tells nothing about mail.

Its EventBridge takes events under `aws.ses` from nobody, as AWS's takes them from SES alone; so they are put where the
rule puts them.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.operations import deployment
from orchestrator.users import mail_reports
from orchestrator.welcome import mail_feedback
from tests.e2e.dead_letters import reached

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTagTypeDef

SAMPLES = Path(__file__).parents[1] / "events" / "ses"
RECIPIENT = "recipient@example.com"
REQUEST = "01ARYZ6S41TSV4RRFFQ69G5FAV"


def event(what: str, tenant_id: str, recipient: str = RECIPIENT, **mail: Any) -> str:
    """Return SES's event of a tenant's welcome email, a `bounce` say, as a rule hands it on."""
    return _said(what, mail_feedback.tags(tenant_id, 1), mail).replace(RECIPIENT, recipient)


def of_person(what: str, tenant_id: str, address: str, **mail: Any) -> str:
    """Return the same of an email to a person, by the hashed address."""
    return _said(what, mail_reports.tags(tenant_id, address, REQUEST), mail)


def _said(what: str, tags: "list[MessageTagTypeDef]", mail: dict[str, Any]) -> str:
    said = json.loads((SAMPLES / f"{what}.json").read_text())
    said["detail"]["mail"] |= mail
    said["detail"]["mail"]["tags"] |= {tag["Name"]: [tag["Value"]] for tag in tags}
    return json.dumps(said)


def tell(text: str) -> str:
    """Put an event into the queue as the rule does; returns the message's id."""
    clients, _ = reached()
    url = deployment.outputs()["MailFeedbackQueueUrl"]
    return clients.sqs.send_message(QueueUrl=url, MessageBody=text)["MessageId"]
