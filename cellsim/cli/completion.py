"""`cellsim completion`."""

import argparse

from cellsim.cli import DONE
from cellsim.hints import near_name
from cellsim.settings import BadInput


def completion(shell: str, parser: argparse.ArgumentParser) -> int:
    """Prints the script of a shell that completes what `parser` knows; the exit code. Raises `BadInput`."""
    try:
        import shtab
    except ImportError:
        raise BadInput("the command line", ["completions need: pip install 'cellsim[completion]'."]) from None
    if shell not in shtab.SUPPORTED_SHELLS:
        known = ", ".join(shtab.SUPPORTED_SHELLS)
        hint = near_name(shell, shtab.SUPPORTED_SHELLS)
        raise BadInput("the command line", [f"no completions for {shell}.{hint} There are: {known}."])
    print(shtab.complete(parser, shell))
    return DONE
