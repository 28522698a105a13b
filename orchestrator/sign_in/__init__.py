"""Whose token Amazon Cognito issues, and whom it makes a user: the registry decides, and a contradiction is a refusal.

Knows the customers' package alone, for somebody waits. Begin with `token_claims`, then
`sign_up`.
"""
