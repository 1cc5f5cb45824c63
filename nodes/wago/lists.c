/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See lists.h. */

#include "nodes/wago/lists.h"

#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

/* A piece of a line that is not read yet. */
struct rest {
    const char *at, *end;
};

static bool skip(struct rest *rest, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, text, len) != 0)
        return false;
    rest->at += len;
    return true;
}

/* A whole number from 1 to `max`. */
static bool take_number(struct rest *rest, int64_t max, int64_t *ret)
{
    const char *begin = rest->at;

    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9')
        rest->at++;
    return mf_num_read_int(begin, (size_t)(rest->at - begin), ret) && *ret >= 1 && *ret <= max;
}

/* What is before the next `mark`, which is passed. */
static bool take_until(struct rest *rest, char mark, struct rest *ret)
{
    const char *found = memchr(rest->at, mark, (size_t)(rest->end - rest->at));

    if (!found)
        return false;
    *ret = (struct rest){rest->at, found};
    rest->at = found + 1;
    return true;
}

static bool is_word(const struct rest *word, const char *text)
{
    return mf_text_eq(word->at, (size_t)(word->end - word->at), text);
}

/* Moves `at` behind the line that it returns; false at the end. */
static bool next_line(const char **at, struct rest *ret)
{
    const char *end = strchr(*at, '\n');

    if (!end)
        return false;
    *ret = (struct rest){*at, end};
    *at = end + 1;
    return true;
}

/* ---- cards ---- */

/* `3: digital output:750-5xx 16 => 00000 …` */
static bool read_card(struct rest line, int64_t *ret_slot, struct mf_wago_card *ret)
{
    struct rest sort, type;
    int64_t bits = 0;

    if (!take_number(&line, MF_WAGO_CARDS, ret_slot) || !skip(&line, ": ") ||
        !take_until(&line, ':', &sort))
        return false;
    ret->sort = MF_WAGO_OTHER;
    if (is_word(&sort, "digital input"))
        ret->sort = MF_WAGO_INPUTS;
    if (is_word(&sort, "digital output"))
        ret->sort = MF_WAGO_OUTPUTS;
    if (ret->sort == MF_WAGO_OTHER)
        return true;
    if (!take_until(&line, ' ', &type) || !take_number(&line, UINT16_MAX, &bits))
        return false;
    ret->bits = (uint16_t)bits;
    return true;
}

unsigned mf_wago_cards_read(struct mf_wago_cards *ret, const char *lines)
{
    struct rest line;
    unsigned count = 0;

    memset(ret, 0, sizeof(*ret));
    while (next_line(&lines, &line)) {
        struct mf_wago_card card = {0};
        int64_t slot;

        if (!read_card(line, &slot, &card))
            continue;
        ret->by_slot[slot] = card;
        count++;
    }
    return count;
}

static const char *const sort_names[] = {
    [MF_WAGO_NO_CARD] = "no card",
    [MF_WAGO_INPUTS] = "digital inputs",
    [MF_WAGO_OUTPUTS] = "digital outputs",
    [MF_WAGO_OTHER] = "a card of another sort",
};

static void put_all(const struct mf_wago_cards *cards, struct mf_buf *buf)
{
    const char *between = "";

    for (unsigned i = 1; i <= MF_WAGO_CARDS; i++) {
        const struct mf_wago_card *card = &cards->by_slot[i];

        if (card->sort == MF_WAGO_NO_CARD)
            continue;
        mf_buf_printf(buf, "%s%u: ", between, i);
        if (card->sort != MF_WAGO_OTHER)
            mf_buf_printf(buf, "%u ", card->bits);
        mf_buf_puts(buf, sort_names[card->sort]);
        between = ", ";
    }
    if (!*between)
        mf_buf_puts(buf, "no cards at all");
}

bool mf_wago_cards_refuse(const struct mf_wago_cards *cards, unsigned card, unsigned bit,
                          enum mf_wago_card_sort wanted, struct mf_buf *ret_why)
{
    const struct mf_wago_card *there = &cards->by_slot[card <= MF_WAGO_CARDS ? card : 0];

    if (there->sort == wanted && bit <= there->bits)
        return false;
    if (there->sort == wanted)
        mf_buf_printf(ret_why, "card %u has %u bits, and none with number %u", card, there->bits,
                      bit);
    else if (there->sort == MF_WAGO_NO_CARD)
        mf_buf_printf(ret_why, "there is no card %u", card);
    else
        mf_buf_printf(ret_why, "slot %u has %s, not %s", card, sort_names[there->sort],
                      sort_names[wanted]);
    mf_buf_puts(ret_why, "; the controller has ");
    put_all(cards, ret_why);
    return true;
}

/* ---- monitors ---- */

static const struct {
    const char *name;
    enum mf_wago_job job;
} jobs[] = {
    {"timed set", MF_WAGO_TIMED_SET},
    {"timed clear", MF_WAGO_TIMED_CLEAR},
    {"PWM, on", MF_WAGO_PWM},
    {"PWM, off", MF_WAGO_PWM},
};

/* `8 PWM, off: 2:4 0.298` */
static bool read_monitor(struct rest line, struct mf_wago_listing *ret)
{
    struct rest job;
    int64_t card, bit;

    if (!take_number(&line, INT64_MAX, &ret->id) || !skip(&line, " ") ||
        !take_until(&line, ':', &job) || !skip(&line, " ") ||
        !take_number(&line, UINT16_MAX, &card) || !skip(&line, ":") ||
        !take_number(&line, UINT16_MAX, &bit))
        return false;
    ret->card = (unsigned)card;
    ret->bit = (unsigned)bit;
    ret->job = MF_WAGO_OTHER_JOB;
    for (size_t i = 0; i < sizeof(jobs) / sizeof(*jobs); i++)
        if (is_word(&job, jobs[i].name))
            ret->job = jobs[i].job;
    return true;
}

bool mf_wago_next_monitor(const char **at, struct mf_wago_listing *ret)
{
    struct rest line;

    while (next_line(at, &line))
        if (read_monitor(line, ret))
            return true;
    return false;
}
