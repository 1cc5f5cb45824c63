/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One attempt is a loop over the items of the pattern. What could have gone otherwise (one byte
 * more or less for a repetition, a capture opened or closed) is pushed onto a list; when an item
 * does not fit, the newest entry says how to go on. Groups cannot be repeated in Lua, so each item
 * is on the list once at most, and the list has a fixed size.
 */

#include "lua/match.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"

/* What matches one byte, and how often it may: `a`, `.`, `%d*`, `[a-z]-`. */
struct item {
    const char *start, *end; /* of the class, suffix aside */
    char suffix;             /* * + - ? or 0 */
    const char *next;        /* item behind it */
};

enum choice_kind { CHOICE_LESS, CHOICE_MORE, CHOICE_SKIP, CHOICE_REOPEN, CHOICE_FORGET };

struct choice {
    uint8_t kind;     /* enum choice_kind */
    unsigned capture; /* REOPEN */
    struct item item;
    const char *from; /* LESS: the least that must be taken; MORE, SKIP: where the rest begins */
    const char *to;   /* LESS: taken up to here */
};

struct attempt {
    struct mf_match *match;
    const char *at;   /* in the text */
    const char *next; /* in the pattern */
    unsigned depth;
    struct choice choices[MF_MATCH_DEPTH];
};

enum { NO = 0, YES = 1, GO_ON = 2 };

/* ---- steps and errors ---- */

bool mf_match_settle(struct mf_match *match)
{
    uint64_t steps = match->steps;

    match->steps = 0;
    match->error[0] = '\0';
    return !match->charge || match->charge(match->charge_arg, steps);
}

bool mf_match_charge(struct mf_match *match, uint64_t steps)
{
    match->steps += steps;
    return match->steps < MF_MATCH_CHARGE || mf_match_settle(match);
}

static int wrong(struct mf_match *match, const char *text)
{
    snprintf(match->error, sizeof(match->error), "%s", text);
    return MF_EINVAL;
}

static int wrong_index(struct mf_match *match, int index)
{
    snprintf(match->error, sizeof(match->error), "invalid capture index %%%d", index);
    return MF_EINVAL;
}

/* ---- one byte ---- */

static bool in_class(unsigned char c, unsigned char name)
{
    bool is_in;

    switch (tolower(name)) {
    case 'a':
        is_in = isalpha(c);
        break;
    case 'c':
        is_in = iscntrl(c);
        break;
    case 'd':
        is_in = isdigit(c);
        break;
    case 'g':
        is_in = isgraph(c);
        break;
    case 'l':
        is_in = islower(c);
        break;
    case 'p':
        is_in = ispunct(c);
        break;
    case 's':
        is_in = isspace(c);
        break;
    case 'u':
        is_in = isupper(c);
        break;
    case 'w':
        is_in = isalnum(c);
        break;
    case 'x':
        is_in = isxdigit(c);
        break;
    case 'z':
        is_in = c == 0;
        break;
    default:
        return c == name;
    }
    return is_in != !!isupper(name);
}

/* `start` is at the bracket, `end` behind the closing one. */
static bool in_set(unsigned char c, const char *start, const char *end)
{
    const char *at = start + 1, *close = end - 1;
    bool is_inverse = at < close && *at == '^';
    bool is_in = false;

    for (at += is_inverse; at < close && !is_in; at++) {
        if (*at == '%') {
            at++;
            is_in = in_class(c, (unsigned char)*at);
        } else if (close - at > 2 && at[1] == '-') {
            is_in = (unsigned char)at[0] <= c && c <= (unsigned char)at[2];
            at += 2;
        } else {
            is_in = (unsigned char)*at == c;
        }
    }
    return is_in != is_inverse;
}

static bool item_takes(const struct item *item, const char *at, const char *text_end)
{
    if (at == text_end)
        return false;
    switch (*item->start) {
    case '.':
        return true;
    case '%':
        return in_class((unsigned char)*at, (unsigned char)item->start[1]);
    case '[':
        return in_set((unsigned char)*at, item->start, item->end);
    default:
        return *item->start == *at;
    }
}

/* The end of a set whose bracket is at `at`: the first byte behind the bracket is never its end. */
static const char *end_of_set(const struct mf_match *match, const char *at)
{
    const char *end = match->pattern_end;
    const char *first;

    at++;
    if (at < end && *at == '^')
        at++;
    for (first = at; at < end && (at == first || *at != ']'); at++)
        if (*at == '%' && at + 1 < end)
            at++;
    return at < end ? at + 1 : NULL;
}

