/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Records: reading; see record.h. */

#include <string.h>

#include "engine/run/record.h"
#include "engine/value/base64.h"
#include "engine/value/codec.h"

static const struct mf_value *field(const struct mf_value *map, const char *name)
{
    return mf_value_get(map, name, strlen(name));
}

static bool is_text(const struct mf_value *value, const char *text)
{
    size_t len;
    const char *own;

    if (!value || value->type != MF_TEXT)
        return false;
    own = mf_value_text(value, &len);
    return len == strlen(text) && memcmp(own, text, len) == 0;
}

/* A time at most: ISO 8601, NUL-terminated. */
static bool copy_text(const struct mf_value *value, char *out, size_t size)
{
    size_t len;
    const char *text;

    if (!value || value->type != MF_TEXT)
        return false;
    text = mf_value_text(value, &len);
    if (len >= size || memchr(text, 0, len))
        return false;
    memcpy(out, text, len);
    out[len] = 0;
    return true;
}

static int read_map(const char *line, size_t len, struct mf_value *ret, struct mf_error *err)
{
    if (len > MF_RECORD_LINE + 64)
        return mf_fail(err, MF_ELIMIT, "a line of a record has at most %u bytes",
                       (unsigned)MF_RECORD_LINE);
    if (mf_json_read(line, len, ret, err) < 0)
        return MF_EINVAL;
    if (ret->type == MF_MAP)
        return 0;
    mf_value_drop(*ret);
    return mf_fail(err, MF_EINVAL, "a line of a record is a JSON object");
}

int mf_record_read_head(const char *line, size_t len, struct mf_record_head *ret,
                        struct mf_error *err)
{
    const struct mf_value *version;
    struct mf_value map;
    char start[MF_TIME_TEXT];
    int rc = read_map(line, len, &map, err);

    if (rc < 0)
        return rc;
    version = field(&map, "moat-flow-record");
    if (!version)
        rc = mf_fail(err, MF_EINVAL,
                     "this is not a record: it does not begin with "
                     "{\"moat-flow-record\":1,…");
    else if (version->type != MF_INT || version->integer != 1)
        rc = mf_fail(err, MF_EINVAL, "this program reads version 1 of records");
    else if (!copy_text(field(&map, "start"), start, sizeof start) ||
             !mf_time_read(start, &ret->start))
        rc = mf_fail(err, MF_EINVAL, "the head of the record has no `start`");
    if (!copy_text(field(&map, "zone"), ret->zone, sizeof ret->zone))
        ret->zone[0] = 0;
    mf_value_drop(map);
    return rc;
}

/* ---- a message ---- */

static int read_packed(const struct mf_value *packed, struct mf_value *ret, struct mf_error *err)
{
    struct mf_buf bytes = {0};
    const char *text;
    size_t len;
    int rc;

    if (packed->type != MF_TEXT)
        return mf_fail(err, MF_EINVAL, "`msgpack` is a text");
    text = mf_value_text(packed, &len);
    rc = mf_base64_read(text, len, &bytes)
             ? mf_msgpack_read(mf_buf_text(&bytes), bytes.len, ret, err)
             : mf_fail(err, MF_EINVAL, "`msgpack` is not base64");
    mf_buf_done(&bytes);
    return rc;
}

static int read_value(const struct mf_value *map, struct mf_value *ret, struct mf_error *err)
{
    const struct mf_value *packed = field(map, "msgpack"), *plain = field(map, "value");

    *ret = mf_value_null();
    if (packed)
        return read_packed(packed, ret, err);
    if (plain)
        *ret = mf_value_copy(*plain);
    return 0;
}

/* Texts of reasons are constants: one that is not known is that of a device. */
static const char *read_reason(const struct mf_value *value)
{
    char name[64];
    const char *reason = copy_text(value, name, sizeof name) ? mf_reason_by_name(name) : NULL;

    return reason ? reason : mf_reason_device;
}

static int read_quality(const struct mf_value *map, struct mf_msg *msg, struct mf_error *err)
{
    const struct mf_value *quality = field(map, "quality"), *again = field(map, "again");

    msg->is_again = again && mf_value_is_true(again);
    msg->quality = MF_GOOD;
    if (!quality || is_text(quality, "good"))
        return 0;
    msg->quality = is_text(quality, "stale") ? MF_STALE : MF_BAD;
    msg->reason = read_reason(field(map, "reason"));
    if (msg->quality == MF_STALE || is_text(quality, "bad"))
        return 0;
    return mf_fail(err, MF_EINVAL, "`quality` is good, stale or bad");
}

