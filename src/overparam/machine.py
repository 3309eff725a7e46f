"""What this process may use of the machine: cores and memory, as the container or the user has cut them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROCESS = Path("/proc/self")  # what Linux tells a process about itself


def cores() -> int:
    """Cores to compute on: ``OVERPARAM_CORES``, else those that the affinity and the container's CPU quota leave.

    Never more than the machine has. Part of a core counts as one, and other parts of cores do not count.
    """
    machine = os.cpu_count() or 1
    if named := os.environ.get("OVERPARAM_CORES"):
        if not named.strip().isdecimal() or int(named) < 1:
            raise ValueError(f"OVERPARAM_CORES is {named!r}; set it to a whole number from 1 up.")
        return min(int(named), machine)
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine
    quotas = [quota / period for quota, period in _quotas() if quota > 0 and period > 0]
    return max(1, int(min([own, *quotas])))


def memory() -> int:
    """Bytes of memory: the machine's, or the container's limit where that is less."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        machine = 8 * 2**30
    limits = [_numbers(group / file) for group in _groups("memory") for file in ("memory.max", "memory.limit_in_bytes")]
    return min([machine, *(limit[0] for limit in limits if limit)])


def _quotas() -> Iterator[tuple[int, int]]:
    """CPU quotas and the periods that they are for, in microseconds, of all control groups around this process."""
    for group in _groups("cpu"):
        if len(both := _numbers(group / "cpu.max")) == 2:
            yield both[0], both[1]
        quota, period = (_numbers(group / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota and period:
            yield quota[0], period[0]


def _groups(controller: str) -> Iterator[Path]:
    """Folders of the control groups (version 1 and 2) that this process is in, and of those around them, as far as they are seen."""
    with suppress(OSError, ValueError, IndexError):  # not Linux, or hidden
        entries = [
            line.split(":", 2)
            for line in (PROCESS / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
        ]
        own = {name: path for _, names, path in entries for name in names.split(",")}  # version 2 has no names: ""
        for line in (PROCESS / "mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            where, _, what = line.partition(" - ")
            root, mount = where.split()[3:5]
            kind, _, options = what.split(maxsplit=2)
            name = {"cgroup2": "", "cgroup": controller}.get(kind)
            if name not in own or (name and name not in options.split(",")):
                continue
            below = Path(mount, *Path(os.path.relpath(own[name], root)).parts)
            # A container sees its group as the mount itself, under a path that is the host's.
            below = below if ".." not in below.parts and below.is_dir() else Path(mount)
            yield below
            yield from [group for group in below.parents if group.is_relative_to(mount)]


def _numbers(file: Path) -> list[int]:
    """The whole numbers in a control group's file; none where there is no such file, or no limit."""
    try:
        return [int(word) for word in file.read_text(encoding="utf-8").split()]
    except (OSError, ValueError):  # "max" is no limit
        return []
