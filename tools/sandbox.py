"""Run a submission in a process of its own, and call its functions from outside.

The hidden tests never enter that process: they run in the grader, which sends it arguments and gets values back, as
JSON and plain arrays (nothing that comes from a submission is unpickled). The process has limits on time, memory and the
size of files. An audit hook refuses files outside its own folder and of the Python installation, other programs and the network,
and so does the kernel where it is Linux with Landlock (5.13 or later).
"""

import ast
import base64
import builtins
import ctypes
import getpass
import importlib
import itertools
import json
import multiprocessing
import numbers
import os
import resource
import signal
import sys
import sysconfig
import tempfile
import threading
import time
from array import array as buffer
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

SOURCE = Path(__file__).resolve().parent.parent / "src"
LARGEST = 64 * 2**20  # bytes of one message, and of one file that a submission writes
ARRAYS = {np.dtype(kind).str: np.dtype(kind) for kind in "?bBhHiIlLefdFD"}  # what travels as an array
SEQUENCES = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
MOST_ITEMS = 1_000_000  # of one iterator
READABLE = ("/usr", "/lib", "/lib64", "/etc", "/System", "/Library", "/opt/homebrew", "/dev/null", "/dev/urandom")
PRELOADED = [
    "sandbox",
    "IPython.core.completer",
    "IPython.core.interactiveshell",
    "IPython.core.oinspect",
    "matplotlib.pyplot",
    "pandas",
    "scipy.stats",
    "sklearn.datasets",
    "overparam.data",
    "overparam.engine.sweep",
    "overparam.report.claims",
    "overparam.report.figures",
    "overparam.theory.kernels",
]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
KEPT = {"PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", *THREADS}
MAGICS = {"cd", "env", "file", "pylab", "reset", "reset_selective", "run", "set_env", "writefile", "xdel"}
PROGRAMS = {"!", "bash", "cmd", "conda", "mamba", "perl", "pip", "pypy", "python", "python2", "python3", "ruby"}
PROGRAMS |= {"bigquery", "cython", "julia", "R", "script", "sh", "shell", "sql", "sx", "system", "uv"}
SHOWING = {"html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "timeit"}
SHARE = 0.75  # of a submission's time, for its cells
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
        self.calling, self.unusable = None, []  # which function is called, and what came back that is of no use

    def pack(self, value):
        """A value as JSON; whatever can be taken for an array or a list travels as one, the rest as the name of its type."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, complex):
            return {"complex": [value.real, value.imag]}
        if isinstance(value, list | tuple | set | frozenset):
            kind = next(kind for kind in SEQUENCES if isinstance(value, SEQUENCES[kind]))
            return {kind: [self.pack(each) for each in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self.pack(key), self.pack(each)] for key, each in value.items()]}
        if callable(value):
            self.functions.append(value)
            return {"function": len(self.functions) - 1}
        if value is pd.NA:
            return float("nan")
        if isinstance(value, numbers.Number):  # Fraction, Decimal, NumPy's long double
            return float(value)
        if (array := as_array(value)) is not None:
            return self.pack_array(array)
        if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
            items = list(itertools.islice(value, MOST_ITEMS + 1))
            if len(items) > MOST_ITEMS:
                raise ValueError(f"a {type(value).__name__} of more than {MOST_ITEMS} items")
            return {"list": [self.pack(each) for each in items]}
        return {"other": type(value).__name__}

    def pack_array(self, array):
        if array.dtype == object:
            array = pd.Series(array.ravel()).infer_objects().to_numpy().reshape(array.shape)
        if (
            array.dtype.kind in "fc" and array.dtype.newbyteorder("=").str not in ARRAYS
        ):  # longer than the others have it
            array = array.astype(float if array.dtype.kind == "f" else complex)
        array = array.astype(array.dtype.newbyteorder("="))
        if array.dtype.str in ARRAYS:
            return {"array": [array.dtype.str, array.shape, base64.b64encode(array.tobytes()).decode()]}
        if array.dtype.kind == "U":
            return {"text": [array.shape, array.ravel().tolist()]}
        if array.dtype == object:
            return {"objects": [array.shape, [self.pack(each) for each in array.ravel()]]}
        return {"other": f"array of type {array.dtype}"}

    def unpack(self, packed):
        """The value that was packed."""
        if not isinstance(packed, dict):
            return packed
        ((kind, content),) = packed.items()
        if kind in SEQUENCES:
            return SEQUENCES[kind](map(self.unpack, content))
        if kind == "dict":
            return {self.unpack(key): self.unpack(each) for key, each in content}
        if kind == "complex":
            return complex(*content)
        if kind == "array":
            dtype, shape, values = content
            return np.frombuffer(base64.b64decode(values), ARRAYS[dtype]).reshape(shape).copy()
        if kind == "text":
            if (
                len(content[1]) * max(map(len, content[1]), default=0) > LARGEST
            ):  # NumPy gives each the room of the longest
                raise ValueError("an array of text that is too large")
            return np.array(content[1], dtype=str).reshape(content[0])
        if kind == "objects":
            array = np.empty(len(content[1]), dtype=object)
            array[:] = [*map(self.unpack, content[1])]
            return array.reshape(content[0])
        if kind == "function":
            return lambda *arguments, **named: self.call(content, arguments, named)
        self.unusable.append((self.calling, str(content)))
        return Other(content)

    def send(self, kind, content):
        message = json.dumps([kind, content]).encode()
        if len(message) > LARGEST:
            raise ValueError(
                f"{len(message) / 2**20:.0f} MB is too much to hand over; at most {LARGEST // 2**20} MB are"
            )
        self.connection.send_bytes(message)

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
        """Call a function that lives at the other end; what it raises is raised here, as the nearest error of Python's own."""
        try:
            self.send("call", [function, self.pack(arguments), self.pack(named)])
        except OSError as error:
            raise SubmissionEnded("process") from error
        kind, content = self.serve(until=("value", "error"))
        if kind == "value":
            self.calling = function
            return self.unpack(content)
        name, text = map(str, content)
        own, error = getattr(builtins, name, None), SubmissionError(f"{name}: {text}")
        if isinstance(own, type) and issubclass(own, Exception):
            with suppress(TypeError):  # a few cannot be made from a text
                error = own(text)
        raise error

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
                    answer = self.pack(value)
                self.send("value", answer)
            except SubmissionEnded:
                raise
            except BaseException as error:
                self.slow |= {function} if isinstance(error, TimeoutError) else set()
                self.send("error", described(error))


def as_array(value):
    """An array for what libraries use as one (pandas, PyTorch, SciPy's sparse matrices, …); None for everything else."""
    torch = sys.modules.get("torch")
    if torch and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.to_dense() if value.layout != torch.strided else value
        value = value.float() if value.dtype == torch.bfloat16 else value  # NumPy has none
        return value.resolve_conj().resolve_neg().numpy()
    if isinstance(value, np.ma.MaskedArray):
        return np.ma.filled(value.astype(float), np.nan) if np.ma.is_masked(value) else np.asarray(value)
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())
    if hasattr(type(value), "__array__") or hasattr(type(value), "__array_interface__"):
        return np.asarray(value)
    return np.asarray(value) if isinstance(value, memoryview | buffer) else None


