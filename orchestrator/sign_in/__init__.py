"""Whose token Amazon Cognito issues: the registry decides, each time, and any contradiction is a refusal.

Knows the customers' package alone, for somebody waits. Begin with `token_claims`.
"""
