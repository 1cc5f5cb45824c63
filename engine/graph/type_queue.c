/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The option `queue`: `latest`, a number of messages, `spool SIZE`, or `{spool: SIZE, pace: N}`.
 */

#include <string.h>

#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/graph/compile_priv.h"

#define MESSAGES_MAX 1000000
#define SPOOL_MIN 65536.0         /* bytes */
#define SPOOL_MAX 1099511627776.0 /* 1 TiB */
#define PACE_MAX 1000000.0        /* messages/s */

#define SYNTAX "`latest`, a number of messages, or `spool SIZE`"

#ifdef MF_WITH_SQLITE
const char *const mf_compile_no_store = NULL;
#else
const char *const mf_compile_no_store = "libsqlite3";
#endif

/* ---- on disk ---- */

static const struct mf_option spool_options[] = {
    {"spool", &mf_type_size, MF_MEMBER(struct mf_queue_def, capacity, int64_t),
     .flags = MF_OPT_REQUIRED, .min = SPOOL_MIN, .max = SPOOL_MAX,
     .summary = "How much of the disk the messages may take; then the oldest are dropped."},
    {"pace", &mf_type_int, MF_MEMBER(struct mf_queue_def, pace, int64_t), .fallback = "1000",
     .min = 1, .max = PACE_MAX,
     .summary = "Messages per second by which a backlog shrinks once the other side is back."},
    {0},
};

static bool cannot_spool(struct mf_load *load, const struct mf_tree *tree)
{
    if (!mf_compile_no_store)
        return false;
    mf_diag_help(mf_diag(load->diags, MF_ERROR, 602, tree->at,
                         "a queue on disk needs %s, which this program was built without",
                         mf_compile_no_store),
                 "give the number of messages to keep in memory, such as `queue: 10000`");
    return true;
}

/* `spool 50 MiB`: the size is read as if it stood alone. */
static bool spool_read(struct mf_load *load, const struct mf_tree *tree, size_t word,
                       struct mf_queue_def *ret)
{
    struct mf_tree size = *tree;
    size_t blanks = strspn(tree->text + word, " ");

    size.text += word + blanks;
    size.count -= (uint32_t)(word + blanks);
    if (!blanks || !size.count) {
        mf_diag_help(mf_diag(load->diags, MF_ERROR, 602, tree->at,
                             "`queue: %s` does not say how much of the disk it may take",
                             tree->text),
                     "write `queue: spool 50 MiB`");
        return false;
    }
    return mf_type_size.read(load, &spool_options[0], &size, &ret->capacity);
}

/* ---- all ---- */

static bool queue_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_queue_def queue = {.mode = MF_QUEUE_SPOOL, .pace = MF_QUEUE_PACE};
    const char *text = NULL;

    if (tree->kind == MF_TREE_MAP) {
        if (cannot_spool(load, tree) ||
            !mf_load_options(load, spool_options, "queue", tree->at, NULL, tree->pairs, tree->count,
                             NULL, &queue))
            return false;
    } else if (!(text = mf_type_scalar(load, option, tree))) {
        return false;
    } else if (strcmp(text, "latest") == 0) {
        queue = (struct mf_queue_def){MF_QUEUE_LATEST, 1};
    } else if (mf_text_starts(text, "spool")) {
        if (!spool_read(load, tree, strlen("spool"), &queue) || cannot_spool(load, tree))
            return false;
    } else {
        queue = (struct mf_queue_def){MF_QUEUE_FIFO, 1};
        if (strspn(text, "0123456789") != tree->count ||
            !mf_num_read_int(text, tree->count, &queue.capacity) || queue.capacity < 1 ||
            queue.capacity > MESSAGES_MAX)
            return mf_type_mismatch(load, option, tree, SYNTAX "; messages are 1..1000000");
    }
    *(struct mf_queue_def *)ret = queue;
    return true;
}

static void queue_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000},"
                     "{\"type\":\"string\",\"pattern\":\"^(latest|0*(1000000|[1-9][0-9]{0,5})|"
                     "spool +[0-9.]+ *[kMGT]?i?B)$|\\\\$\\\\{\"},"
                     "{\"type\":\"object\",\"required\":[\"spool\"],"
                     "\"additionalProperties\":false,\"properties\":{\"spool\":");
    mf_type_size.schema(&spool_options[0], buf);
    mf_buf_puts(buf, ",\"pace\":");
    mf_type_int.schema(&spool_options[1], buf);
    mf_buf_puts(buf, "}}]}");
}

const struct mf_type mf_type_queue = {
    .name = "queue",
    .syntax = SYNTAX,
    .size = sizeof(struct mf_queue_def),
    .read = queue_read,
    .schema = queue_schema,
};
