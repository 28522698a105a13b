"""What a deployment chooses, from `stages.toml` and the CDK context to the environment of the functions.

`value_types` says what each kind of value allows, `choices` which keys there are with their defaults, `stages` how
`stages.toml` and the context are read, `function_settings` what of it the functions are told. They read it back by
`orchestrator.aws.settings`. Begin with `choices`.
"""
