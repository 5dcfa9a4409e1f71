"""The shared table of bucket settings and of what is refused about them, read from bucket_cases.json.

A document is written out, made of an `inner` part in the `wrap` of its setting, of a `json` value, or of `many` pieces: what
comes before, the piece, how often, what comes after. `{n}` in a piece is its number; `{bucket}`, `{owner}` and `{target}` (of logs) are filled in.
"""

import json
import pathlib
import xml.etree.ElementTree

import sdk
import server

TABLE = json.loads((server.CASES / "bucket_cases.json").read_text(encoding="utf-8"))
#: What is said to a method that a setting does not have.
METHOD = "The specified method is not allowed against this resource."
SETTINGS = {setting["name"]: setting for setting in TABLE["settings"]}


def document(row, wrap="{}", **names):
    """The body of a row, or None when it has none."""
    if "many" in row:
        head, piece, times, tail = row["many"]
        text = head + "".join(piece.replace("{n}", str(n)) for n in range(1, times + 1)) + tail
    elif "json" in row:
        text = json.dumps(row["json"])
    elif "inner" in row:
        text = wrap.replace("{}", row["inner"])
    else:
        text = row.get("document")
    return text and filled(text, **names)


def filled(text, **names):
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def simplified(text, without=()):
    """A document for comparing: the order of elements beside each other does not count, nor do those named in `without`.
    What is no XML is compared as it is."""

    def simple(element):
        children = sorted(simple(child) for child in element if child.tag not in without)
        return element.tag, (element.text or "").strip() if not children else "", children

    text = text.decode() if isinstance(text, bytes) else text
    return simple(xml.etree.ElementTree.fromstring(text)) if text.startswith("<") else text


def judge(row, refusal):
    """What is wrong with a refusal, by what the row says of status, code, message and EC; empty when nothing is."""
    if refusal is None:
        return "accepted"
    allowed = row["is"] if isinstance(row["is"], list) else [row["is"]]
    wrong = []
    if f"{refusal.status} {refusal.code}" not in allowed:
        wrong.append(f"{refusal.status} {refusal.code} ({refusal.message}), not {' or '.join(allowed)}")
    if row.get("message") not in (None, "", refusal.message):
        wrong.append(f"says {refusal.message!r}, not {row['message']!r}")
    if row.get("ec") not in (None, refusal.ec):
        wrong.append(f"EC {refusal.ec}, not {row['ec']}")
    return "; ".join(wrong)


def row(text, message=None):
    """A row out of `STATUS CODE`, with an EC behind it or none."""
    status, code, *more = text.split()
    return {"is": f"{status} {code}", "message": message, "ec": more[0] if more else None}


def refusal(function, *arguments, **named):
    """The refusal that an SDK reports of a call, or None."""
    try:
        function(*arguments, **named)
    except sdk.Refused as refused:
        return refused


def judged(expected, function, *arguments, **named):
    """What is wrong with the refusal of a call; empty when nothing is."""
    return judge(expected, refusal(function, *arguments, **named))
