/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See line.h. */

#include "nodes/wago/line.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

enum { SHOWN = 60 }; /* columns of a line in a message */

/* One path of the controller's reports a failure without a line feed: the next line sticks to it.
 */
#define STUCK "-no "

void mf_wago_reader_put(struct mf_wago_reader *reader, const void *data, size_t len)
{
    struct mf_buf *in = &reader->in;

    if (reader->taken) {
        memmove(in->data, in->data + reader->taken, in->len - reader->taken);
        in->len -= reader->taken;
        in->data[in->len] = 0;
        reader->taken = 0;
    }
    mf_buf_put(in, data, len);
}

void mf_wago_reader_clear(struct mf_wago_reader *reader)
{
    mf_buf_clear(&reader->in);
    reader->taken = 0;
    reader->is_in_list = false;
}

void mf_wago_reader_done(struct mf_wago_reader *reader)
{
    mf_buf_done(&reader->in);
    mf_buf_done(&reader->text);
    mf_buf_done(&reader->lines);
}

/* Texts end in logs and in status, wherever they came from. */
static void put_printable(struct mf_buf *buf, const char *text, size_t len)
{
    bool is_utf8 = mf_utf8_valid(text, len) == len;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        mf_buf_putc(buf, c < ' ' || c == 0x7f || (c > 0x7f && !is_utf8) ? '?' : text[i]);
    }
}

static int no_controller(const char *line, size_t len, struct mf_error *err)
{
    struct mf_buf shown = {0};

    mf_text_printable(&shown, line, len, SHOWN);
    mf_fail(err, MF_EINVAL, "what came is not from a WAGO controller: `%s`", mf_buf_text(&shown));
    mf_buf_done(&shown);
    return err->code;
}

/* `!+7 text`, `!7 text`, `!-7 text`. Returns the length of the prefix, 0 if it is not one. */
static size_t read_monitor(const char *line, size_t len, struct mf_wago_said *ret)
{
    size_t at = 1, end;

    ret->sort = MF_WAGO_SIGNAL;
    if (len > 1 && (line[1] == '+' || line[1] == '-')) {
        ret->sort = line[1] == '+' ? MF_WAGO_CREATED : MF_WAGO_GONE;
        at = 2;
    }
    for (end = at; end < len && line[end] >= '0' && line[end] <= '9';)
        end++;
    if (!mf_num_read_int(line + at, end - at, &ret->id) || ret->id <= 0)
        return 0;
    if (end < len && line[end] != ' ')
        return 0;
    return end < len ? end + 1 : end;
}

/* Length of the prefix, 0 if there is none that is known. */
static size_t read_prefix(const char *line, size_t len, struct mf_wago_said *ret)
{
    switch (len ? *line : 0) {
    case '*':
        ret->sort = MF_WAGO_INFO;
        return len > 1 && line[1] == ' ' ? 2 : 1;
    case '+':
        ret->sort = MF_WAGO_DONE;
        return 1;
    case '?':
    case '-':
        ret->sort = MF_WAGO_FAILED;
        return 1;
    case '=':
        ret->sort = MF_WAGO_LISTED;
        return 1;
    case '!':
        return read_monitor(line, len, ret);
    default:
        return 0;
    }
}

/* A line within a list. True: it was the last. */
static bool take_listed(struct mf_wago_reader *reader, const char *line, size_t len)
{
    if (len == 1 && *line == '.')
        return true;
    if (len > 1 && line[0] == '.' && line[1] == '.') {
        line++;
        len--;
    }
    put_printable(&reader->lines, line, len);
    mf_buf_putc(&reader->lines, '\n');
    return false;
}

/* The next line without its end; false: it is not whole yet. */
static bool next_line(struct mf_wago_reader *reader, const char **ret_line, size_t *ret_len)
{
    const char *line = reader->in.data + reader->taken, *end;
    size_t rest = reader->in.len - reader->taken, stuck = strlen(STUCK);

    if (!rest)
        return false;
    if (!reader->is_in_list && rest > stuck && memcmp(line, STUCK, stuck) == 0 &&
        strchr("+?-=!*", line[stuck])) {
        *ret_line = line;
        *ret_len = stuck;
        reader->taken += stuck;
        return true;
    }
    end = memchr(line, '\n', rest);
    if (!end)
        return false;
    reader->taken += (size_t)(end - line) + 1;
    *ret_line = line;
    *ret_len = (size_t)(end - line);
    if (*ret_len && line[*ret_len - 1] == '\r')
        --*ret_len;
    return true;
}

static void tell(struct mf_wago_reader *reader, struct mf_wago_said *ret)
{
    ret->text = mf_buf_text(&reader->text);
    ret->lines = ret->sort == MF_WAGO_LISTED ? mf_buf_text(&reader->lines) : "";
}

static int begin_reply(struct mf_wago_reader *reader, const char *line, size_t len,
                       struct mf_wago_said *ret, struct mf_error *err)
{
    size_t prefix = read_prefix(line, len, ret);

    if (!prefix)
        return no_controller(line, len, err);
    mf_buf_clear(&reader->text);
    put_printable(&reader->text, line + prefix, len - prefix);
    if (ret->sort == MF_WAGO_LISTED) {
        reader->is_in_list = true;
        mf_buf_clear(&reader->lines);
    } else {
        tell(reader, ret);
    }
    return MF_OK;
}

int mf_wago_reader_next(struct mf_wago_reader *reader, struct mf_wago_said *ret,
                        struct mf_error *err)
{
    const char *line;
    size_t len = 0;

    *ret = (struct mf_wago_said){0};
    while (next_line(reader, &line, &len)) {
        if (len > MF_WAGO_LINE)
            break;
        if (!reader->is_in_list) {
            if (begin_reply(reader, line, len, ret, err) < 0)
                return err->code;
            if (!reader->is_in_list)
                return 1;
        } else if (take_listed(reader, line, len)) {
            reader->is_in_list = false;
            ret->sort = MF_WAGO_LISTED;
            tell(reader, ret);
            return 1;
        } else if (reader->lines.len > MF_WAGO_LIST) {
            return mf_fail(err, MF_ELIMIT, "the controller's list is longer than %d bytes",
                           MF_WAGO_LIST);
        }
    }
    if (len > MF_WAGO_LINE || reader->in.len - reader->taken > MF_WAGO_LINE)
        return mf_fail(err, MF_ELIMIT, "the controller's line is longer than %d bytes",
                       MF_WAGO_LINE);
    return 0;
}
