/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The script of a `lua` node while it runs: its state, its calls, and what becomes of it when it
 * takes too much.
 *
 * The functions that the engine calls, the table `input` and its keys lie on the state's stack at
 * fixed places, so that a call needs no look-up by name. A script over budget loses its state and
 * gets a new one for the next message, with the table `state` as it was: whatever else it had may
 * be in pieces.
 */

#include "engine/graph/node.h"
#include "lua/budget.h"
#include "lua/outputs.h"
#include "lua/script.h"

/* Places on the stack; the keys of the inputs follow. */
enum {
    MF_LUA_SLOT_INPUT = 1,
    MF_LUA_SLOT_RUN,
    MF_LUA_SLOT_TICK,
    MF_LUA_SLOT_INIT,
    MF_LUA_SLOT_STOP,
    MF_LUA_SLOT_KEYS,
};

struct mf_lua_rule_config {
    struct mf_lua_script script;
    struct mf_lua_outputs outputs;
    int64_t every; /* ns; 0: never */
    int dead;
    struct mf_lua_rule_limits {
        int64_t memory, instructions, time, emit;
    } limits;
};

struct mf_lua_rule {
    struct mf_lua *lua;      /* NULL: it has to be made anew */
    struct mf_value kept;    /* what `state` was then */
    struct mf_value *pushed; /* per input: the value that is in `input` */
    struct mf_lua_overruns overruns;
    uint64_t errors;              /* metric */
    uint64_t calls, instructions; /* metrics: of former states */
    size_t peak;                  /* metric: of former states */
    unsigned inputs, outputs;
    bool is_ready;    /* all inputs have had a value */
    bool is_short;    /* run() ends by itself */
    bool has_numbers; /* the first output takes numbers */
};

/* Loads the script into a new state and runs its main part. On an error the state is there all the
 * same; drop it. */
int mf_lua_rule_load(struct mf_node *node, struct mf_error *err);
/* Frees the state; NULL is fine. */
void mf_lua_rule_drop(struct mf_node *node);
/* Drops the values that are in `input`. */
void mf_lua_rule_forget(struct mf_node *node);

/* Whether the script has this function. */
bool mf_lua_rule_has(const struct mf_lua_rule *rule, int slot);
/* Calls it and leaves so many results on the stack. */
int mf_lua_rule_enter(struct mf_node *node, int slot, int results, struct mf_error *err);
/* Calls it, if it is there, and emits what it returns; deals with all that can go wrong. */
void mf_lua_rule_call(struct mf_node *node, int slot);