def described(error):
    """[The name of the nearest error of Python's own, the message]; the message names the error where that is another."""
    kind = type(error)
    own = next(each.__name__ for each in kind.__mro__ if each.__module__ == "builtins")
    try:
        text = str(error)
    except Exception:  # a class of the submission's can do anything
        text = "an error that cannot be shown"
    return [own, text if own == kind.__name__ else f"{kind.__name__}: {text}"]


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
    importlib.import_module(
        "overparam.engine.compiled"
    ).library()  # a compiler is another program, which is refused below
    os.chdir(folder)
    for name in set(os.environ) - KEPT:
        del os.environ[name]
    os.environ |= dict.fromkeys(("HOME", "TMPDIR", "OVERPARAM_CACHE", "IPYTHONDIR", "MPLCONFIGDIR"), folder)
    os.environ.update(OVERPARAM_SCALE="laptop", OVERPARAM_SEED="0", MPLBACKEND="Agg")
    tempfile.tempdir = folder
    for name in PRELOADED:  # nothing to do where they were imported before the fork
        importlib.import_module(name)
    null = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1, 2):
        os.dup2(null, target)
    sys.stdout, sys.stderr = (open(to, "w", closefd=False, encoding="utf-8") for to in (1, 2))  # noqa: SIM115
    for what, amount in (
        (resource.RLIMIT_FSIZE, LARGEST),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(limits["seconds"]) + 5),
        (getattr(resource, "RLIMIT_DATA", resource.RLIMIT_AS), int(limits["gigabytes"] * 2**30)),
    ):
        with suppress(ValueError, OSError):  # macOS knows no limit of memory
            resource.setrlimit(what, (amount, amount))

    shell = Notebook.instance(colors="NoColor", config=Config({"HistoryManager": {"enabled": False}}))
    sys.meta_path.append(Colab())
    for name in withheld:
        for each in [name, *(other for other in sys.modules if other.startswith(f"{name}."))]:
            sys.modules[each] = None  # so that importing it fails
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:
            vars(sys.modules[parent]).pop(child, None)  # (hasattr would import it, where the package imports lazily)
    readable = [path for path in readable_paths() if os.path.exists(path)]
    sys.path[:] = [folder, *(path for path in sys.path if any(path.startswith(root) for root in readable))]
    sys.path_importer_cache.clear()
    enforced = confine_by_kernel(readable, folder)
    refused = confine_by_audit([os.path.realpath(path) for path in readable], os.path.realpath(folder))

    wire = Wire(connection)
    _, (cells, names) = wire.serve(until=("cells",))
    failed = run_cells(shell, cells, limits)
    values = []
    for name in names:
        if name in shell.user_ns:
            try:
                values.append([name, wire.pack(shell.user_ns[name])])
            except Exception:  # whatever is bound to a name that is asked for
                values.append([name, {"other": type(shell.user_ns[name]).__name__}])
    state = {"failed": failed, "refused": refused, "skipped": shell.skipped, "kernel": enforced}
    wire.send("ready", {"values": values, **state})
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


