"""Run the notebooks that Colab opens as Colab does: its versions, an empty folder, and the package fetched by the first cell.

    python tools/colab_test.py [NAME ...]     all of them, or those whose file begins with a NAME: notebooks/01, assignments

They run at smoke scale, with the versions of tools/colab.txt, in an environment below build/colab. The repository that the first
cell clones is what git tracks here, with changes that are not committed. An assignment runs with its solutions, up to its investigation.
COLAB_PYTHON=PATH takes a Python that has all of it, as in Colab's own image, and installs nothing. A cell that fails or warns fails
its notebook, and so does a file that it leaves beside itself.
"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import distribution
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

import assignments
import execute
from overparam import machine

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tools/colab.txt"
BUILD = ROOT / "build/colab"
ABOUT = "import sys, numpy, torch; print('Python', sys.version.split()[0] + ', torch', torch.__version__ + ', numpy', numpy.__version__)"
KERNEL = "colab"
SECONDS = 600  # more than any notebook takes


def environment():
    """Return the Python of an environment with Colab's versions; it is made anew when they have changed."""
    if named := os.environ.get("COLAB_PYTHON"):
        return Path(named)
    folder, stamp = BUILD / "env", BUILD / "env/made-of"
    made_of = hashlib.sha256(
        PINS.read_bytes() + sys.version.encode() + distribution("torch").version.encode()
    ).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_of:
        print("Setting up Colab's versions in build/colab/env", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", PINS]
        subprocess.run(pip, check=True)
        (packages,) = folder.glob("lib/python*/site-packages")
        for name in ("torch", "torchvision"):  # as they lie in this environment: they are large
            link_distribution(name, packages)
        stamp.write_text(made_of, encoding="utf-8")
    return folder / "bin/python"


def link_distribution(name, packages):
    """Link what a distribution of this environment has put into site-packages into another's."""
    found = distribution(name)
    tops = {path.parts[0] for path in found.files if path.parts[0] not in ("..", "__pycache__")}
    for top in tops:
        if not (packages / top).exists():
            (packages / top).symlink_to(Path(found.locate_file(top)).resolve())


def make_kernel(python):
    """Let this process find a kernel that is called colab."""
    folder = BUILD / "jupyter/kernels" / KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    start = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    spec = {"argv": start, "display_name": "Colab", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    os.environ["JUPYTER_PATH"] = str(folder.parents[1])


def git(*words, cwd=ROOT):
    """Run git and return what it says."""
    me = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    return subprocess.run(
        ["git", *me, *words], cwd=cwd, check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def remote(folder, branch):
    """Make a repository whose branch holds what git tracks here."""
    shutil.rmtree(folder, ignore_errors=True)
    git("init", "-q", "--bare", str(folder))
    git("config", "receive.shallowUpdate", "true", cwd=folder)
    now = git("stash", "create") or git("rev-parse", "HEAD")
    git("push", "-q", str(folder), f"{now}:refs/heads/{branch}")
    return folder


def solved(notebook, source):
    """Return an assignment's notebook with the solutions of its source and the tests that students get, up to the investigation."""
    cells = [next(cell for cell in notebook.cells if cell.cell_type == "code")]
    for cell in assignments.read(source):
        if cell.cell_type == "markdown" and re.search(r"^## Investigate", cell.source, re.M):
            break
        kind = assignments.part(cell)
        if cell.cell_type == "code" and kind != "hidden":
            text = assignments.visible_test(cell) if kind == "test" else cell.source
            cells.append(nbformat.v4.new_code_cell(text))
    notebook.cells = cells
    return notebook


async def run(notebook, python, variables, home):
    """Run a notebook in the folder of a user; return what failed, or None."""
    (home / "content").mkdir(parents=True)
    client = NotebookClient(
        notebook, kernel_name=KERNEL, timeout=SECONDS, resources={"metadata": {"path": str(home / "content")}}
    )
    try:
        with execute.kernel_settings() as client.config:
            await client.async_execute(env=variables | {"HOME": str(home)})
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except (DeadKernelError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}"


async def check(path, python, variables, home):
    """Return what is wrong with a notebook, or None."""
    notebook = nbformat.read(path, as_version=4)
    if path.parent.name == "assignments":
        notebook = solved(notebook, path.with_suffix(".py"))
    failed = await run(notebook, python, variables, home)
    done = BUILD / "executed" / path.relative_to(ROOT)
    done.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, done)
    if failed:
        return failed
    if warned := execute.warnings_of(path, notebook):
        return f"{warned[0][0]} warns: {warned[0][1].strip()}"
    left = [found.name for found in (home / "content").iterdir()]
    return f"it left {', '.join(left)} beside itself" if left else None


async def check_sentence(path, python, variables, home):
    """Return what is wrong with the first cell of a notebook where there is no network: it must stop with its sentence."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [next(cell for cell in notebook.cells if cell.cell_type == "code")]
    said = await run(notebook, python, variables | {"GIT_CONFIG_KEY_0": "url.file:///nowhere.insteadOf"}, home)
    expected = r"SystemExit: Cloning \S+ failed: check the network, then run this cell again"
    return None if re.match(expected, said or "") else f"without a network its first cell says {said!r}"


async def run_all(paths, python, folder):
    """Run notebooks in a folder, as many side by side as there are cores; return {path: what was wrong}."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    here = remote(BUILD / "remote", config["branch"])
    at_once = min(machine.cores(), len(paths))
    foreign = ("OVERPARAM_", "GIT_", "PYTHONPATH", "MPL", "VIRTUAL_ENV")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    variables |= {
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OVERPARAM_SCALE": "smoke",
        "OVERPARAM_CORES": str(machine.cores() // at_once),
    }
    variables |= {"MPLCONFIGDIR": str(BUILD / "matplotlib"), "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    instead = {"COUNT": "1", "KEY_0": f"url.file://{here}.insteadOf", "VALUE_0": config["url"].rstrip("/")}
    variables |= {f"GIT_CONFIG_{name}": value for name, value in instead.items()}
    turn, wrong = asyncio.Semaphore(at_once), {}

    async def take(path, check=check, home="runs"):
        async with turn:
            started = time.perf_counter()
            trouble = await check(path, python, variables, folder / home / path.parent.name / path.stem)
            where = "" if home == "runs" else f" {home}"
            words = f"{path.relative_to(ROOT)}{where}, {time.perf_counter() - started:.0f} s"
            if trouble:
                wrong[path] = trouble
            print(f"FAILED {words}: {trouble}" if trouble else f"ok     {words}", flush=True)

    async with asyncio.TaskGroup() as group:
        for path in paths:
            group.create_task(take(path))
        group.create_task(take(paths[0], check_sentence, "without a network"))
    return wrong


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", default=["notebooks", "assignments"], help="what the files of the notebooks begin with"
    )
    names = parser.parse_args(argv).names
    there = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("assignments/*.ipynb")])
    paths = [path for path in reversed(there) if path.relative_to(ROOT).as_posix().startswith(tuple(names))]
    if not paths:
        sys.exit(f"No notebook is called {' or '.join(names)} …: name one of {', '.join(path.stem for path in there)}.")
    started = time.perf_counter()
    python = environment()
    about = subprocess.run([python, "-c", ABOUT], check=True, capture_output=True, encoding="utf-8").stdout.strip()
    print(f"{about}. {colab_has()}", flush=True)
    make_kernel(python)
    with tempfile.TemporaryDirectory() as folder:  # outside of this checkout, whose package would be found
        wrong = asyncio.run(run_all(paths, python, Path(folder).resolve()))
    print(f"{len(paths) - len(wrong)} passed, {len(wrong)} failed in {time.perf_counter() - started:.0f} s")
    return bool(wrong)


def colab_has():
    """Return what Colab has that may differ from here, as tools/colab.txt says it."""
    return "Colab has " + re.search(r"Python \S+, torch \S+?(?=\.\s)", PINS.read_text(encoding="utf-8"))[0] + "."


if __name__ == "__main__":
    sys.exit(main())
