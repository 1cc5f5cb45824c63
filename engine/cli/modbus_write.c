/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* modbus write: one value after the other, each read back if that is asked for. */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/cli/modbus_commands.h"
#include "engine/cli/modbus_list.h"

enum { UNIT_MAX = 255 };

struct item {
    const char *text;
    struct mf_modbus_spec spec;
    uint16_t words[MF_MODBUS_VALUE_WORDS];
};

struct writing {
    struct mf_modbus_session *session;
    struct item *items;
    size_t count, at;
    struct mf_modbus_wish wish;
    uint8_t unit;
    bool verifies, is_back; /* is_back: what was written is read now */
};

static void stop(struct writing *w, int code, const char *reason)
{
    if (reason)
        fprintf(stderr, "moat-flow: %s: %s\n", w->items[w->at].text, reason);
    mf_modbus_session_end(w->session, code);
}

static void ask(struct writing *w)
{
    const struct item *item = &w->items[w->at];

    w->wish.unit = w->unit;
    w->wish.is_write = !w->is_back;
    w->wish.area = item->spec.area;
    w->wish.address = (uint16_t)item->spec.first;
    w->wish.count = (uint16_t)item->spec.number.words;
    w->wish.words = item->words;
    if (!mf_modbus_session_ask(w->session, &w->wish))
        stop(w, MF_EXIT_TIME, "no answer");
}

static void done(struct mf_modbus_wish *wish, enum mf_modbus_end end, const uint16_t *words,
                 const char *reason)
{
    struct writing *w = wish->owner;
    const struct item *item = &w->items[w->at];

    if (end != MF_MODBUS_DONE) {
        stop(w,
             end == MF_MODBUS_REFUSED  ? MF_EXIT_WRONG
             : end == MF_MODBUS_SILENT ? MF_EXIT_TIME
                                       : MF_EXIT_PEER,
             end == MF_MODBUS_SILENT ? "no answer" : reason);
        return;
    }
    if (w->is_back && memcmp(words, item->words, wish->count * sizeof(*words)) != 0) {
        stop(w, MF_EXIT_WRONG, "the registers do not hold what was written");
        return;
    }
    w->is_back = w->verifies && !w->is_back;
    if (!w->is_back && ++w->at == w->count)
        stop(w, MF_EXIT_OK, NULL);
    else
        ask(w);
}

static void begin(struct mf_modbus_session *session)
{
    struct writing *w = mf_modbus_session_arg(session);

    w->session = session;
    ask(w);
}

static int read_item(const char *text, const char *type, struct item *item, struct mf_error *err)
{
    int rc = mf_modbus_spec_read(text, type, &item->spec, err);

    item->text = text;
    if (rc < 0)
        return rc;
    if (!item->spec.value)
        return mf_fail(err, MF_EINVAL, "`%s` has no value; write `%s=…`", text, text);
    if (!mf_modbus_is_writable(item->spec.area))
        return mf_fail(err, MF_EINVAL, "%s registers cannot be written",
                       mf_modbus_area_names[item->spec.area]);
    if (item->spec.last != item->spec.first)
        return mf_fail(err, MF_EINVAL, "`%s`: a value goes to one register, not to a range", text);
    return mf_modbus_spec_words(&item->spec, item->words, err);
}

int mf_modbus_write_command(const struct mf_args *args, const char *place,
                            const char *const *operands, size_t count)
{
    struct writing w = {.count = count, .verifies = mf_args_has(args, "verify")};
    const struct mf_modbus_task task = {begin, NULL, &w, .retries = 1};
    struct mf_error err = {0};
    int64_t unit = 1;
    int code;

    if (!count)
        return mf_usage_error(args->command, "say what to write: `modbus write %s holding:0=1`",
                              place);
    if (!mf_modbus_number_option(args, "unit", 0, UNIT_MAX, &unit))
        return MF_EXIT_USAGE;
    w.unit = (uint8_t)unit;
    w.items = mf_calloc_array(count, sizeof(*w.items));
    for (size_t i = 0; i < count && err.code == 0; i++)
        read_item(operands[i], mf_args_get(args, "type"), &w.items[i], &err);
    w.wish.done = done;
    w.wish.owner = &w;
    mf_modbus_wish_init(&w.wish);
    if (err.code)
        code = mf_usage_error(args->command, "%s", err.text);
    else
        code = mf_modbus_session_run(args, place, &task);
    mf_free(w.items);
    return code;
}
