"""The machine's peak: how many operations per second its cores do together in products of large square matrices."""

import statistics
import subprocess
import sys
import time

from overparam import machine

SIZES = (1024, 1536, 2048)
REPEATS = 7


def measure(dtype: str) -> float:
    """Operations per second of one process per core, each with one thread, all at the same time; dtype is torch's name."""
    command = [sys.executable, "-m", "benchmarks.peak", dtype]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    processes = [subprocess.Popen(command, **pipes) for _ in range(machine.cores())]
    for process in processes:
        process.stdout.readline()  # it has imported torch
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    rates = [[float(rate) for rate in process.communicate()[0].split()] for process in processes]
    return max(map(sum, zip(*rates, strict=True)))  # of the best size


def _multiply(dtype: str) -> None:
    import torch

    torch.set_num_threads(1)
    pairs = [torch.randn(2, size, size).to(getattr(torch, dtype)) for size in SIZES]
    print("ready", flush=True)
    sys.stdin.readline()
    for a, b in pairs:
        seconds = []
        for _ in range(1 + REPEATS):
            started = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - started)
        print(2 * len(a) ** 3 / statistics.median(seconds[1:]), flush=True)


if __name__ == "__main__":
    _multiply(sys.argv[1])
