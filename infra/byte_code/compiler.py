"""What the functions' own Python runs: it compiles the modules that standard input names, below the working folder.

Whatever does not compile is a line of standard output: its name, a tab and why. Nothing else is imported than what
Python brings, as this may run where our packages are not.
"""

import py_compile
import sys
import warnings

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
"""Python takes such byte code as it is, whatever the times of files became on their way."""


def main(origin: str) -> None:
    """Put byte code beside each module, which tracebacks show as one below `origin`."""
    warnings.simplefilter("ignore")  # of what others wrote
    for name in sys.stdin.read().splitlines():
        try:
            py_compile.compile(name, dfile=f"{origin}/{name}", doraise=True, invalidation_mode=UNCHECKED)
        except py_compile.PyCompileError as error:
            sys.stdout.write(f"{name}\t{str(error.msg).strip().splitlines()[-1]}\n")


if __name__ == "__main__":
    main(sys.argv[1])
