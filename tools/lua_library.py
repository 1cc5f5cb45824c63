#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Makes docs/lua-library.md out of the comments in lua/lib, or with --check says whether it is what they say.

tools/lua_library.py [--check]
"""

import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
page = root / "docs/lua-library.md"

HEAD = """# The Lua library

Modules for `lua` and `task` scripts, part of the program: `require "hysteresis"`. They keep nothing themselves: what is to
be remembered is in a plain table that you give them, and where that table lies in `state` it survives a
reload, and with `keep: true` a restart. This page is made from their source in [lua/lib](../lua/lib) by
`tools/lua_library.py`.

A `lua/` directory beside the flow holds modules of your own; one with the name of a module here takes its place.
"""


def texts(path):
    """The blocks of `---` lines of a module."""
    block = []
    for line in path.read_text(encoding="utf-8").splitlines() + [""]:
        if line.startswith("---"):
            block.append(line[3:].removeprefix(" "))
        elif block:
            yield block
            block = []


def chapter(path):
    first, *functions = texts(path)
    lines = [f"## {path.stem}", "", *first, ""]
    for block in functions:
        head, _, rest = block[0].partition(": ")
        lines += [f"**{head}**: {rest}" if rest else block[0], *block[1:], ""]
    return "\n".join(lines)


def main():
    modules = sorted(p for p in (root / "lua/lib").glob("*.lua") if not p.stem.endswith("_test"))
    untested = [p.name for p in modules if not p.with_name(p.stem + "_test.lua").exists()]
    if untested:
        sys.exit(f"without a _test.lua beside it: {', '.join(untested)}")
    text = HEAD + "\n" + "\n".join(chapter(p) for p in modules)
    if "--check" not in sys.argv:
        page.write_text(text, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != text:
        sys.exit("docs/lua-library.md is not what lua/lib says: run tools/lua_library.py")


main()