static int read_item(struct mf_match *match, const char *at, struct item *ret)
{
    const char *end = at + 1;

    if (*at == '%' && end == match->pattern_end)
        return wrong(match, "malformed pattern (ends with '%')");
    if (*at == '%')
        end++;
    else if (*at == '[' && !(end = end_of_set(match, at)))
        return wrong(match, "malformed pattern (missing ']')");
    *ret = (struct item){.start = at, .end = end, .next = end};
    if (end < match->pattern_end && memchr("*+-?", *end, 4)) {
        ret->suffix = *end;
        ret->next = end + 1;
    }
    return YES;
}

/* Steps that one look costs: a set is searched from its beginning. */
static uint64_t item_cost(const struct item *item)
{
    return 1 + (uint64_t)(item->end - item->start) / 8;
}

/* ---- items ---- */

static int push(struct attempt *a, struct choice choice)
{
    if (a->depth == MF_MATCH_DEPTH)
        return wrong(a->match, "pattern too complex");
    a->choices[a->depth++] = choice;
    return GO_ON;
}

/* The item fits once at least: as often as it can, and `least` times in any case. */
static int repeat(struct attempt *a, const struct item *item, int least)
{
    struct mf_match *match = a->match;
    uint64_t cost = item_cost(item);
    const char *from = a->at + least;

    for (a->at++; item_takes(item, a->at, match->text_end); a->at++)
        if (!mf_match_charge(match, cost))
            return MF_ELIMIT;
    return push(a, (struct choice){.kind = CHOICE_LESS, .item = *item, .from = from, .to = a->at});
}

/* Where it does not fit at all there is nothing to come back to, and the depth stays Lua's. */
static int single(struct attempt *a)
{
    struct mf_match *match = a->match;
    struct item item;
    int rc = read_item(match, a->next, &item);

    if (rc < 0)
        return rc;
    if (!mf_match_charge(match, item_cost(&item)))
        return MF_ELIMIT;
    a->next = item.next;
    if (!item_takes(&item, a->at, match->text_end))
        return item.suffix && item.suffix != '+' ? GO_ON : NO;
    switch (item.suffix) {
    case '*':
        return repeat(a, &item, 0);
    case '+':
        return repeat(a, &item, 1);
    case '-':
        return push(a, (struct choice){.kind = CHOICE_MORE, .item = item, .from = a->at});
    case '?':
        a->at++;
        return push(a, (struct choice){.kind = CHOICE_SKIP, .item = item, .from = a->at - 1});
    default:
        a->at++;
        return GO_ON;
    }
}

static int open_capture(struct attempt *a)
{
    struct mf_match *match = a->match;
    bool is_position = a->next + 1 < match->pattern_end && a->next[1] == ')';

    if (match->count == MF_MATCH_CAPTURES)
        return wrong(match, "too many captures");
    match->captures[match->count++] =
        (struct mf_match_capture){a->at, is_position ? MF_MATCH_POSITION : MF_MATCH_OPEN};
    a->next += is_position ? 2 : 1;
    return push(a, (struct choice){.kind = CHOICE_FORGET});
}

static int close_capture(struct attempt *a)
{
    struct mf_match *match = a->match;
    unsigned i = match->count;

    while (i > 0 && match->captures[i - 1].len != MF_MATCH_OPEN)
        i--;
    if (i == 0)
        return wrong(match, "invalid pattern capture");
    match->captures[i - 1].len = a->at - match->captures[i - 1].at;
    a->next++;
    return push(a, (struct choice){.kind = CHOICE_REOPEN, .capture = i - 1});
}

/* `%1`: the same text again. */
static int same_again(struct attempt *a)
{
    struct mf_match *match = a->match;
    int index = a->next[1] - '0';
    const struct mf_match_capture *capture;

    if (index < 1 || (unsigned)index > match->count ||
        match->captures[index - 1].len == MF_MATCH_OPEN)
        return wrong_index(match, index);
    capture = &match->captures[index - 1];
    if (capture->len == MF_MATCH_POSITION || match->text_end - a->at < capture->len)
        return NO;
    if (!mf_match_charge(match, 1 + (uint64_t)capture->len / 16))
        return MF_ELIMIT;
    if (memcmp(a->at, capture->at, (size_t)capture->len) != 0)
        return NO;
    a->at += capture->len;
    a->next += 2;
    return GO_ON;
}

