"""A build hook for hatchling: whoever installs s3sql gets its kernels translated.

In: a checkout, or an unpacked source distribution, of which ``pip install`` or any other builder makes a
wheel.  Out: the files of :mod:`s3sql.kernels.prebuilt` in that wheel.

Translating takes the builder a minute or two of processor time, and spares the first query of each machine
most of what it would wait for. The folder that is built may be read-only, so it is done in a copy; what is
translated there already is taken over. An editable installation has no copy of the package to put files
into, and translates nothing: its first queries do, or ``make .venv/.translated``. The wheel is without this
module, which nothing but a builder needs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What kernels are made with, of the requirements of the package.
_NEEDED = ("numba", "numpy")
_FILES = "s3sql/kernels/bitcode"


class TranslatedWheel(BuildHookInterface[BuilderConfig]):
    """The hook, as ``tool.hatch.build.targets.wheel.hooks.custom`` in pyproject.toml names it."""

    _copy: tempfile.TemporaryDirectory[str] | None = None

    def dependencies(self) -> list[str]:
        """The requirements of the package, of any builder, that its kernels are made with."""
        return [one for one in self.metadata.core.dependencies if one.startswith(_NEEDED)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Translate the kernels, and have them put into the wheel, unless *version* is ``editable``.

        Raises:
            subprocess.CalledProcessError: it failed; what failed is on standard error.
        """
        if version == "editable":
            return
        self._copy = tempfile.TemporaryDirectory()
        copy = Path(self._copy.name)
        shutil.copytree(
            Path(self.root, "s3sql"), copy / "s3sql", ignore=shutil.ignore_patterns("__pycache__")
        )
        # With files come the modes of their folders.
        for folder in (copy / "s3sql", copy / "s3sql/kernels", copy / _FILES):
            if folder.is_dir():
                folder.chmod(0o755)
        # A builder may read its own standard output.
        subprocess.run(
            [sys.executable, "-m", "s3sql.kernels.prebuilding"], check=True, cwd=copy, stdout=sys.stderr
        )
        build_data["force_include"][str(copy / _FILES)] = _FILES

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copy, once the wheel is made."""
        if self._copy is not None:
            self._copy.cleanup()
