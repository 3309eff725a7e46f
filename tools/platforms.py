"""Tables of scores as learning platforms import them; who somebody is there says the name of the downloaded file."""

import re

COLUMNS = {
    "canvas": ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"],
    "moodle": ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"],
}
NAMES = {
    "canvas": re.compile(r"^(?P<name>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_"),  # muellerada_12_345_notebook.ipynb
    "moodle": re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_"),  # Ada Müller_12_assignsubmission_file_
}


def student(platform, submission):
    """(id, name) of whose submission this is, from the file or a folder around it; None if nothing there says so."""
    found = filter(None, map(NAMES[platform].match, submission.split("/")))
    return next(((match["id"], match["name"]) for match in found), None)


def table(platform, rows, title, possible):
    """The table's lines, one for each student, and the names of the submissions that are nobody's.

    Of several files of one student the best counts. Without any that could be graded there are no points, but the reason.
    """
    students, unknown = {}, []
    for row in rows:
        who = student(platform, row.submission)
        if who is None:
            unknown.append(row.submission)
        else:
            students.setdefault(who, []).append(row)
    lines = [COLUMNS[platform] + [title] * (platform == "canvas")]
    if platform == "canvas":
        lines.append(["Points Possible", "", "", "", "", f"{possible:g}"])
    for (identity, name), own in students.items():
        graded = [sum(row.scores.values()) for row in own if row.status != "not graded"]
        points = f"{max(graded):g}" if graded else ""
        if platform == "canvas":
            lines.append([name, identity, "", "", "", points])
        else:
            why = "" if graded else "; ".join(note for row in own for note in row.notes)
            lines.append([f"Participant {identity}", name, points, f"{possible:g}", why])
    return lines, unknown
