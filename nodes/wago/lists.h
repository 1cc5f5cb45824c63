/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The lists of a WAGO controller: its cards, and the monitors that run on it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"

enum { MF_WAGO_CARDS = 255 }; /* slots of a controller at most */

/* Those of no known sort are listed, but nothing can be done with them. */
enum mf_wago_card_sort { MF_WAGO_NO_CARD, MF_WAGO_INPUTS, MF_WAGO_OUTPUTS, MF_WAGO_OTHER };

struct mf_wago_card {
    uint8_t sort; /* enum mf_wago_card_sort */
    uint16_t bits;
};

struct mf_wago_cards {
    struct mf_wago_card by_slot[MF_WAGO_CARDS + 1]; /* from 1 */
};

/* Reads the reply to `Dp`; lines that are no cards do not count. Returns how many are. */
unsigned mf_wago_cards_read(struct mf_wago_cards *ret, const char *lines);
/* Why nothing of that sort can be at `card`, `bit`, and what there is instead; false: it can. */
bool mf_wago_cards_refuse(const struct mf_wago_cards *cards, unsigned card, unsigned bit,
                          enum mf_wago_card_sort wanted, struct mf_buf *ret_why);

enum mf_wago_job { MF_WAGO_OTHER_JOB, MF_WAGO_TIMED_SET, MF_WAGO_TIMED_CLEAR, MF_WAGO_PWM };

struct mf_wago_listing {
    int64_t id;
    enum mf_wago_job job;
    unsigned card, bit;
};

/* The monitor in the next line of the reply to `m`, which `at` moves behind; false: there is none
 * left. Keep-alives and the like, which are about no bit, are left out. */
bool mf_wago_next_monitor(const char **at, struct mf_wago_listing *ret);
