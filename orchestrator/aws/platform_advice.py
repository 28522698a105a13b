"""What to do about failures that no code of ours sees: Lambda and Step Functions name them themselves."""

PLATFORM_ADVICE = {
    "Lambda.TooManyRequestsException": (
        "All of Lambda's concurrency here was in use. Raise it in the Service Quotas console or wait, then retry."
    ),
    "Lambda.Unknown": (
        "Lambda did not run the step's function. Check its state and concurrency in the Lambda console, then retry."
    ),
    **dict.fromkeys(
        (
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
        ),
        "Step Functions did not reach Lambda for a while. Check the AWS Health Dashboard, then retry.",
    ),
    "Runtime.ExitError": "The step's function died (often out of memory). Read its log, then retry.",
    "Runtime.ImportModuleError": (
        "The step's function cannot be loaded. Read in its log what is missing, deploy the stack anew, then retry."
    ),
    "Sandbox.Timedout": "The step's function ran out of time. Read its log, then retry.",
    "States.Timeout": "The step did not answer in time. Read its function's log, then retry.",
    "Aborted": "Somebody stopped the execution; CloudTrail says who (StopExecution). Retry when it should go on.",
    "UnknownTier": "Deploy workflow and functions of one version, then retry.",
}
OTHER_ADVICE = "Read the execution's history in the Step Functions console, mend the cause, then retry."
