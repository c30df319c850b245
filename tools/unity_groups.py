#!/usr/bin/env python3
"""Sorts sources into groups that can be compiled as one file each.

    unity_groups.py LINES SOURCE...

Prints `GROUP:SOURCE` a line. A group has at most LINES lines, unless it is one source, and no two of its sources give the
same name to different things: what stands in an unnamed namespace, or is an alias or a macro, is meant for its file alone.
Names are read off the text, which clang-format keeps at the first column. What this does not see, such as such a name
beside the same one in a header of the neighbour, shows when it is compiled: one of the two had better be called otherwise.
"""
import re
import sys

DECLARATION = re.compile(
    r"^(?:(?:struct|class|enum(?: class)?|union|using|concept|namespace)\s+(?P<type>\w+)\b(?!::)"
    r"|using (?!namespace)[\w:]*::(?P<imported>\w+);"
    r"|#define (?P<macro>\w+)"
    r"|[A-Za-z_][^()={};]*?[\s*&>](?P<name>\w+)\s*(?:\(|=|\{|;|\[))"
)
ALWAYS = re.compile(r"^(?:#define|using|namespace \w+ =)")
NO_DECLARATION = re.compile(r"^(?:TEST|TEST_F|TEST_P|INSTANTIATE|namespace\b(?! \w+ =)|return|extern|friend|static_assert|template|requires)\b")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def names(text):
    """The names that a source keeps to itself, each with the line that declares it."""
    found = {}
    unnamed = False
    for line in text.splitlines():
        if line.startswith("namespace {"):
            unnamed = True
        elif line.startswith("}  // namespace") and not line.startswith("}  // namespace ponte"):
            unnamed = False
        if not unnamed and not ALWAYS.match(line) and not line.startswith("static "):
            continue
        if NO_DECLARATION.match(line):
            continue
        match = DECLARATION.match(line)
        if match:
            found[next(name for name in match.groups() if name)] = line
    return found


def clash(one, other):
    return any(name in other and (other[name] != line or not line.startswith("using")) for name, line in one.items())


def groups(paths, size):
    """Lists of sources; each goes to the first group that has room and none of its names."""
    made = []
    for path in paths:
        text = read(path)
        own, lines = names(text), text.count("\n")
        for group in made:
            if group["lines"] + lines <= size and not clash(own, group["names"]):
                break
        else:
            group = {"names": {}, "lines": 0, "sources": []}
            made.append(group)
        group["sources"].append(path)
        group["lines"] += lines
        group["names"].update(own)
    return [group["sources"] for group in made]


def main():
    for index, group in enumerate(groups(sys.argv[2:], int(sys.argv[1]))):
        for source in group:
            print(f"{index}:{source}")


if __name__ == "__main__":
    main()
