"""Model-based tests: whatever interleaves, gets lost, dies or is repeated, the invariants hold.

A state machine of hypothesis invokes the product's own code, several invocations at once, and lets each go on by one
HTTP call at a time, with a fault where it likes (`stage`). After every call the truth, which is what stands in the
simulated AWS, is compared with what the product believes; in the end everything undisturbed comes to its good end.

The examples are the same in every run. For a longer search, with new examples each time::

    MODEL_EXAMPLES=2000 pytest tests/unit/model
"""
