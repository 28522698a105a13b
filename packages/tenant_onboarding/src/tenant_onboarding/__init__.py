"""What a product installs to work with tenant onboarding: events, a publisher, an authorizer and its CDK construct.

Importing it imports nothing else, so each part costs what it needs. Begin with `publisher` to emit events, with `cdk`
to put the authorizer before an API.
"""
