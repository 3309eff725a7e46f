# ---
# jupyter:
#   jupytext:
#     cell_markers: '"""'
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
(library-machines)=
# Many machines and GPUs

A sweep uses all cores of the machine that it runs on. More machines, or several GPUs, need one argument: `executor=`. It takes anything with the `submit` of Python's `concurrent.futures`, and for several hosts that is best [Dask](https://distributed.dask.org) (`pip install distributed`). The table that comes back is the one that a single machine of their kind would give, up to rounding.

Here is a cluster of two workers, as small as one can be: they are threads of this process.
"""

# %%
from distributed import Client

from overparam import data, mlp, sweep

digits = data.load("digits")
rule = {"n": 200, "epochs": 20, "lr": 0.1, "batch_size": 50, "cache": False}
small = {"processes": False, "n_workers": 2, "dashboard_address": None}
with Client(threads_per_worker=1, **small) as client:
    there = sweep(mlp([4, 64]), digits, seed=range(4), executor=client, **rule)
here = sweep(mlp([4, 64]), digits, seed=range(4), **rule)
(there.test_loss - here.test_loss).abs().max()

# %% [markdown]
r"""
Without `processes=False` the workers are processes of this machine. In a script, put the line that starts them under `if __name__ == "__main__":`.

`OVERPARAM_DASK=tcp://scheduler:8786` in the environment does the same for every sweep that has no `executor=`, without a change of code. Where no scheduler answers there within ten seconds, the sweep says so and does not start.

## Three clusters

**Several hosts.** Start the scheduler on one, which prints its address, and a worker on each, with one process for each core:

```bash
dask scheduler
# on every host that is to work
dask worker tcp://scheduler:8786 --nworkers 8 --nthreads 1
```

Then `Client("tcp://scheduler:8786")` is the executor.

**Several GPUs in one host.** One worker process for each GPU, which sees no other; `LocalCUDACluster` of [dask-cuda](https://docs.rapids.ai/api/dask-cuda/stable/) does that. Without it, start the workers by hand:

```bash
CUDA_VISIBLE_DEVICES=0 dask worker tcp://scheduler:8786 \
    --nworkers 1 --nthreads 1 &
CUDA_VISIBLE_DEVICES=1 dask worker tcp://scheduler:8786 \
    --nworkers 1 --nthreads 1 &
```

Pass `device="cuda"` to the sweep, since the calling machine may have no GPU of its own. This page was not run on a GPU.

**A SLURM cluster.** [dask-jobqueue](https://jobqueue.dask.org) submits the workers as batch jobs; queue and account depend on the site:

```python
from dask_jobqueue import SLURMCluster

cluster = SLURMCluster(cores=16, processes=16, memory="64GB", walltime="01:00:00")
cluster.scale(jobs=4)
client = Client(cluster)
```

## On one machine

The cores are those that the machine, or its container's quota, leaves to the process; `OVERPARAM_CORES=4` takes four. Small grids train in the calling process, as starting others takes seconds. A sweep inside something that is parallel already, a process pool, a thread or a task of a cluster, trains in its own process and starts no others.

## What must be the same everywhere

Every worker imports `overparam`, so install the same version of it, of torch and of Dask on every host, and put modules with {doc}`networks </notebooks/library_module>` or {doc}`measures </notebooks/library_measure>` of your own where all of them find them. A record is stored under the version of the code and of torch in the *calling* process; a worker with another one trains nothing, and the sweep ends with an error that says so. Records of GPUs that the calling machine does not have are not told apart by their model: use one kind. The same settings on another kind of CPU agree up to rounding, which training amplifies, and on a GPU the orders of examples are others: compare such runs as distributions.

## What travels, and what stays

The data set is sent once to the scheduler and from there to the workers that need it, not once for each network: for 600 MB, expect tens of seconds before the last worker starts, and as much memory again on the scheduler and on each worker. A task is a list of settings, a few kilobytes; its answer is a list of records, which is large only if you ask for predictions or weights. The calling process keeps the cache and writes each stack as it arrives. Workers write nothing, need no shared folder, and download no data.

## When something dies

- **A worker.** Dask gives its unfinished stacks, and the data set if it held the only copy, to other workers. A stack whose worker died more than three times (the setting `distributed.scheduler.allowed-failures`) is given up, and the sweep ends with an error that says so; most often the memory was too small.
- **The scheduler, or the connection to it.** The sweep ends with an error.
- **The calling process**, or you interrupt it. Tasks that have not started are cancelled; those that run are finished for nothing.

In every case the finished stacks are in the cache, and the same call goes on from there. A sweep never closes a cluster that you started.
"""
