"""The command `cellsim`.

Exit codes: 0 done; 1 the solve failed or could only be done in part, and what was reached is written; 2 bad input;
130 interrupted.
"""

import os
import sys
from collections.abc import Sequence

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (that of the process by default); the exit code."""
    from cellsim.cli.parser import parser

    argv = sys.argv[1:] if argv is None else list(argv)
    known = parser()
    arguments = known.parse_args(argv)
    if arguments.command is None:
        known.print_help()
        return BAD_INPUT
    from cellsim.files import replacing
    from cellsim.settings import BadInput

    try:
        with replacing(getattr(arguments, "overwrite", False)):
            code: int = arguments.command(arguments, argv)
        sys.stdout.flush()
    except BadInput as error:
        print(f"cellsim: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("cellsim: interrupted; files that were complete are kept.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code
