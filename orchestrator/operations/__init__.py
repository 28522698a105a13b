"""What operators do to a tenant, a module each; the command line and the status API call these alike.

Knows every room below. Begin with `retries`. Its `convergence`, `deployment` and `operators` run on operators' machines
alone.
"""

from orchestrator.operations.abandonments import Abandonment, abandon
from orchestrator.operations.amendments import Amended, amend
from orchestrator.operations.resending import resend_welcome
from orchestrator.operations.retries import Retried, preview, retry
from orchestrator.welcome.resent import Resent

__all__ = ["Abandonment", "Amended", "Resent", "Retried", "abandon", "amend", "preview", "resend_welcome", "retry"]