def run_cells(shell, cells, limits):
    """Run the cells; [number, the error's name, its message] for each that failed. A part of the time is left for the tests."""
    failed, ends = [], time.monotonic() + SHARE * limits["seconds"]
    for number, source in cells:
        left = ends - time.monotonic()
        if left <= 0:
            failed.append([number, "TimeoutError", "not run, like all below: the cells above took too long"])
            break
        if error := run_cell(shell, source, min(left, limits["cell"])):
            failed.append([number, *error])
    return failed


def run_cell(shell, source, seconds):
    """Run a cell as Jupyter would, but go on after a statement that fails; [the first error's name, its message] or None."""
    shell.errors = []
    try:
        with alarm(seconds):
            result = shell.run_cell(source, store_history=False)
        shell.errors += [error for error in (result.error_before_exec, result.error_in_exec) if error]
    except BaseException as raised:
        shell.errors.append(raised)
    sys.modules["matplotlib.pyplot"].close("all")  # as a notebook does; figures would fill the memory
    if not shell.errors:
        return None
    error = shell.errors[0]
    text = described(error)[1].removeprefix(f"{type(error).__name__}: ")
    return [type(error).__name__, (text.splitlines() or [""])[0][:200]]


class Notebook(InteractiveShell):
    """IPython with what a notebook may hold besides Python; what starts programs, asks or only shows does nothing.

    Of lines that begin with % those run that matter to what is defined, of those with ! none.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.errors, self.skipped, self.asked = [], [], 0
        self.ast_transformers.append(GoOn())
        builtins.__note_failure__ = self.note_failure
        builtins.input = getpass.getpass = self.answer

    def note_failure(self):
        """Keep the error that is being handled, unless it says that time is up."""
        error = sys.exc_info()[1]
        if isinstance(error, TimeoutError):
            raise
        self.errors.append(error)

    def answer(self, *_):
        """What `input` gives: an empty line, and after many of them the end of the input, for whoever waits for another."""
        self.asked += 1
        if self.asked > 20:
            raise EOFError("asks for input, and nobody answers when it is graded")
        return ""

    def skip(self, text):
        if len(self.skipped) < 20:
            self.skipped.append(text[:80])

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        if magic_name in ("time", "prun"):
            frame = sys._getframe(_stack_depth)
            tree = ast.parse(self.transform_cell(line))
            shown = tree.body and isinstance(tree.body[-1], ast.Expr)
            value = ast.Expression(tree.body.pop().value) if shown else None
            exec(compile(tree, "<line>", "exec"), frame.f_globals, frame.f_locals)
            return eval(compile(value, "<line>", "eval"), frame.f_globals, frame.f_locals) if value else None
        if magic_name in MAGICS:
            return super().run_line_magic(magic_name, line, _stack_depth + 1)
        if magic_name in PROGRAMS:
            self.skip(f"%{magic_name} {line}")
        return None

    def run_cell_magic(self, magic_name, line, cell):
        if magic_name in MAGICS:
            super().run_cell_magic(magic_name, line, cell)
        elif magic_name in PROGRAMS:
            self.skip(f"%%{magic_name} {line}")
        elif magic_name not in SHOWING:  # %%time, %%capture and others that run a cell of Python
            self.run_cell(cell).raise_error()

    def system(self, cmd):
        self.skip(f"!{cmd}")

    system_piped = system_raw = system

    def getoutput(self, cmd, split=True, depth=0):
        self.skip(f"!{cmd}")
        return SList([]) if split else ""

    def enable_gui(self, gui=None):
        pass

    def ask_exit(self):
        pass


class GoOn(ast.NodeTransformer):
    """Puts each statement of a cell into a `try`, so that one that fails does not keep those below from running."""

    def visit_Module(self, tree):
        tree.body = [statement if first_of_all(statement) else self.guarded(statement) for statement in tree.body]
        return tree

    def guarded(self, statement):
        (attempt,) = ast.parse("try:\n    pass\nexcept Exception:\n    __note_failure__()").body
        attempt.body = [statement]
        return attempt


def first_of_all(statement):
    """Whether a statement may only stand at the top of a cell."""
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


class Colab:
    """Finds `google.colab` and all in it, for notebooks that were written there: modules that do nothing."""

    def find_spec(self, name, path=None, target=None):
        if name in ("google", "google.colab") or name.startswith("google.colab."):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return None if spec.name == "google" else mock.MagicMock(__all__=[])

    def exec_module(self, module):
        pass


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
                looking = event in ("os.listdir", "os.scandir", "os.chdir")
                roots = [folder] if writing and not looking else [folder, *readable]
                allowed = any(within(path, root) for root in roots)
                # what is not there is not found, as everywhere
                allowed |= (looking or not writing) and not os.path.lexists(path)
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
        with STARTING:
            prepare()  # if the process is gone that all are forked from, it comes again
            try:
                self.process = self.started(context, theirs, folder, limits, withheld)
            except (OSError, EOFError):  # it went just now
                prepare()
                self.process = self.started(context, theirs, folder, limits, withheld)
        theirs.close()
        self.wire = Wire(ours)
        self.names, self.called = {}, {}
        self.failed, self.refused, self.skipped, self.kernel = [], [], [], False

    @staticmethod
    def started(context, connection, folder, limits, withheld):
        """A new process, which does not import the program that started this one, and with it what it knows."""
        process = context.Process(target=inside, args=(connection, str(folder), limits, tuple(withheld)), daemon=True)
        main = sys.modules["__main__"]
        file, spec = main.__dict__.pop("__file__", None), main.__spec__
        main.__spec__ = None
        try:
            process.start()
        finally:
            main.__spec__ = spec
            if file is not None:
                main.__file__ = file
        return process

    def start(self, cells, names):
        """Run the cells [(number, source)] and fetch these names as far as they came to exist."""
        self.wire.deadline = time.monotonic() + self.seconds
        self.wire.send("cells", [cells, names])
        _, state = self.wire.serve(until=("ready",))
        for kind in ("failed", "refused", "skipped", "kernel"):
            setattr(self, kind, state[kind])
        for name, value in state["values"]:
            self.wire.calling = name
            self.names[name] = self.wire.unpack(value)
            if isinstance(value, dict) and "function" in value:
                self.called[value["function"]] = name

    def unusable(self):
        """What the tests cannot use: (the name of a function or of a variable, the type of what came from it)."""
        return [(self.called.get(which, which), kind) for which, kind in dict.fromkeys(self.wire.unusable)]

    def finish(self):
        """Ask what else was refused while the tests called it."""
        with suppress(SubmissionEnded, OSError):
            self.wire.send("end", None)
            self.refused = self.wire.serve(until=("refused",))[1]

    def why_ended(self, reason):
        """The sentence for a process that is gone."""
        if reason == "time":
            return f"did not finish within {self.seconds:g} s: shorten what runs above *Investigate*"
        if reason == "message":
            return "sent something that is no answer: take out what writes to open files of the process"
        self.process.join(2)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"its process was killed by {signal.Signals(-code).name}: run the notebook anew from the top and mend what crashes"
        return "ended its own process" + (f" (exit code {code})" if code else "") + ": take out what does that"

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
