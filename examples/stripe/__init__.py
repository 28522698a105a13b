"""Stripe's subscriptions as TenantCreated: a CDK app."""
