/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the service manager is told, and that nobody needs one. */

#include "engine/control/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/num.h"

static int forget(void **state)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static int receiver(const char *address, size_t len)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(at.sun_path, address, len);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    return fd;
}

static void expect_text(int fd, const char *text)
{
    char got[500];
    ssize_t len = recv(fd, got, sizeof(got) - 1, 0);

    assert_true(len > 0);
    got[len] = 0;
    assert_string_equal(got, text);
}

static void tell_all(int fd)
{
    struct mf_notify notify;

    mf_notify_open(&notify);
    mf_notify_event(&notify, MF_LOOP_READY, "3 nodes, healthy");
    expect_text(fd, "READY=1\nSTATUS=3 nodes, healthy\n");
    mf_notify_event(&notify, MF_LOOP_ALIVE, "two\nlines");
    expect_text(fd, "WATCHDOG=1\nSTATUS=two lines\n");
    mf_notify_event(&notify, MF_LOOP_STOPPING, "stopping");
    expect_text(fd, "STOPPING=1\nSTATUS=stopping\n");
    mf_notify_close(&notify);
}

/* A socket in the file system is told each event in a datagram of its own. */
static void socket_with_a_path(void **state)
{
    char dir[] = "/tmp/moat-flow-notify-XXXXXX", *path;
    int fd;

    assert_non_null(mkdtemp(dir));
    path = mf_asprintf("%s/socket", dir);
    fd = receiver(path, strlen(path) + 1);
    setenv("NOTIFY_SOCKET", path, 1);
    tell_all(fd);
    close(fd);
    unlink(path);
    rmdir(dir);
    mf_free(path);
}

/* One in the abstract space, too: its name ends where its length says. */
static void abstract_socket(void **state)
{
    char *name = mf_asprintf("@moat-flow-test-%d", (int)getpid());
    int fd;

    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = 0;
    fd = receiver(name, 1 + strlen(name + 1));
    tell_all(fd);
    close(fd);
    mf_free(name);
}

/* A reload and its time are one message, and the time is that of the mono clock. */
static void reloading_carries_the_time(void **state)
{
    char *name = mf_asprintf("@moat-flow-test-%d", (int)getpid()), got[200];
    struct mf_notify notify;
    struct mf_clock clock;
    int64_t before, usec, after;
    const char *number;
    ssize_t len;
    int fd;

    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = 0;
    fd = receiver(name, 1 + strlen(name + 1));
    mf_clock_init_real(&clock);
    mf_notify_open(&notify);
    before = mf_clock_mono(&clock) / MF_US;
    mf_notify_event(&notify, MF_LOOP_RELOADING, "busy");
    after = mf_clock_mono(&clock) / MF_US;
    len = recv(fd, got, sizeof(got) - 1, 0);
    assert_true(len > 0);
    got[len] = 0;
    assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
    number = got + 27;
    assert_true(mf_num_read_int(number, strcspn(number, "\n"), &usec));
    assert_true(before <= usec && usec <= after);
    mf_notify_close(&notify);
    close(fd);
    mf_free(name);
}

/* The watchdog is fed twice as often as it asks, and only if it means this process. */
static void watchdog_interval(void **state)
{
    static const struct {
        const char *usec, *pid;
        int64_t interval;
    } cases[] = {
        {"30000000", NULL, 15 * MF_SEC},
        {"30000000", "1", 0},
        {"30000000", "mine", 15 * MF_SEC},
        {"0", NULL, 0},
        {"-5", NULL, 0},
        {"soon", NULL, 0},
        {NULL, NULL, 0},
        {"9223372036854775807", NULL, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_notify notify;
        char *pid = mf_asprintf("%d", (int)getpid());

        forget(NULL);
        setenv("NOTIFY_SOCKET", "@somewhere", 1);
        if (cases[i].usec)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid)
            setenv("WATCHDOG_PID", strcmp(cases[i].pid, "mine") == 0 ? pid : cases[i].pid, 1);
        mf_notify_open(&notify);
        assert_int_equal(mf_notify_interval(&notify), cases[i].interval);
        mf_notify_close(&notify);
        mf_free(pid);
    }
}

static void count_line(void *arg, enum mf_log_level level, const char *line)
{
    ++*(unsigned *)arg;
}

/* Without a service manager nothing is sent and nothing is said; one that cannot be reached is said
 * once. */
static void nobody_there(void **state)
{
    static const struct {
        const char *address;
        unsigned lines;
    } cases[] = {{NULL, 0},
                 {"", 0},
                 {"vsock:2:1", 1},
                 {"@moat-flow-nobody-listens-here", 1},
                 {"/a/path/that/is/so/long/that/it/does/not/fit/into/the/address/of/a/unix/socket/"
                  "which/holds/only/a/hundred/and/eight/bytes",
                  1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_notify notify;
        unsigned lines = 0;

        forget(NULL);
        mf_log_divert(count_line, &lines);
        if (cases[i].address)
            setenv("NOTIFY_SOCKET", cases[i].address, 1);
        mf_notify_open(&notify);
        mf_notify_event(&notify, MF_LOOP_READY, "x");
        mf_notify_event(&notify, MF_LOOP_ALIVE, "x");
        assert_int_equal(mf_notify_interval(&notify), 0);
        mf_notify_close(&notify);
        mf_log_divert(NULL, NULL);
        assert_int_equal(lines, cases[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(socket_with_a_path, forget),
        cmocka_unit_test_setup(abstract_socket, forget),
        cmocka_unit_test_setup(reloading_carries_the_time, forget),
        cmocka_unit_test_setup(watchdog_interval, forget),
        cmocka_unit_test_setup(nobody_there, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
