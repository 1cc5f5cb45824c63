/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Records: writing; see record.h. */

#include "engine/run/record.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/base/tz.h"
#include "engine/value/base64.h"
#include "engine/value/codec.h"

/* ---- values, exactly ---- */

static bool put_number(double number, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];

    if (!isfinite(number))
        return false;
    mf_num_print_double(number, text);
    mf_buf_puts(buf, text);
    if (!strpbrk(text, ".e"))
        mf_buf_puts(buf, ".0");
    return true;
}

static bool put_text(const struct mf_value *value, struct mf_buf *buf)
{
    size_t len;
    const char *text = mf_value_text(value, &len);

    if (mf_utf8_valid(text, len) != len)
        return false;
    mf_text_quote_json(buf, text, len);
    return true;
}

static bool put_json(const struct mf_value *value, struct mf_buf *buf);

static bool put_items(const struct mf_value *value, struct mf_buf *buf)
{
    bool is_map = value->type == MF_MAP;

    mf_buf_putc(buf, is_map ? '{' : '[');
    for (size_t i = 0; i < mf_value_count(value); i++) {
        if (i)
            mf_buf_putc(buf, ',');
        if (is_map) {
            if (mf_value_key(value, i)->type != MF_TEXT || !put_text(mf_value_key(value, i), buf))
                return false;
            mf_buf_putc(buf, ':');
        }
        if (!put_json(mf_value_at(value, i), buf))
            return false;
    }
    mf_buf_putc(buf, is_map ? '}' : ']');
    return true;
}

/* False: JSON has no way to say exactly this. As deep as values are, MF_VALUE_DEPTH. */
static bool put_json(const struct mf_value *value, struct mf_buf *buf)
{
    switch (value->type) {
    case MF_NUMBER:
        return put_number(value->number, buf);
    case MF_TEXT:
        return put_text(value, buf);
    case MF_LIST:
    case MF_MAP:
        return put_items(value, buf);
    case MF_BYTES:
    case MF_PATH:
        return false;
    default:
        mf_json_write(value, buf);
        return true;
    }
}

static void put_value(const struct mf_value *value, struct mf_buf *buf)
{
    struct mf_buf packed = {0};
    size_t before = buf->len;

    mf_buf_puts(buf, ",\"value\":");
    if (put_json(value, buf))
        return;
    buf->len = before;
    buf->data[before] = 0;
    mf_msgpack_write(value, &packed);
    mf_buf_puts(buf, ",\"msgpack\":\"");
    mf_base64_write(packed.data, packed.len, buf);
    mf_buf_putc(buf, '"');
    mf_buf_done(&packed);
}

/* ---- lines ---- */

static void put_field(struct mf_buf *buf, const char *name, const char *text)
{
    mf_buf_printf(buf, ",\"%s\":", name);
    mf_text_quote_json(buf, text, strlen(text));
}

static void put_message(struct mf_recorder *recorder, const struct mf_out_def *out,
                        const struct mf_msg *msg, int64_t at)
{
    struct mf_buf *buf = &recorder->text;

    put_value(&msg->value, buf);
    if (out->unit && (MF_T(msg->value.type) & MF_T_NUMERIC))
        put_field(buf, "unit", out->unit->name);
    if (msg->time != recorder->start_wall + at)
        mf_buf_printf(buf, ",\"time\":%lld", (long long)msg->time);
    if (msg->quality != MF_GOOD) {
        put_field(buf, "quality", mf_quality_names[msg->quality]);
        if (msg->reason)
            put_field(buf, "reason", msg->reason);
    }
    if (msg->is_again)
        mf_buf_puts(buf, ",\"again\":true");
}

static void keep(struct mf_recorder *recorder)
{
    struct mf_buf *buf = &recorder->text;

    if (!buf->overflow && recorder->line(recorder->arg, mf_buf_text(buf), buf->len)) {
        recorder->lines++;
        recorder->lost = 0;
    } else {
        recorder->lost++;
    }
    mf_buf_clear(buf);
    buf->overflow = false;
}

