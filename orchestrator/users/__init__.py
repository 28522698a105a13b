"""The people of all tenants in one store: who belongs to which tenant, under an id of ours and one address once.

Amazon Cognito enforces; the store is the register. It is written in the transaction of the ledger that makes a step
DONE, and never read while a token is issued. Nobody is in Cognito before the address is proved, by a link that is
mailed. Knows `aws`, `tenants`, `identity`, `routing`, `sign_in` and `emails`. Begin with `store`, then `works`.
"""
