"""Tasks in worker processes and on other executors: complete, in order, and sound whatever dies or stops."""

import concurrent.futures
import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from operator import attrgetter
from pathlib import Path

import psutil
import pytest
import torch
from distributed import Client, LocalCluster

from overparam import data, machine, mlp, sweep
from overparam.engine import workers

PROMPT = 10  # seconds: far less than the tasks that must not be waited for, far more than a new pool needs


def nap(seconds: float, *_) -> tuple[int, float]:
    started = time.monotonic()
    time.sleep(seconds)
    return os.getpid(), started


def double(x, *shared):
    return 2 * x


def total(x, numbers):
    time.sleep(0.3)
    return x + float(numbers.sum())


def fail(message, seconds=0.0):
    time.sleep(seconds)
    if message:
        raise ValueError(message)


class Awkward(Exception):  # noqa: N818
    def __init__(self, code, reason):
        super().__init__(f"{reason} ({code})")


def fail_awkwardly():
    raise Awkward(7, "too wide")


def die(*_):
    os._exit(1)


def where(numbers):
    """Which process, how many torch threads, which array, and whether it lies in a mapped file or in shared memory."""
    time.sleep(0.1)
    maps = Path("/proc/self/maps").read_text(encoding="utf-8") if sys.platform == "linux" else "/overparam-"
    return os.getpid(), torch.get_num_threads(), numbers.data_ptr(), "/overparam-" in maps, "/torch_" in maps


def doubles(count: int = 5, **options) -> list:
    return [result for _, result in sorted(workers.run(double, [(i,) for i in range(count)], **options))]


@pytest.fixture
def one_worker(monkeypatch):
    workers._pool().end()
    monkeypatch.setenv("OVERPARAM_CORES", "1")
    yield
    workers._pool().end()


# --- worker processes -------------------------------------------------------------------------------------------------


def test_every_task_gives_its_result():
    assert doubles(20) == list(range(0, 40, 2))
    assert workers.running()
    assert doubles(0) == []


def test_tasks_start_in_the_order_given(one_worker):
    starts = [started for _, (_, started) in sorted(workers.run(nap, [(0.01,)] * 8))]
    assert starts == sorted(starts)


def test_results_come_as_they_finish():
    doubles()
    tasks = [(1.0,), (0.0,)]
    assert [position for position, _ in workers.run(nap, tasks)] == ([1, 0] if machine.cores() > 1 else [0, 1])


def test_a_killed_worker_costs_only_its_work():
    victim = next(workers.run(nap, [(0,)]))[1][0]
    threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()
    assert [position for position, _ in sorted(workers.run(nap, [(0.5,)] * 6))] == list(range(6))

    (_, (victim, _)) = next(workers.run(nap, [(0,)]))
    os.kill(victim, signal.SIGKILL)  # between two runs
    assert doubles() == [0, 2, 4, 6, 8]


def die_until(count: int, folder: str):
    """Kill the worker the first `count` times that this is called."""
    calls = len(list(Path(folder).iterdir()))
    Path(folder, str(calls)).touch()
    if calls < count:
        os._exit(1)


def test_the_last_restart_counts(tmp_path):
    assert list(workers.run(die_until, [(workers.MAX_RESTARTS, str(tmp_path))])) == [(0, None)]


def test_workers_that_died_before_a_run_cost_it_no_restart(tmp_path):
    (_, (victim, _)) = next(workers.run(nap, [(0,)]))
    os.kill(victim, signal.SIGKILL)
    time.sleep(1)  # the pool has noticed
    assert list(workers.run(die_until, [(workers.MAX_RESTARTS, str(tmp_path))])) == [(0, None)]


def test_workers_that_keep_dying_end_the_run():
    workers._pool().end()
    with pytest.raises(RuntimeError, match=r"Worker processes died 4 times .* left 3 of 3 tasks"):
        list(workers.run(die, [()] * 3))
    assert doubles() == [0, 2, 4, 6, 8]


def test_a_task_that_raises_ends_the_run_and_not_the_workers():
    started = time.monotonic()
    with pytest.raises(ValueError, match="width 0 is too small"):
        list(workers.run(fail, [("width 0 is too small",), ("", 60.0), ("", 60.0)]))
    assert doubles() == [0, 2, 4, 6, 8]
    assert time.monotonic() - started < PROMPT


