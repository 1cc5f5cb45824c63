/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Requests: see request.h. From a line of bytes to a kind that answers, and back.
 *
 * A request may be answered while its begin() still runs, or be refused by a look at its arguments;
 * it is put away when begin() has returned, so that begin() never holds memory that is gone.
 */

#include "engine/control/request.h"

#include <stdarg.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/text.h"
#include "engine/control/socket_priv.h"
#include "engine/run/loop_uv.h"
#include "engine/value/build.h"
#include "engine/value/codec.h"

/* ---- lines ---- */

static void put_line(struct mf_caller *caller, const char *what, const struct mf_value *value)
{
    mf_buf_printf(&caller->out, "{\"%s\":", what);
    mf_json_write(value, &caller->out);
    mf_buf_puts(&caller->out, "}\n");
    mf_control_must_flush(caller->control);
}

static void say_what_was_dropped(struct mf_caller *caller)
{
    struct mf_value count = mf_value_int((int64_t)caller->dropped);

    if (caller->dropped)
        put_line(caller, "dropped", &count);
    caller->dropped = 0;
}

static void put_error(struct mf_caller *caller, int exit_code, const char *message)
{
    struct mf_builder error;
    struct mf_value value;

    mf_build_start(&error);
    mf_build_take_field(&error, "exit", mf_value_int(exit_code));
    mf_build_take_field(&error, "message", mf_value_new_text(message));
    value = mf_build_end_map(&error);
    put_line(caller, "error", &value);
    mf_value_drop(value);
}

void mf_caller_refuse(struct mf_caller *caller, int exit_code, const char *message)
{
    say_what_was_dropped(caller);
    put_error(caller, exit_code, message);
}

static void count_dropped(struct mf_request *request)
{
    request->caller->dropped++;
    request->caller->control->stats.dropped++;
}

bool mf_request_has_room(struct mf_request *request)
{
    const struct mf_caller *caller = request->caller;

    if (request->is_over)
        return false;
    if (caller->out.len + caller->sending.len < MF_CONTROL_OUTPUT)
        return true;
    count_dropped(request);
    return false;
}

bool mf_request_say_take(struct mf_request *request, struct mf_value line)
{
    struct mf_caller *caller = request->caller;
    struct mf_buf *out = &caller->out;
    bool fits = mf_request_has_room(request);
    size_t before;

    if (fits) {
        say_what_was_dropped(caller);
        before = out->len;
        out->limit = MF_CONTROL_OUTPUT;
        put_line(caller, "line", &line);
        out->limit = 0;
        fits = !out->overflow;
        if (!fits) {
            out->overflow = false;
            out->len = before;
            count_dropped(request);
        }
    }
    mf_value_drop(line);
    return fits;
}

/* ---- life ---- */

static void put_away(struct mf_request *request)
{
    mf_value_drop(request->args);
    mf_free(request->data);
    mf_arena_free(request->texts);
    *request = (struct mf_request){.caller = request->caller};
}

static void end(struct mf_request *request)
{
    request->is_over = true;
    if (!request->is_beginning)
        put_away(request);
}

void mf_request_done_take(struct mf_request *request, struct mf_value result)
{
    if (!request->is_over) {
        say_what_was_dropped(request->caller);
        put_line(request->caller, "done", &result);
        end(request);
    }
    mf_value_drop(result);
}

void mf_request_refuse(struct mf_request *request, int exit_code, const char *fmt, ...)
{
    struct mf_buf message = {.limit = 2000};
    va_list args;

    if (request->is_over)
        return;
    va_start(args, fmt);
    mf_buf_vprintf(&message, fmt, args);
    va_end(args);
    mf_caller_refuse(request->caller, exit_code, mf_buf_text(&message));
    mf_buf_done(&message);
    end(request);
}

void mf_request_drop(struct mf_caller *caller)
{
    struct mf_request *request = &caller->request;

    if (!request->kind)
        return;
    request->is_over = true;
    if (request->kind->drop)
        request->kind->drop(request);
    put_away(request);
}

