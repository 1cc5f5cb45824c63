/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * JSON Schema of options.
 *
 * Fragments without limits are references to one definition each: a flow's schema
 * holds hundreds of options, and the pattern of a quantity is long.
 */

#include "engine/config/schema.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/type.h"

#define REF(name) "{\"$ref\":\"#/$defs/" name "\"}"
#define BLANKS "[ \\t\\n]*"

static bool has_limits(const struct mf_option *option)
{
    return option->min < option->max;
}

static bool may_be_negative(const struct mf_option *option)
{
    return !has_limits(option) || option->min < 0;
}

/* `,"pattern":"^…$"`, and the text taken for the pattern is emptied. */
static void put_pattern(struct mf_buf *buf, struct mf_buf *pattern)
{
    struct mf_buf whole = {0};

    mf_buf_printf(&whole, "^(%s)$", mf_buf_text(pattern));
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":");
    mf_text_quote_json(buf, mf_buf_text(&whole), whole.len);
    mf_buf_puts(buf, "}");
    mf_buf_done(&whole);
    mf_buf_done(pattern);
}

static void put_limit(struct mf_buf *buf, const char *keyword, double limit)
{
    char text[MF_NUM_TEXT];

    if (isinf(limit))
        return;
    mf_num_print_double(limit, text);
    mf_buf_printf(buf, ",\"%s\":%s", keyword, text);
}

/* A JSON number within the option's limits. */
static void put_number(const struct mf_option *option, const char *type, struct mf_buf *buf)
{
    mf_buf_printf(buf, "{\"type\":\"%s\"", type);
    if (has_limits(option)) {
        put_limit(buf, "minimum", option->min);
        put_limit(buf, "maximum", option->max);
    }
    mf_buf_puts(buf, "}");
}

/* ---- definitions ---- */

/* A MoaT path in dotted form: text, or `:` and what it begins; see engine/value/path.h. */
#define PATH_CHAR "([^:.]|:[:._=!%])"
#define PATH_MARK ":([tfne]|[-+0-9ixbvys]" PATH_CHAR "*)"
#define PATH ":|(" PATH_CHAR "+|" PATH_MARK ")(\\." PATH_CHAR "+|" PATH_MARK ")*"

static void put_quantity_pattern(struct mf_buf *pattern, bool allow_negative,
                                 const struct mf_unit *like)
{
    mf_buf_puts(pattern, BLANKS);
    mf_number_pattern(allow_negative, pattern);
    mf_buf_puts(pattern, "(" BLANKS);
    mf_unit_pattern(like, pattern);
    mf_buf_puts(pattern, ")?" BLANKS);
}

static void put_bool_words(struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"enum\":[true,false");
    for (const struct mf_bool_word *word = mf_bool_words; word->text; word++)
        mf_buf_printf(buf, ",\"%s\"", word->text);
    mf_buf_puts(buf, "]}");
}

void mf_schema_defs(struct mf_buf *buf)
{
    struct mf_buf pattern = {0};

    mf_buf_puts(buf, "\"substitution\":{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\"},");
    mf_buf_puts(buf, "\"text\":{\"type\":[\"string\",\"number\",\"boolean\"]},");
    mf_buf_puts(buf, "\"texts\":{\"anyOf\":[" REF("text") ",{\"type\":\"array\",\"items\":" REF(
                         "text") "}]},");
    mf_buf_puts(buf, "\"bool\":{\"anyOf\":[");
    put_bool_words(buf);
    mf_buf_puts(buf, "," REF("substitution") "]},\"number_text\":");
    mf_number_pattern(true, &pattern);
    mf_buf_puts(&pattern, "|[-+]?(0x[0-9a-fA-F]+|0b[01]+)");
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, ",\"int_text\":");
    mf_buf_puts(&pattern, "[-+]?([0-9]+(\\.0*)?([eE]\\+?[0-9]+)?|0x[0-9a-fA-F]+|0b[01]+)");
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, ",\"unit_text\":");
    mf_unit_pattern(NULL, &pattern);
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, ",\"unit\":{\"anyOf\":[" REF("unit_text") "," REF("substitution") "]}");
    mf_buf_puts(buf, ",\"moat_path\":{\"anyOf\":[{\"type\":[\"number\",\"boolean\"]},");
    mf_buf_puts(&pattern, PATH);
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, "," REF("substitution") "]},\"quantity_text\":");
    put_quantity_pattern(&pattern, true, NULL);
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, ",\"duration_text\":");
    mf_buf_puts(&pattern, BLANKS);
    mf_duration_pattern(false, &pattern);
    mf_buf_puts(&pattern, BLANKS);
    put_pattern(buf, &pattern);
}

