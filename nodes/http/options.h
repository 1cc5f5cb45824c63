/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Option types of the http link and its nodes: addresses, paths, header lines. */

#include "engine/config/type.h"
#include "engine/graph/kind.h"

enum { MF_HTTP_HEADERS = 32, MF_HTTP_HEADER = 8000 }; /* lines; bytes of one */

/* What to ask: an address of its own, or a path on the link. */
struct mf_http_target {
    const char *text;
    bool is_url;
    bool is_secret; /* made of a secret: not shown */
};

struct mf_http_headers {
    const char *const *lines; /* "Name: value", ended by NULL */
    size_t count;
};

/* Do the lines have one of that name? `line` is a name, or a line that begins with one. */
bool mf_http_headers_have(const struct mf_http_headers *headers, const char *line);
/* Appends the address of the target: below `base`, if it is a path. */
void mf_http_join(const char *base, const struct mf_http_target *target, struct mf_buf *buf);

extern const struct mf_type mf_type_http_base;    /* const char * */
extern const struct mf_type mf_type_http_target;  /* struct mf_http_target */
extern const struct mf_type mf_type_http_headers; /* struct mf_http_headers */

/* Options that the nodes share, as entries of their tables. */
#define MF_HTTP_OPTION_TARGET                                                                      \
    {                                                                                              \
        "path", &mf_type_http_target, MF_MEMBER(MF_CONFIG, target, struct mf_http_target),         \
            .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,                                             \
            .summary = "Path on the link, such as `/status?full=1`, or an address of its own, "    \
                       "`https://…`, which needs no link.",                                        \
    }
#define MF_HTTP_OPTION_LINK                                                                        \
    {                                                                                              \
        "link", MF_STRING(link),                                                                   \
            .flags = MF_OPT_LINK,                                                                  \
            .summary = "Link of kind `http`; may be left out where the flow has only one.",        \
    }
#define MF_HTTP_OPTION_HEADERS                                                                     \
    {                                                                                              \
        "headers", &mf_type_http_headers, MF_MEMBER(MF_CONFIG, headers, struct mf_http_headers),   \
            .flags = MF_OPT_SECRET,                                                                \
            .summary = "Header lines to send, by name; they replace those of the link that have "  \
                       "the same name.",                                                           \
    }
#define MF_HTTP_OPTION_TIMEOUT                                                                     \
    {                                                                                              \
        "timeout", MF_DURATION(timeout), MF_LIMITS(0.1, 3600),                                     \
            .summary = "How long an answer may take, all of it; default: as the link says, 30s "   \
                       "without one.",                                                             \
    }
#define MF_HTTP_OPTION_MAX_SIZE                                                                    \
    {                                                                                              \
        "max_size", MF_SIZE(max_size),                                                             \
            .fallback = "1MiB", MF_LIMITS(1024, 67108864),                                         \
            .summary = "Bytes that an answer may have, unpacked; what is larger is refused.",      \
    }

/* Of a config that begins with its target: whether it needs no link. */
bool mf_http_is_alone(const void *config);
/* Reports a node that has both an address of its own and a link. */
void mf_http_check_target(const struct mf_http_target *target, const char *link,
                          struct mf_check *check);
