/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Regular expressions of numbers, units and durations, made from the tables that
 * the readers use. Only what all dialects have: groups, classes, lookahead.
 */

#include <string.h>

#include "engine/value/unit.h"
#include "engine/value/unit_priv.h"

#define NUMBER "([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?"
#define BLANKS "[ \\t\\n]*"

void mf_number_pattern(bool allow_negative, struct mf_buf *buf)
{
    mf_buf_printf(buf, "%s?%s", allow_negative ? "[-+]" : "\\+", NUMBER);
}

/* ---- units ---- */

static void put_name(struct mf_buf *buf, size_t start, const char *prefix, const char *name)
{
    mf_buf_printf(buf, "%s%s%s", buf->len > start ? "|" : "", prefix, name);
}

static void put_spellings(struct mf_buf *buf, size_t start, const struct mf_unit_def *def,
                          const char *name)
{
    put_name(buf, start, "", name);
    for (const struct mf_unit_prefix *p = mf_unit_prefixes; p->text; p++)
        if (strchr(def->prefixes, p->letter))
            put_name(buf, start, p->text, name);
}

/* Every spelling of every unit, or of those with one dimension. */
static void put_names(struct mf_buf *buf, const struct mf_unit *like_or_null)
{
    size_t start = buf->len;

    for (const struct mf_unit_def *def = mf_unit_defs; def->name; def++) {
        /* `m3` and `km/h` are read as powers and quotients, and stand in the table as results. */
        if (strpbrk(def->name, "/23") ||
            (like_or_null && memcmp(def->dim, like_or_null->dim, sizeof(def->dim)) != 0))
            continue;
        put_spellings(buf, start, def, def->name);
        for (const struct mf_unit_alias *alias = mf_unit_aliases; alias->alias; alias++)
            if (strcmp(alias->name, def->name) == 0)
                put_spellings(buf, start, def, alias->alias);
    }
}

void mf_unit_pattern(const struct mf_unit *like_or_null, struct mf_buf *buf)
{
    struct mf_buf names = {0};

    put_names(&names, like_or_null);
    if (like_or_null) {
        mf_buf_printf(buf, "(%s|1 *[*/·].+|[^ 0-9].*[*/·^²³1-9].*)", mf_buf_text(&names));
    } else {
        mf_buf_puts(buf, "(?!1 *$)");
        for (int pass = 0; pass < 2; pass++)
            mf_buf_printf(buf, "%s((%s)((\\^-?)?[1-9]|[²³])?|1)%s", pass ? "( *[*/·] *" : "",
                          mf_buf_text(&names), pass ? ")*" : "");
        mf_buf_puts(buf, " *");
    }
    mf_buf_done(&names);
}

/* ---- durations ---- */

void mf_duration_pattern(bool allow_negative, struct mf_buf *buf)
{
    static const char *const units[] = {"w", "d", "h", "(min|m)", "s", "ms", "(us|µs|μs)", "ns"};

    /* Zero needs no unit; else there is at least one step, and a fraction only in the last. */
    mf_buf_printf(buf,
                  "([-+]?(0+\\.?0*|\\.0+)([eE][-+]?[0-9]+)?|%s?(?=.*[0-9])"
                  "(?!.*\\.[0-9]*" BLANKS "[a-zµμ]+" BLANKS "[0-9.])",
                  allow_negative ? "[-+]" : "\\+");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        mf_buf_printf(buf, "(" NUMBER BLANKS "%s" BLANKS ")?", units[i]);
    mf_buf_puts(buf, ")");
}
