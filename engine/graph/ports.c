/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Ports: the outputs of a kind's table, then those that its options make.
 */

#include <assert.h>
#include <string.h>

#include "engine/graph/compile_priv.h"

struct mf_ports {
    struct mf_check check;
    struct mf_out_def *outs;
    unsigned count, cap;
};

const struct mf_port mf_port_of_expression = {
    .name = "expression",
    .dir = MF_IN,
    .types = MF_T_ANY,
    .flags = MF_PORT_NAMED,
    .summary = "A name in an expression.",
};

static struct mf_out_def *new_output(struct mf_ports *ports)
{
    if (ports->count == ports->cap) {
        struct mf_out_def *old = ports->outs;

        ports->cap = ports->cap ? 2 * ports->cap : 4;
        ports->outs = mf_arena_alloc(ports->check.arena, ports->cap * sizeof(*ports->outs));
        if (ports->count)
            memcpy(ports->outs, old, ports->count * sizeof(*ports->outs));
    }
    return &ports->outs[ports->count++];
}

bool mf_ports_add(struct mf_ports *ports, enum mf_dir dir, const char *name, uint32_t types,
                  const struct mf_unit *unit_or_null, const char *summary)
{
    struct mf_arena *arena = ports->check.arena;
    struct mf_unit *unit = NULL;

    assert(dir == MF_OUT);
    for (unsigned i = 0; i < ports->count; i++)
        if (strcmp(ports->outs[i].name, name) == 0) {
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
    *new_output(ports) = (struct mf_out_def){
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

static unsigned count_outputs(const struct mf_kind *kind)
{
    unsigned count = 0;

    for (const struct mf_port *port = kind->ports; port && port->name; port++)
        count += port->dir == MF_OUT;
    return count;
}

bool mf_compile_ports(struct mf_compile *compile, struct mf_draft *draft)
{
    struct mf_def *def = draft->def;
    struct mf_ports ports = {{compile->diags, compile->arena, draft->item}};
    size_t errors = compile->diags->errors;

    /* What options make is not known without them. */
    if (def->kind->add_ports && (draft->failed || draft->loaded.is_unknown))
        return false;
    ports.cap = count_outputs(def->kind);
    ports.outs = mf_arena_alloc(compile->arena, ports.cap * sizeof(*ports.outs));
    for (const struct mf_port *port = def->kind->ports; port && port->name; port++)
        if (port->dir == MF_OUT)
            *new_output(&ports) = (struct mf_out_def){
                .name = port->name,
                .types = port->types,
                .unit = mf_compile_port_unit(compile, port),
                .summary = port->summary,
            };
    if (def->kind->add_ports)
        def->kind->add_ports(&ports, def->config);
    def->outs = ports.outs;
    def->out_count = ports.count;
    draft->has_ports = compile->diags->errors == errors;
    return draft->has_ports;
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

int mf_kind_first_input(const struct mf_kind *kind)
{
    for (int i = 0; kind->ports && kind->ports[i].name; i++)
        if (kind->ports[i].dir == MF_IN)
            return i;
    return -1;
}

struct mf_span mf_check_at(const struct mf_check *check, const char *option)
{
    const struct mf_tree_pair *pair = mf_flow_option(check->item, option);

    if (pair)
        return pair->value->at;
    return check->item->main ? check->item->main->at : check->item->kind_at;
}

/* ---- units ---- */

const struct mf_unit *mf_compile_unit(struct mf_compile *compile, const struct mf_unit *unit)
{
    const struct mf_unit *known;
    struct mf_unit *copy;

    if (!unit)
        return NULL;
    /* Two units of one name are the same, but for results of calculations, which may be cut. */
    known = mf_map_get(&compile->units, unit->name);
    if (known && mf_unit_equal(known, unit))
        return known;
    copy = mf_arena_alloc(compile->arena, sizeof(*copy));
    *copy = *unit;
    if (!known)
        mf_map_set(&compile->units, copy->name, copy);
    return copy;
}

const struct mf_unit *mf_compile_port_unit(struct mf_compile *compile, const struct mf_port *port)
{
    const struct mf_unit *known;
    struct mf_unit unit;

    if (!port->unit || *port->unit == '@')
        return NULL;
    known = mf_map_get(&compile->units, port->unit);
    if (known)
        return known;
    if (mf_unit_read(port->unit, strlen(port->unit), &unit, NULL) < 0)
        return NULL;
    return mf_compile_unit(compile, &unit);
}
