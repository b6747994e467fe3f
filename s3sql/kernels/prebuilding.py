"""``python -m s3sql.kernels.prebuilding``: translate all kernels, and put them into the package.

In: the package as it is imported here, and as many processes as there are cores.  Out: the files of
:mod:`s3sql.kernels.prebuilt`; a line says what was done. What is right already is left as it is, and what
belongs to no kernel is deleted.

Run where the package is made: whatever builds a wheel does (:mod:`s3sql.translated_wheel`), and ``make
.venv/.translated`` in a checkout.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from s3sql.kernels.prebuilt import DIRECTORY, file_of, keep, prebuilt
from s3sql.kernels.warming import all_kernels, share_out

#: Not ``__name__``, which is another where the module is the program.
_MODULE = "s3sql.kernels.prebuilding"


def prebuild(processes: int) -> int:
    """Translate what the package lacks, in so many processes at once; how many kernels that were.

    Raises:
        OSError: the package cannot be written, or a process of ours failed.
    """
    known = all_kernels()
    missing = [name for name, kernel in known.items() if prebuilt(kernel.function, kernel.signature) is None]
    if missing:
        share_out(_MODULE, missing, processes)
    right = {file_of(kernel.function).name for kernel in known.values()}
    for file in DIRECTORY.iterdir():
        if file.name not in right:
            file.unlink()
    return len(missing)


def translate(names: Sequence[str]) -> None:
    """Translate the kernels *names* here, and write a line for each."""
    known = all_kernels()
    for name in names:
        kernel = known[name]
        keep(kernel.function, kernel.signature, kernel.translate())
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


def _main(names: Sequence[str]) -> None:
    if names:
        translate(names)
        return
    count = prebuild(os.cpu_count() or 1)
    sys.stdout.write(f"{DIRECTORY}: {count} kernels translated\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
