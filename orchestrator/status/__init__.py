"""The read model: what operators and dashboards see of tenants. It is never ahead of the records.

Knows `aws`, `tenants`, `identity`, `onboarding` and `welcome`. Begin with `tenant`, one tenant's page; `contract` has
the documents.
"""

from orchestrator.aws.cursor import CursorError
from orchestrator.status.holders import email_domain, holders
from orchestrator.status.lists import list_page, list_tenants
from orchestrator.status.rejected import list_rejected, rejected_page, rejection
from orchestrator.status.rows import Page, Wanted, pair, sought
from orchestrator.status.search import find
from orchestrator.status.summary import summary
from orchestrator.status.tenant import Document, document, show

__all__ = [
    "CursorError",
    "Document",
    "Page",
    "Wanted",
    "document",
    "email_domain",
    "find",
    "holders",
    "list_page",
    "list_rejected",
    "list_tenants",
    "pair",
    "rejected_page",
    "rejection",
    "show",
    "sought",
    "summary",
]
