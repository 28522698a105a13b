"""What becomes of welcome emails, told as Amazon SES tells it: the emulator itself tells nothing about mail.

Its EventBridge takes events under `aws.ses` from nobody, as AWS's takes them from SES alone; so they are put where the
rule puts them.
"""

import json
from pathlib import Path
from typing import Any

from orchestrator.operations import deployment
from orchestrator.welcome import mail_feedback
from tests.e2e.dead_letters import reached

SAMPLES = Path(__file__).parents[1] / "events" / "ses"
RECIPIENT = "recipient@example.com"


def event(what: str, tenant_id: str, recipient: str = RECIPIENT, **mail: Any) -> str:
    """Return SES's event of a tenant's welcome email, a `bounce` say, as a rule hands it on."""
    said = json.loads((SAMPLES / f"{what}.json").read_text())
    said["detail"]["mail"] |= mail
    said["detail"]["mail"]["tags"] |= {tag["Name"]: [tag["Value"]] for tag in mail_feedback.tags(tenant_id, 1)}
    return json.dumps(said).replace(RECIPIENT, recipient)


def tell(text: str) -> str:
    """Put an event into the queue as the rule does; returns the message's id."""
    clients, _ = reached()
    url = deployment.outputs()["MailFeedbackQueueUrl"]
    return clients.sqs.send_message(QueueUrl=url, MessageBody=text)["MessageId"]
