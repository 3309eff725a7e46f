"""Cores and memory are what the process may use, and not what the machine has."""

import os
import subprocess
import sys

import pytest
import torch

from overparam import machine
from overparam.engine import plan, workers

GIB = 2**30


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A machine of 16 cores and 64 GiB whose control groups are the files that are given, by path below the mount."""
    monkeypatch.delenv("OVERPARAM_CORES", raising=False)
    monkeypatch.setattr(machine, "PROCESS", tmp_path / "proc")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 16 * 2**20, "SC_PAGE_SIZE": 4096}.__getitem__)
    (tmp_path / "proc").mkdir()

    def make(cgroup: str, mounts: str, files: dict[str, str]):
        (tmp_path / "proc/cgroup").write_text(cgroup, encoding="utf-8")
        (tmp_path / "proc/mountinfo").write_text(mounts.replace("/sys", str(tmp_path / "sys")), encoding="utf-8")
        for name, text in files.items():
            (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "sys" / name).write_text(f"{text}\n", encoding="utf-8")

    return make


V2 = "21 1 0:18 / / rw - overlay overlay rw\n30 24 0:26 / /sys/fs rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 24 0:27 {root} /sys/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 24 0:28 {root} /sys/memory rw shared:6 - cgroup cgroup rw,memory\n"
)
OF_DOCKER = "5:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n0::/docker/ab\n"
CASES = {  # cgroup, mounts, files, cores, GiB
    "no container": ("0::/\n", V2, {}, 16, 64),
    "not limited": ("0::/\n", V2, {"fs/cpu.max": "max 100000", "fs/memory.max": "max"}, 16, 64),
    "four cores": ("0::/\n", V2, {"fs/cpu.max": "400000 100000", "fs/memory.max": str(8 * GIB)}, 4, 8),
    "half a core": ("0::/\n", V2, {"fs/cpu.max": "50000 100000"}, 1, 64),
    "two and a half": ("0::/\n", V2, {"fs/cpu.max": "250000 100000"}, 2, 64),
    "nested": (
        "0::/batch/job/step\n",
        V2,
        {
            "fs/batch/job/step/cpu.max": "max 100000",
            "fs/batch/job/step/memory.max": "max",
            "fs/batch/job/cpu.max": "300000 100000",
            "fs/batch/memory.max": str(4 * GIB),
        },
        3,
        4,
    ),
    "the host's path": ("0::/docker/ab\n", V2, {"fs/cpu.max": "200000 100000"}, 2, 64),
    "above the mount": ("0::/../../docker/ab\n", V2, {"fs/cpu.max": "200000 100000"}, 2, 64),
    "version 1": (
        OF_DOCKER,
        V1.format(root="/docker/ab"),
        {
            "cpu,cpuacct/cpu.cfs_quota_us": "200000",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": str(2 * GIB),
        },
        2,
        2,
    ),
    "version 1 on the host": (
        OF_DOCKER,
        V1.format(root="/"),
        {
            "cpu,cpuacct/docker/ab/cpu.cfs_quota_us": "-1",
            "cpu,cpuacct/docker/ab/cpu.cfs_period_us": "100000",
            "cpu,cpuacct/docker/cpu.cfs_quota_us": "500000",
            "cpu,cpuacct/docker/cpu.cfs_period_us": "100000",
            "memory/docker/ab/memory.limit_in_bytes": "9223372036854771712",
        },
        5,
        64,
    ),
    "nonsense": ("none\n", "none\n", {"fs/cpu.max": "?"}, 16, 64),
}


@pytest.mark.parametrize("case", CASES)
def test_limits_of_containers_are_read(container, case):
    cgroup, mounts, files, cores, gib = CASES[case]
    container(cgroup, mounts, files)
    assert machine.cores() == plan.workers(torch.device("cpu")) == cores
    assert machine.memory() == gib * GIB
    assert plan.memory_limit(torch.device("cpu")) == gib * GIB // 2 // cores


def test_the_affinity_counts_where_nothing_else_is_known(container, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert machine.cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.cores() == 1


def test_one_core_of_sixteen_may_be_wanted(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setenv("OVERPARAM_CORES", "1")
    assert machine.cores() == plan.workers(torch.device("cpu")) == 1
    workers._pool().end()
    assert workers._pool()._max_workers == 1
    workers._pool().end()


@pytest.mark.parametrize(("wanted", "taken"), [("3", 3), ("4", 4), ("1000", 4)])
def test_more_cores_than_the_machine_has_are_not_taken(monkeypatch, wanted, taken):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setenv("OVERPARAM_CORES", wanted)
    assert machine.cores() == plan.workers(torch.device("cpu")) == taken


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_wrong_number_of_cores_is_one_sentence(monkeypatch, text):
    monkeypatch.setenv("OVERPARAM_CORES", text)
    with pytest.raises(ValueError, match=rf"OVERPARAM_CORES is '{text}'; set it to a whole number from 1 up\."):
        machine.cores()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be bound to cores here")
def test_a_process_bound_to_one_core_uses_one():
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); from overparam import machine; print(machine.cores())"
    environment = {name: value for name, value in os.environ.items() if name != "OVERPARAM_CORES"}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment, encoding="utf-8") == "1\n"
