"""The records of finished networks on disk: one parquet file per stack, ``runs/<engine>/<family>/<keys>-<checksum>.parquet``.

A *family* is what one sweep may look for, so that a read scans its files only. A file's name says what its bytes must
hash to: a damaged one is noticed, said and removed, and its networks are trained again. Files are written under another
name, then renamed, and never change, so that any number of processes may share one store without locks.
"""

import errno
import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from overparam import paths

FORMAT = 1  # of the files: make it a part of the family's name

_FINISHED = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}\.parquet")
_UNFINISHED = re.compile(r"\.[0-9a-f]{32}")
_DAY = 24 * 60 * 60  # seconds after which an unfinished file is the leftover of a killed process
_NOTHING = {"keys": [], "about": {}, "seconds": 0.0}  # what a file that is damaged or not ours holds
_footers: dict[str, dict] = {}  # by file name, which contains the checksum of what it names


def folder() -> Path:
    """Where the records lie: ``runs`` in ``paths.cache()``."""
    return paths.cache() / "runs"


def read(family: str, keys: Iterable[str]) -> dict[str, dict]:
    """The stored records of these networks by key, those that are there; a damaged file is said and removed."""
    missing = set(keys)
    found: dict[str, dict] = {}
    for path in _files(folder() / family):
        if not missing:
            break
        if missing.isdisjoint(_footer(path)["keys"]) or (content := _content(path)) is None:
            continue
        found |= {key: row for key, row in _decode(content).items() if key in missing}
        missing -= found.keys()
    return found


def write(family: str, rows: dict[str, dict], about: dict[str, str]) -> None:
    """Store the records of one finished stack by key; ``about`` (data, architecture, …) is for the inventory.

    A record's values are int, float, bool, str, None or numeric arrays of any shape, which may differ between records;
    TypeError for others. OSError, which says what to do, where the disk is full or the folder not writable.
    """
    content = _encode(rows, about)
    path = folder() / family / f"{_name(rows)}-{_digest(content)}.parquet"
    with _explained():
        _save(path, content)
    _footers.pop(path.name, None)


def check() -> None:
    """OSError, as `write` raises it, where nothing can be stored: to be told before anything is trained."""
    probe = folder() / f".{uuid.uuid4().hex}"
    with _explained():
        _save(probe, bytes(4096))
        probe.unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        folder().rmdir()


@contextmanager
def _explained() -> Iterator[None]:
    """Make an OSError one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        advice = "make that folder writable, or set OVERPARAM_CACHE to one that is"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            advice = "free some space, run `overparam cache clear`, or set OVERPARAM_CACHE to a folder with more room"
        reason = f"Cannot store trained networks in {folder()} ({error.strerror})"
        raise OSError(error.errno, f"{reason}; those stored before are kept: {advice}.") from None


def inventory() -> pd.DataFrame:
    """What is stored: one row per engine version, data set and architecture, read from the ends of the files alone.

    Columns: engine, data, architecture, networks, files, bytes, seconds (of training), written (last, in UTC).
    """
    names, stored = ["engine", "data", "architecture"], []
    for path in _files(folder()):
        footer = _footer(path)
        with suppress(FileNotFoundError):  # damaged, or removed by another process
            status, labels = path.stat(), footer.get("about", {}) | {"engine": _engine(path)}
            written = pd.Timestamp(status.st_mtime, unit="s")
            numbers = [footer["keys"], footer.get("seconds", 0.0), status.st_size, written]
            stored.append([labels.get(name, "unknown") for name in names] + numbers)
    table = pd.DataFrame(stored, columns=[*names, "keys", "seconds", "bytes", "written"])
    return table.groupby(names, as_index=False).agg(
        networks=("keys", lambda keys: len(set().union(*keys))),
        files=("keys", "size"),
        bytes=("bytes", "sum"),
        seconds=("seconds", "sum"),
        written=("written", "max"),
    )


def clear(keep: str | None = None) -> tuple[int, int]:
    """Forget everything, or all but what engine version ``keep`` left; the numbers of files and of bytes removed."""
    sizes = []
    for path in _files(folder()):
        if keep is None or _engine(path) != keep:
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                sizes.append(size)
    for parent, _, _ in os.walk(folder(), topdown=False):
        with suppress(OSError):  # not empty
            os.rmdir(parent)
    return len(sizes), sum(sizes)


# --- files ------------------------------------------------------------------------------------------------------------


def _files(top: Path) -> list[Path]:
    """The finished stacks below a folder, sorted. What killed processes left unfinished is removed on the way."""
    found = []
    for parent, _, names in os.walk(top):  # which passes over folders that vanish meanwhile
        found += [Path(parent, name) for name in names if _FINISHED.fullmatch(name)]
        for leftover in (Path(parent, name) for name in names if _UNFINISHED.fullmatch(name)):
            with suppress(OSError):
                if time.time() - leftover.stat().st_mtime > _DAY:
                    leftover.unlink()
    return sorted(found)


def _engine(path: Path) -> str:
    """The engine version that left a file; "unknown" where it lies in no version's folder."""
    above = path.relative_to(folder()).parts[:-1]
    return above[0] if above else "unknown"


