#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Forges events: forge-events.py SCHEMA.  Of each field of each object that events are made of there is one that lacks it,
and one that has something else in its place; all else in it is as it should be.

Prints two lines for each: what the reader says of it, and the event.  First come those that are as they should be, of which
it says nothing."""
import copy
import itertools
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    defs = json.load(file)["$defs"]

RANGE = {"start": "0x1000", "end": "0x3000", "size": 8192}
MAPPING = {"line": "1000-3000 rw-p 00004000 08:01 7 /x", **RANGE, "perms": "rw-p", "offset": 16384, "dev": "08:01", "inode": 7,
           "name": "/x"}
SAMPLES = {"mapping": MAPPING, "line": {"sign": "+", **MAPPING, "shift": 4096}, "gap": RANGE, "range": RANGE,
           "address": "0x1000", "number": 8192}
NAMED = {"errno": "EINVAL", "code": "SEGV_MAPERR"}

# What the reader passes over, and what need not be there: others say it, too.
SPARE = {("argument", "text"), ("change", "text"), ("region", "mappings")}
MAY_MISS = {("mapping", "size"), ("gap", "size")}

# What a field should be, and what is nothing like it.  Many fields are of the first kinds, and each has one of these.
COMMON = {
    "a string": [None, 7, False, ["te"], {}],
    "a whole number": [None, True, 1.5, [], {}],
    "true or false": [None, 0, 1, "true", [], {}],
    "a word that is known here": [None, 1, True, "", "no", []],
    "an address": [None, 4096, "4096", "0x", "0x1g", "0xG", "1x1", "0x10000000000000000", ["0x1000"]],
    "a list": [None, 1, "te", {}],
    "an object, or a list of them": [None, 1, "te", []],
}
RARE = {
    "an address or a whole number": [None, True, "", "0x", "0x1\0", "-", "1x", "0X1"],
    "a range": [None, 4096, [], {}, {"start": "0x1000", "size": 0}, {"start": "0x2000", "end": "0x1000"}],
    "a device": [None, 801, "0801", ":1", "8:", "g:8", "8:1:1", "100000000:1", "1:100000000"],
    "what its start and end say": [None, 8191, -8192, "0x2000", "-8192"],
    "a list of flags": [None, "lo", [1], ["lo", None], ["l o"], ["lo", ""], ["lo\0"]],
    "a list of names, or a short one": [None, {}, ["te"] * 7],
    "a list of names": [[1], ["te", None], ["te\0"]],
    "a list, or a short one": [None, {}, [{}] * 9],
    "a list beside one of regions": [None, "te", {}],
}
next_of = {noun: itertools.cycle(values) for noun, values in COMMON.items()}


def refers_to(schema):
    return schema.get("$ref", "").split("/")[-1]


def whole(schema):
    return defs[refers_to(schema)] if "$ref" in schema else schema


def sample(schema, field=""):
    """Something by its schema, with all that it can have."""
    name, schema = refers_to(schema), whole(schema)
    if name in SAMPLES:
        return copy.deepcopy(SAMPLES[name])
    if name == "named":
        return NAMED.get(field, "SIGSEGV")
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][-1]
    if schema["type"] == "array":
        return [sample(schema["items"], field)]
    if schema["type"] == "object":
        return {key: sample(value, key) for key, value in schema["properties"].items()}
    return {"string": "te", "integer": 1, "boolean": True}[schema["type"]]


def events():
    """Each event as it should be, a step of each kind."""
    for name in [name for name in defs if "type" in defs[name].get("properties", {})]:
        event = sample({"$ref": "#/$defs/" + name})
        for kind in defs[name]["properties"]["kind"]["enum"] if name == "step" else [None]:
            if kind:
                event["kind"] = kind
                # The scratch page is the one region without a number.
                event["scratch"][0]["id"] = event["old_scratch"][0]["id"] = 0
            yield name, copy.deepcopy(event)


def nouns(name, field, schema):
    """What the field should be, in the reader's words; two where it says more of some of it."""
    reference, schema = refers_to(schema), whole(schema)
    items = schema.get("items", {})
    if (name, field) in MAY_MISS:
        return ["what its start and end say"]
    special = {("mapping", "dev"): "a device", ("argument", "value"): "an address or a whole number",
               ("call", "result"): "a whole number", ("call", "args"): "a list, or a short one", ("line", "sign"): "a string",
               ("step", "scratch"): "a list beside one of regions", ("step", "old_scratch"): "a list beside one of regions"}
    references = {"number": "a whole number", "named": "a whole number", "address": "an address", "range": "a range",
                  "vmflags": "a list of flags"}
    if (name, field) in special or reference in references:
        return [special.get((name, field)) or references[reference]]
    if items.get("type") == "string":
        return ["a list of names, or a short one", "a list of names"]
    if "enum" in schema or "enum" in items:
        return ["a list of flags" if items else "a word that is known here"]
    return [{"string": "a string", "integer": "a whole number", "boolean": "true or false", "array": "a list",
             "object": "an object, or a list of them"}[schema["type"]]]


def fields(name, at=()):
    """Each field of an object, and of those that it is made of: whose it is, its name, its schema and its place."""
    for field, schema in defs[name]["properties"].items():
        # A line that went or came is a mapping.
        owner = "mapping" if name == "line" and field not in ("sign", "shift") else name
        yield owner, field, schema, at + (field,)
        items = whole(schema).get("items", {})
        for part, deeper in ((schema, (field,)), (items, (field, 0))):
            if "properties" in whole(part) and refers_to(part) != "range":
                yield from fields(refers_to(part), at + deeper)


def put(event, place, *value):
    """The event with that value in that place, or with nothing there."""
    event = copy.deepcopy(event)
    at = event
    for step in place[:-1]:
        at = at[step]
    # A number is asked for where the name beside it is not known.
    if place[-1] == "errno_number":
        del at["errno"]
    at.pop(place[-1])
    if value:
        at[place[-1]] = value[0]
    return event


def tell(said, event):
    print(said, json.dumps(event), sep="\n")


for name, event in events():
    tell("", event)
done = set()
for name, event in events():
    for owner, field, schema, place in fields(name):
        # Some are in steps of one kind only.
        needed = {"call": "call", "check": "expect", "passes": "passes"}.get(place[0]) if name == "step" else None
        if (owner, field) in done | SPARE or field in ("type", "format") or needed not in (None, event.get("kind")):
            continue
        done.add((owner, field))
        if field in defs[owner].get("required", []) and (owner, field) not in MAY_MISS:
            tell(f"{owner}: the field {field} is missing", put(event, place))
        for noun in nouns(owner, field, schema):
            for wrong in RARE.get(noun) or [next(next_of[noun])]:
                tell(f"{owner}: the field {field} is not {noun}", put(event, place, wrong))
