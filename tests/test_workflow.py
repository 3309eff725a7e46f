"""What lies around the book fits together: workflows, make targets, the citation, one address of the repository."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[0].split())
ACTIONS = {f"actions/{name}" for name in ("cache", "checkout", "deploy-pages", "setup-python", "upload-pages-artifact")}


def commands(script):
    """Return the single commands of a step's shell script."""
    return [command.strip() for command in re.split(r"\n|&&|;", script) if command.strip()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs_make_targets_and_little_else(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    for step in steps:
        if "uses" in step:
            assert step["uses"].partition("@")[0] in ACTIONS
        for command in commands(step.get("run", "")):
            if not re.match(r"(sudo )?apt-get (update|install .*\bchromium)\b", command):
                name, target = command.split()
                assert name == "make", f"{path.name} runs {command!r}; say it in the Makefile"
                assert target in TARGETS, f"{path.name} makes {target}, which the Makefile does not"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_may_read_and_only_its_last_job_may_publish(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    writing = {name for name, job in workflow["jobs"].items() if "write" in job.get("permissions", {}).values()}
    assert writing <= {"publish"}


def test_there_is_a_workflow():
    assert WORKFLOWS


def test_make_explains_every_target():
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    assert set(re.findall(r"^make ([\w-]+)", done.stdout, re.M)) == TARGETS


@pytest.mark.parametrize("place", ["book", "a book", "long" * 30])
def test_make_sets_a_moved_or_copied_checkout_up_again(tmp_path, place):
    there, elsewhere = tmp_path / place, tmp_path / "moved" / place
    (there / ".venv/bin").mkdir(parents=True)
    python = there / ".venv/bin/python3"
    plain = len(str(python)) < 120 and " " not in str(python)  # as pip writes its scripts
    quoted = f'"{python}"' if " " in str(python) else str(python)
    first = f"#!{python}\n" if plain else f"#!/bin/sh\n'''exec' {quoted} \"$0\" \"$@\"\n"
    (there / ".venv/bin/pip").write_text(first, encoding="utf-8")
    for name in ("Makefile", "pyproject.toml", "setup.py", "requirements.txt"):
        shutil.copy(ROOT / name, there)
    (there / ".venv/.ready").touch()
    command = ["make", "--dry-run", ".venv/.ready"]
    assert (
        "is up to date" in subprocess.run(command, cwd=there, check=True, capture_output=True, encoding="utf-8").stdout
    )
    shutil.copytree(there, elsewhere)
    done = subprocess.run(command, cwd=elsewhere, check=True, capture_output=True, encoding="utf-8")
    assert re.search(r"was moved or copied.*\nrm -rf .venv\n(.*\n)*.* -m venv .venv\n(.*\n)*.*pip install", done.stdout)


def test_hooks_call_what_is_there():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]  # a commit needs no network
    for hook in hooks[0]["hooks"]:
        for word in hook["entry"].split():
            if word.startswith("tools/"):
                assert (ROOT / word).is_file()


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_version_is_the_same_everywhere():
    places = ("pyproject.toml", "src/overparam/__init__.py", "CITATION.cff")
    versions = [
        re.search(r'^(?:__)?version(?:__)?(?: =|:) "?([\d.]+)', (ROOT / p).read_text(encoding="utf-8"), re.M)[1]
        for p in places
    ]
    assert len(set(versions)) == 1, dict(zip(places, versions, strict=True))


def test_pins_name_no_place():
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|^\s*-|\+cpu|@", pins, re.M)
    assert all(re.match(r"[a-z0-9-]+==\S+", line) for line in pins.splitlines() if not line.startswith("#"))


def test_repository_address_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for url in (config["repository"]["url"], config["html"]["baseurl"]):
        address = url.partition("://")[2].rstrip("/")
        grep = ["git", "grep", "--untracked", "-IlF", "-e", address]
        done = subprocess.run(grep, cwd=ROOT, capture_output=True, encoding="utf-8")
        if done.returncode > 1:
            pytest.skip(f"not a git checkout: {done.stderr.strip()}")
        found = {name for name in done.stdout.splitlines() if not re.match(r"(notebooks|assignments)/.*\.ipynb$", name)}
        assert found == {"_config.yml"}