def _save(path: Path, content: bytes) -> None:
    """Write under another name, flush to the disk, rename: under its own name a file is whole or not there."""
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    for attempts_left in reversed(range(5)):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            return
        except (FileNotFoundError, FileExistsError):  # another process cleared the store between two of these steps
            if not attempts_left:
                raise
        finally:
            temporary.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    """The bytes of a file; None if it has vanished, or is damaged, which is said once and the file removed."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if _digest(content) == path.stem[17:]:
        return content
    print(f"{path} is damaged; its networks are trained again.")
    _footers[path.name] = _NOTHING
    with suppress(OSError):  # removed by another process, or the folder is read-only
        path.unlink()
    return None


def _footer(path: Path) -> dict:
    """The keys of a file's networks, what they are about and their seconds of training, from the end of the file alone.

    The first half of the name vouches for the keys. Where they disagree, the file is damaged or not ours: its checksum
    tells.
    """
    if path.name not in _footers:
        try:
            with path.open("rb") as file:  # by Python, which can open a path that the locale cannot spell
                footer = json.loads(pq.read_metadata(file).metadata[b"overparam"])
            ours = _name(footer["keys"]) == path.stem[:16]
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            ours = False
        if not ours and _content(path) is None:
            return _NOTHING
        _footers[path.name] = footer if ours else _NOTHING
    return _footers[path.name]


def _name(keys: Iterable[str]) -> str:
    return _digest(json.dumps(sorted(keys)).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


# --- records as a table -----------------------------------------------------------------------------------------------
# A column holds values of one type, which its name ends with ("test_error:float"), and empty cells where a record has no
# such value. An array is its bytes in "weights:float32[]" beside its shape in "weights:shape"; None is True in "x:NoneType".

_TYPES = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "str": pa.string(), "NoneType": pa.bool_()}


def _encode(rows: dict[str, dict], about: dict[str, str]) -> bytes:
    """The parquet file of these records."""
    columns: dict[str, dict[str, list]] = {}
    for position, row in enumerate(rows.values()):
        for name, value in row.items():
            for kind, cell in _cells(name, value).items():
                columns.setdefault(name, {}).setdefault(kind, [None] * len(rows))[position] = cell
    types = _TYPES | {"shape": pa.list_(pa.int64())}
    arrays = {
        f"{name}:{kind}": pa.array(cells, types.get(kind, pa.large_binary()))
        for name, kinds in columns.items()
        for kind, cells in kinds.items()
    }
    footer = {
        "keys": list(rows),
        "about": about,
        "seconds": sum(float(row.get("seconds") or 0) for row in rows.values()),
    }
    table = pa.table(arrays, metadata={"overparam": json.dumps(footer)})
    file = pa.BufferOutputStream()
    # Numbers hardly repeat, so no dictionary; long arrays must not share a page, which holds 2 GB at most.
    pq.write_table(table, file, compression="zstd", use_dictionary=False, write_statistics=False, write_batch_size=1)
    return file.getvalue()


def _decode(content: bytes) -> dict[str, dict]:
    """The records in a parquet file, by key."""
    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    rows: dict[str, dict] = {key: {} for key in json.loads(table.schema.metadata[b"overparam"])["keys"]}
    for column in table.column_names:
        name, _, kind = column.rpartition(":")
        if kind == "shape":
            continue
        if kind in _TYPES:
            values = table[column].to_pylist()
        else:
            shapes = table[f"{name}:shape"].to_pylist()
            values = [_array(kind, cell, shape) for cell, shape in zip(table[column], shapes, strict=True)]
        for row, value in zip(rows.values(), values, strict=True):
            if value is not None:
                row[name] = None if kind == "NoneType" else value
    return rows


def _cells(name: str, value: object) -> dict[str, object]:
    """What is stored of one value, by type."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.dtype.isnative:
        return {f"{value.dtype}[]": value.tobytes(), "shape": value.shape}
    kind = type(value).__name__
    if kind not in _TYPES:
        raise TypeError(f"{name} is of type {kind}; a record keeps int, float, bool, str, None and arrays of numbers.")
    return {kind: True if value is None else value}


def _array(kind: str, cell: pa.Scalar, shape: list[int] | None) -> np.ndarray | None:
    """The array that `_cells` stored, as a writable copy of its own; None for an empty cell."""
    return np.frombuffer(cell.as_buffer(), kind.removesuffix("[]")).reshape(shape).copy() if cell.is_valid else None
