/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * MoaT paths as text.
 *
 * The reader walks the text once. It is at the start, behind a dot, inside an
 * element whose characters are being collected, or behind a constant such as
 * `:t`, where only a dot or another starter may follow.
 */

#include "engine/value/path.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/value/base64.h"
#include "engine/value/block.h"
#include "engine/value/build.h"

enum place { AT_START, AFTER_DOT, IN_ELEMENT, AFTER_CONSTANT };

struct reader {
    const char *text;
    size_t len, pos;
    enum place place;
    char kind;   /* 0 text, else the starter: i x b v y s */
    size_t from; /* where the element began */
    struct mf_buf part;
    struct mf_builder elements;
    struct mf_error *err;
};

static int wrong(struct reader *r, size_t at, const char *what)
{
    return mf_fail(r->err, MF_EINVAL, "path `%.*s%s`: byte %zu: %s", r->len > 60 ? 57 : (int)r->len,
                   r->text, r->len > 60 ? "…" : "", at + 1, what);
}

/* ---- reading ---- */

static int add(struct reader *r, struct mf_value element)
{
    if (r->elements.count >= MF_PATH_ELEMENTS) {
        mf_value_drop(element);
        return wrong(r, r->pos, "there are more than 64 elements");
    }
    mf_build_take_item(&r->elements, element);
    return 0;
}

static int add_number(struct reader *r, const char *part, size_t len)
{
    int64_t integer;
    double number;
    bool is_negative = len > 0 && part[0] == '-';

    if (mf_num_read_int(part, len, &integer))
        return add(r, mf_value_int(integer));
    if (mf_num_read_double(part, len, &number))
        return add(r, mf_value_number(number));
    if (len == 3 + (size_t)is_negative && memcmp(part + is_negative, "inf", 3) == 0)
        return add(r, mf_value_number(is_negative ? -INFINITY : INFINITY));
    if (len == 3 && memcmp(part, "nan", 3) == 0)
        return add(r, mf_value_number(NAN));
    return wrong(r, r->from, "a number is wanted here; expressions and lists are not understood");
}

/* Hex or binary digits, read with the prefix that the number reader knows. */
static int add_based(struct reader *r, char base, const char *part, size_t len)
{
    struct mf_buf number = {0};
    int64_t integer;
    bool is_signed = len > 0 && (part[0] == '-' || part[0] == '+'), is_read;

    mf_buf_put(&number, part, is_signed);
    mf_buf_putc(&number, '0');
    mf_buf_putc(&number, base);
    mf_buf_put(&number, part + is_signed, len - is_signed);
    is_read = len > is_signed && mf_num_read_int(number.data, number.len, &integer);
    mf_buf_done(&number);
    if (is_read)
        return add(r, mf_value_int(integer));
    return wrong(r, r->from,
                 base == 'x' ? "hexadecimal digits are wanted behind `:x`"
                             : "binary digits are wanted behind `:b`");
}

static bool read_hex(const char *text, size_t len, struct mf_buf *bytes)
{
    if (len % 2)
        return false;
    for (size_t i = 0; i < len; i += 2) {
        char digits[4] = {'0', 'x', text[i], text[i + 1]};
        int64_t byte;

        if (!mf_num_read_int(digits, sizeof(digits), &byte))
            return false;
        mf_buf_putc(bytes, (char)byte);
    }
    return true;
}

static int add_bytes(struct reader *r, char kind, const char *part, size_t len)
{
    struct mf_buf bytes = {0};
    bool is_read = kind == 'y' ? read_hex(part, len, &bytes) : mf_base64_read(part, len, &bytes);
    int rc;

    if (is_read)
        rc = add(r, mf_value_new_bytes(mf_buf_text(&bytes), bytes.len));
    else
        rc = wrong(r, r->from,
                   kind == 'y' ? "pairs of hexadecimal digits are wanted behind `:y`"
                               : "base64 is wanted behind `:s`");
    mf_buf_done(&bytes);
    return rc;
}

