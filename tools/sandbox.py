"""Run a submission in a process of its own, and call its functions from outside.

The hidden tests never enter that process: they run in the grader, which sends it arguments and gets values back, as
JSON and plain arrays (nothing that comes from a submission is unpickled). The process has limits on time, memory and the
size of files. An audit hook refuses files outside its own folder and of the Python installation, other programs and the network,
and so does the kernel where it is Linux with Landlock (5.13 or later).
"""

import base64
import builtins
import ctypes
import importlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import sysconfig
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).resolve().parent.parent / "src"
LARGEST = 64 * 2**20  # bytes of one message, and of one file that a submission writes
ARRAYS = {np.dtype(kind).str: np.dtype(kind) for kind in "?bBhHiIlLefdFD"}  # what travels as an array
READABLE = ("/usr", "/lib", "/lib64", "/etc", "/System", "/Library", "/opt/homebrew", "/dev/null", "/dev/urandom")
PRELOADED = [
    "sandbox",
    "IPython.core.interactiveshell",
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "sklearn.datasets",
    "overparam.claims",
    "overparam.figures",
    "overparam.kernels",
    "overparam.sweep",
]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
KEPT = {"PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", *THREADS}
HARMLESS = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system", "/sys/fs/cgroup")
FILE_EVENTS = [
    "open",
    "os.listdir",
    "os.scandir",
    "os.chdir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "shutil.rmtree",
    "sqlite3.connect",
]
PROGRAM_EVENTS = [
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
]
OUTSIDE_EVENTS = ["socket.connect", "socket.bind", "socket.getaddrinfo", "os.kill", "os.killpg", "signal.pthread_kill"]


STARTING = threading.Lock()


class SubmissionError(Exception):
    """What a submission did wrong, as a sentence for the table of scores."""


class SubmissionEnded(BaseException):
    """The submission's process is gone; no test may take this for an answer."""


# --- Values on their way between the two processes ------------------------------------------------------------------


class Wire:
    """One end of the pipe: values of plain types, arrays, and functions, which stay where they are and are called there."""

    def __init__(self, connection):
        self.connection, self.functions, self.deadline, self.slow = connection, [], None, set()

    def pack(self, value):
        """A value as JSON; what has no plain form is sent as the name of its type."""
        if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list | tuple):
            return {type(value).__name__ if type(value) is list else "tuple": [self.pack(each) for each in value]}
        if isinstance(value, dict):
            return {"dict": [[self.pack(key), self.pack(each)] for key, each in value.items()]}
        if isinstance(value, np.ndarray) and value.dtype.str in ARRAYS:
            return {"array": [value.dtype.str, value.shape, base64.b64encode(value.tobytes()).decode()]}
        if callable(value):
            self.functions.append(value)
            return {"function": len(self.functions) - 1}
        return {"other": type(value).__name__}

    def unpack(self, packed):
        """The value that was packed."""
        if not isinstance(packed, dict):
            return packed
        ((kind, content),) = packed.items()
        if kind in ("list", "tuple"):
            return (list if kind == "list" else tuple)(map(self.unpack, content))
        if kind == "dict":
            return {self.unpack(key): self.unpack(each) for key, each in content}
        if kind == "array":
            dtype, shape, values = content
            return np.frombuffer(base64.b64decode(values), ARRAYS[dtype]).reshape(shape).copy()
        if kind == "function":
            return lambda *arguments, **named: self.call(content, arguments, named)
        return Other(content)

    def send(self, kind, content):
        self.connection.send_bytes(json.dumps([kind, content]).encode())

    def receive(self):
        """The next message, waited for until the deadline if there is one."""
        wait = None if self.deadline is None else max(0, self.deadline - time.monotonic())
        if self.deadline is not None and not self.connection.poll(wait):
            raise SubmissionEnded("time")
        try:
            kind, content = json.loads(self.connection.recv_bytes(LARGEST))
        except (EOFError, OSError) as error:
            raise SubmissionEnded("process") from error
        except ValueError as error:
            raise SubmissionEnded("message") from error
        return kind, content

    def call(self, function, arguments, named):
        """Call a function that lives at the other end; what it raises is raised here, by its name if that is Python's own."""
        try:
            self.send("call", [function, self.pack(arguments), self.pack(named)])
        except OSError as error:
            raise SubmissionEnded("process") from error
        kind, content = self.serve(until=("value", "error"))
        if kind == "value":
            return self.unpack(content)
        name, text = content
        own = getattr(builtins, str(name), None)
        if isinstance(own, type) and issubclass(own, Exception):
            raise own(text)
        raise SubmissionError(f"{name}: {text}")

    def serve(self, until=("end",), limit=0):
        """Answer calls from the other end until one of these messages comes, which is returned."""
        while True:
            kind, content = self.receive()
            if kind in until:
                return kind, content
            function, arguments, named = content
            try:
                if function in self.slow:
                    raise TimeoutError("took too long before, and is not called again")
                with alarm(limit):
                    value = self.functions[function](*self.unpack(arguments), **self.unpack(named))
                answer = "value", self.pack(value)
            except SubmissionEnded:
                raise
            except BaseException as error:
                self.slow |= {function} if isinstance(error, TimeoutError) else set()
                answer = "error", [type(error).__name__, str(error)]
            self.send(*answer)


