/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Where a line is: `relays/27`, the link and the number or name of the line. */

#include "engine/config/type.h"

struct mf_gpio_where {
    const char *link; /* first: what is before the last slash, for MF_OPT_LINK */
    const char *line;
};

/* Option type; the member is a struct mf_gpio_where. */
extern const struct mf_type mf_type_gpio_where;
#define MF_GPIO_WHERE(member)                                                                      \
    .type = &mf_type_gpio_where, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_gpio_where)

/* What says a chip by itself, without a link of that name being declared: `gpiochip0`, a path, or
 * a fake chip. */
bool mf_gpio_is_chip(const char *name);
/* The line in one way of writing it, as far as that is known without the chip: the same line of
 * the same link gives the same text. Arena text. */
const char *mf_gpio_where_key(const struct mf_gpio_where *where, const void *link_config,
                              struct mf_arena *arena);