static int read_number(const struct mf_value *map, const char *name, int64_t fallback, int64_t *ret,
                       struct mf_error *err)
{
    const struct mf_value *value = field(map, name);

    *ret = fallback;
    if (!value)
        return 0;
    if (value->type != MF_INT || value->integer < 0)
        return mf_fail(err, MF_EINVAL, "`%s` is a whole number, not negative", name);
    *ret = value->integer;
    return 0;
}

static int read_message(struct mf_record_entry *entry, struct mf_error *err)
{
    const struct mf_value *map = &entry->fields, *node = field(map, "node");
    const struct mf_value *port = field(map, "port"), *unit = field(map, "unit");

    if (!node || node->type != MF_TEXT)
        return mf_fail(err, MF_EINVAL, "a line of a record names its `node`");
    if ((port && port->type != MF_TEXT) || (unit && unit->type != MF_TEXT))
        return mf_fail(err, MF_EINVAL, "`port` and `unit` are texts");
    entry->node = *node;
    if (port)
        entry->port = *port;
    if (unit)
        entry->unit = *unit;
    if (read_number(map, "time", -1, &entry->msg.time, err) < 0 ||
        read_quality(map, &entry->msg, err) < 0)
        return MF_EINVAL;
    return read_value(map, &entry->msg.value, err);
}

int mf_record_read(const char *line, size_t len, struct mf_record_entry *ret, struct mf_error *err)
{
    struct mf_record_entry entry = {0};
    const struct mf_value *mark;
    int rc = read_map(line, len, &entry.fields, err);

    if (rc < 0)
        return rc;
    rc = field(&entry.fields, "at") ? read_number(&entry.fields, "at", 0, &entry.at, err)
                                    : mf_fail(err, MF_EINVAL, "a line of a record has `at`");
    if (rc == 0)
        rc = read_number(&entry.fields, "lost", 0, &entry.lost, err);
    mark = field(&entry.fields, "end");
    entry.is_end = mark && mf_value_is_true(mark);
    mark = field(&entry.fields, "next");
    entry.is_next = mark && mf_value_is_true(mark);
    if (rc == 0 && !entry.is_end)
        rc = read_message(&entry, err);
    if (rc < 0)
        mf_record_entry_drop(&entry);
    else
        *ret = entry;
    return rc;
}

void mf_record_entry_drop(struct mf_record_entry *entry)
{
    mf_msg_drop(&entry->msg);
    mf_value_drop(entry->fields);
    *entry = (struct mf_record_entry){0};
}

/* ---- for an output ---- */

static int fit_unit(struct mf_record_entry *entry, const struct mf_out_def *out,
                    struct mf_error *err)
{
    struct mf_value *value = &entry->msg.value;
    struct mf_linear linear;
    struct mf_unit unit;
    const char *text;
    size_t len;

    if (entry->unit.type != MF_TEXT || !out->unit || !(MF_T(value->type) & MF_T_NUMERIC))
        return 0;
    text = mf_value_text(&entry->unit, &len);
    if (mf_unit_read(text, len, &unit, err) < 0)
        return MF_EINVAL;
    if (!mf_unit_convert(&unit, out->unit, false, &linear))
        return mf_fail(err, MF_EINVAL, "it is in %s, and now %s is wanted", unit.name,
                       out->unit->name);
    if (linear.mul != 1 || linear.add != 0)
        *value = mf_value_number(linear.mul * mf_value_as_number(value) + linear.add);
    return 0;
}

/* A text that is not UTF-8 was kept as bytes. */
static void become_text(struct mf_value *value)
{
    size_t len;
    const char *text = mf_value_text(value, &len);
    struct mf_value copy = mf_value_new_text_n(text, len);

    mf_value_drop(*value);
    *value = copy;
}

int mf_record_fit(struct mf_record_entry *entry, const struct mf_out_def *out, struct mf_error *err)
{
    struct mf_value *value = &entry->msg.value;
    char types[96];
    int rc = fit_unit(entry, out, err);

    if (rc < 0)
        return rc;
    if (value->type == MF_INT && !(out->types & MF_T(MF_INT)) && (out->types & MF_T(MF_NUMBER)))
        *value = mf_value_number((double)value->integer);
    if (value->type == MF_BYTES && !(out->types & MF_T(MF_BYTES)) && (out->types & MF_T(MF_TEXT)))
        become_text(value);
    if ((out->types & MF_T(value->type)) ||
        (value->type == MF_NULL && entry->msg.quality != MF_GOOD))
        return 0;
    return mf_fail(err, MF_EINVAL, "it is %s, and now %s is wanted",
                   mf_value_type_names[value->type], mf_types_print(out->types, types));
}
