/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"

enum { PIPE_BYTES = 1 << 20, CHUNK = 4096, PATH_BYTES = 512, CHILDREN = 16 };

extern char **environ;

static int64_t now(void)
{
    struct mf_clock clock;

    mf_clock_init_real(&clock);
    return mf_clock_mono(&clock);
}

/* ---- a test that fails half-way leaves nobody behind ---- */

static int running[CHILDREN];

static void kill_all(void)
{
    for (unsigned i = 0; i < CHILDREN; i++)
        if (running[i])
            kill(running[i], SIGKILL);
}

/* Replaces one pid in the list by another; 0 is a free place. */
static void note(int was, int is)
{
    static bool is_registered;

    if (!is_registered)
        atexit(kill_all);
    is_registered = true;
    for (unsigned i = 0; i < CHILDREN; i++)
        if (running[i] == was) {
            running[i] = is;
            return;
        }
}

/* ---- starting and listening ---- */

/* The child gets the ends of the pipes and none of the signals that the test's thread blocks. */
static int spawn(struct child *child, const char *const *argv, int out, int in)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    int rc;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    rc =
        posix_spawnp(&pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    child->pid = rc == 0 ? pid : 0;
    if (rc == 0)
        note(0, pid);
    return rc;
}

void child_start(struct child *child, const char *const *argv)
{
    int out[2], in[2], rc;

    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(in, O_CLOEXEC) < 0)
        fail_msg("no pipe: %s", strerror(errno));
    fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES); /* a child that nobody reads must not wait */
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    rc = spawn(child, argv, out[1], in[0]);
    close(out[1]);
    close(in[0]);
    child->out = out[0];
    child->in = in[1];
    child->seen = child->text.len;
    if (rc != 0)
        fail_msg("cannot start %s: %s", argv[0], strerror(rc));
}

/* Takes what is there; false at the end of the output. */
static bool drain(struct child *child)
{
    char chunk[CHUNK];
    ssize_t got;

    if (child->out < 0)
        return false;
    while ((got = read(child->out, chunk, sizeof(chunk))) > 0)
        mf_buf_put(&child->text, chunk, (size_t)got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    close(child->out);
    child->out = -1;
    return false;
}

bool child_says(struct child *child, const char *text)
{
    int64_t deadline = now() + CHILD_LIMIT_S * MF_SEC;

    for (;;) {
        bool goes_on = drain(child);
        const char *found =
            child->text.len ? strstr(mf_buf_text(&child->text) + child->seen, text) : NULL;
        struct pollfd poll_fd = {.fd = child->out, .events = POLLIN};

        if (found) {
            child->seen = (size_t)(found - child->text.data) + strlen(text);
            return true;
        }
        if (!goes_on || now() >= deadline)
            return false;
        poll(&poll_fd, 1, 1000);
    }
}

void child_wait_for(struct child *child, const char *text)
{
    if (!child_says(child, text))
        fail_msg("`%s` was not said; output:\n%s", text, mf_buf_text(&child->text));
}

const char *child_output(struct child *child)
{
    drain(child);
    return mf_buf_text(&child->text);
}

void child_signal(struct child *child, int number)
{
    if (child->pid)
        kill(child->pid, number);
}

/* The output ends when the child does, so that nothing has to be waited for but that. */
int child_end(struct child *child)
{
    int64_t deadline = now() + CHILD_LIMIT_S * MF_SEC;
    int status = 0;

    if (!child->pid)
        return -1;
    while (drain(child)) {
        struct pollfd poll_fd = {.fd = child->out, .events = POLLIN};

        if (now() >= deadline)
            fail_msg("it does not end; output:\n%s", mf_buf_text(&child->text));
        poll(&poll_fd, 1, 1000);
    }
    waitpid(child->pid, &status, 0);
    note(child->pid, 0);
    child->pid = 0;
    if (child->in >= 0)
        close(child->in);
    child->in = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_done(struct child *child)
{
    if (child->pid) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        note(child->pid, 0);
        if (child->in >= 0)
            close(child->in);
        if (child->out >= 0)
            close(child->out);
    }
    mf_buf_done(&child->text);
    memset(child, 0, sizeof(*child));
}

void child_run(const char *const *argv)
{
    struct child child = {0};
    int code;

    child_start(&child, argv);
    code = child_end(&child);
    if (code != 0)
        fail_msg("%s ended with %d:\n%s", argv[0], code, mf_buf_text(&child.text));
    child_done(&child);
}

const char *child_find(const char *name)
{
    static char path[PATH_BYTES];
    const char *list = getenv("PATH");
    static const char *const places[] = {"/usr/sbin", "/usr/local/sbin", "/sbin"};

    for (const char *place = list ? list : ""; *place;) {
        size_t len = strcspn(place, ":");

        snprintf(path, sizeof(path), "%.*s/%s", (int)len, place, name);
        if (len && access(path, X_OK) == 0)
            return path;
        place += len + (place[len] == ':');
    }
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", places[i], name);
        if (access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

size_t child_count(const char *text, const char *part)
{
    size_t count = 0;

    for (text = strstr(text, part); text; text = strstr(text + strlen(part), part))
        count++;
    return count;
}
