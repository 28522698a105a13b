"""The tenant itself: its record changes by one protocol, so there is exactly one of everything and its status is true.

Knows `aws` and the contracts. Begin with `ledger`, how a step happens once; then `lifecycle`, how a status changes.
"""
