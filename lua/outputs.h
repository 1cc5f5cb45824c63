/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The option `outputs` of scripts: names, each with a type and a unit where they are known.
 *
 *   outputs: alarm
 *   outputs: [setpoint, alarm]
 *   outputs: {setpoint: {unit: W}, alarm: bool}
 */

#include "engine/graph/kind.h"

struct mf_lua_outputs {
    const char *const *names;
    const struct mf_lua_output *list; /* as many */
    size_t count;
};

struct mf_lua_output {
    int types; /* set of MF_T() */
    struct mf_unit unit;
    bool has_type, has_unit;
};

extern const struct mf_type mf_type_outputs; /* struct mf_lua_outputs */

#define MF_OUTPUTS(member)                                                                         \
    .type = &mf_type_outputs, .offset = MF_MEMBER(MF_CONFIG, member, struct mf_lua_outputs)

/* For add_ports() of a kind whose outputs are these and no others. */
void mf_lua_add_outputs(struct mf_ports *ports, const struct mf_lua_outputs *outputs);
