/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "tests/support/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/alloc.h"

enum { DIR_BYTES = 128, PATH_BYTES = 256, PATHS = 8, TRIES = 5 };

struct peer {
    struct child child;
    char dir[DIR_BYTES];
    const char *program;
    int port;
};

static char paths[PATHS][PATH_BYTES];

const char *peer_path(const struct peer *peer, const char *name)
{
    static unsigned next;
    char *path = paths[next++ % PATHS];

    snprintf(path, PATH_BYTES, "%s/%s", peer->dir, name);
    return path;
}

void peer_write(const struct peer *peer, const char *name, const char *text)
{
    int fd = open(peer_path(peer, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
        fail_msg("cannot write %s: %s", name, strerror(errno));
}

/* Free when it was looked at; whoever gets in between makes the start fail, and another is tried.
 */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail_msg("no free port: %s", strerror(errno));
    close(fd);
    return ntohs(address.sin_port);
}

/* ---- certificates ---- */

static void make_ca(const struct peer *peer, const char *name, const char *subject)
{
    char cert[PATH_BYTES], key[PATH_BYTES];

    snprintf(cert, sizeof(cert), "%s/%s.pem", peer->dir, name);
    snprintf(key, sizeof(key), "%s/%s.key", peer->dir, name);
    child_run((const char *[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", subject,
                               "-keyout", key, "-out", cert, NULL});
}

static void make_certificates(const struct peer *peer)
{
    make_ca(peer, "ca", "/CN=CA of a test");
    make_ca(peer, "other", "/CN=CA of somebody else");
    child_run((const char *[]){"openssl",
                               "req",
                               "-x509",
                               "-newkey",
                               "ec",
                               "-pkeyopt",
                               "ec_paramgen_curve:P-256",
                               "-nodes",
                               "-days",
                               "2",
                               "-subj",
                               "/CN=localhost",
                               "-addext",
                               "subjectAltName=DNS:localhost",
                               "-CA",
                               peer_path(peer, "ca.pem"),
                               "-CAkey",
                               peer_path(peer, "ca.key"),
                               "-keyout",
                               peer_path(peer, "server.key"),
                               "-out",
                               peer_path(peer, "server.pem"),
                               NULL});
}

const char *peer_ca(const struct peer *peer)
{
    return peer_path(peer, "ca.pem");
}

const char *peer_other_ca(const struct peer *peer)
{
    return peer_path(peer, "other.pem");
}

/* ---- configuration ---- */

static void write_conf(const struct peer *peer, unsigned traits, const char *more, const char *acl)
{
    struct mf_buf conf = {0};

    mf_buf_printf(&conf, "listener %d 127.0.0.1\n", peer->port);
    if (geteuid() == 0) /* or it would become a user who may not write here */
        mf_buf_puts(&conf, "user root\n");
    mf_buf_puts(&conf, "log_dest stderr\nlog_type notice\nlog_type information\nlog_type error\n"
                       "log_type subscribe\nlog_type unsubscribe\n"
                       "connection_messages true\n");
    if (traits & PEER_PASSWORD)
        mf_buf_printf(&conf, "allow_anonymous false\npassword_file %s\n",
                      peer_path(peer, "passwords"));
    else
        mf_buf_puts(&conf, "allow_anonymous true\n");
    if (traits & PEER_TLS)
        mf_buf_printf(&conf, "certfile %s\nkeyfile %s\n", peer_path(peer, "server.pem"),
                      peer_path(peer, "server.key"));
    if (traits & PEER_PERSISTENT)
        mf_buf_printf(&conf,
                      "persistence true\npersistence_location %s/\nautosave_on_changes true\n"
                      "autosave_interval 1\n",
                      peer->dir);
    if (acl) {
        peer_write(peer, "acl", acl);
        mf_buf_printf(&conf, "acl_file %s\n", peer_path(peer, "acl"));
    }
    mf_buf_puts(&conf, more ? more : "");
    peer_write(peer, "mosquitto.conf", mf_buf_text(&conf));
    mf_buf_done(&conf);
}

/* ---- life ---- */

/* It says that it runs shortly before it does; a signal in between is lost. */
static void knock(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)peer->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail_msg("mosquitto does not listen: %s", strerror(errno));
    child_wait_for(&peer->child, "New connection");
    close(fd);
}

static bool try_start(struct peer *peer)
{
    child_start(&peer->child,
                (const char *[]){peer->program, "-c", peer_path(peer, "mosquitto.conf"), NULL});
    if (!child_says(&peer->child, " running")) {
        child_end(&peer->child);
        return false;
    }
    knock(peer);
    return true;
}

void peer_start(struct peer *peer)
{
    if (!try_start(peer))
        fail_msg("mosquitto does not start:\n%s", child_output(&peer->child));
}

struct peer *peer_new_with_acl(unsigned traits, const char *more, const char *acl)
{
    const char *program = child_find("mosquitto");
    const char *tmp = getenv("TMPDIR");
    struct peer *peer;

    if (!program)
        return NULL;
    peer = mf_zalloc(sizeof(*peer));
    peer->program = mf_strdup(program);
    snprintf(peer->dir, sizeof(peer->dir), "%s/moat-flow-peer-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(peer->dir))
        fail_msg("no directory: %s", strerror(errno));
    if (traits & PEER_TLS)
        make_certificates(peer);
    if (traits & PEER_PASSWORD)
        child_run((const char *[]){"mosquitto_passwd", "-b", "-c", peer_path(peer, "passwords"),
                                   "flow", "right", NULL});
    for (unsigned i = 0; i < TRIES; i++) {
        peer->port = free_port();
        write_conf(peer, traits, more, acl);
        if (try_start(peer))
            return peer;
    }
    fail_msg("mosquitto does not start:\n%s", child_output(&peer->child));
    return NULL;
}

struct peer *peer_new(unsigned traits, const char *more)
{
    return peer_new_with_acl(traits, more, NULL);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    return remove(path);
}

void peer_free(struct peer *peer)
{
    if (!peer)
        return;
    child_done(&peer->child);
    nftw(peer->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mf_free((void *)(uintptr_t)peer->program);
    mf_free(peer);
}

int peer_port(const struct peer *peer)
{
    return peer->port;
}

const char *peer_dir(const struct peer *peer)
{
    return peer->dir;
}

const char *peer_log(struct peer *peer)
{
    return child_output(&peer->child);
}

void peer_wait_for(struct peer *peer, const char *text)
{
    child_wait_for(&peer->child, text);
}

void peer_stop(struct peer *peer)
{
    child_signal(&peer->child, SIGTERM);
    child_end(&peer->child);
}

void peer_kill(struct peer *peer)
{
    child_signal(&peer->child, SIGKILL);
    child_end(&peer->child);
}

void peer_pause(struct peer *peer)
{
    child_signal(&peer->child, SIGSTOP);
}

void peer_resume(struct peer *peer)
{
    child_signal(&peer->child, SIGCONT);
}
