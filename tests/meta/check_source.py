#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Reads the sources and holds them to the rules of the house: who may include whom, one home for each
library, banned functions, a licence line, one purpose per file, nothing at the top that is not known.

check_source.py ROOT
"""

import re
import subprocess
import sys
from pathlib import Path

# A folder sees itself, what stands before it in this chain …
CHAIN = ["engine/base", "engine/value", "engine/config", "engine/expr", "engine/graph", "engine/run",
         "engine/control", "engine/cli"]
# … and these see the chain up to the named folder.
UP_TO = {"rules": "engine/graph", "nodes": "engine/graph", "lua": "engine/graph"}

# Header → the only sources that may include it.
LIBRARIES = {
    "libical/ical.h": {"nodes/calendar/events.c"},
    "yaml.h": {"engine/config/compose.c"},
    "uv.h": {"engine/run/loop_uv.c", "engine/run/loop_priv_uv.h", "engine/run/watch_uv.c",
             "engine/control/socket.c", "engine/control/socket_priv.h", "engine/control/http.c"},
    **{name: {"lua/"} for name in ("lua.h", "lauxlib.h", "lualib.h")},
    "curl/curl.h": {"nodes/net/http"},
    "sqlite3.h": {"engine/run/store_sqlite.c"},
    "microhttpd.h": {"engine/control/http.c"},
    "mosquitto.h": {"nodes/mqtt/"},
    "mqtt_protocol.h": {"nodes/mqtt/"},
}

# Function → (why not, where it is allowed all the same).
BANNED = {
    **{name: ("use snprintf or mf_buf", ()) for name in ("strcpy", "strcat", "sprintf", "gets")},
    "strtok": ("keeps hidden state", ()),
    **{name: ("reads by locale and stops early; use mf_num_…", ())
       for name in ("atoi", "atol", "atof", "strtol", "strtoll", "strtoul", "strtoull")},
    # One correctly rounded reader is needed at the bottom; it runs with the C locale.
    "strtod": ("reads by locale and stops early; use mf_num_…", ("engine/base/num.c",)),
    "alloca": ("the size is not checked", ()),
    **{name: ("a shell is a hole", ()) for name in ("system", "popen")},
    **{name: ("use engine/base/rng.h", ()) for name in ("rand", "srand", "random")},
    **{name: ("hidden state or locale", ()) for name in ("localtime", "gmtime", "ctime", "setlocale")},
    "exit": ("only main() ends the process", ()),
    **{name: ("use engine/base/alloc.h", ("engine/base/",)) for name in
       ("malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf")},
    **{name: ("results are printed by engine/cli only", ("engine/cli/", "nodes/mqtt/front"))
       for name in ("printf", "puts", "putchar")},
    **{name: ("nothing sleeps; arm a timer", ()) for name in ("sleep", "usleep", "nanosleep")},
    **{name: ("use engine/base/clock.h", ("engine/base/clock.c",)) for name in
       ("time", "gettimeofday", "clock_gettime")},
    # Without a loop there is nobody to hand the signal to.
    "signal": ("the loop watches signals", ("engine/cli/",)),
    "fork": ("use posix_spawn", ()),
}

TOP = {"meson.build", "meson_options.txt", "engine", "nodes", "rules", "lua", "examples", "tests", "tools",
       "docs", "web", "packaging", "LICENSE.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"}

LINES = 600  # above that, a file's first comment gives the reason; a test may be a little longer
TEST_LINES = 700

faults = []


def fault(path, line, text):
    faults.append(f"{path}:{line}: {text}")


def code_of(text):
    """The text with comments, strings and character constants blanked, line for line."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def home(path):
    for folder in CHAIN:
        if path.startswith(folder + "/"):
            return folder
    return path.split("/")[0]


def may_include(path, target):
    own, other = home(path), home(target)
    if own == "tests" or other == own and own not in ("nodes",):
        return True
    if own == "nodes" and other == "nodes":
        # One family of kinds does not see another, only what links share; the list of kinds sees all.
        return target.split("/")[1] in (path.split("/")[1], "net") or path == "nodes/kinds.c"
    if own == "engine/cli":
        return other in CHAIN or other in ("nodes", "rules")
    top = UP_TO.get(own, own)
    return other in CHAIN and CHAIN.index(other) <= CHAIN.index(top)


def check_includes(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not match:
            continue
        kind, target = match.groups()
        if kind == '"' and "/" in target and not may_include(path, target):
            fault(path, number, f"{home(path)} may not include {target}")
        allowed = LIBRARIES.get(target)
        if allowed and not path.startswith("tests/") and not any(path.startswith(a) for a in allowed):
            fault(path, number, f"<{target}> belongs into {', '.join(sorted(allowed))}")


def check_banned(path, text):
    tests_may = {"exit", "calloc", "realloc", "printf", "puts", "putchar", "popen", "free", "malloc", "signal"}
    for number, line in enumerate(code_of(text).splitlines(), 1):
        for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", line):
            name = match.group(1)
            if name not in BANNED or path.startswith("tests/") and name in tests_may:
                continue
            why, allowed = BANNED[name]
            if not any(path.startswith(a) for a in allowed):
                fault(path, number, f"{name}() is banned: {why}")


def check_file(root, path):
    text = (root / path).read_text(encoding="utf-8")
    if path.endswith((".c", ".h")):
        if "SPDX-License-Identifier: LGPL-3.0-or-later" not in text.split("\n", 1)[0]:
            fault(path, 1, "the first line wants `/* SPDX-License-Identifier: LGPL-3.0-or-later */`")
        check_includes(path, text)
        check_banned(path, text)
        lines = text.count("\n")
        limit = TEST_LINES if path.startswith("tests/") else LINES
        if lines > limit and "lines because" not in text[:2000]:
            fault(path, lines, f"{lines} lines, over {limit}: split it, or say `… lines because …` on top")
        if path.endswith(".h") and "#pragma once" not in text:
            fault(path, 1, "a header wants `#pragma once`")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TO[D]O|FIX[M]E|X[X]X)\b", line):
            fault(path, number, "open work is an issue, not a comment")


def main():
    root = Path(sys.argv[1])
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True)
    if listed.returncode == 0:
        files = [f for f in listed.stdout.decode().split("\0") if f]
    else:  # a source package without its history
        files = [str(f.relative_to(root)) for top in TOP for f in (root / top).rglob("*") if f.is_file()]
    for path in files:
        top = path.split("/")[0]
        if not top.startswith(".") and top not in TOP:
            fault(path, 1, f"`{top}` is not one of the known names at the top")
        if path.endswith((".c", ".h", ".py", ".build", ".sh", ".md", ".def")) and (root / path).exists():
            check_file(root, path)
    print("\n".join(sorted(faults)))
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
