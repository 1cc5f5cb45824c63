/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * See replay.h. The record is read line by line, so that it may be larger than memory. Lines of one
 * moment and turn are played together, as they came.
 */

#include "engine/cli/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/base/tz.h"
#include "engine/cli/playback.h"
#include "engine/run/record.h"

enum { CHUNK = 64 * 1024 };

/* What a node is to say in the next turn. */
struct cue {
    struct mf_msg msg;
    unsigned output;
    uint32_t next; /* of the same node, + 1 */
};

struct replay {
    struct mf_playback playback;
    struct cue *cues;
    size_t cue_count, cue_cap;
    uint32_t *first, *last; /* cue of each node, by order, + 1 */
    const char *path;
    int fd;
    struct mf_buf text;
    size_t from; /* in `text`: what was not looked at yet */
    bool at_end;
    uint64_t line;
    struct mf_record_head head;
    struct mf_map unknown; /* names that the flow has no source for: said once */
    struct mf_arena *arena;
    uint64_t played, left_out, lost;
};

/* ---- lines ---- */

static int fill(struct replay *replay, struct mf_error *err)
{
    char chunk[CHUNK];
    ssize_t got;

    if (replay->from) {
        memmove(replay->text.data, replay->text.data + replay->from,
                replay->text.len - replay->from);
        replay->text.len -= replay->from;
        replay->from = 0;
    }
    if (replay->text.len > MF_RECORD_LINE + CHUNK)
        return mf_fail(err, MF_ELIMIT, "a line of a record has at most %u bytes",
                       (unsigned)MF_RECORD_LINE);
    do
        got = read(replay->fd, chunk, sizeof chunk);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return mf_fail_sys(err, MF_EIO, errno, "cannot be read");
    replay->at_end = got == 0;
    mf_buf_put(&replay->text, chunk, (size_t)got);
    return 0;
}

/* *ret_line is NULL at the end. A last line without its end is one that a crash has cut. */
static int next_line(struct replay *replay, const char **ret_line, size_t *ret_len,
                     struct mf_error *err)
{
    for (;;) {
        const char *start = replay->text.len ? replay->text.data + replay->from : NULL;
        const char *end = start ? memchr(start, '\n', replay->text.len - replay->from) : NULL;

        if (end) {
            *ret_line = start;
            *ret_len = (size_t)(end - start);
            replay->from += *ret_len + 1;
            replay->line++;
            return 0;
        }
        if (replay->at_end) {
            *ret_line = NULL;
            return 0;
        }
        if (fill(replay, err) < 0)
            return MF_EIO;
    }
}

static int fail_line(const struct replay *replay, const struct mf_error *err)
{
    fprintf(stderr, "moat-flow: %s:%llu: %s\n", replay->path, (unsigned long long)replay->line,
            err->text);
    return MF_EXIT_WRONG;
}

/* ---- playing ---- */

static void warn_once(struct replay *replay, const char *node, const char *port, const char *why)
{
    char *name = mf_arena_printf(replay->arena, "%s%s%s", node, *port ? "." : "", port);

    replay->left_out++;
    if (!mf_map_add(&replay->unknown, name, replay))
        fprintf(stderr, "moat-flow: the record has `%s`, %s: it is left out\n", name, why);
}

static bool copy_name(const struct mf_value *value, char *out, size_t size)
{
    size_t len = 0;
    const char *text = value->type == MF_TEXT ? mf_value_text(value, &len) : "";

    snprintf(out, size, "%.*s", (int)len, text);
    return len < size;
}

/* When the node's rank comes, as if it were real: so all others see what they saw. */
static void speak(void *arg, struct mf_node *node)
{
    struct replay *replay = arg;
    uint32_t next = replay->first ? replay->first[node->order] : 0;

    while (next) {
        struct cue *cue = &replay->cues[next - 1];

        mf_engine_play_msg(&replay->playback.engine, node, cue->output, &cue->msg);
        next = cue->next;
    }
    if (replay->first)
        replay->first[node->order] = 0;
}

static void forget_cues(struct replay *replay)
{
    for (size_t i = 0; i < replay->cue_count; i++)
        mf_msg_drop(&replay->cues[i].msg);
    replay->cue_count = 0;
}

static void add_cue(struct replay *replay, struct mf_node *node, unsigned output,
                    const struct mf_msg *msg)
{
    uint32_t index;

    if (!replay->first) {
        replay->first = mf_calloc_array(replay->playback.engine.count + 1, sizeof(uint32_t));
        replay->last = mf_calloc_array(replay->playback.engine.count + 1, sizeof(uint32_t));
    }
    mf_grow(&replay->cues, &replay->cue_cap, replay->cue_count, sizeof *replay->cues);
    replay->cues[replay->cue_count++] = (struct cue){mf_msg_copy(msg), output, 0};
    index = (uint32_t)replay->cue_count;
    if (replay->first[node->order])
        replay->cues[replay->last[node->order] - 1].next = index;
    else
        replay->first[node->order] = index;
    replay->last[node->order] = index;
    mf_engine_cue(&replay->playback.engine, node);
}

