"""What pyproject.toml cannot say: the book's claims and recorded results, which lie in data/, are installed with the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# Of data/; overparam.paths.book() finds them.
BOOK = ("claims.yaml", "results/*.json", "results/evidence/*.json")


class BuildWithBook(build_py):
    """Copies them to overparam/book. An editable installation reads data/ itself."""

    def run(self) -> None:
        """Build as usual, then copy."""
        super().run()
        data = Path(__file__).resolve().parent / "data"
        for source in [path for pattern in BOOK if not self.editable_mode for path in data.glob(pattern)]:
            target = Path(self.build_lib, "overparam", "book", source.relative_to(data))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithBook})