/* ---- numbers ---- */

void mf_schema_int(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_number(option, "integer", buf);
    mf_buf_puts(buf, "," REF("int_text") "," REF("substitution") "]}");
}

void mf_schema_number(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_number(option, "number", buf);
    mf_buf_puts(buf, "," REF("number_text") "," REF("substitution") "]}");
}

/* The option's own unit; false where it is a port's or there is none. */
static bool own_unit(const struct mf_option *option, struct mf_unit *ret)
{
    return option->unit && *option->unit != '@' &&
           mf_unit_read(option->unit, strlen(option->unit), ret, NULL) == 0;
}

void mf_schema_quantity(const struct mf_option *option, struct mf_buf *buf)
{
    struct mf_buf pattern = {0};
    struct mf_unit unit;

    if (!option->unit) {
        mf_schema_number(option, buf);
        return;
    }
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_number(option, "number", buf);
    mf_buf_puts(buf, ",");
    if (own_unit(option, &unit)) {
        /* Below zero °C is above zero K. */
        put_quantity_pattern(&pattern, may_be_negative(option) || mf_unit_is_affine(&unit), &unit);
        put_pattern(buf, &pattern);
    } else {
        mf_buf_puts(buf, REF("quantity_text"));
    }
    mf_buf_puts(buf, "," REF("substitution") "]}");
}

void mf_schema_range(const struct mf_option *option, struct mf_buf *buf)
{
    struct mf_buf pattern = {0}, end = {0}, names = {0};
    struct mf_unit unit;
    const struct mf_unit *like = own_unit(option, &unit) ? &unit : NULL;

    if (option->unit) {
        put_quantity_pattern(&end, true, like);
        mf_unit_pattern(like, &names);
    } else {
        mf_number_pattern(true, &end);
    }
    mf_buf_printf(&pattern, "(?=.*[0-9])" BLANKS "(%s)?" BLANKS "\\.\\." BLANKS "(%s",
                  mf_buf_text(&end), mf_buf_text(&end));
    if (option->unit)
        mf_buf_printf(&pattern, "|%s", mf_buf_text(&names));
    mf_buf_puts(&pattern, ")?" BLANKS);
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, "," REF("substitution") "]}");
    mf_buf_done(&end);
    mf_buf_done(&names);
}

void mf_schema_duration(const struct mf_option *option, struct mf_buf *buf)
{
    bool allow_zero = !has_limits(option) || (option->min <= 0 && option->max >= 0);
    bool allow_negative = has_limits(option) && option->min < 0;
    struct mf_buf pattern = {0};

    mf_buf_puts(buf, "{\"anyOf\":[");
    if (allow_zero)
        mf_buf_puts(buf, "{\"const\":0},");
    if (allow_zero && !allow_negative) {
        mf_buf_puts(buf, REF("duration_text"));
    } else {
        mf_buf_puts(&pattern, allow_zero ? BLANKS : "(?=.*[1-9])" BLANKS);
        mf_duration_pattern(allow_negative, &pattern);
        mf_buf_puts(&pattern, BLANKS);
        put_pattern(buf, &pattern);
    }
    mf_buf_puts(buf, "," REF("substitution") "]}");
}

void mf_schema_size(const struct mf_option *option, struct mf_buf *buf)
{
    struct mf_option limited = *option;
    struct mf_buf pattern = {0};
    struct mf_unit byte;

    if (!has_limits(option)) {
        limited.min = 0;
        limited.max = INFINITY;
    }
    mf_unit_read("B", 1, &byte, NULL);
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_number(&limited, "integer", buf);
    mf_buf_puts(buf, ",");
    put_quantity_pattern(&pattern, false, &byte);
    put_pattern(buf, &pattern);
    mf_buf_puts(buf, "," REF("substitution") "]}");
}

/* ---- texts ---- */

void mf_schema_bool(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("bool"));
}

