"""A sample product: one page and one API that tenants' people sign in to; a CDK app of its own."""
