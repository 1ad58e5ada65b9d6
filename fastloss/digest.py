"""A digest of the package's source, read when the package is imported.

Compiled code is stored under a name that holds it (`engines/build.py`). It is taken at import, not at the first
compilation, so that a formula edited under a running interpreter is never stored under the name of its new text.
"""

import hashlib
import pathlib

PACKAGE = pathlib.Path(__file__).parent


def source_digest(package: pathlib.Path) -> str:
    """Twelve hexadecimal digits that change with any byte of any Python file below `package`."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        total.update(f"{path.relative_to(package).as_posix()} {len(text)}\n".encode())
        total.update(text)
    return total.hexdigest()[:12]


DIGEST = source_digest(PACKAGE)
