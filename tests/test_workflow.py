"""What lies around the book fits together: workflows, make targets, the citation, one address of the repository."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[0].split())
ACTIONS = {f"actions/{name}" for name in ("cache", "checkout", "deploy-pages", "setup-python", "upload-pages-artifact")}


def commands(script):
    """Return the single commands of a step's shell script."""
    return [command.strip() for command in re.split(r"\n|&&|;", script) if command.strip()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs_make_targets_and_little_else(path):
    jobs = yaml.safe_load(path.read_text())["jobs"]
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
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    writing = {name for name, job in workflow["jobs"].items() if "write" in job.get("permissions", {}).values()}
    assert writing <= {"publish"}


def test_there_is_a_workflow():
    assert WORKFLOWS


def test_make_explains_every_target():
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(re.findall(r"^make ([\w-]+)", done.stdout, re.M)) == TARGETS


def test_hooks_call_what_is_there():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]  # a commit needs no network
    for hook in hooks[0]["hooks"]:
        for word in hook["entry"].split():
            if word.startswith("tools/"):
                assert (ROOT / word).is_file()


def test_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_version_is_the_same_everywhere():
    places = ("pyproject.toml", "src/overparam/__init__.py", "CITATION.cff")
    versions = [
        re.search(r'^(?:__)?version(?:__)?(?: =|:) "?([\d.]+)', (ROOT / p).read_text(), re.M)[1] for p in places
    ]
    assert len(set(versions)) == 1, dict(zip(places, versions, strict=True))


def test_pins_name_no_place():
    pins = (ROOT / "requirements.txt").read_text()
    assert not re.search(r"://|^\s*-|\+cpu|@", pins, re.M)
    assert all(re.match(r"[a-z0-9-]+==\S+", line) for line in pins.splitlines() if not line.startswith("#"))


def test_repository_address_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    for url in (config["repository"]["url"], config["html"]["baseurl"]):
        address = url.partition("://")[2].rstrip("/")
        grep = ["git", "grep", "--untracked", "-IlF", "-e", address]
        done = subprocess.run(grep, cwd=ROOT, capture_output=True, text=True)
        if done.returncode > 1:
            pytest.skip(f"not a git checkout: {done.stderr.strip()}")
        found = {name for name in done.stdout.splitlines() if not re.match(r"(notebooks|assignments)/.*\.ipynb$", name)}
        assert found == {"_config.yml"}
