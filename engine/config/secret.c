/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Secrets: one file each, in the directory that systemd or the command line names.
 *
 * The name is checked before a path is made of it, so that a flow file cannot
 * read what lies elsewhere. A secret is read once, however many nodes use it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/config/flow_priv.h"

enum { SECRET_MAX = 64 * 1024 }; /* bytes */

/* [A-Za-z0-9_.-]+, without a dot in front: neither hidden files nor `..`. */
bool mf_secret_is_name(const char *name, size_t len)
{
    if (len == 0 || len > 255 || name[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return true;
}

/* The bytes of the file, or NULL with secret->fault set. */
static char *read_all(struct mf_reading *reading, struct mf_secret *secret, int fd,
                      const char *path)
{
    char *text = mf_arena_alloc(reading->arena, SECRET_MAX + 4);
    size_t len = 0;

    /* Two bytes more than allowed, for the newline that is cut off. */
    while (len < SECRET_MAX + 3) {
        ssize_t got = read(fd, text + len, SECRET_MAX + 3 - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            secret->fault = mf_arena_printf(reading->arena, "`%s`: %s", path, strerror(errno));
            return NULL;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    if (len && text[len - 1] == '\n')
        len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
    text[len] = '\0';
    secret->len = len;
    if (len > SECRET_MAX)
        secret->fault =
            mf_arena_printf(reading->arena, "`%s` is over %d bytes, the limit", path, SECRET_MAX);
    else if (strlen(text) != len)
        secret->fault =
            mf_arena_printf(reading->arena, "`%s` holds a NUL byte, so it is no text", path);
    return secret->fault ? NULL : text;
}

static void read_secret(struct mf_reading *reading, struct mf_secret *secret, const char *name)
{
    const char *dir = reading->setup->secrets_dir;
    struct stat st;
    char *path;
    int fd;

    if (!dir)
        dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || !*dir) {
        secret->fault = "neither --secrets nor $CREDENTIALS_DIRECTORY says where secrets are";
        return;
    }
    path = mf_arena_printf(reading->arena, "%s/%s", dir, name);
    /* Not blocking: a pipe in the directory must not hang the reader. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        secret->fault = mf_arena_printf(reading->arena, "`%s`: %s", path, strerror(errno));
        return;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        secret->fault = mf_arena_printf(reading->arena, "`%s` is not a file", path);
    else
        secret->text = read_all(reading, secret, fd, path);
    close(fd);
}

const struct mf_secret *mf_secret_get(struct mf_reading *reading, const char *name)
{
    struct mf_secret *secret = mf_map_get(&reading->secrets, name);

    if (secret)
        return secret;
    secret = mf_arena_alloc(reading->arena, sizeof *secret);
    read_secret(reading, secret, name);
    mf_map_add(&reading->secrets, mf_arena_strdup(reading->arena, name), secret);
    return secret;
}