def test_an_exception_that_cannot_be_unpickled_is_told_all_the_same():
    with pytest.raises(RuntimeError, match=r"Awkward: too wide \(7\)") as caught:
        list(workers.run(fail_awkwardly, [()]))
    assert "in fail_awkwardly" in caught.value.__notes__[0]  # where it was raised


def test_the_next_run_does_not_wait_for_an_abandoned_one():
    started = time.monotonic()
    abandoned = workers.run(nap, [(0.0,)] + [(60.0,)] * 4)
    next(abandoned)
    del abandoned
    assert doubles() == [0, 2, 4, 6, 8]
    assert time.monotonic() - started < PROMPT


def test_large_shared_arguments_are_mapped_once_and_not_sent():
    numbers = torch.arange(16_000_000)  # 128 MB, more than the 64 MB of /dev/shm in a common container
    seen = [result for _, result in workers.run(where, [()] * 8, (numbers,))]
    places = {(process, array) for process, _, array, _, _ in seen}
    assert len(places) == len({process for process, *_ in seen})  # one place per process
    assert all(threads == 1 and mapped and not shared for _, threads, _, mapped, shared in seen)
    assert list(workers._pool().folder.iterdir()) == []


def test_a_data_set_arrives_as_it_was():
    digits = data.digits()
    ((_, fingerprint),) = workers.run(attrgetter("fingerprint"), [()], (data.digits(),))
    assert fingerprint == digits.fingerprint


def test_tensors_in_tasks_and_results_stay_out_of_shared_memory():
    ((_, result),) = workers.run(double, [(torch.ones(1000),)])
    assert result.sum() == 2000
    assert not result.is_shared()


# --- temporary files that are cleaned away, far away or nowhere -------------------------------------------------------


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files that is used by a new pool only, and by no later one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workers._Pool, "by_server", workers._Pool.by_server)
    workers._pool().end()
    yield tmp_path
    workers._pool().end()


def test_the_pools_folder_may_be_cleaned_away_between_two_runs(temporary):
    assert doubles() == [0, 2, 4, 6, 8]
    for folder in temporary.iterdir():
        shutil.rmtree(folder)
    assert doubles() == [0, 2, 4, 6, 8]


CLEANED = """
import os, shutil, signal, sys
from overparam.engine import workers

(_, victim), = workers.run(os.getpid, [()])
shutil.rmtree(sys.argv[1])  # with the socket of the server that starts workers
os.kill(victim, signal.SIGKILL)
print(sorted(workers.run(abs, [(-1,), (-2,)])), flush=True)
os._exit(0)  # multiprocessing would say that its folder is gone
"""