static const struct mf_request_kind *find_kind(const char *name, size_t len)
{
    for (const struct mf_request_kind *const *kind = mf_request_kinds; *kind; kind++)
        if (mf_text_eq(name, len, (*kind)->name))
            return *kind;
    return NULL;
}

static void fault(struct mf_caller *caller, const char *message)
{
    caller->control->stats.faults++;
    mf_caller_refuse(caller, 2, message);
}

static void begin_kind(struct mf_caller *caller, struct mf_value take_args, const char *name,
                       size_t len)
{
    struct mf_request *request = &caller->request;
    const struct mf_request_kind *kind = find_kind(name, len);

    if (!kind) {
        struct mf_buf message = {.limit = 200};

        mf_buf_puts(&message, "this engine does not know the request `");
        mf_text_printable(&message, name, len, 40);
        mf_buf_puts(&message, "`; is it older than the command?");
        caller->control->stats.faults++;
        mf_caller_refuse(caller, 5, mf_buf_text(&message));
        mf_buf_done(&message);
        mf_value_drop(take_args);
        return;
    }
    caller->control->stats.requests++;
    request->kind = kind;
    request->args = take_args;
    request->data = mf_zalloc(kind->data_size ? kind->data_size : 1);
    request->is_beginning = true;
    kind->begin(request);
    request->is_beginning = false;
    if (request->is_over)
        put_away(request);
}

void mf_request_begin(struct mf_caller *caller, const char *line, size_t len)
{
    const struct mf_value *name;
    struct mf_error err = {0};
    struct mf_value args;

    if (mf_json_read(line, len, &args, &err) < 0) {
        char *message = mf_asprintf("a request is a JSON object on one line: %s", err.text);

        fault(caller, message);
        mf_free(message);
        return;
    }
    name = args.type == MF_MAP ? mf_value_get(&args, "do", 2) : NULL;
    if (name && name->type == MF_TEXT) {
        size_t name_len;
        const char *text = mf_value_text(name, &name_len);

        begin_kind(caller, args, text, name_len);
    } else {
        fault(caller, "a request is a JSON object with a text `do` that names it");
        mf_value_drop(args);
    }
}

/* ---- what a kind asks ---- */

void *mf_request_data(const struct mf_request *request)
{
    return request->data;
}

struct mf_loop *mf_request_loop(const struct mf_request *request)
{
    return request->caller->control->loop;
}

const struct mf_control *mf_request_control(const struct mf_request *request)
{
    return request->caller->control;
}

struct mf_engine *mf_request_engine(const struct mf_request *request)
{
    return mf_loop_engine(mf_request_loop(request));
}

const struct mf_value *mf_request_arg(const struct mf_request *request, const char *name)
{
    return mf_value_get(&request->args, name, strlen(name));
}

const char *mf_request_text(struct mf_request *request, const char *name)
{
    const struct mf_value *arg = mf_request_arg(request, name);

    return arg ? mf_request_copy_text(request, arg, name) : NULL;
}

const char *mf_request_copy_text(struct mf_request *request, const struct mf_value *value,
                                 const char *name)
{
    size_t len;
    const char *text = value->type == MF_TEXT ? mf_value_text(value, &len) : NULL;

    if (!text || memchr(text, 0, len)) {
        mf_request_refuse(request, 2, "`%s` of this request is a text", name);
        return NULL;
    }
    if (!request->texts)
        request->texts = mf_arena_new();
    return mf_arena_strndup(request->texts, text, len);
}

const char *mf_request_need_text(struct mf_request *request, const char *name)
{
    const char *text = mf_request_text(request, name);

    if (!text)
        mf_request_refuse(request, 2, "this request wants a text `%s`", name);
    return text;
}

bool mf_request_is_over(const struct mf_request *request)
{
    return request->is_over;
}
