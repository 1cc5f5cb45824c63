#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Writes Lua files into a C source, so that the program needs none of them at run time.

embed.py OUT.c FILE.lua…
"""

import sys
from pathlib import Path

out, *files = sys.argv[1:]
lines = ["/* Made by lua/embed.py. */", '#include "lua/embedded.h"', ""]
for file in files:
    data = Path(file).read_bytes()
    lines.append(f"static const char text_{Path(file).stem}[] = {{")
    for start in range(0, len(data), 20):
        lines.append("    " + " ".join(f"{byte if byte < 128 else byte - 256}," for byte in data[start:start + 20]))
    lines += ["    0,", "};", ""]
lines.append("const struct mf_lua_file mf_lua_files[] = {")
for file in sorted(files, key=lambda f: Path(f).stem):
    stem = Path(file).stem
    library = "true" if Path(file).parent.name == "lib" else "false"
    lines.append(f'    {{"{stem}", text_{stem}, sizeof(text_{stem}) - 1, {library}}},')
lines += ["    {0},", "};", ""]
Path(out).write_text("\n".join(lines), encoding="utf-8")