class Other:
    """Stands for a value of a type that does not travel."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"<a {self.name}>"


# --- Inside: the submission's process -------------------------------------------------------------------------------


class alarm:  # noqa: N801 (reads as a statement)
    """Raise TimeoutError in the block after some seconds; 0 is never."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        if self.seconds:
            signal.signal(signal.SIGALRM, self.ring)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_):
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def ring(self, *_):
        raise TimeoutError(f"took longer than {self.seconds:g} s")


def inside(connection, folder, limits, withheld):
    """The life of a submission's process: wait for its cells, run them, answer calls."""
    os.setsid()
    os.chdir(folder)
    for name in set(os.environ) - KEPT:
        del os.environ[name]
    os.environ |= dict.fromkeys(("HOME", "TMPDIR", "OVERPARAM_CACHE", "IPYTHONDIR", "MPLCONFIGDIR"), folder)
    os.environ.update(OVERPARAM_SCALE="laptop", OVERPARAM_SEED="0", MPLBACKEND="Agg")
    tempfile.tempdir = folder
    for name in PRELOADED:  # nothing to do where they were imported before the fork
        importlib.import_module(name)
    null, log = os.open(os.devnull, os.O_RDONLY), os.open("output.txt", os.O_WRONLY | os.O_CREAT)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
    sys.stdout, sys.stderr = (open(to, "w", closefd=False, encoding="utf-8") for to in (1, 2))  # noqa: SIM115
    for what, amount in (
        (resource.RLIMIT_FSIZE, LARGEST),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(limits["seconds"]) + 5),
        (getattr(resource, "RLIMIT_DATA", resource.RLIMIT_AS), int(limits["gigabytes"] * 2**30)),
    ):
        with suppress(ValueError, OSError):  # macOS knows no limit of memory
            resource.setrlimit(what, (amount, amount))

    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.history_load_length = 0
    shell = InteractiveShell.instance(colors="NoColor")
    shell.history_manager.enabled = False
    for name in withheld:
        sys.modules[name] = None  # so that importing it fails
        parent, _, child = name.rpartition(".")
        if parent in sys.modules and hasattr(sys.modules[parent], child):
            delattr(sys.modules[parent], child)
    readable = [path for path in readable_paths() if os.path.exists(path)]
    sys.path[:] = [folder, *(path for path in sys.path if any(path.startswith(root) for root in readable))]
    sys.path_importer_cache.clear()
    enforced = confine_by_kernel(readable, folder)
    refused = confine_by_audit([os.path.realpath(path) for path in readable], os.path.realpath(folder))

    wire = Wire(connection)
    _, (cells, names) = wire.serve(until=("cells",))
    failed = []
    for number, source in cells:
        error = run_cell(shell, source, limits["cell"])
        if error:
            failed.append([number, *error])
    functions = {name: shell.user_ns[name] for name in names if name in shell.user_ns}
    values = [[name, wire.pack(value)] for name, value in functions.items()]
    wire.send("ready", {"values": values, "failed": failed, "refused": refused, "kernel": enforced})
    wire.serve(limit=limits["cell"])
    wire.send("refused", refused)


