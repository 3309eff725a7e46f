"""Write who the authors are, and what is cited, into the files of journals and archives.

    python tools/paper.py            write the head of paper.md, paper.bib and .zenodo.json
    python tools/paper.py --check    write nothing; exit 1 and name each file that is not current

The authors, title and keywords come from CITATION.cff, the references from book/references.bib. paper.md is in the format of the
Journal of Open Source Education; .zenodo.json is what Zenodo reads when a release is archived.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
UNKNOWN = "to be given in CITATION.cff"  # where a journal wants an affiliation and there is none yet


def name(author):
    """Return an author's name as it is read."""
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def head(facts):
    """Return the YAML that a paper begins with; its own date stays."""
    places = list(dict.fromkeys(author.get("affiliation", UNKNOWN) for author in facts["authors"]))
    authors = []
    for author in facts["authors"]:
        orcid = {"orcid": author["orcid"].rpartition("/")[2]} if "orcid" in author else {}
        place = places.index(author.get("affiliation", UNKNOWN)) + 1
        authors.append({"name": name(author), **orcid, "affiliation": place})
    said = {
        "title": f"{facts['title']}: a textbook that is a program",
        "tags": facts["keywords"],
        "authors": authors,
        "affiliations": [{"index": number, "name": place} for number, place in enumerate(places, 1)],
        "date": facts["preferred-citation"]["year"],
        "bibliography": "paper.bib",
    }
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120)


def references(text, bib):
    """Return the entries of a bibliography that a text cites, as they stand there; KeyError for one that it lacks."""
    entries = {found[1]: found[0] for found in re.finditer(r"^@\w+\{([^,]+),\n.*?^\}\n", bib, re.M | re.S)}
    return "\n".join(entries[key] for key in sorted(set(re.findall(r"@([a-z]+\d{4}[a-z]*)", text))))


def archive(facts):
    """Return what Zenodo is told of a release."""
    creators = []
    for author in facts["authors"]:
        group = author.get("name")
        creator = {"name": group or f"{author['family-names']}, {author['given-names']}"}
        creator |= {key: author[key].rpartition("/")[2] for key in ("orcid",) if key in author}
        creator |= {key: author[key] for key in ("affiliation",) if key in author}
        creators.append(creator)
    said = {
        "title": facts["title"],
        "upload_type": "software",
        "description": f"<p>{facts['abstract']}</p><p>The text and the figures are under CC BY 4.0, the code under the MIT licence.</p>",
        "creators": creators,
        "keywords": facts["keywords"],
        "license": facts["license"][0].lower(),
        "access_right": "open",
        "language": "eng",
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def derive(root):
    """Return {file: text} for all that is derived."""
    facts = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if facts["authors"] != facts["preferred-citation"]["authors"]:
        sys.exit("CITATION.cff names other authors under preferred-citation than above: make them the same.")
    body = (root / "paper.md").read_text(encoding="utf-8").split("---\n", 2)[2]
    try:
        bib = references(body, (root / "book/references.bib").read_text(encoding="utf-8"))
    except KeyError as key:
        sys.exit(f"paper.md cites {key}, which book/references.bib lacks: add it there.")
    return {
        root / "paper.md": f"---\n{head(facts)}---\n{body}",
        root / "paper.bib": f"% Derived from book/references.bib by tools/paper.py\n\n{bib}",
        root / ".zenodo.json": archive(facts),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not current")
    arguments = parser.parse_args(argv)
    derived = derive(arguments.root)
    stale = [file for file, text in derived.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if arguments.check and stale:
        sys.exit(f"{', '.join(file.name for file in stale)}: not current, run make paper")
    for file in stale:
        file.write_text(derived[file], encoding="utf-8")
        print(f"{file.name} written")


if __name__ == "__main__":
    main()