def test_all_temporary_files_may_be_cleaned_away_and_the_workers_die(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CORES", "1")
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = script(folder, "-c", CLEANED, str(folder))
    assert process.communicate(timeout=PROMPT)[0] == "[(0, 1), (1, 2)]\n"
    assert ends(process.pid)


def clean(folder: str):
    shutil.rmtree(folder)


def test_files_may_be_cleaned_away_while_tasks_wait(temporary, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CORES", "1")
    workers._pool()
    tasks = [(clean, str(workers._pool().folder)), (nap, 0.0)]
    workers._load.cache_clear()
    assert sorted(position for position, _ in workers.run(call, tasks)) == [0, 1]


def call(function, argument):
    return function(argument)


def test_a_folder_for_temporary_files_may_have_a_long_name(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CORES", "1")
    folder = tmp_path / (120 * "x")
    folder.mkdir()
    process = script(folder, "-c", SCRIPT, "end")
    assert process.communicate(timeout=PROMPT)[0] == "[(0, 1), (1, 2)]\n"
    assert list(folder.glob("overparam-*")) == []


def test_a_folder_for_temporary_files_may_have_a_name_that_the_locale_cannot_spell(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/tempor\xe4r"))
    folder.mkdir()
    torch.save((torch.ones(3),), (file := (folder / "shared").open("wb")))
    file.close()
    assert workers._load(folder / "shared")[0].sum() == 3


def test_without_room_for_temporary_files_tasks_are_done_all_the_same(temporary, monkeypatch):
    monkeypatch.setattr(workers.torch, "save", refuse)
    with pytest.warns(
        UserWarning, match=r"in this process alone.* \(No space left on device\): set TMPDIR to a folder"
    ):
        assert [pid for _, (pid, _) in workers.run(nap, [(0,)] * 2)] == 2 * [os.getpid()]
    monkeypatch.undo()


def refuse(*_):
    """As torch does where the disk is full."""
    try:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        raise RuntimeError("unexpected pos 1216 vs 1110")  # noqa: B904


# --- inside of what is parallel already -------------------------------------------------------------------------------


def places(*_) -> tuple[int, list[int]]:
    """Which process this is, and where tasks of `workers.run` are done when it is called here."""
    return os.getpid(), [process for _, (process, _) in workers.run(nap, [(0.0,)] * 3)]


def alone(result: tuple[int, list[int]]) -> bool:
    here, where = result
    return where == 3 * [here]


def test_inside_a_process_pool_tasks_stay_in_their_process():
    with multiprocessing.get_context("forkserver").Pool(1) as pool, workers._anonymous_main():
        assert alone(pool.apply(places))  # its processes are daemons, which may start none
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
        assert alone(pool.submit(places).result())


def test_inside_a_task_tasks_stay_in_their_process():
    assert all(alone(result) for _, result in workers.run(places, [()] * 2))


def test_inside_a_thread_tasks_stay_in_the_process():
    doubles()
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert all(map(alone, threads.map(places, range(4))))
    assert doubles() == [0, 2, 4, 6, 8]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_leaves_the_workers_to_its_parent():
    doubles()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert alone(pool.apply_async(places).get(PROMPT))
    child = os.fork()
    if not child:
        os._exit(0 if alone(places()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert doubles() == [0, 2, 4, 6, 8]


def product(size: int = 500) -> float:
    return float((torch.ones(size, size) @ torch.ones(size, size)).sum())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_of_a_process_with_several_threads_does_not_wait_for_them():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected = product()
        with multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply_async(product).get(PROMPT) == expected
            assert pool.apply(torch.get_num_threads) == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# --- a process of its own ---------------------------------------------------------------------------------------------

SCRIPT = """
import signal, sys, time

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
from overparam.engine import workers

print(sorted(workers.run(abs, [(-1,), (-2,)])), flush=True)
if sys.argv[1] == "wait":
    list(workers.run(time.sleep, [(60,)] * 4, executor=None))
"""  # no `if __name__ == "__main__"`, as in a notebook


def script(tmp_path, *command, **options) -> subprocess.Popen:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        start_new_session=True,
        **options,
    )


def alive(session: int) -> list[int]:
    return [p.pid for p in psutil.process_iter() if os.getsid(p.pid) == session and p.status() != psutil.STATUS_ZOMBIE]


def ends(session: int) -> bool:
    """Whether every process of the session ends promptly."""
    deadline = time.monotonic() + PROMPT
    while alive(session) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive(session)


def test_scripts_need_no_main_guard(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    by_name = script(tmp_path, tmp_path / "script.py", "end")
    from_stdin = script(tmp_path, "-", "end", stdin=subprocess.PIPE)
    assert (
        from_stdin.communicate(SCRIPT, timeout=60)[0] == by_name.communicate(timeout=PROMPT)[0] == "[(0, 1), (1, 2)]\n"
    )
    assert ends(by_name.pid)
    assert ends(from_stdin.pid)
    assert list(tmp_path.glob("overparam-*")) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_and_no_file_outlives_its_process(tmp_path, ending):
    process = script(tmp_path, "-c", SCRIPT, "wait", stderr=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(0.5)
    assert len(alive(process.pid)) > 1
    if ending == signal.SIGINT:
        os.killpg(process.pid, ending)  # as a terminal does
    else:
        process.kill()
    _, errors = process.communicate(timeout=PROMPT)
    assert ends(process.pid)
    assert list(tmp_path.glob("overparam-*")) == []
    assert errors.count("Traceback") == (ending == signal.SIGINT)  # the caller's own, none of a worker


# --- other executors --------------------------------------------------------------------------------------------------


def test_threads_run_with_one_torch_thread_each_and_the_old_number_returns():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    numbers = torch.ones(3)
    try:
        with concurrent.futures.ThreadPoolExecutor(3) as executor:
            seen = [r for _, r in workers.run(where, [()] * 7, (numbers,), executor)]
            assert {(threads, array) for _, threads, array, _, _ in seen} == {(1, numbers.data_ptr())}
            assert set(executor.map(lambda _: torch.get_num_threads(), range(9))) == {3}
            assert doubles(executor=executor) == [0, 2, 4, 6, 8]  # it is still open
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_leaving_cancels_what_has_not_started_on_an_executor():
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        started = time.monotonic()
        run = workers.run(nap, [(0.0,), (0.5,)] + [(60.0,)] * 9, executor=executor)
        next(run)
        run.close()
        assert doubles(executor=executor) == [0, 2, 4, 6, 8]
        assert time.monotonic() - started < PROMPT


def test_what_cannot_be_sent_to_an_executors_processes_is_said_in_a_sentence():
    def local():
        return 1

    says = r"^The processes of the executor cannot take what is to be trained \(.*\); put networks and measures of your own into a file"
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        for function in (local, lambda: 1):
            with pytest.raises(ValueError, match=says):
                list(workers.run(function, [()], executor=pool))
        with pytest.raises(TypeError, match="takes no arguments"):
            list(workers.run(os.getpid, [(1,)], executor=pool))


def test_an_executor_that_cancels_is_said_in_a_sentence():
    class Closing(concurrent.futures.ThreadPoolExecutor):
        def submit(self, *_):
            future = concurrent.futures.Future()
            future.cancel()
            return future

    with Closing() as executor, pytest.raises(RuntimeError, match="The executor cancelled a task"):
        doubles(executor=executor)


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_a_dask_cluster_runs_the_tasks(client):
    numbers = torch.ones(5_000_000)
    for executor in (client, client.get_executor(pure=False), client.get_executor()):
        seen = [r for _, r in workers.run(where, [()] * 8, (numbers,), executor)]
        processes = {process for process, *_ in seen}
        assert os.getpid() not in processes
        # Dask may drop a copy and fetch it again, but does not send one with each task.
        assert len({(process, array) for process, _, array, _, _ in seen}) <= 4
        assert {threads for _, threads, *_ in seen} == {1}
    with pytest.raises(ValueError, match="too small"):
        list(workers.run(fail, [("too small",)], executor=client))
    assert doubles(executor=client) == [0, 2, 4, 6, 8]


def test_one_variable_names_the_cluster_for_every_run(client, monkeypatch):
    grid = {"seed": [0, 1], "lr": 0.1, "epochs": 2}
    here = sweep(mlp(width=[2, 3]), data.digits(20), **grid, cache=False)
    monkeypatch.setenv("OVERPARAM_DASK", client.scheduler.address)
    assert os.getpid() not in {process for _, (process, *_) in workers.run(where, [()] * 4, (torch.ones(1),))}
    monkeypatch.setattr("overparam.engine.sweep._train_in_memory", lambda *_: pytest.fail("trained here"))
    there = sweep(mlp(width=[2, 3]), data.digits(20), **grid, cache=False)
    assert there.test_error.to_list() == pytest.approx(here.test_error.to_list(), abs=0.01)
    workers._client(client.scheduler.address).close()  # a process connects once; after a close, anew
    assert sorted(workers.run(double, [(1,), (2,)])) == [(0, 2), (1, 4)]
    workers._client(client.scheduler.address).close()


def test_inside_a_dask_worker_tasks_stay_in_their_process(client):
    here, where = client.submit(places, pure=False).result()
    assert here != os.getpid()
    assert where == 3 * [here]


def test_a_killed_dask_worker_changes_nothing(client):
    tasks, shared = [(i,) for i in range(12)], (torch.ones(1000),)
    run = workers.run(total, tasks, shared, client)
    first = next(run)
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    assert sorted([first, *run]) == [(i, i + 1000.0) for i in range(12)]


def test_a_task_that_dask_gives_up_is_said_in_a_sentence(client):
    client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
    with pytest.raises(RuntimeError, match="The cluster gave a task up, because its workers died"):
        list(workers.run(die, [()], executor=client))
