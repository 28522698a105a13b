"""The read model: what operators and dashboards see of tenants. It is never ahead of the records."""

from orchestrator.status.cursor import CursorError
from orchestrator.status.lists import Page, Wanted, list_page, list_rejected, list_tenants, rejection
from orchestrator.status.summary import summary
from orchestrator.status.tenant import Document, document, show

__all__ = [
    "CursorError",
    "Document",
    "Page",
    "Wanted",
    "document",
    "list_page",
    "list_rejected",
    "list_tenants",
    "rejection",
    "show",
    "summary",
]
