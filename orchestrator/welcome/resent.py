"""What came of resending: known too to whoever asks for it, who needs nothing of what mails."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resent:
    """Whether an email was sent, and if not, why."""

    tenant_id: str
    message: str
    sent: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as a document."""
        return {"tenantId": self.tenant_id, "sent": self.sent, "message": self.message}
