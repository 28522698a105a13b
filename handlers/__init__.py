"""One thin module per Lambda function: decode, call one function of the domain, encode."""
