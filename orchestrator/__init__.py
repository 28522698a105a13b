"""Tenant onboarding: the domain, which knows neither Lambda nor CDK, and the tools beside it."""
