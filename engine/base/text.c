/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text: UTF-8, edit distance, quoting, the nearest of several names. */

#include "engine/base/text.h"

#include <string.h>

#include "engine/base/buf.h"

enum { DISTANCE_LENGTH = 64 }; /* longer names are not compared */

/* ---- UTF-8 ---- */

int32_t mf_utf8_next(const char *text, size_t len, size_t *pos)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)text[(*pos)++];
    unsigned more = c < 0x80 ? 0 : c < 0xc0 ? 9 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf8 ? 3 : 9;
    uint32_t code;
    size_t at = *pos;

    if (more == 0)
        return c;
    if (more == 9 || more > len - at)
        return -1;
    code = c & (0x3fu >> more);
    for (unsigned i = 0; i < more; i++, at++) {
        if (((unsigned char)text[at] & 0xc0) != 0x80)
            return -1;
        code = (code << 6) | ((unsigned char)text[at] & 0x3f);
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return -1;
    *pos = at;
    return (int32_t)code;
}

size_t mf_utf8_valid(const char *text, size_t len)
{
    size_t pos = 0;

    while (pos < len) {
        size_t at = pos;
        uint64_t word;

        /* Eight ASCII bytes at a time: nearly all there is. */
        while (len - pos >= 8) {
            memcpy(&word, text + pos, 8);
            if (word & UINT64_C(0x8080808080808080))
                break;
            pos += 8;
        }
        if (pos == len)
            break;
        at = pos;
        if (mf_utf8_next(text, len, &pos) < 0)
            return at;
    }
    return len;
}

size_t mf_utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

struct code_range {
    uint32_t first, last;
    uint8_t columns;
};

/* Blocks whose characters are not one column wide (Unicode Standard Annex 11, in blocks). */
static const struct code_range ranges[] = {
    {0x0300, 0x036f, 0}, {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0xfe00, 0xfe0f, 0},
    {0xfe20, 0xfe2f, 0}, {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
    {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},
    {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
};

static unsigned columns_of(int32_t code)
{
    if (code < 0x300)
        return 1;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if ((uint32_t)code >= ranges[i].first && (uint32_t)code <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

size_t mf_text_columns(const char *text, size_t len)
{
    size_t columns = 0, pos = 0;

    while (pos < len)
        columns += columns_of(mf_utf8_next(text, len, &pos));
    return columns;
}

/* ---- comparing ---- */

bool mf_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool mf_text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), tail = strlen(suffix);

    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

bool mf_text_eq(const char *a, size_t a_len, const char *b)
{
    return strlen(b) == a_len && memcmp(a, b, a_len) == 0;
}

bool mf_text_is_name(const char *text, size_t len)
{
    if (len == 0 || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 1; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
              text[i] == '_'))
            return false;
    return true;
}

/* One place to go back to is enough: a later star makes earlier ones irrelevant. */
bool mf_text_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == *text || *pattern == '?') {
            /* One character of UTF-8 is a byte and those that continue it. */
            bool is_any = *pattern++ == '?';

            text++;
            while (is_any && ((unsigned char)*text & 0xc0) == 0x80)
                text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

unsigned mf_text_distance(const char *a, const char *b, unsigned limit)
{
    unsigned rows[3][DISTANCE_LENGTH + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > DISTANCE_LENGTH || b_len > DISTANCE_LENGTH ||
        (a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
        return limit + 1;
    for (size_t k = 0; k <= b_len; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *now = rows[i % 3], *above = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        unsigned least = now[0] = (unsigned)i;

        for (size_t k = 1; k <= b_len; k++) {
            now[k] = min3(above[k] + 1, now[k - 1] + 1, above[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                older[k - 2] + 1 < now[k])
                now[k] = older[k - 2] + 1;
            if (now[k] < least)
                least = now[k];
        }
        if (least > limit)
            return limit + 1;
    }
    return rows[a_len % 3][b_len] > limit ? limit + 1 : rows[a_len % 3][b_len];
}

void mf_nearest_init(struct mf_nearest *nearest, const char *wanted)
{
    size_t len = strlen(wanted);
    unsigned limit = len < 2 ? 0 : len < 6 ? 1 : (unsigned)(len / 3);

    *nearest = (struct mf_nearest){wanted, NULL, limit + 1};
}

void mf_nearest_add(struct mf_nearest *nearest, const char *candidate)
{
    unsigned distance = mf_text_distance(nearest->wanted, candidate, nearest->distance - 1);

    /* `warn` for `warning`: the beginning is as good as a slip of the finger. */
    if (distance > 1 && strlen(nearest->wanted) > 2 && mf_text_starts(candidate, nearest->wanted))
        distance = 1;
    if (distance >= nearest->distance)
        return;
    nearest->best = candidate;
    nearest->distance = distance ? distance : 1;
}

/* ---- quoting ---- */

/* Bytes from `pos` on that stand for themselves in JSON. */
static size_t plain_run(const char *text, size_t len, size_t pos)
{
    size_t from = pos;

    while (pos < len && (unsigned char)text[pos] >= 0x20 && (unsigned char)text[pos] < 0x7f &&
           text[pos] != '"' && text[pos] != '\\')
        pos++;
    return pos - from;
}

void mf_text_quote_json(struct mf_buf *buf, const char *text, size_t len)
{
    size_t pos = 0;

    mf_buf_putc(buf, '"');
    while (pos < len) {
        size_t from = pos, plain = plain_run(text, len, pos);
        int32_t code;

        if (plain) {
            mf_buf_put(buf, text + pos, plain);
            pos += plain;
            continue;
        }
        code = mf_utf8_next(text, len, &pos);
        if (code < 0)
            mf_buf_puts(buf, "\xef\xbf\xbd");
        else if (code == '"' || code == '\\')
            mf_buf_printf(buf, "\\%c", (char)code);
        else if (code == '\n')
            mf_buf_puts(buf, "\\n");
        else if (code < 0x20 || code == 0x7f)
            mf_buf_printf(buf, "\\u%04x", (unsigned)code);
        else
            mf_buf_put(buf, text + from, pos - from);
    }
    mf_buf_putc(buf, '"');
}

void mf_text_printable(struct mf_buf *buf, const char *text, size_t len, size_t max)
{
    size_t pos = 0, columns = 0;

    while (pos < len) {
        size_t from = pos;
        int32_t code = mf_utf8_next(text, len, &pos);
        bool is_bad = code < 0x20 || (code >= 0x7f && code < 0xa0);
        size_t wide = is_bad ? 4 * (pos - from) : columns_of(code);

        if (columns + wide > max) {
            mf_buf_puts(buf, "…");
            return;
        }
        columns += wide;
        if (!is_bad)
            mf_buf_put(buf, text + from, pos - from);
        else
            for (; from < pos; from++)
                mf_buf_printf(buf, "\\x%02x", (unsigned char)text[from]);
    }
}
