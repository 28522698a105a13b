"""How a command ends: one set of exit statuses for all of them, so that a script can go by it."""

DONE = 0
"""Done, or the answer is yes."""
NO = 1
"""The answer is no, or something failed; stderr or the answer itself says what."""
WRONG_USE = 2
"""The words of the command line mean nothing; nobody was asked and nothing was done."""
INTERRUPTED = 130
"""Ctrl-C, or a request to end: 128 and the number of SIGINT, as a shell says it."""
