#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what could do something to a terminal into recorded events: hostile-events.py FOLDER STREAM...

For each field that holds strings, by the object that it is of, FOLDER gets a stream, OBJECT.FIELD-STREAM, in which all that it
holds ends so."""
import json
import os
import sys

HOSTILE = "\x1b]0;t\x07\x1b[31m\r\x7f\x9b31m\xad\u115f\u180b\u202e\u2066\u200b\ufe0f\ufeff\U000e0041\U000e0100"

# Of these the reader wants the same in all places.
SAME = {"source.file": "start.name", "verdict.reason": "step.reason"}


def visit(value, owner, change):
    """A copy in which each string is what change() has for it; it is given the object and the field."""
    if isinstance(value, list):
        return [visit(inner, owner, change) for inner in value]
    if not isinstance(value, dict):
        return value
    copy = {}
    for field, inner in value.items():
        name = f"{owner}.{field}"
        strings = inner if isinstance(inner, list) else [inner]
        if strings and all(isinstance(string, str) for string in strings):
            changed = [change(SAME.get(name, name), string) for string in strings]
            copy[field] = changed if isinstance(inner, list) else changed[0]
        else:
            copy[field] = visit(inner, field, change)
    return copy


def forge(folder, path):
    with open(path, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    found = set()
    for event in events:
        visit(event, event["type"], lambda name, string: found.add(name) or string)
    for wanted in sorted(name for name in found if not name.endswith(("_hex", ".type"))):
        with open(os.path.join(folder, f"{wanted}-{os.path.basename(path)}"), "w", encoding="utf-8") as out:
            for event in events:
                changed = visit(event, event["type"], lambda name, string: string + HOSTILE if name == wanted else string)
                out.write(json.dumps(changed) + "\n")


for stream in sys.argv[2:]:
    forge(sys.argv[1], stream)
