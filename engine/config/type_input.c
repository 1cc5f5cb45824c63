/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Option type: the name of a node whose value is taken. What it leads to is found when all nodes
 * are known. */

#include "engine/config/schema.h"
#include "engine/config/type.h"

static bool input_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    struct mf_input_ref *ref = ret;
    struct mf_late_input *late, **end;

    if (!mf_type_scalar(load, option, tree))
        return false;
    late = mf_arena_alloc(load->arena, sizeof(*late));
    *late = (struct mf_late_input){.option = option, .name = tree, .ref = ref};
    end = load->into->last_input ? &load->into->last_input->next : &load->into->inputs;
    *end = load->into->last_input = late;
    ref->at = tree->at;
    ref->is_given = true;
    return true;
}

const struct mf_type mf_type_input = {
    .name = "node",
    .syntax = "the name of a node, or of a node and its port",
    .size = sizeof(struct mf_input_ref),
    .read = input_read,
    .schema = mf_schema_text,
};
