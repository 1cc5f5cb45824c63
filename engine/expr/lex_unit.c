/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Quantity literals: the unit behind a number.
 *
 * In Lua no name can follow a number, so whatever begins with a letter there is
 * a unit, with blanks between or without. A unit itself has no blanks: `20 W/s` is a
 * ramp, `20 W / s` a division by the node `s`. `*` never belongs to a unit
 * here, since `2 W*h` would hide a node named `h`.
 *
 * `%` is per cent behind a literal number unless an operand follows: `50 % 3` is a
 * remainder. A `-` behind it is a subtraction when a blank follows, `100 % - soc`;
 * `7 % -3` is a remainder in Lua and could be meant as either, so that is refused.
 */

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/expr/lex.h"

enum { SEGMENTS = 6 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a unit's name: letters, digits, and what is not ASCII and no operator in disguise. */
static bool is_unit_part(const struct mf_lexer *lx, uint32_t pos, bool is_first)
{
    char c = lx->text[pos];

    if (is_letter(c) || (!is_first && c >= '0' && c <= '9') || (!is_first && c == '_'))
        return true;
    return (unsigned char)c >= 0x80 && !mf_lex_foreign(lx, pos);
}

/* Does what stands behind `%` begin an operand? Then it is a remainder. */
static bool begins_operand(const struct mf_lexer *lx, uint32_t pos)
{
    char c = pos < lx->len ? lx->text[pos] : 0, next = pos + 1 < lx->len ? lx->text[pos + 1] : 0;
    size_t len = 0;

    while (pos + len < lx->len && is_letter(lx->text[pos + len]))
        len++;
    if (mf_text_eq(lx->text + pos, len, "and") || mf_text_eq(lx->text + pos, len, "or"))
        return false;
    return len > 0 || c == '_' || (c >= '0' && c <= '9') || c == '(' || c == '#' || c == '"' ||
           c == '\'' || (c == '.' && next >= '0' && next <= '9');
}

/* Ends of the units that could be meant, shortest first: `kWh`, `kWh/d`. */
static unsigned find_ends(const struct mf_lexer *lx, uint32_t pos, uint32_t ends[SEGMENTS])
{
    unsigned count = 0;
    bool is_power = false;

    if (lx->text[pos] == '%')
        pos++;
    while (count < SEGMENTS) {
        size_t next;

        while (pos < lx->len && is_unit_part(lx, pos, false)) {
            next = pos;
            mf_utf8_next(lx->text, lx->len, &next);
            pos = (uint32_t)next;
        }
        ends[count++] = pos;
        if (pos + 1 >= lx->len)
            break;
        is_power = lx->text[pos] == '^';
        if (is_power ? lx->text[pos + 1] < '1' || lx->text[pos + 1] > '9'
                     : lx->text[pos] != '/' || !is_unit_part(lx, pos + 1, true))
            break;
        pos++;
    }
    return count;
}

/* `1h30m`: the number belongs to it. */
static bool read_duration(const struct mf_lexer *lx, struct mf_token *token, uint32_t end)
{
    struct mf_unit *second;
    struct mf_error err;
    int64_t ns;

    if (mf_duration_read(lx->text + token->from, end - token->from, false, &ns, &err) < 0)
        return false;
    second = mf_arena_alloc(lx->expr->arena, sizeof(*second));
    if (mf_unit_read("s", 1, second, &err) < 0)
        return false;
    token->value =
        ns % MF_SEC == 0 ? mf_value_int(ns / MF_SEC) : mf_value_number((double)ns / (double)MF_SEC);
    token->unit = second;
    token->to = end;
    return true;
}

/* Tells `%` apart: 1 per cent, 0 remainder, -1 after reporting that it could be both. */
static int read_percent(struct mf_lexer *lx, const struct mf_token *token, uint32_t pos)
{
    uint32_t behind = mf_lex_skip_blanks(lx, pos + 1);
    bool is_sign = behind < lx->len && (lx->text[behind] == '-' || lx->text[behind] == '~') &&
                   behind + 1 < lx->len && lx->text[behind + 1] != '=' &&
                   mf_lex_skip_blanks(lx, behind + 1) == behind + 1;

    if (is_sign) {
        mf_diag_help(MF_LEX_FAULT(lx, MF_ERROR, 405, pos, pos + 1,
                                  "`%%` could mean per cent or the remainder of a division here"),
                     "write `%.*s %% %c …` or `%.*s %% (%c…)`", (int)(token->to - token->from),
                     lx->text + token->from, lx->text[behind], (int)(token->to - token->from),
                     lx->text + token->from, lx->text[behind]);
        return -1;
    }
    return !begins_operand(lx, behind);
}

bool mf_lex_unit(struct mf_lexer *lx, struct mf_token *token)
{
    uint32_t pos = mf_lex_skip_blanks(lx, token->to), ends[SEGMENTS];
    struct mf_unit *unit;
    struct mf_error err;
    unsigned count;

    if (pos >= lx->len)
        return true;
    if (lx->text[pos] == '%') {
        int percent = read_percent(lx, token, pos);

        if (percent <= 0)
            return percent == 0;
    } else if (!is_unit_part(lx, pos, true)) {
        return true;
    }
    count = find_ends(lx, pos, ends);
    if (mf_text_eq(lx->text + pos, ends[0] - pos, "and") ||
        mf_text_eq(lx->text + pos, ends[0] - pos, "or"))
        return true;
    unit = mf_arena_alloc(lx->expr->arena, sizeof(*unit));
    while (count-- > 0)
        if (mf_unit_read(lx->text + pos, ends[count] - pos, unit, &err) == 0) {
            token->unit = unit;
            token->to = ends[count];
            return true;
        }
    if (pos == token->to && read_duration(lx, token, ends[0]))
        return true;
    MF_LEX_FAULT(lx, MF_ERROR, 406, pos, ends[0], "%s", err.text);
    return false;
}
