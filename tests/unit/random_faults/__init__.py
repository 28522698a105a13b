"""Random runs: a tenant whom several faults strike while operators act on it, in the product's own code.

A seed decides all of it: who goes on next, by one AWS call at a time; which calls are struck and by what; who does what
when. Time is played, so a run takes a second, and the same seed plays the same run again. The faults and what must be
true are the fault sweep's. `play` plays one run; `python -m benchmarks.random_faults` plays many.
"""
