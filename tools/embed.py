#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Writes files into a C source, so that the program needs none of them at run time.

embed.py OUT.c HEADER STRUCT TABLE BASE FILE…

TABLE is an array of `struct STRUCT` that begins with name, text and length. The name is the path
from BASE without the ending; files in `lib` go by their name alone.
"""

import sys
from pathlib import Path

out, header, struct, table, base, *files = sys.argv[1:]


def name_of(file):
    return str(Path(file).resolve().relative_to(Path(base).resolve()).with_suffix("")).removeprefix("lib/")


files.sort(key=name_of)
lines = ["/* Made by tools/embed.py. */", f'#include "{header}"', ""]
for number, file in enumerate(files):
    data = Path(file).read_bytes()
    lines.append(f"static const char text_{number}[] = {{")
    for start in range(0, len(data), 20):
        lines.append("    " + " ".join(f"{byte if byte < 128 else byte - 256}," for byte in data[start:start + 20]))
    lines += ["    0,", "};", ""]
lines.append(f"const struct {struct} {table}[] = {{")
for number, file in enumerate(files):
    more = ", .is_module = true" if Path(file).parent.name == "lib" else ""
    lines.append(f'    {{"{name_of(file)}", text_{number}, sizeof(text_{number}) - 1{more}}},')
lines += ["    {0},", "};", ""]
Path(out).write_text("\n".join(lines), encoding="utf-8")
