"""What students hand in: notebooks of any file name, encoding and version, alone, in folders or in zips.

A file is judged by what is in it and not by its name. Zips are read in place, and nothing of them is unpacked to the disk.
"""

import codecs
import io
import json
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

LARGEST_NOTEBOOK = 50 * 2**20  # bytes
LARGEST_ARCHIVE = 2 * 2**30  # bytes of all that is read from one, unpacked
MOST_FILES = 2_000  # in one archive
DEEPEST = 2  # a zip in a zip is opened, one in that is not
AGAIN = "choose File → Download → Download .ipynb and hand in that file"
ARCHIVES = (b"7z\xbc\xaf'\x1c", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
ZIP = b"PK\x03\x04"
LIKELY = re.compile(r'^\s*\{.*"(cells|worksheets|metadata|nbformat)"', re.DOTALL)
CLUTTER = {"__MACOSX", "Thumbs.db", "desktop.ini"}


class UnusableError(Exception):
    """Why a file is not graded, and what the student should do, as one sentence for the table of scores."""


@dataclass(frozen=True)
class HandedIn:
    """One file that was handed in: its name for the table, and a function that gives its bytes or raises UnusableError."""

    name: str
    read: Callable[[], bytes]

    def notebook(self):
        """The notebook in this file, in today's format."""
        return notebook(self.name, self.read())


def refusal(name, why):
    """A file that has a line in the table, and nothing that could be read."""

    def read():
        raise UnusableError(why)

    return HandedIn(name, read)


# --- Which files there are --------------------------------------------------------------------------------------------


def find(folder):
    """All that was handed in within a folder, in the order of the names; what systems and the grader write is left out."""
    found = []

    def unreadable(error):
        where = Path(error.filename).relative_to(folder)
        found.append(refusal(printable(str(where)), f"this folder cannot be opened: {error.strerror}; give it rights"))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not clutter(name)]
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for path in (Path(place) / name for name in [*files, *links] if not clutter(name)):
            own = Path(place) == folder and re.fullmatch(r"(scores-.*\.csv|reading-.*\.html)", path.name)
            found += [] if own else in_file(path, printable(path.relative_to(folder).as_posix()))
    return sorted(found, key=lambda each: each.name.split("/"))


def clutter(name):
    """Whether systems, and not students, make files or folders of that name: hidden ones, but no hidden notebook."""
    hidden = name.startswith(".") and not name.lower().endswith((".ipynb", ".zip"))
    return hidden or name.startswith(("._", ".~", "~$")) or name in CLUTTER


def printable(name):
    r"""A file's name as text that can be shown and written anywhere; bytes that are no UTF-8 appear as \xfc."""
    name = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "backslashreplace"))
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)


def in_file(path, name):
    """What a file of a folder holds: itself, or the notebooks in it if it is a zip."""
    try:
        if path.is_symlink() and path.is_dir():
            return [refusal(name, "a link to a folder, which is not followed: put the folder itself in its place")]
        if not path.is_file():
            return [refusal(name, f"not a file, or a link to nothing: {AGAIN}")]
        with path.open("rb") as file:
            if file.read(4) == ZIP:
                return in_zip(lambda: path.open("rb"), name)
    except OSError as error:
        return [refusal(name, f"cannot be opened: {error.strerror or type(error).__name__}; {AGAIN}")]
    return [HandedIn(name, partial(read_file, path))]


def read_file(path):
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_NOTEBOOK + 1)
    except OSError as error:
        raise UnusableError(f"cannot be opened: {error.strerror or type(error).__name__}; {AGAIN}") from error


def in_zip(open_zip, name, depth=1):
    """The notebooks in a zip, each with a line of its own; one line that says what is wrong where there is none."""
    found, held, size = [], [], 0
    try:
        with open_zip() as file, zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise UnusableError(f"a zip of {len(entries)} files: hand in the notebook alone")
            for entry in entries:
                parts = [part for part in re.split(r"[/\\]", name_in_zip(entry)) if part != "."]
                own, reopen = f"{name}/{printable('/'.join(parts))}", partial(open_entry, open_zip, entry)
                if ".." in parts or not parts[0] or parts[0].endswith(":"):
                    found.append(refusal(own, f"its name leads out of the zip: {AGAIN}"))
                elif not any(map(clutter, parts)):
                    held.append(own.removeprefix(f"{name}/"))
                    try:
                        with archive.open(entry) as opened:
                            start = opened.read(512)
                    except Exception as error:
                        if parts[-1].lower().endswith((".ipynb", ".zip")):
                            found.append(refusal(own, f"{why_closed(error)}: {AGAIN}"))
                        continue
                    if start.startswith(ZIP) and depth < DEEPEST:
                        size += min(entry.file_size, LARGEST_NOTEBOOK)
                        found += in_zip(reopen, own, depth + 1)
                    elif parts[-1].lower().endswith(".ipynb") or LIKELY.search(text_of(start)):
                        size += min(entry.file_size, LARGEST_NOTEBOOK)
                        found.append(HandedIn(own, lambda reopen=reopen: reopen().read()))
            if size > LARGEST_ARCHIVE:
                raise UnusableError(f"a zip that unpacks to {size / 2**30:.1f} GB: hand in the notebook alone")
    except UnusableError as error:
        return [refusal(name, str(error))]
    except Exception as error:  # a damaged zip makes zipfile raise all sorts
        return [refusal(name, f"{why_closed(error)}: {AGAIN}")]
    ending = PurePosixPath(name).suffix.lower()
    if not found and ending not in ("", ".zip", ".ipynb"):  # a .docx, say
        return [refusal(name, f"not a notebook: a file of type {ending}; {AGAIN}")]
    return found or [refusal(name, f"a zip without a notebook; it holds {', '.join(held[:3]) or 'nothing'}: {AGAIN}")]