static void put_line(struct mf_recorder *recorder, const struct mf_node *node, unsigned output,
                     const struct mf_msg *msg, int64_t at, uint64_t turn)
{
    const struct mf_out_def *out = &node->def->outs[output];
    struct mf_buf *buf = &recorder->text;

    mf_buf_printf(buf, "{\"at\":%lld", (long long)at);
    if (at == recorder->last_at && turn != recorder->last_turn)
        mf_buf_puts(buf, ",\"next\":true");
    recorder->last_at = at;
    recorder->last_turn = turn;
    put_field(buf, "node", node->def->name);
    if (strcmp(out->name, "out") != 0)
        put_field(buf, "port", out->name);
    put_message(recorder, out, msg, at);
    if (recorder->lost)
        mf_buf_printf(buf, ",\"lost\":%llu", (unsigned long long)recorder->lost);
    mf_buf_putc(buf, '}');
    keep(recorder);
}

static bool is_wanted(const struct mf_recorder *recorder, const struct mf_node *node)
{
    return mf_record_is_source(node->kind) &&
           (!recorder->only || mf_text_glob(recorder->only, node->def->name));
}

static int64_t now_of(const struct mf_sched *sched)
{
    return sched->in_turn ? sched->mono : mf_clock_mono(&sched->clock);
}

static void saw(void *arg, struct mf_node *node, unsigned output, const struct mf_msg *msg)
{
    struct mf_recorder *recorder = arg;
    int64_t at = now_of(node->sched) - recorder->start_mono;

    if (is_wanted(recorder, node))
        put_line(recorder, node, output, msg, at < 0 ? 0 : at, node->sched->turn);
}

/* What was said before. */
static void put_known(struct mf_recorder *recorder)
{
    struct mf_engine *engine = recorder->engine;

    for (uint32_t i = 0; i < engine->count; i++) {
        const struct mf_node *node = engine->nodes[i];

        for (unsigned k = 0; is_wanted(recorder, node) && k < node->def->out_count; k++)
            if (node->outputs[k].is_known)
                put_line(recorder, node, k, &node->outputs[k].last, 0, 0);
    }
}

void mf_recorder_start(struct mf_recorder *recorder, struct mf_engine *engine, const char *only,
                       bool (*line)(void *arg, const char *text, size_t len), void *arg)
{
    const struct mf_zone *zone = mf_zone_get(NULL, NULL);
    char start[MF_TIME_TEXT];

    *recorder = (struct mf_recorder){
        .engine = engine, .only = only, .line = line, .arg = arg, .last_at = -1};
    recorder->observer = (struct mf_observer){.saw = saw, .arg = recorder};
    recorder->text.limit = MF_RECORD_LINE;
    recorder->start_mono = mf_clock_mono(&engine->sched.clock);
    recorder->start_wall = mf_clock_wall(&engine->sched.clock);
    mf_time_print(recorder->start_wall, start);
    mf_buf_printf(&recorder->text, "{\"moat-flow-record\":1,\"start\":\"%s\"", start);
    if (zone)
        put_field(&recorder->text, "zone", mf_zone_name(zone));
    mf_buf_putc(&recorder->text, '}');
    keep(recorder);
    recorder->lines = 0;
    put_known(recorder);
    mf_engine_observe(engine, &recorder->observer);
}

void mf_recorder_drop(struct mf_recorder *recorder)
{
    mf_engine_unobserve(recorder->engine, &recorder->observer);
    mf_buf_done(&recorder->text);
}

void mf_recorder_stop(struct mf_recorder *recorder)
{
    int64_t at = now_of(&recorder->engine->sched) - recorder->start_mono;

    mf_buf_printf(&recorder->text, "{\"at\":%lld,\"end\":true", (long long)at);
    if (recorder->lost)
        mf_buf_printf(&recorder->text, ",\"lost\":%llu", (unsigned long long)recorder->lost);
    mf_buf_putc(&recorder->text, '}');
    recorder->line(recorder->arg, mf_buf_text(&recorder->text), recorder->text.len);
    mf_recorder_drop(recorder);
}
