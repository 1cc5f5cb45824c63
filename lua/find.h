/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * string.find, match, gmatch and gsub on the matcher of lua/match.h: what Lua's own do, with a
 * meter. Whoever owns the state says how steps are paid for.
 */

#include <stdint.h>

struct lua_State;

enum { MF_FIND_BYTES = 16 }; /* bytes of plain search or of copying that make a step */

/* Pays for steps: a step is a byte looked at, about as dear as an instruction of the virtual
 * machine. Raises a Lua error when the budget is used up. */
typedef void (*mf_find_pay_fn)(struct lua_State *L, uint64_t steps);

/* Puts the four functions into the table on top of the stack. */
void mf_find_open(struct lua_State *L, mf_find_pay_fn pay);
