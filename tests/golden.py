#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Golden test: what a command prints is what stands in a file.

golden.py EXPECTED DIRECTORY COMMAND… runs the command in the directory and compares its standard
output with the file EXPECTED, whose first line may be `exit N` and says which exit code is right
(else 0). MF_UPDATE=1 rewrites the file instead; the diff is then for people to read.
"""

import difflib
import os
import subprocess
import sys


def main():
    expected_path, directory, *command = sys.argv[1:]
    # Programs are named relative to where we are started, not to the directory of the test.
    command = [os.path.abspath(word) if os.sep in word and os.path.exists(word) else word for word in command]
    env = {k: v for k, v in os.environ.items() if not k.startswith("MF_TEST_")}
    env.update(NO_COLOR="1", LC_ALL="C.UTF-8")
    env.pop("CREDENTIALS_DIRECTORY", None)
    done = subprocess.run(command, cwd=directory, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)
    got = f"exit {done.returncode}\n" + done.stdout.decode("utf-8", "backslashreplace")
    if os.environ.get("MF_UPDATE"):
        with open(expected_path, "w", encoding="utf-8") as out:
            out.write(got)
        return 0
    try:
        with open(expected_path, encoding="utf-8") as file:
            wanted = file.read()
    except FileNotFoundError:
        print(f"{expected_path} is missing; MF_UPDATE=1 makes it", file=sys.stderr)
        return 1
    if got == wanted:
        return 0
    sys.stderr.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True),
                                               "expected", "printed"))
    sys.stderr.write(done.stderr.decode("utf-8", "backslashreplace"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