/* Ends the element that is being collected, if there is one. */
static int flush(struct reader *r)
{
    const char *part = mf_buf_text(&r->part);
    size_t len = r->part.len;
    char kind = r->kind;
    int rc;

    if (r->place != IN_ELEMENT)
        return 0;
    if (kind == 0)
        rc = add(r, mf_value_new_text_n(part, len));
    else if (kind == 'i')
        rc = add_number(r, part, len);
    else if (kind == 'x' || kind == 'b')
        rc = add_based(r, kind, part, len);
    else if (kind == 'v')
        rc = add(r, mf_value_new_bytes(part, len));
    else
        rc = add_bytes(r, kind, part, len);
    r->kind = 0;
    mf_buf_clear(&r->part);
    return rc;
}

static int put(struct reader *r, char c)
{
    if (r->place == AFTER_CONSTANT)
        return wrong(r, r->pos, "a dot or another `:` is wanted here");
    if (r->place != IN_ELEMENT)
        r->from = r->pos;
    r->place = IN_ELEMENT;
    mf_buf_putc(&r->part, c);
    return 0;
}

static int read_dot(struct reader *r)
{
    if (r->place == AT_START || r->place == AFTER_DOT)
        return wrong(r, r->pos, "an element is missing before the dot; empty text is `:e`");
    if (flush(r) < 0)
        return MF_EINVAL;
    r->place = AFTER_DOT;
    r->pos++;
    return 0;
}

/* Characters up to the next colon, dot or underscore: they name the starter together. */
static size_t token_length(const struct reader *r, size_t at)
{
    size_t end = at;

    while (end < r->len && !strchr(":._", r->text[end]))
        end++;
    return end - at;
}

/* An element that does not begin as text: a constant, a number, bytes. */
static int read_starter(struct reader *r)
{
    size_t at = r->pos + 1, len = token_length(r, at);
    char first = r->text[at];

    if (r->place == AFTER_DOT)
        return wrong(r, r->pos, "`:` begins an element by itself; leave out the dot before it");
    if (flush(r) < 0)
        return MF_EINVAL;
    r->from = r->pos;
    r->pos = at + 1;
    r->place = AFTER_CONSTANT;
    if (len == 1 && first == 't')
        return add(r, mf_value_bool(true));
    if (len == 1 && first == 'f')
        return add(r, mf_value_bool(false));
    if (len == 1 && first == 'n')
        return add(r, mf_value_null());
    if (len == 1 && first == 'e')
        return add(r, mf_value_new_text(""));
    r->place = IN_ELEMENT;
    if (first && strchr("ixbvys", first)) {
        r->kind = first;
        return 0;
    }
    if (!first || !strchr("+-0123456789", first))
        return wrong(r, r->from, "no element begins so; a colon in a text is `::`");
    r->kind = 'i';
    r->pos = at;
    return 0;
}

static int read_colon(struct reader *r)
{
    static const char escapes[] = ":._=!%", plain[] = ":. +|\\";
    const char *escape;

    if (r->pos + 1 == r->len)
        return wrong(r, r->pos, "the path ends in the middle of an escape");
    escape = r->text[r->pos + 1] ? strchr(escapes, r->text[r->pos + 1]) : NULL;
    if (!escape)
        return read_starter(r);
    if (put(r, plain[escape - escapes]) < 0)
        return MF_EINVAL;
    r->pos += 2;
    return 0;
}

static int read_all(struct reader *r)
{
    if (r->len == 0)
        return mf_fail(r->err, MF_EINVAL, "a path cannot be an empty text; the empty path is `:`");
    if (r->len > MF_PATH_BYTES)
        return mf_fail(r->err, MF_ELIMIT, "a path of %zu bytes is over the limit of %d bytes",
                       r->len, MF_PATH_BYTES);
    if (r->len == 1 && r->text[0] == ':')
        return 0;
    while (r->pos < r->len) {
        char c = r->text[r->pos];
        int rc = c == ':' ? read_colon(r) : c == '.' ? read_dot(r) : put(r, c);

        if (rc < 0)
            return rc;
        r->pos += c != ':' && c != '.';
    }
    if (r->place == AFTER_DOT)
        return wrong(r, r->len - 1, "an element is missing behind the last dot");
    return flush(r);
}

