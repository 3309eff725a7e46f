"""Many independent tasks, run by worker processes on this machine or by any executor; results come as they finish.

The worker processes belong to the calling process: they start with its first `run`, serve the later ones, and end with
it, however it ends. A process that is a worker itself, of whatever pool, and a thread beside the main one start none:
they do their tasks one after the other. A task is small and is sent to a worker; what all tasks share, a data set for
instance, may be large and is not: local workers map one file into memory, a Dask cluster keeps it where it is needed.
"""

import functools
import io
import math
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection
from multiprocessing.util import Finalize
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import torch

from overparam import machine
from overparam.errors import in_short

START_UP = 3.0  # seconds that worker processes take to start, about
MAX_RESTARTS = 3  # of the local workers in one `run`, after one of them was killed


@dataclass(frozen=True)
class LocalWorkers:
    """Worker processes of this machine, for work of at least so many seconds on one core: less is done where it is asked for.

    Once they are up, any work is theirs; unless ``from_seconds`` is infinite, which keeps all of it in the calling process.
    """

    from_seconds: float = START_UP

    def take(self, seconds: float) -> bool:
        """Whether they do work of so many seconds."""
        return seconds >= self.from_seconds or (running() and self.from_seconds < math.inf)


def run(
    function: Callable, tasks: Sequence[tuple], shared: tuple = (), executor: Executor | LocalWorkers | None = None
) -> Generator[tuple[int, Any], None, None]:
    """Call ``function(*task, *shared)`` for every task and yield (position of the task, result) as they finish.

    Tasks start in the order given, so put the longest first; each has one torch thread. Without an executor they run on the
    cluster that ``OVERPARAM_DASK`` names; where it is unset in local processes, one per core, where ``function`` must be
    importable; tasks lost with a killed worker run again, and where a process may not or cannot start others (see above) it
    does the tasks itself. `LocalWorkers` are these processes, whatever that variable says. Else ``executor`` is anything
    that has ``submit`` and futures with callbacks, or a Dask client; it stays the caller's and is never shut down.

    The first exception of a task ends the run. To leave early, close the iterator: local workers are ended, on an executor
    only the tasks that have not started are cancelled.
    """
    executor = (cluster() or LocalWorkers()) if executor is None else executor
    if not isinstance(executor, LocalWorkers):
        yield from _run_elsewhere(function, tasks, shared, executor)
    elif _is_part():
        yield from _run_itself(function, dict(enumerate(tasks)), shared)
    else:
        yield from _run_here(function, tasks, shared)


def cluster() -> Executor | None:
    """The Dask cluster whose scheduler's address ``OVERPARAM_DASK`` holds, as an executor; None where it is unset.

    None, too, in what is a part of something parallel already. Raises ValueError for what is no address, ImportError
    without Dask, and ConnectionError where no scheduler answers.
    """
    address = os.environ.get("OVERPARAM_DASK")
    if not address or _is_part():
        return None
    client = _client(address)
    if client.status != "running":  # the scheduler was started anew meanwhile
        _client.cache_clear()
        client = _client(address)
    return client.get_executor(pure=False)


def running() -> bool:
    """Whether the local workers are up, so that the next `run` need not wait about two seconds for their imports."""
    return _pool.cache_info().currsize > 0 and not _is_part()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one torch thread inside, with as many as before afterwards; in several threads at once if need be."""
    with _counting:
        _threads_before.append(_threads_before[0] if _threads_before else torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _counting:
            torch.set_num_threads(_threads_before.pop())


if hasattr(os, "register_at_fork"):
    # OpenMP's threads do not come along into a fork, which would wait for them for ever.
    os.register_at_fork(after_in_child=functools.partial(torch.set_num_threads, 1))

_counting = threading.Lock()
_threads_before: list[int] = []  # one entry, always the same number, for each `one_thread` that is now in force


def _results(futures: Iterable[tuple[int, Future]], cancel: bool) -> Iterator[tuple[int, Any]]:
    """Yield (position, result) as the futures finish; ``cancel`` what has not, if it is no longer wanted."""
    waiting: dict[int, Future] = {}
    finished: SimpleQueue[int] = SimpleQueue()

    def note(position: int, _: Future) -> None:
        finished.put(position)

    try:
        for position, future in futures:
            waiting[position] = future
            future.add_done_callback(functools.partial(note, position))
        while waiting:
            position = finished.get()
            yield position, waiting.pop(position).result()
    finally:
        for future in waiting.values() if cancel else ():
            future.cancel()


# --- worker processes on this machine ---------------------------------------------------------------------------------


_started_as = os.getpid()  # the process that imported this module; a fork of it has its pool in name only


def _is_part() -> bool:
    """Whether this is a part of something that runs in parallel already: another process's child, or not the main thread."""
    child = current_process().name != "MainProcess" or os.getpid() != _started_as
    return child or threading.current_thread() is not threading.main_thread()


