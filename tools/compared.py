"""Executed chapters → build/<scale>/compared/*.ipynb: the cells whose output must repeat exactly, and those that they need.

nbval executes these once more and compares. The rest of a chapter has run already, and its output is compared with nothing.
"""

import ast
import symtable
import sys
from pathlib import Path

import nbformat

from overparam.report import scale

ROOT = Path(__file__).resolve().parents[1]
MARK = "# NBVAL_CHECK_OUTPUT"


def main(root: Path = ROOT) -> int:
    """Write the notebooks; 1 if there is nothing to compare."""
    build = root / "build" / scale.current()
    folder = build / "compared"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for path in sorted((build / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = compared(notebook.cells)
        if notebook.cells:
            nbformat.write(notebook, folder / path.name)
    if not any(folder.iterdir()):
        print(f"No executed chapter in {build / 'notebooks'} has a cell with {MARK}.", file=sys.stderr)
        return 1
    return 0


def compared(cells: list) -> list:
    """The marked code cells in order, with all earlier ones that define or change a name they use."""
    code = [(cell, ast.parse(cell.source).body) for cell in cells if cell.cell_type == "code"]
    modules = {name for _, body in code for statement in body for name in imported(statement)}
    inside = {s.name: used(s) for _, body in code for s in body if isinstance(s, ast.FunctionDef | ast.ClassDef)}
    kept, wanted = [], set()
    for cell, body in reversed(code):
        if MARK not in cell.source and wanted.isdisjoint(set().union(*(changed(s, modules) for s in body))):
            continue
        kept.append(cell)
        wanted = needed(body, wanted)
        called = wanted & inside.keys()
        while called:  # what a function reads must be there when it is called, and may be given after it is defined
            read = set().union(*(inside[name] for name in called)) - wanted
            wanted |= read
            called = read & inside.keys()
    return kept[::-1]


def needed(body: list[ast.stmt], after: set[str]) -> set[str]:
    """The names that must be there before these statements, where those of ``after`` must be there after them."""
    for statement in reversed(body):
        if isinstance(statement, ast.For):
            targets = {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
            after = after | used(ast.Expr(statement.iter)) | needed(statement.body, set()) - targets
        else:
            after = (after - defined(statement)) | used(statement)
    return after


def imported(statement: ast.stmt) -> set[str]:
    """The names that an import binds."""
    aliases = statement.names if isinstance(statement, ast.Import | ast.ImportFrom) else ()
    return {alias.asname or alias.name.partition(".")[0] for alias in aliases}


def defined(statement: ast.stmt) -> set[str]:
    """The names that stand for something new after this statement, whatever they stood for before."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    plain = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return imported(statement) | {target.id for target in plain if isinstance(target, ast.Name)}


def changed(statement: ast.stmt, modules: set[str]) -> set[str]:
    """The names that a statement defines, or whose objects it may change: by their elements, attributes or methods."""
    found = defined(statement)
    for node in [] if isinstance(statement, ast.FunctionDef | ast.ClassDef) else ast.walk(statement):
        part = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Call) or isinstance(getattr(node, "ctx", None), ast.Store):
            while isinstance(part, ast.Attribute | ast.Subscript):
                part = part.value
            named = isinstance(part, ast.Name) and not (isinstance(node, ast.Call) and part is node.func)
            found |= {part.id} - modules if named else set()
    return found


def used(statement: ast.stmt) -> set[str]:
    """The names of the notebook that a statement reads, in its functions too."""
    tables, found = [symtable.symtable(ast.unparse(statement), "cell", "exec")], set()
    for table in tables:
        tables += table.get_children()
        found |= {
            s.get_name() for s in table.get_symbols() if s.is_referenced() and (table is tables[0] or s.is_global())
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
