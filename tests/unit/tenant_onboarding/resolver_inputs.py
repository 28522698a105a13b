"""What people type who look for their tenant: hosts, addresses and codes, right and malformed."""

FOUND = {
    "host": ("acme.app.product.example", "ACME.App.Product.example.", "Acme.app.product.example"),
    "email": ("jane@acme.example", "Jane.Doe@ACME.example", '"a@b"@acme.example'),
    "code": ("ACME-42", "acme-42"),
}
MALFORMED = {
    "host": (
        "",
        ".",
        "acme",
        "app.product.example",
        "a.acme.app.product.example",
        "acme.app.product.example:443",
        "acme.app.product.example..",
        "acme.elsewhere.example",
        "acme#.app.product.example",
        "\u212a.app.product.example",
        f"{'a' * 64}.app.product.example",
        f"{'a' * 3000}.app.product.example",
    ),
    "email": (
        "",
        "@",
        "jane",
        "jane@",
        "@acme.example",
        "jane@acme",
        "jane@acme.example.",
        "jane@acme.example#acme",
        "jane@\u212acme.example",
        "jane@\uff41cme.example",
        "jane@acme\u3002example",
        "jän@acme.example",
        f"jane@{'ü' * 3000}.example",
        f"jane@{'a' * 3000}.example",
    ),
    "code": ("", "-A", "A#B", "ACME 42", "\u017fS", "\u00df", "A" * 33, "A" * 3000),
}
UNKNOWN = {"host": "nobody.app.product.example", "email": "jane@nobody.example", "code": "NOBODY"}


def cases(values: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(by, value) for by, each in values.items() for value in each]
