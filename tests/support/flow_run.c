/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/flow_run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void flow_run_start(struct flow_run *run, const struct peer *peer, const char *text,
                    const char *option)
{
    const char *program = getenv("MOAT_FLOW");
    char port[32], dir[280];

    assert_non_null(program);
    memset(run, 0, sizeof(*run));
    peer_write(peer, "flow.yaml", text);
    snprintf(run->path, sizeof(run->path), "%s", peer_path(peer, "flow.yaml"));
    snprintf(port, sizeof(port), "port=%d", peer_port(peer));
    snprintf(dir, sizeof(dir), "dir=%s", peer_dir(peer));
    child_start(&run->child, (const char *[]){program, "run", "--set", port, "--set", dir,
                                              "--state", peer_dir(peer), run->path, option, NULL});
}

void flow_run_reload(struct flow_run *run, const struct peer *peer, const char *text)
{
    peer_write(peer, "flow.yaml", text);
    child_signal(&run->child, SIGHUP);
    child_wait_for(&run->child, "reload: done");
}

void flow_run_wait_for(struct flow_run *run, const char *log_text)
{
    child_wait_for(&run->child, log_text);
}

const char *flow_run_log(struct flow_run *run)
{
    return child_output(&run->child);
}

void flow_run_end(struct flow_run *run)
{
    int code;

    child_signal(&run->child, SIGTERM);
    code = child_end(&run->child);
    if (code != 0)
        fail_msg("moat-flow ended with %d:\n%s", code, child_output(&run->child));
    child_done(&run->child);
}

void flow_run_kill(struct flow_run *run)
{
    child_signal(&run->child, SIGKILL);
    child_end(&run->child);
    child_done(&run->child);
}
