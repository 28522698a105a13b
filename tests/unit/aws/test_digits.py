"""Numbers in text are digits and nothing else that Python reads as a number."""

import pytest

from orchestrator.aws import digits

STRANGE = ("1_0", "+5", "-5", " 5", "5 ", "5\n", "5.", ".5", "1e1", "0x5", "nan", "inf", "", "1" * 10, "\u0665")


@pytest.mark.parametrize("text", [*STRANGE, "5.0"])
def test_a_whole_number_is_digits_alone(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number, in digits"):
        digits.whole(text)


@pytest.mark.parametrize("text", [*STRANGE, "1.2.3"])
def test_a_number_is_digits_with_at_most_one_point(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number, in digits"):
        digits.fraction(text)


@pytest.mark.parametrize("given", ["0", "007", "999999999", 5, 5.0])
def test_what_is_a_number_is_left_to_whoever_reads_it(given: object) -> None:
    """JSON and TOML know numbers by themselves."""
    assert digits.whole(given) == given
    assert digits.fraction(given) == given