def _run_itself(function: Callable, tasks: dict[int, tuple], shared: tuple) -> Iterator[tuple[int, Any]]:
    for position, task in tasks.items():
        with one_thread():
            result = function(*task, *shared)
        yield position, result


def _run_here(function: Callable, tasks: Sequence[tuple], shared: tuple) -> Iterator[tuple[int, Any]]:
    todo = {position: pickle.dumps((function, task)) for position, task in enumerate(tasks)}
    # Workers that are up already may have died since, through no fault of these tasks.
    pools = MAX_RESTARTS + 1 + running()
    for _ in range(pools):
        if not todo:
            return
        try:
            pool = _pool()
            if not pool.folder.is_dir():  # cleaned away while the workers waited
                pool.end()
                pool = _pool()
            path = pool.write(shared)
        except (OSError, NotImplementedError) as error:  # no room for the data, or a system without semaphores
            reason = getattr(error, "strerror", None) or error
            warnings.warn(
                f"Training in this process alone, as it can have no workers ({reason}): set TMPDIR to a folder with room for "
                "temporary files.",
                stacklevel=2,
            )
            yield from _run_itself(function, {position: tasks[position] for position in todo}, shared)
            return
        try:
            # Not cancelled one by one: where workers die at that moment (Ctrl-C), the pool's thread fails on a cancelled future.
            futures = ((i, pool.submit(_work, task, path)) for i, task in todo.items())
            for position, result in _results(futures, cancel=False):
                del todo[position]
                yield position, pickle.loads(result)
        except BrokenProcessPool:  # a worker was killed, now or since the last run: what it left is done by a new pool
            pass
        except FileNotFoundError:
            if path.exists():
                raise  # a task's own
            # Temporary files were cleaned away meanwhile: a new pool has a folder of its own.
        finally:
            path.unlink(missing_ok=True)
            if todo:  # tasks may still run that nobody waits for
                pool.end()
    if todo:
        raise RuntimeError(
            f"Worker processes died {pools} times (out of memory?) and left {len(todo)} of {len(tasks)} tasks; "
            "run again with smaller tasks or more memory."
        )


class _Pool(ProcessPoolExecutor):
    """One process per core. They end when told to, or when their lifeline, whose other end is here, is cut."""

    # A server imports torch once and forks each worker from there in milliseconds; that is not safe elsewhere.
    by_server = sys.platform == "linux"

    def __init__(self) -> None:
        cores = machine.cores()
        self.folder = _temporary_folder()
        context = get_context("forkserver" if self.by_server else "spawn")
        if self.by_server:
            context.set_forkserver_preload(["torch", "overparam.engine.train"])
        end, self.lifeline = context.Pipe(duplex=False)
        limit = 61 if sys.platform == "win32" else cores  # of concurrent.futures
        super().__init__(min(cores, limit), context, _start, (end, str(self.folder)))

    def submit(self, function: Callable, /, *args: Any, **options: Any) -> Future:
        """Queue a call; a process is started for it while there are fewer than cores."""
        try:
            with _anonymous_main():
                return super().submit(function, *args, **options)
        except OSError as error:
            # The server is spoken to through a socket among the temporary files: cleaned away, or of too long a name.
            _Pool.by_server = False
            raise BrokenProcessPool(str(error)) from error

    def write(self, shared: tuple) -> Path:
        """Write the arguments that all tasks share to a file for the workers to map; the path of that file."""
        path = self.folder / os.urandom(8).hex()
        try:
            with path.open("xb") as file:
                torch.save(shared, file)
        except (OSError, RuntimeError) as error:
            self.end()
            # Torch covers a full disk up, by one of its own.
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None
        return path

    def end(self) -> None:
        """End the workers at once, whatever they do."""
        _pool.cache_clear()
        self.lifeline.close()
        self.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="overparam-"))
    except FileNotFoundError:  # what Python took for temporary files is gone: it has to choose again
        tempfile.tempdir = None
        return Path(tempfile.mkdtemp(prefix="overparam-"))


@functools.cache
def _pool() -> _Pool:
    Finalize(None, _end_pool, exitpriority=0)  # at the end of this process, and of no fork of it
    return _Pool()


def _end_pool() -> None:
    if running():
        _pool().end()