static int play(struct replay *replay, struct mf_record_entry *entry, struct mf_error *err)
{
    struct mf_engine *engine = &replay->playback.engine;
    char name[1024], port[256];
    struct mf_node *node;
    int output;

    if (!copy_name(&entry->node, name, sizeof name) || !copy_name(&entry->port, port, sizeof port))
        return mf_fail(err, MF_EINVAL, "the name of the node is too long");
    node = mf_engine_node(engine, name);
    if (!node || !mf_record_is_source(node->kind)) {
        warn_once(replay, name, port, node ? "which is not a source here" : "which is not here");
        return 0;
    }
    output = mf_def_output(node->def, port);
    if (output < 0) {
        warn_once(replay, name, port, "an output that the node has not got");
        return 0;
    }
    if (mf_record_fit(entry, &node->def->outs[output], err) < 0)
        return MF_EINVAL;
    if (entry->msg.time < 0)
        entry->msg.time = replay->head.start + entry->at;
    add_cue(replay, node, (unsigned)output, &entry->msg);
    replay->played++;
    return 0;
}

/* To the moment and turn of an entry; false: no further. */
static bool pass_to(struct replay *replay, const struct mf_record_entry *entry)
{
    if (entry->is_end || entry->is_next)
        return mf_playback_until(&replay->playback, entry->at) && !entry->is_end;
    return mf_playback_before(&replay->playback, entry->at);
}

/* One line. Returns an exit code; *ret_more says whether to go on. */
static int step(struct replay *replay, bool *ret_more)
{
    struct mf_engine *engine = &replay->playback.engine;
    struct mf_record_entry entry;
    struct mf_error err = {0};
    const char *line;
    size_t len;
    int rc;

    *ret_more = false;
    if (next_line(replay, &line, &len, &err) < 0)
        return fail_line(replay, &err);
    if (!line)
        return MF_EXIT_OK;
    if (mf_record_read(line, len, &entry, &err) < 0)
        return fail_line(replay, &err);
    replay->lost += (uint64_t)entry.lost;
    *ret_more = true;
    if (entry.is_end || entry.is_next || entry.at > mf_clock_mono(&engine->sched.clock)) {
        *ret_more = pass_to(replay, &entry);
        forget_cues(replay);
    }
    rc = *ret_more ? play(replay, &entry, &err) : 0;
    mf_record_entry_drop(&entry);
    return rc < 0 ? fail_line(replay, &err) : MF_EXIT_OK;
}

static int play_all(struct replay *replay)
{
    int rc = MF_EXIT_OK;
    bool is_more = true;

    while (is_more && rc == MF_EXIT_OK)
        rc = step(replay, &is_more);
    /* What the last lines lead to at their moment. */
    mf_playback_until(&replay->playback, mf_clock_mono(&replay->playback.engine.sched.clock));
    return rc;
}

/* ---- the whole ---- */

static int open_record(struct replay *replay)
{
    struct mf_error err = {0};
    const char *line;
    size_t len;

    replay->fd = strcmp(replay->path, "-") == 0 ? 0 : open(replay->path, O_RDONLY | O_CLOEXEC);
    if (replay->fd < 0) {
        fprintf(stderr, "moat-flow: cannot open the record `%s`: %s\n", replay->path,
                strerror(errno));
        return MF_EXIT_WRONG;
    }
    if (next_line(replay, &line, &len, &err) < 0)
        return fail_line(replay, &err);
    if (!line) {
        mf_fail(&err, MF_EINVAL, "the record is empty");
        return fail_line(replay, &err);
    }
    return mf_record_read_head(line, len, &replay->head, &err) < 0 ? fail_line(replay, &err)
                                                                   : MF_EXIT_OK;
}

/* Only what writes, and only files: what was read is in the record. */
static bool writes_file(const struct mf_kind *kind)
{
    return mf_text_starts(kind->name, "file.") && (kind->flags & MF_KIND_WRITES);
}

static void put_sum(const struct replay *replay)
{
    if (replay->lost)
        fprintf(stderr, "moat-flow: %llu messages are missing in the record\n",
                (unsigned long long)replay->lost);
    if (replay->left_out)
        fprintf(stderr, "moat-flow: %llu messages were played, %llu left out\n",
                (unsigned long long)replay->played, (unsigned long long)replay->left_out);
}

static int run_flow(struct replay *replay, const struct mf_args *args, struct mf_graph *graph)
{
    bool with_files = mf_args_has(args, "files");
    int rc, end;

    replay->playback.speak = speak;
    replay->playback.speak_arg = replay;
    rc = mf_playback_begin(&replay->playback, args, graph, replay->head.start,
                           with_files ? writes_file : NULL);
    if (rc == MF_EXIT_OK)
        rc = play_all(replay);
    end = mf_playback_end(&replay->playback);
    put_sum(replay);
    return rc ? rc : end;
}

int mf_replay_run(const struct mf_args *args, struct mf_graph *graph)
{
    struct replay replay = {.path = mf_args_get(args, "replay"), .arena = mf_arena_new()};
    int rc = open_record(&replay);

    if (rc == MF_EXIT_OK) {
        if (replay.head.zone[0])
            mf_zone_set_local(mf_zone_get(replay.head.zone, NULL));
        rc = run_flow(&replay, args, graph);
    } else {
        mf_graph_free(graph);
    }
    if (replay.fd > 2)
        close(replay.fd);
    forget_cues(&replay);
    mf_free(replay.cues);
    mf_free(replay.first);
    mf_free(replay.last);
    mf_buf_done(&replay.text);
    mf_map_done(&replay.unknown);
    mf_arena_free(replay.arena);
    return rc;
}
