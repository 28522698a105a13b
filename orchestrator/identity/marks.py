"""The tags by which a user pool is known as ours: grants ask for them, and no other user pool is touched."""

OWNER_TAG = "tenant-onboarding:owner"
STACK_TAG = "tenant-onboarding:stack"
