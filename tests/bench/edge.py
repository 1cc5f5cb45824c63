#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""From an edge to an output: gpio.in → expr → gpio.out on a chip in memory.

edge.py BUILD [EDGES]: this program moves line 17 by the chip's socket and waits until line 27 follows. For comparison the
same round trip through a bare poll loop in C, which answers each line with another; the difference is what the engine adds:
the chip's own bookkeeping, the event, one turn with three nodes, the guard, the write.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = r"""
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    char text[64];
    strcpy(at.sun_path, argv[1]);
    bind(listener, (struct sockaddr *)&at, sizeof at);
    listen(listener, 1);
    struct pollfd fd = {accept(listener, 0, 0), POLLIN, 0};
    while (poll(&fd, 1, -1) > 0) {
        ssize_t len = read(fd.fd, text, sizeof text);
        if (len < 4)
            return 0;
        text[0] = '2', text[1] = '7';
        if (write(fd.fd, text, (size_t)len) != len)
            return 1;
    }
}
"""


def connect(path):
    end = socket.socket(socket.AF_UNIX)
    while True:
        try:
            end.connect(path)
            return end, end.makefile("r")
        except (FileNotFoundError, ConnectionRefusedError):
            end.close()
            end = socket.socket(socket.AF_UNIX)
            time.sleep(0.01)


def round_trips(path, edges):
    """µs, sorted."""
    end, lines = connect(path)
    taken = []
    for i in range(edges + 100):
        level = (i + 1) & 1
        begun = time.perf_counter_ns()
        end.sendall(f"17 {level}\n".encode())
        while True:
            words = lines.readline().split()
            if words[0] == "27" and words[-2 if len(words) > 2 else 1] == str(level):
                break
        taken.append((time.perf_counter_ns() - begun) / 1000)
    return sorted(taken[100:])


def show(what, taken):
    print(f"| {what} | {taken[len(taken) // 2]:.0f} µs | {taken[len(taken) * 99 // 100]:.0f} µs | {taken[-1]:.0f} µs |")


def main():
    build, edges = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    print("| | median | 99 % | max |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        chip, flow = f"{directory}/chip", Path(directory) / "flow.yaml"
        flow.write_text(f"""moat-flow: 1
links: {{board: {{gpio: 'fake:{chip}'}}}}
nodes:
  button: {{gpio.in: board/17, debounce: 0s}}
  same: {{expr: button and true}}
  lamp: {{gpio.out: board/27, from: same, failsafe: false}}
""", encoding="utf-8")
        engine = subprocess.Popen([f"{build}/engine/cli/moat-flow", "run", "--state", directory, str(flow)],
                                  stderr=subprocess.DEVNULL)
        show("`gpio.in` → `expr` → `gpio.out`", round_trips(chip, edges))
        engine.kill()
        engine.wait()
        source, bare, path = f"{directory}/bare.c", f"{directory}/bare", f"{directory}/echo"
        Path(source).write_text(BARE, encoding="utf-8")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", bare, source], check=True)
        loop = subprocess.Popen([bare, path])
        show("a bare poll loop", round_trips(path, edges))
        loop.kill()
        loop.wait()


if __name__ == "__main__":
    main()
