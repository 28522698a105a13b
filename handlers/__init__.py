"""One thin module per Lambda function: decode, call one function of the domain, encode."""

import gc

# What is imported stays for as long as its environment. To look through it for garbage again and again, as Python does
# every 70,000 objects, takes an eighth of a start; every 5,000,000 is soon enough.
gc.set_threshold(10_000, 50, 10)
