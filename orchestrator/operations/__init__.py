"""What operators do to a tenant, a module each; the command line and the status API call these alike."""

from orchestrator.operations.retries import Retried, retry

__all__ = ["Retried", "retry"]
