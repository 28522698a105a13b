"""The deployed template, run whole on one machine: an AWS emulator, its deployer, and the proof that it holds.

Knows every room but the command line. Begin with `stack`; `rewrites` lists what differs from the deployed template.
"""