int mf_path_read(const char *text, size_t len, struct mf_value *ret, struct mf_error *err)
{
    struct reader r = {.text = text, .len = len, .err = err};
    int rc;

    mf_build_start(&r.elements);
    rc = read_all(&r);
    mf_buf_done(&r.part);
    if (rc < 0) {
        mf_build_drop(&r.elements);
        return rc;
    }
    *ret = mf_build_end_path(&r.elements);
    return 0;
}

/* ---- printing ---- */

static void print_escaped(const char *text, size_t len, struct mf_buf *buf)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ':' || text[i] == '.')
            mf_buf_putc(buf, ':');
        if (text[i] == ' ')
            mf_buf_puts(buf, ":_");
        else
            mf_buf_putc(buf, text[i]);
    }
}

/* A double is told from an int by its point, exponent or name. */
static void print_double(double number, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];
    int len = mf_num_print_double(number, text);

    mf_buf_puts(buf, text[0] == 'i' || text[0] == 'n' ? ":i" : ":");
    print_escaped(text, (size_t)len, buf);
    if (text[strspn(text, "-0123456789")] == 0)
        mf_buf_puts(buf, ":.0");
}

static void print_bytes(const char *bytes, size_t len, struct mf_buf *buf)
{
    bool is_printable = true;

    for (size_t i = 0; i < len; i++)
        is_printable = is_printable && bytes[i] >= 0x20 && bytes[i] < 0x7f;
    mf_buf_puts(buf, is_printable ? ":v" : ":s");
    if (is_printable)
        print_escaped(bytes, len, buf);
    else
        mf_base64_write(bytes, len, buf);
}

static void print_element(const struct mf_value *element, bool is_first, struct mf_buf *buf)
{
    const char *text;
    size_t len;

    switch (element->type) {
    case MF_TEXT:
        text = mf_value_text(element, &len);
        if (!len)
            mf_buf_puts(buf, ":e");
        else if (!is_first)
            mf_buf_putc(buf, '.');
        print_escaped(text, len, buf);
        break;
    case MF_BYTES:
        text = mf_value_text(element, &len);
        print_bytes(text, len, buf);
        break;
    case MF_BOOL:
        mf_buf_puts(buf, element->boolean ? ":t" : ":f");
        break;
    case MF_INT:
        mf_buf_printf(buf, ":%lld", (long long)element->integer);
        break;
    case MF_NUMBER:
        print_double(element->number, buf);
        break;
    default: /* readers let nothing else into a path */
        mf_buf_puts(buf, ":n");
        break;
    }
}

void mf_path_print(const struct mf_value *path, struct mf_buf *buf)
{
    size_t count = mf_value_count(path);

    if (!count)
        mf_buf_putc(buf, ':');
    for (size_t i = 0; i < count; i++)
        print_element(mf_value_at(path, i), i == 0, buf);
}

/* ---- following ---- */

static const struct mf_value *list_item(const struct mf_value *list, const struct mf_value *index)
{
    int64_t count = (int64_t)mf_value_count(list), i;

    if (index->type != MF_INT)
        return NULL;
    i = index->integer < 0 ? index->integer + count : index->integer;
    return i >= 0 && i < count ? mf_value_at(list, (size_t)i) : NULL;
}

const struct mf_value *mf_path_follow(const struct mf_value *path, const struct mf_value *root)
{
    size_t count = mf_value_count(path);

    for (size_t i = 0; i < count && root; i++) {
        const struct mf_value *element = mf_value_at(path, i);

        if (root->type == MF_MAP)
            root = mf_value_get_by(root, element);
        else if (root->type == MF_LIST || root->type == MF_PATH)
            root = list_item(root, element);
        else
            root = NULL;
    }
    return root;
}
