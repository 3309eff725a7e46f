"""What lies around the book fits together: workflows, make targets, the citation, one address of the repository."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import paper

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


MOVED = re.compile(r"was moved or copied.*\n(.*\n)*mv .venv .venv.moved\n(.*\n)*.* -m venv .venv\n(.*\n)*.*pip install")


def set_up_checkout(folder, named=None):
    """Make a checkout with a .venv, whose scripts have the name that pip gave it: that of `named`, else of the folder."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python3").symlink_to(sys.executable)  # so are those of all checkouts
    python = str((named or folder) / ".venv/bin/python3")
    plain = len(python) < 120 and " " not in python  # as pip writes its scripts
    quoted = f'"{python}"' if " " in python else python
    first = f"#!{python}\n" if plain else f"#!/bin/sh\n'''exec' {quoted} \"$0\" \"$@\"\n"
    (folder / ".venv/bin/pip").write_text(first, encoding="utf-8")
    for name in ("Makefile", "pyproject.toml", "setup.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv/.ready").touch()


def make(folder, *options):
    """What make says in a folder of which only the .venv is asked for."""
    command = ["make", *options, ".venv/.ready"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.mark.parametrize("place", ["book", "a book", "long" * 30])
def test_make_sets_a_moved_or_copied_checkout_up_again(tmp_path, place):
    there, elsewhere = tmp_path / place, tmp_path / "moved" / place
    set_up_checkout(there)
    assert "is up to date" in make(there, "--dry-run")
    shutil.copytree(there, elsewhere, symlinks=True)
    assert MOVED.search(make(elsewhere, "--dry-run"))
    there.rename(tmp_path / "renamed")
    assert MOVED.search(make(tmp_path / "renamed", "--dry-run"))


@pytest.mark.parametrize("place", ["book", "a book", "long" * 30])
def test_make_leaves_a_venv_alone_that_was_made_by_another_name_of_its_folder(tmp_path, place):
    there, link = tmp_path / "disk" / place, tmp_path / "link"
    there.mkdir(parents=True)
    link.symlink_to("disk")
    set_up_checkout(there, named=link / place)
    assert "is up to date" in make(there, "--dry-run")
    assert "is up to date" in make(link / place, "--dry-run")


def test_make_leaves_a_venv_alone_whose_scripts_find_python_beside_themselves(tmp_path):
    set_up_checkout(tmp_path / "book")
    first = """#!/bin/sh\n'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python3' "$0" "$@"\n"""
    (tmp_path / "book/.venv/bin/pip").write_text(first, encoding="utf-8")
    (tmp_path / "book/.venv/.ready").touch()
    assert "is up to date" in make(tmp_path / "book", "--dry-run")


def test_make_removes_no_venv_but_the_one_that_it_put_aside_before(tmp_path):
    set_up_checkout(tmp_path / "book")
    book = (tmp_path / "book").rename(tmp_path / "moved")
    (book / ".venv.moved").mkdir()
    (book / ".venv.moved/mine").touch()
    done = subprocess.run(["make", "moved"], cwd=book, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        "There is a .venv.moved that make did not set up: rename or remove it, then run make again.",
    )
    assert (book / ".venv/bin/pip").exists()
    (book / ".venv.moved/.ready").touch()
    subprocess.run(["make", "moved"], cwd=book, check=True, capture_output=True)
    assert not (book / ".venv").exists()
    assert (book / ".venv.moved/bin/pip").exists()
    assert not (book / ".venv.moved/mine").exists()


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


PERSON = {
    "family-names": "Ångström",
    "given-names": "Ada",
    "orcid": "https://orcid.org/0000-0002-1825-0097",
    "affiliation": "Here",
}


@pytest.fixture
def paper_of(tmp_path):
    """Return a function that gives what is derived from other authors, and from another last sentence of the paper."""

    def derived(*authors, preferred=None, sentence=""):
        (tmp_path / "book").mkdir(exist_ok=True)
        facts = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        facts["authors"], facts["preferred-citation"]["authors"] = list(authors), list(preferred or authors)
        (tmp_path / "CITATION.cff").write_text(yaml.safe_dump(facts), encoding="utf-8")
        shutil.copy(ROOT / "book/references.bib", tmp_path / "book")
        text = (ROOT / "paper.md").read_text(encoding="utf-8")
        (tmp_path / "paper.md").write_text(f"{text}\n{sentence}\n", encoding="utf-8")
        paper.main([str(tmp_path)])
        head = yaml.safe_load((tmp_path / "paper.md").read_text(encoding="utf-8").split("---\n")[1])
        archive = json.loads((tmp_path / ".zenodo.json").read_text(encoding="utf-8"))
        return head, archive, (tmp_path / "paper.bib").read_text(encoding="utf-8")

    return derived


def test_what_journals_and_archives_read_is_current():
    paper.main([str(ROOT), "--check"])


def test_authors_come_from_the_citation_alone(paper_of):
    head, archive, _ = paper_of(PERSON, {"name": "The others"}, PERSON | {"given-names": "Bo"})
    assert head["authors"] == [
        {"name": "Ada Ångström", "orcid": "0000-0002-1825-0097", "affiliation": 1},
        {"name": "The others", "affiliation": 2},
        {"name": "Bo Ångström", "orcid": "0000-0002-1825-0097", "affiliation": 1},
    ]
    assert [place["name"] for place in head["affiliations"]] == ["Here", paper.UNKNOWN]
    assert archive["creators"][:2] == [
        {"name": "Ångström, Ada", "orcid": "0000-0002-1825-0097", "affiliation": "Here"},
        {"name": "The others"},
    ]


def test_two_lists_of_authors_are_refused(paper_of):
    with pytest.raises(SystemExit, match="names other authors under preferred-citation"):
        paper_of(PERSON, preferred=[{"name": "The others"}])


def test_a_paper_brings_the_entries_that_it_cites_and_no_others(paper_of):
    cited = re.findall(r"^@\w+{(\w+),", paper_of(PERSON, sentence="See @adlam2020.")[2], re.M)
    assert cited == sorted(
        {*re.findall(r"^@\w+{(\w+),", (ROOT / "paper.bib").read_text(encoding="utf-8"), re.M), "adlam2020"}
    )
    with pytest.raises(SystemExit, match="cites 'nobody2020', which book"):
        paper_of(PERSON, sentence="See [@nobody2020].")


def test_forms_for_issues_ask_something():
    forms = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert forms
    support = (ROOT / "SUPPORT.md").read_text(encoding="utf-8")
    for form in forms:
        said = yaml.safe_load(form.read_text(encoding="utf-8"))
        assert said["name"] in support
        assert said["description"]
        assert any(field.get("validations", {}).get("required") for field in said["body"]), form.name


def test_binder_installs_the_package_with_the_books_versions():
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    (pins,) = (line.split()[1] for line in lines if line.startswith("--constraint"))
    assert (ROOT / ".binder" / pins).resolve() == ROOT / "requirements.txt"
    assert lines[-1] == ".[cluster]"  # pip runs in the folder of the repository


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