def why_closed(error):
    """What is the matter with a zip that cannot be read, in words."""
    locked = type(error) is RuntimeError  # how zipfile says that it wants a password
    return "in a zip with a password" if locked else "in a damaged zip, perhaps cut off while it was sent"


def name_in_zip(entry):
    """The name of a file in a zip; macOS writes UTF-8 without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    with suppress(UnicodeError):
        return entry.filename.encode("cp437").decode("utf-8")
    return entry.filename


def open_entry(open_zip, entry):
    """One file of a zip as an open file in memory, of which no more than a byte too much is read."""
    try:
        with open_zip() as file, zipfile.ZipFile(file) as archive, archive.open(entry) as opened:
            return io.BytesIO(opened.read(LARGEST_NOTEBOOK + 1))
    except Exception as error:
        raise UnusableError(f"{why_closed(error)}: {AGAIN}") from error


# --- What is in one ---------------------------------------------------------------------------------------------------


def opens_like_json(data):
    """Whether bytes begin as a notebook does, in any encoding."""
    return text_of(data[:512]).lstrip().startswith("{")


def text_of(data):
    """Text from bytes in UTF-8, 16 or 32, with or without a byte order mark; what is no UTF-8 is taken for Latin-1."""
    encoding = json.detect_encoding(data)
    return data.decode(encoding, "latin-1" if encoding.startswith("utf-8") else "ignore")


def as_latin_1(error):
    """How `decode` goes on after bytes that are no UTF-8."""
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin-1", as_latin_1)


def notebook(name, data):
    """The notebook in a file, in today's format."""
    import nbformat

    if not data.strip(b"\0\t\r\n "):
        raise UnusableError(f"not a notebook: an empty file; save the notebook, then {AGAIN}")
    if not opens_like_json(data):
        raise UnusableError(f"not a notebook: {kind_of(name, data)}; {AGAIN}")
    if len(data) > LARGEST_NOTEBOOK:
        raise UnusableError(
            f"larger than {LARGEST_NOTEBOOK // 2**20} MB: clear its outputs, save it, and hand it in again"
        )
    try:
        content = json.loads(text_of(data))
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"not a notebook: damaged, or cut off while it was sent; {AGAIN}") from error
    if not isinstance(content.get("cells", content.get("worksheets")), list):
        raise UnusableError(f"not a notebook: JSON without cells; {AGAIN}")
    try:
        found = nbformat.convert(nbformat.reader.reads(json.dumps(completed(content))), 4)
        found.cells = [cell for cell in found.cells if "source" in cell and "cell_type" in cell]
        return found
    except Exception as error:  # it can be malformed in any way
        raise UnusableError(f"not a notebook: {type(error).__name__} on reading it; {AGAIN}") from error


def completed(content):
    """The JSON of a notebook with what programs leave out, and a version that can be read."""
    content = known(content)
    version = content.get("nbformat")
    if not (isinstance(version, int) and 1 <= version <= 4):
        version = 4 if "cells" in content else 3
    content = {"nbformat_minor": 0, "metadata": {}} | content | {"nbformat": version}
    if version == 4:
        cells = [known(cell) for cell in content["cells"] if isinstance(cell, dict) and "cell_type" in cell]
        content["cells"] = [{"metadata": {}, "source": "", "outputs": []} | cell for cell in cells]
    return content


def known(fields):
    """What is said in a dictionary, without what is null."""
    return {name: value for name, value in fields.items() if value is not None}


def kind_of(name, data):
    """What a file is that is no notebook, as far as a student needs to know."""
    if data.startswith(ARCHIVES):
        return "an archive of a kind that is not opened here"
    if text_of(data[:512]).lstrip().startswith("<"):
        return "a web page"
    ending = PurePosixPath(name).suffix.lower()
    return f"a file of type {ending or 'unknown'}" if ending != ".ipynb" else "something else under that name"