def readable_paths():
    """What a submission may read besides its own folder: Python, the package, the system's libraries, and this file."""
    python = [sys.prefix, sys.base_prefix, *{sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib")}]
    return [*READABLE, *HARMLESS, *python, str(SOURCE), __file__]


def exposed(paths):
    """Those of some paths that lie where submissions may read, so that nothing keeps them from it."""
    roots = [os.path.realpath(path) for path in readable_paths()]
    return [path for path in paths if any(within(os.path.realpath(path), root) for root in roots)]


def within(path, root):
    """Whether a path is a folder or lies in it."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def run_cell(shell, source, seconds):
    """Run a cell as Jupyter would; [error's name, its message] if it failed."""
    try:
        with alarm(seconds):
            result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as raised:
        error = raised
    return [type(error).__name__, (str(error).splitlines() or [""])[0][:200]] if error else None


def confine_by_audit(readable, folder):
    """Refuse, from now on, what Python announces before doing it; returns the list to which refusals are added."""
    refused, inside_hook = [], threading.local()

    def refuse(what):
        if len(refused) < 20:
            refused.append(what)
        raise PermissionError(f"a submission may not {what}")

    def hook(event, arguments):
        if getattr(inside_hook, "on", False):
            return
        if event in PROGRAM_EVENTS:
            refuse("start another program")
        if event in OUTSIDE_EVENTS:
            refuse("use the network" if event.startswith("socket") else "signal other processes")
        if event in FILE_EVENTS and arguments and not isinstance(arguments[0], int):
            inside_hook.on = True
            try:
                path = os.path.realpath(os.fsdecode(arguments[0] if arguments[0] is not None else "."))
                writing = event != "open" or (isinstance(arguments[2], int) and arguments[2] & 3 != os.O_RDONLY)
                looking = event in ("os.listdir", "os.scandir")
                roots = [folder] if writing and not looking else [folder, *readable]
                allowed = any(within(path, root) for root in roots)
            except (TypeError, ValueError):
                allowed = True  # Python will complain about it
            finally:
                inside_hook.on = False
            if not allowed and path != os.devnull:
                refuse(f"{'read' if looking or not writing else 'change'} {path}")

    sys.addaudithook(hook)
    return refused


def landlock():
    """The version of Landlock that this kernel has; 0 if none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), 1))


def confine_by_kernel(readable, folder):
    """Let the Linux kernel refuse other files, TCP and signals to outside (Landlock); returns whether it will."""
    abi = landlock()
    if not abi:
        return False
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    reading, everything = 0b1101, (1 << (13 + (abi >= 2) + (abi >= 3))) - 1  # execute, read file, read folder
    handled = [everything, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0]
    attributes = (ctypes.c_uint64 * 3)(*handled)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = syscall(444, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False

    class Rule(ctypes.Structure):
        _pack_ = 1
        _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))

    for path, access in (*((path, reading) for path in readable), (folder, everything), (os.devnull, 0b110)):
        if not os.path.isdir(path):
            access &= 0b111 | (1 << 14 if abi >= 3 else 0)  # the rest is about folders
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        syscall(445, ruleset, 1, ctypes.byref(Rule(access, handle)), 0)
        os.close(handle)
    done = ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0 and syscall(446, ruleset, 0) == 0  # 38: no new privileges
    os.close(ruleset)
    return done


# --- Outside: the grader's handle on it -------------------------------------------------------------------------------


class Submission:
    """A submission that is running in its own process; use it in a `with` statement.

    After `start` its functions are in `names`; to call one is to call it over there.
    """

    def __init__(self, folder, seconds, cell_seconds, gigabytes, withheld=()):
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        ours, theirs = context.Pipe()
        limits = {"seconds": seconds, "cell": cell_seconds, "gigabytes": gigabytes}
        self.seconds = seconds
        self.process = context.Process(target=inside, args=(theirs, str(folder), limits, tuple(withheld)), daemon=True)
        with STARTING:
            # a new process would import the program that started this one, and with it what it knows
            main = sys.modules["__main__"]
            file, spec = main.__dict__.pop("__file__", None), main.__spec__
            main.__spec__ = None
            try:
                self.process.start()
            finally:
                main.__spec__ = spec
                if file is not None:
                    main.__file__ = file
        theirs.close()
        self.wire = Wire(ours)
        self.names, self.failed, self.refused, self.kernel = {}, [], [], False

    def start(self, cells, names):
        """Run the cells [(number, source)] and fetch these names as far as they came to exist."""
        self.wire.deadline = time.monotonic() + self.seconds
        self.wire.send("cells", [cells, names])
        _, state = self.wire.serve(until=("ready",))
        self.failed, self.refused, self.kernel = state["failed"], state["refused"], state["kernel"]
        self.names = {name: self.wire.unpack(value) for name, value in state["values"]}

    def finish(self):
        """Ask what else was refused while the tests called it."""
        with suppress(SubmissionEnded, OSError):
            self.wire.send("end", None)
            self.refused = self.wire.serve(until=("refused",))[1]

    def why_ended(self, reason):
        """The sentence for a process that is gone."""
        if reason == "time":
            return f"did not finish within {self.seconds:g} s"
        if reason == "message":
            return "sent something that is no answer"
        self.process.join(2)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return "ended its own process" + (f" (exit code {code})" if code else "")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.wire.connection.close()


def prepare():
    """Let all submissions be forked from one process that has imported what they need, with one thread each."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    before = dict(os.environ)
    for name in set(before) - KEPT - {"HOME", "TMPDIR", "PYTHONPATH"}:  # there may be passwords, and /proc shows them
        del os.environ[name]
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when NumPy and PyTorch are imported
    try:
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