@contextmanager
def _anonymous_main() -> Iterator[None]:
    """Hide where the main module came from: a new process would import it, and so run a reader's script once more."""
    main = sys.modules["__main__"].__dict__
    origin: dict[str, Any] = {name: main.pop(name) for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(origin)


def _start(lifeline: Connection, folder: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits; it ends its workers
    threading.Thread(target=_end_with, args=(lifeline, folder), daemon=True).start()


def _end_with(lifeline: Connection, folder: str) -> None:
    """End this worker when its lifeline is cut, by `_Pool.end` or by the death of the process that holds it."""
    try:
        lifeline.recv()
    except EOFError:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _work(packed: bytes, path: Path) -> bytes:
    """Run one task in a worker. Bytes go in and come out: torch would send tensors through a /dev/shm that may be small."""
    try:
        function, task = pickle.loads(packed)
        with one_thread():
            return pickle.dumps(function(*task, *_load(path)))
    except Exception as error:
        failure = _portable(error)
    raise failure  # here, where the error is not its context, which some pickle with it


def _portable(error: Exception) -> Exception:
    """The error, or what it says where it cannot be unpickled, which would be taken for the death of the worker."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:  # its class is called anew to unpickle it, and may raise anything
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.add_note("".join(traceback.format_exception(error)))
        return told


@functools.lru_cache(maxsize=1)
def _load(path: Path) -> tuple:
    try:
        return torch.load(path, mmap=True, weights_only=False)
    except UnicodeEncodeError:  # a path that the locale cannot spell: only Python can open it
        with path.open("rb") as file:
            return torch.load(file, weights_only=False)


# --- any other executor -----------------------------------------------------------------------------------------------

DASK_SECONDS = 10  # that a scheduler has to answer
# Asked by another process first: of somebody who listens and is no scheduler a client may never let go, not even at exit.
_ASK = """
import os, sys, threading
from distributed import Client
seconds = float(sys.argv[2])
threading.Timer(seconds + 1, os._exit, [1]).start()
try:
    Client(sys.argv[1], timeout=seconds).close()
except BaseException:
    os._exit(1)
os._exit(0)
"""


@functools.cache
def _client(address: str) -> Any:
    if not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/]+:\d+/?", address):
        raise ValueError(
            f"OVERPARAM_DASK is {address!r}; set it to the address of a Dask scheduler, such as tcp://host:8786, or unset it."
        )
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            f"OVERPARAM_DASK is {address!r}, but Dask is not installed: pip install distributed, or unset it."
        ) from None
    if subprocess.run([sys.executable, "-c", _ASK, address, str(DASK_SECONDS)], stderr=subprocess.DEVNULL).returncode:
        raise ConnectionError(
            f"OVERPARAM_DASK is {address!r}, but no Dask scheduler answers there within {DASK_SECONDS} s: start one with "
            "dask scheduler, or unset it."
        )
    return Client(address, timeout=DASK_SECONDS, set_as_default=False)


def _run_elsewhere(
    function: Callable, tasks: Sequence[tuple], shared: tuple, executor: Executor
) -> Iterator[tuple[int, Any]]:
    client: Any = executor if hasattr(executor, "get_executor") else getattr(executor, "_client", None)
    if hasattr(executor, "get_executor"):
        executor = executor.get_executor(pure=False)
    parcel: Any = _Parcel(shared)
    if hasattr(client, "get_executor"):
        with warnings.catch_warnings(action="ignore"):  # of its size
            # Sent once, and as a task: what Dask's scatter has sent is lost with the worker that holds it.
            parcel = client.submit(_Parcel.itself, parcel, pure=False)
    try:
        futures = ((i, executor.submit(_call, function, t, parcel)) for i, t in enumerate(tasks))
        yield from _results(futures, cancel=True)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        if not _is_of_pickling(error):
            raise
        raise ValueError(
            f"The processes of the executor cannot take what is to be trained ({in_short(error)}); put networks and measures of "
            "your own into a file and import them from there, or leave executor out."
        ) from error
    except CancelledError as error:
        raise RuntimeError("The executor cancelled a task; was it, or its cluster, shut down? Run again.") from error
    except Exception as error:
        if type(error).__name__ != "KilledWorker":
            raise
        raise RuntimeError(f"The cluster gave a task up, because its workers died (out of memory?): {error}") from error


def _is_of_pickling(error: Exception) -> bool:
    """Whether something could not be sent to another process; pickle says so by errors of several kinds."""
    return (
        isinstance(error, pickle.PicklingError)
        or re.match(r"(Can't|cannot) (pickle|get local)", str(error)) is not None
    )


class _Parcel:
    """Objects that are pickled as plain bytes, for the reason that `_work` gives, and unpacked once where they arrive."""

    def __init__(self, content: tuple) -> None:
        self.content: tuple | bytes = content

    def __getstate__(self) -> bytes:
        buffer = io.BytesIO()
        torch.save(self.open(), buffer)
        return buffer.getvalue()

    def __setstate__(self, packed: bytes) -> None:
        self.content = packed

    def open(self) -> tuple:
        """The objects."""
        if isinstance(self.content, bytes):
            content: tuple = torch.load(io.BytesIO(self.content), weights_only=False)
            self.content = content
        return self.content

    def itself(self) -> "_Parcel":
        """A task that only holds the parcel."""
        return self


def _call(function: Callable, task: tuple, parcel: _Parcel) -> Any:
    with one_thread():
        return function(*task, *parcel.open())
