/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See stored.h. */

#include "engine/control/stored.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/control/requests.h"
#include "engine/run/dead.h"
#include "engine/run/store.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"
#include "engine/value/field.h"

static void put(struct mf_builder *map, const char *key, struct mf_value value)
{
    mf_build_take_field(map, key, value);
}

static void put_int(struct mf_builder *map, const char *key, uint64_t number)
{
    put(map, key, mf_value_int((int64_t)number));
}

static void put_text(struct mf_builder *map, const char *key, const char *text)
{
    put(map, key, mf_value_new_text(text));
}

static void put_time(struct mf_builder *map, const char *key, int64_t wall)
{
    char time[MF_TIME_TEXT];

    mf_time_print(wall, time);
    put_text(map, key, time);
}

static bool is_action(const struct mf_value *request, const char *name)
{
    int len;
    const char *text = mf_field_text(request, "action", &len);

    return mf_text_eq(text, (size_t)len, name);
}

static int unknown_action(const struct mf_value *request, struct mf_error *err)
{
    int len;
    const char *text = mf_field_text(request, "action", &len);

    return mf_fail(err, MF_EINVAL, "there is no action `%.*s`", len, text);
}

/* ---- dead letters ---- */

static struct mf_value look_at_dead(const struct mf_dead_letter *dead, bool is_whole)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_int(&map, "number", dead->number);
    put_time(&map, "time", dead->time);
    put_text(&map, "node", dead->node);
    put_text(&map, "kind", dead->kind);
    put_text(&map, "reason", dead->reason);
    put(&map, "value", mf_value_copy(dead->letter.msg.value));
    if (is_whole) {
        put_time(&map, "value_time", dead->letter.msg.time);
        put_text(&map, "from", dead->letter.node_name);
        put_text(&map, "label", dead->letter.label);
        put(&map, "topic", mf_value_copy(dead->letter.topic));
    }
    return mf_build_end_map(&map);
}

/* Is this letter one of those that are meant? */
static bool is_meant(const struct mf_dead_letter *dead, const struct mf_value *request)
{
    int64_t number = mf_field_int(request, "number", -1);
    int len;
    const char *node = mf_field_text(request, "node", &len);

    return (number < 0 || dead->number == (uint64_t)number) &&
           (len == 0 || mf_text_eq(node, (size_t)len, dead->node));
}

static struct mf_value list_dead(const struct mf_dead *dead, const struct mf_value *request)
{
    struct mf_builder map, list;

    mf_build_start(&map);
    mf_build_start(&list);
    for (size_t i = 0; i < mf_dead_count(dead); i++)
        if (is_meant(mf_dead_at(dead, i), request))
            mf_build_take_item(&list, look_at_dead(mf_dead_at(dead, i), false));
    put(&map, "letters", mf_build_end_list(&list));
    put_int(&map, "dropped", mf_dead_dropped(dead));
    return mf_build_end_map(&map);
}

/* Those that cannot be sent again stay; the first error says why. */
static size_t treat_dead(struct mf_dead *dead, const struct mf_value *request, bool is_retry,
                         struct mf_error *err)
{
    size_t done = 0;

    for (size_t i = 0; i < mf_dead_count(dead);) {
        struct mf_error why = {0};

        if (!is_meant(mf_dead_at(dead, i), request)) {
            i++;
        } else if (!is_retry) {
            mf_dead_drop(dead, i);
            done++;
        } else if (mf_dead_retry(dead, i, &why) == 0) {
            done++;
        } else {
            if (!err->code)
                *err = why;
            i++;
        }
    }
    return done;
}

int mf_stored_dlq(struct mf_engine *engine, const struct mf_value *request, struct mf_value *ret,
                  struct mf_error *err)
{
    struct mf_dead *dead = engine->dead;
    int64_t number = mf_field_int(request, "number", -1);
    size_t i = number < 0 ? SIZE_MAX : mf_dead_find(dead, (uint64_t)number);
    struct mf_builder map;

    if (number >= 0 && i == SIZE_MAX)
        return mf_fail(err, MF_EINVAL, "there is no dead letter %lld", (long long)number);
    if (is_action(request, "ls")) {
        *ret = list_dead(dead, request);
    } else if (is_action(request, "show")) {
        if (i == SIZE_MAX)
            return mf_fail(err, MF_EINVAL, "say which dead letter to show, by its number");
        *ret = look_at_dead(mf_dead_at(dead, i), true);
    } else if (is_action(request, "retry") || is_action(request, "drop")) {
        size_t done = treat_dead(dead, request, is_action(request, "retry"), err);

        if (done == 0 && err->code)
            return err->code;
        mf_build_start(&map);
        put_int(&map, "count", done);
        put_int(&map, "left", mf_dead_count(dead));
        *ret = mf_build_end_map(&map);
    } else {
        return unknown_action(request, err);
    }
    return 0;
}

/* ---- state ---- */

static struct mf_value look_at_state(const struct mf_kept_state *state, bool is_whole)
{
    struct mf_value value = mf_value_null();
    struct mf_builder map;

    mf_build_start(&map);
    put_text(&map, "node", state->address);
    put_text(&map, "kind", state->kind);
    put_int(&map, "version", state->version);
    put_time(&map, "time", state->time);
    put_int(&map, "bytes", state->body.len);
    if (is_whole && mf_cbor_read(state->body.data, state->body.len, &value, NULL) == 0)
        put(&map, "state", value);
    return mf_build_end_map(&map);
}