void mf_schema_text(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("text"));
}

void mf_schema_texts(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("texts"));
}

/* A word may reach the schema as what YAML takes it for. */
static void put_choice(const char *name, struct mf_buf *buf)
{
    char text[MF_NUM_TEXT];
    double number;

    mf_text_quote_json(buf, name, strlen(name));
    if (mf_num_read_double(name, strlen(name), &number)) {
        mf_num_print_double(number, text);
        mf_buf_printf(buf, ",%s", text);
    }
    for (const struct mf_bool_word *word = mf_bool_words; word->text; word++)
        if (strcmp(word->text, name) == 0)
            mf_buf_printf(buf, ",%s", word->value ? "true" : "false");
}

void mf_schema_choice(const struct mf_option *option, struct mf_buf *buf)
{
    const struct mf_choice *choices = option->of;

    mf_buf_puts(buf, "{\"anyOf\":[{\"enum\":[");
    for (const struct mf_choice *choice = choices; choice->name; choice++) {
        if (choice != choices)
            mf_buf_puts(buf, ",");
        put_choice(choice->name, buf);
    }
    mf_buf_puts(buf, "]}," REF("substitution") "]}");
}

void mf_schema_unit(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("unit"));
}

void mf_schema_path(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("moat_path"));
}

void mf_schema_expr(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, REF("text"));
}

void mf_schema_literal(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{}");
}

/* ---- tables ---- */

void mf_schema_option(const struct mf_option *option, struct mf_buf *buf)
{
    struct mf_buf fragment = {0};
    const char *text;

    option->type->schema(option, &fragment);
    text = mf_buf_text(&fragment);
    mf_buf_puts(buf, "{");
    if (option->summary) {
        mf_buf_puts(buf, "\"description\":");
        mf_text_quote_json(buf, option->summary, strlen(option->summary));
    }
    if (option->deprecated)
        mf_buf_printf(buf, "%s\"deprecated\":true", option->summary ? "," : "");
    if (strcmp(text, "{}") != 0) {
        mf_buf_puts(buf, option->summary || option->deprecated ? "," : "");
        if (*text == '{')
            mf_buf_put(buf, text + 1, fragment.len - 2);
        else
            mf_buf_printf(buf, "\"allOf\":[%s]", text);
    }
    mf_buf_puts(buf, "}");
    mf_buf_done(&fragment);
}

void mf_schema_required(const struct mf_option *table, bool with_main, struct mf_buf *buf)
{
    for (const struct mf_option *option = table; option && option->name; option++) {
        if (!(option->flags & MF_OPT_REQUIRED) || (!with_main && (option->flags & MF_OPT_PRIMARY)))
            continue;
        mf_buf_puts(buf, ",");
        mf_text_quote_json(buf, option->name, strlen(option->name));
    }
}

static void put_map(const struct mf_option *table, struct mf_buf *buf)
{
    struct mf_buf required = {0};

    mf_buf_puts(buf, "{\"type\":\"object\",\"properties\":{");
    for (const struct mf_option *option = table; option->name; option++) {
        mf_buf_puts(buf, option == table ? "" : ",");
        mf_text_quote_json(buf, option->name, strlen(option->name));
        mf_buf_puts(buf, ":");
        mf_schema_option(option, buf);
    }
    mf_schema_required(table, true, &required);
    mf_buf_printf(buf, "},\"additionalProperties\":false,\"required\":[%s]}",
                  required.len ? mf_buf_text(&required) + 1 : "");
    mf_buf_done(&required);
}

void mf_schema_table(const struct mf_option *option, struct mf_buf *buf)
{
    const struct mf_table *table = option->of;
    const struct mf_option *main = NULL;
    bool alone = true;

    for (const struct mf_option *o = table->options; o->name; o++) {
        if (o->flags & MF_OPT_PRIMARY)
            main = o;
        else
            alone &= !(o->flags & MF_OPT_REQUIRED);
    }
    if (!main || !alone) {
        put_map(table->options, buf);
        return;
    }
    mf_buf_puts(buf, "{\"anyOf\":[");
    put_map(table->options, buf);
    mf_buf_puts(buf, ",{\"not\":{\"type\":\"object\"},\"allOf\":[");
    mf_schema_option(main, buf);
    mf_buf_puts(buf, "]}]}");
}
