/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Output ports: those of the kind's table, then the ones that its options make.
 */

#include <string.h>

#include "engine/graph/compile_priv.h"

struct mf_ports {
    struct mf_compile *compile;
    struct mf_def *def;
    struct mf_check check;
    struct mf_out_def outs[MF_NODE_PORTS];
    unsigned count;
};

const struct mf_port mf_port_of_expression = {
    .name = "expression",
    .dir = MF_IN,
    .types = MF_T_ANY,
    .flags = MF_PORT_NAMED,
    .summary = "A name in an expression.",
};

static int find_port(const struct mf_ports *ports, const char *name)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (strcmp(ports->outs[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool mf_ports_add(struct mf_ports *ports, enum mf_dir dir, const char *name, uint32_t types,
                  const struct mf_unit *unit_or_null, const char *summary)
{
    struct mf_arena *arena = ports->compile->arena;
    struct mf_out_def *out;
    struct mf_unit *unit = NULL;

    if (find_port(ports, name) >= 0) {
        mf_diag(ports->check.diags, MF_ERROR, 312, ports->check.item->kind_at,
                "two outputs of this node would be called `%s`", name);
        return false;
    }
    if (ports->count == MF_NODE_PORTS) {
        mf_diag(ports->check.diags, MF_ERROR, 313, ports->check.item->kind_at,
                "this node would have more than %d outputs, which is the limit", MF_NODE_PORTS);
        return false;
    }
    if (unit_or_null) {
        unit = mf_arena_alloc(arena, sizeof(*unit));
        *unit = *unit_or_null;
    }
    out = &ports->outs[ports->count++];
    *out = (struct mf_out_def){
        .name = mf_arena_strdup(arena, name),
        .types = types,
        .unit = unit,
        .summary = summary ? mf_arena_strdup(arena, summary) : NULL,
    };
    return true;
}

struct mf_check *mf_ports_check(struct mf_ports *ports)
{
    return &ports->check;
}

void mf_compile_ports(struct mf_compile *compile, struct mf_def *def)
{
    struct mf_ports ports = {compile, def, {compile->diags, compile->arena, def->draft->item}};
    size_t errors = compile->diags->errors;

    for (const struct mf_port *port = def->kind->ports; port && port->name; port++)
        if (port->dir == MF_OUT)
            ports.outs[ports.count++] = (struct mf_out_def){
                .name = port->name, .types = port->types, .summary = port->summary};
    if (def->kind->add_ports)
        def->kind->add_ports(&ports, def->config);
    if (compile->diags->errors != errors)
        def->draft->failed = true;
    def->out_count = ports.count;
    def->outs = mf_arena_alloc(compile->arena, (ports.count + 1) * sizeof(*def->outs));
    if (ports.count)
        memcpy(def->outs, ports.outs, ports.count * sizeof(*def->outs));
}

int mf_def_output(const struct mf_def *def, const char *name)
{
    if (!*name) {
        if (def->out_count == 1)
            return 0;
        name = "out";
    }
    for (unsigned i = 0; i < def->out_count; i++)
        if (strcmp(def->outs[i].name, name) == 0)
            return (int)i;
    return -1;
}

struct mf_span mf_check_at(const struct mf_check *check, const char *option)
{
    const struct mf_tree_pair *pair = mf_flow_option(check->item, option);

    if (pair)
        return pair->value->at;
    return check->item->main ? check->item->main->at : check->item->kind_at;
}