static struct mf_value list_state(const struct mf_kept *kept, bool is_whole)
{
    struct mf_builder list;

    mf_build_start(&list);
    for (size_t i = 0; i < mf_kept_count(kept); i++) {
        const struct mf_kept_state *state = mf_kept_at(kept, i);

        if (state->kind && !state->is_gone)
            mf_build_take_item(&list, look_at_state(state, is_whole));
    }
    return mf_build_end_list(&list);
}

static struct mf_value look_at_spool(const char *node, const char *kind, uint64_t letters,
                                     uint64_t bytes, bool has_node)
{
    struct mf_builder map;

    mf_build_start(&map);
    put_text(&map, "node", node);
    put_text(&map, "kind", kind);
    put_int(&map, "letters", letters);
    put_int(&map, "bytes", bytes);
    put(&map, "has_node", mf_value_bool(has_node));
    return mf_build_end_map(&map);
}

static struct mf_value list_spools(const struct mf_engine *engine)
{
    const struct mf_rows *rows = &engine->store->content.spools;
    struct mf_builder list;

    mf_build_start(&list);
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_node *node = engine->nodes[i];
        struct mf_queue_stats stats = {0};

        if (node->queue)
            stats = mf_queue_stats(node->queue);
        if (stats.limit)
            mf_build_take_item(&list, look_at_spool(node->def->name, node->kind->name,
                                                    stats.waiting + stats.in_flight,
                                                    (uint64_t)stats.bytes, true));
    }
    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].letters)
            mf_build_take_item(&list,
                               look_at_spool(rows->rows[i].name, rows->rows[i].kind,
                                             rows->rows[i].letters, rows->rows[i].len, false));
    return mf_build_end_list(&list);
}

static uint64_t drop_spools(struct mf_store *store, const char *address)
{
    uint64_t letters = 0;

    for (size_t i = store->content.spools.count; i-- > 0;)
        if (strcmp(store->content.spools.rows[i].name, address) == 0) {
            letters += store->content.spools.rows[i].letters;
            mf_store_drop_spool(store, i);
        }
    return letters;
}

static int clear(struct mf_engine *engine, const char *address, struct mf_value *ret,
                 struct mf_error *err)
{
    struct mf_kept_state *state = mf_kept_find(engine->store->kept, address);
    uint64_t letters = drop_spools(engine->store, address);
    struct mf_builder map;

    if (!state && !letters)
        return mf_fail(err, MF_EINVAL,
                       "nothing is kept of `%s`; the spool of a sink that is there is not cleared",
                       address);
    if (state)
        mf_kept_clear(engine->store->kept, state);
    mf_build_start(&map);
    put(&map, "state", mf_value_bool(state));
    put_int(&map, "letters", letters);
    *ret = mf_build_end_map(&map);
    return 0;
}

static int get(const struct mf_engine *engine, const char *address, struct mf_value *ret,
               struct mf_error *err)
{
    const struct mf_kept_state *state = mf_kept_find(engine->store->kept, address);

    if (!state)
        return mf_fail(err, MF_EINVAL, "no state of `%s` is kept", address);
    *ret = look_at_state(state, true);
    return 0;
}

int mf_stored_state(struct mf_engine *engine, const struct mf_value *request, struct mf_value *ret,
                    struct mf_error *err)
{
    struct mf_buf address = {.limit = 1000};
    struct mf_builder map;
    int len, rc = 0;
    const char *text = mf_field_text(request, "node", &len);

    if (!engine->store)
        return mf_fail(err, MF_EINVAL, "the flow keeps nothing: no node has `keep` or a spool");
    mf_buf_put(&address, text, (size_t)len);
    if (is_action(request, "ls") || is_action(request, "export")) {
        mf_build_start(&map);
        put(&map, "state", list_state(engine->store->kept, is_action(request, "export")));
        put(&map, "spools", list_spools(engine));
        *ret = mf_build_end_map(&map);
    } else if (is_action(request, "get")) {
        rc = get(engine, mf_buf_text(&address), ret, err);
    } else if (is_action(request, "clear")) {
        rc = clear(engine, mf_buf_text(&address), ret, err);
    } else {
        rc = unknown_action(request, err);
    }
    mf_buf_done(&address);
    return rc;
}

/* ---- requests ---- */

static void answer(struct mf_request *request,
                   int (*find)(struct mf_engine *engine, const struct mf_value *request,
                               struct mf_value *ret, struct mf_error *err))
{
    static const char *const names[] = {"action", "node", "number"};
    struct mf_value args, result;
    struct mf_error err = {0};
    struct mf_builder map;

    mf_build_start(&map);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (mf_request_arg(request, names[i]))
            put(&map, names[i], mf_value_copy(*mf_request_arg(request, names[i])));
    args = mf_build_end_map(&map);
    if (find(mf_request_engine(request), &args, &result, &err) < 0)
        mf_request_refuse(request, 1, "%s", err.text);
    else
        mf_request_done_take(request, result);
    mf_value_drop(args);
}

static void begin_dlq(struct mf_request *request)
{
    answer(request, mf_stored_dlq);
}

static void begin_state(struct mf_request *request)
{
    answer(request, mf_stored_state);
}

const struct mf_request_kind mf_request_dlq = {
    .name = "dlq",
    .summary = "Dead letters: lists, shows, sends again, drops.",
    .begin = begin_dlq,
};

const struct mf_request_kind mf_request_state = {
    .name = "state",
    .summary = "Kept state: lists, shows, clears.",
    .begin = begin_state,
};
