"""The authorizer's code as AWS Lambda runs it, in `authorizer.zip`; `tenant_onboarding.cdk` deploys it.

Nothing here is imported by it.
"""