/* `%bxy`: from x to the y that belongs to it. */
static int balanced(struct attempt *a)
{
    struct mf_match *match = a->match;
    const char *at = a->at;
    char open, close;
    size_t level = 1;

    if (match->pattern_end - a->next < 4)
        return wrong(match, "malformed pattern (missing arguments to '%b')");
    open = a->next[2];
    close = a->next[3];
    if (at == match->text_end || *at != open)
        return NO;
    while (level > 0) {
        if (++at == match->text_end)
            return NO;
        if (!mf_match_charge(match, 1))
            return MF_ELIMIT;
        if (*at == close)
            level--;
        else if (*at == open)
            level++;
    }
    a->at = at + 1;
    a->next += 4;
    return GO_ON;
}

/* `%f[set]`: between a byte that is not in the set and one that is. Both ends of the text count as
 * a NUL. */
static int frontier(struct attempt *a)
{
    struct mf_match *match = a->match;
    const char *set = a->next + 2, *end;
    unsigned char before = a->at == match->text ? 0 : (unsigned char)a->at[-1];
    unsigned char here = a->at == match->text_end ? 0 : (unsigned char)*a->at;

    if (set == match->pattern_end || *set != '[')
        return wrong(match, "missing '[' after '%f' in pattern");
    end = end_of_set(match, set);
    if (!end)
        return wrong(match, "malformed pattern (missing ']')");
    if (!mf_match_charge(match, 1 + (uint64_t)(end - set) / 4))
        return MF_ELIMIT;
    if (in_set(before, set, end) || !in_set(here, set, end))
        return NO;
    a->next = end;
    return GO_ON;
}

static int step(struct attempt *a)
{
    const struct mf_match *match = a->match;
    const char *next = a->next;
    bool is_last = match->pattern_end - next == 1;

    if (next == match->pattern_end)
        return YES;
    if (*next == '(')
        return open_capture(a);
    if (*next == ')')
        return close_capture(a);
    if (*next == '$' && is_last)
        return a->at == match->text_end ? YES : NO;
    if (*next == '%' && !is_last) {
        if (next[1] == 'b')
            return balanced(a);
        if (next[1] == 'f')
            return frontier(a);
        if (isdigit((unsigned char)next[1]))
            return same_again(a);
    }
    return single(a);
}

/* ---- going back ---- */

/* Tries the newest choice that has something left. NO: there is none. */
static int go_back(struct attempt *a)
{
    struct mf_match *match = a->match;

    while (a->depth > 0) {
        struct choice *choice = &a->choices[a->depth - 1];

        if (!mf_match_charge(match, item_cost(&choice->item)))
            return MF_ELIMIT;
        a->next = choice->item.next;
        if (choice->kind == CHOICE_LESS && choice->to > choice->from) {
            a->at = --choice->to;
            return GO_ON;
        }
        if (choice->kind == CHOICE_MORE &&
            item_takes(&choice->item, choice->from, match->text_end)) {
            a->at = ++choice->from;
            return GO_ON;
        }
        a->depth--;
        if (choice->kind == CHOICE_SKIP) {
            a->at = choice->from;
            return GO_ON;
        }
        if (choice->kind == CHOICE_FORGET)
            match->count--;
        else if (choice->kind == CHOICE_REOPEN)
            match->captures[choice->capture].len = MF_MATCH_OPEN;
    }
    return NO;
}

/* ---- the whole ---- */

void mf_match_init(struct mf_match *match, const char *text, size_t text_len, const char *pattern,
                   size_t pattern_len)
{
    match->text = text;
    match->text_end = text + text_len;
    match->pattern = pattern;
    match->pattern_end = pattern + pattern_len;
    match->count = 0;
    match->steps = 0;
    match->charge = NULL;
    match->charge_arg = NULL;
    match->error[0] = '\0';
}

int mf_match_at(struct mf_match *match, const char *at, const char **ret_end)
{
    struct attempt attempt; /* its list is not worth clearing */
    int rc = GO_ON;

    attempt.match = match;
    attempt.at = at;
    attempt.next = match->pattern;
    attempt.depth = 0;
    match->count = 0;
    while (rc == GO_ON) {
        rc = step(&attempt);
        if (rc == NO)
            rc = go_back(&attempt);
    }
    if (rc == YES)
        *ret_end = attempt.at;
    return rc;
}

int mf_match_find(struct mf_match *match, const char *from, bool is_anchored,
                  const char **ret_start, const char **ret_end)
{
    int rc;

    do {
        if (!mf_match_charge(match, 1))
            return MF_ELIMIT;
        rc = mf_match_at(match, from, ret_end);
        if (rc == YES)
            *ret_start = from;
    } while (rc == NO && !is_anchored && from++ < match->text_end);
    return rc;
}
