"""The deployed template, run whole on one machine: an AWS emulator, its deployer, and the demo."""
