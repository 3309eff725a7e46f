"""Fetch what pages ask for, so that they ask nobody else: the style of formulas, the fonts, and what the search matches with.

A maintainer runs this to change a version; its result is committed and the build never runs it.

    python tools/vendor.py            # needs npm and fontTools (matplotlib brings it)
"""

import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "book/_static/vendor"
KATEX = ROOT / "book/_ext/katex"  # renders formulas when the book is built; no page loads it
AXE = ROOT / "tests/vendor/axe-core"  # for tests/test_accessible.py
FIGURE_FONT = ROOT / "src/overparam/report/fonts/OverparamSans.ttf"

# package: (folder, which of its files)
PACKAGES = {
    "katex@0.19.1": ("katex", r"LICENSE$|dist/(katex\.min\.(css|js)|fonts/.*\.woff2)$"),
    "@fontsource-variable/literata@5.3.0": ("literata", r"LICENSE$|files/literata-latin-wght-(normal|italic)\.woff2$"),
    "@fontsource-variable/source-sans-3@5.3.0": (
        "source-sans-3",
        r"LICENSE$|files/source-sans-3-(latin-wght-(normal|italic)|greek-wght-normal)\.woff2$",
    ),
    "minisearch@7.2.0": ("minisearch", r"LICENSE\.txt$|dist/umd/index\.js$"),
}


def main():
    shutil.rmtree(VENDOR, ignore_errors=True)
    versions = []
    with tempfile.TemporaryDirectory() as scratch:
        for package, (folder, wanted) in PACKAGES.items():
            archive, version = pack(package, scratch)
            with tarfile.open(archive) as tar:
                for member in tar.getmembers():
                    path = member.name.removeprefix("package/")
                    if re.match(wanted, path):
                        target = VENDOR / folder / path
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(tar.extractfile(member).read())
            versions.append(version)
        archive, version = pack("axe-core@4.14.1", scratch)
        with tarfile.open(archive) as tar:
            for name in ("axe.min.js", "LICENSE"):
                (AXE / name).write_bytes(tar.extractfile(f"package/{name}").read())
        (AXE / "VERSION").write_text(f"{version}\n", encoding="utf-8")
        archive, version = pack("@fontsource/source-sans-3@5.3.0", scratch)
        with tarfile.open(archive) as tar:
            figure_font(
                [tar.extractfile(f"package/files/source-sans-3-{a}-400-normal.woff") for a in ("latin", "greek")],
                scratch,
            )
            (FIGURE_FONT.parent / "LICENSE").write_bytes(tar.extractfile("package/LICENSE").read())
    (VENDOR / "katex/dist/katex.min.js").replace(KATEX / "katex.min.js")
    shutil.copy(VENDOR / "katex/LICENSE", KATEX)
    style = VENDOR / "katex/dist/katex.min.css"
    style.write_text(
        re.sub(r',url\([^)]*\.(woff|ttf)\) format\("\w+"\)', "", style.read_text(encoding="utf-8")), encoding="utf-8"
    )
    (VENDOR / "VERSIONS").write_text("".join(f"{line}\n" for line in sorted(versions)), encoding="utf-8")
    print(f"{VENDOR.relative_to(ROOT)}: {sum(f.stat().st_size for f in VENDOR.rglob('*') if f.is_file()) / 1e6:.1f} MB")


def pack(package, folder):
    """Download `package` and return its archive and a line that names version, licence and checksum."""
    done = subprocess.run(
        ["npm", "pack", "--json", package], cwd=folder, check=True, capture_output=True, encoding="utf-8"
    )
    facts = json.loads(done.stdout)[0]
    archive = Path(folder) / facts["filename"]
    with tarfile.open(archive) as tar:
        licence = json.load(tar.extractfile("package/package.json")).get("license")
    return archive, f"{facts['id']}  {licence}  {facts['integrity']}"


def figure_font(woffs, scratch):
    """Unpack Source Sans 3 into one font of the kind that matplotlib reads, which draws outlines and nothing else.

    Its licence keeps the name "Source" for the unchanged font, so this one has another.
    """
    parts = []
    for i, woff in enumerate(woffs):
        font = TTFont(woff)
        font.flavor = None
        for table in ("GSUB", "GPOS", "GDEF", "STAT"):
            if table in font:
                del font[table]
        parts.append(f"{scratch}/{i}.ttf")
        font.save(parts[-1])
    FIGURE_FONT.parent.mkdir(parents=True, exist_ok=True)
    font = Merger().merge(parts)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = "OverparamSans" if record.nameID == 6 else "Overparam Sans"
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = TTFont(parts[0])["head"].created
    font.save(FIGURE_FONT)


if __name__ == "__main__":
    main()
