/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the composer's files share: nothing here is for others. */

#include "engine/config/tree.h"

/* Codes of the syntax, see codes.def. */
enum {
    MF_CODE_YAML = 101,
    MF_CODE_TAB = 102,
    MF_CODE_DUPLICATE = 103,
    MF_CODE_ANCHOR = 104,
    MF_CODE_DEPTH = 105,
    MF_CODE_NODES = 106,
    MF_CODE_DOCUMENTS = 107,
    MF_CODE_TAG = 108,
    MF_CODE_BYTES = 109,
    MF_CODE_SIZE = 110,
    MF_CODE_MERGE = 111,
    MF_CODE_KEY = 112,
    MF_CODE_RECURSION = 113,
};

/* A fault as libyaml tells it, with byte offsets. */
struct mf_yaml_fault {
    const char *problem; /* "did not find expected key" */
    const char *context; /* "while parsing a block mapping", or NULL */
    uint32_t at;
    uint32_t context_at; /* equals `at` without a context */
};

/* Looks for bytes that cannot stand in a flow file and for directives, in [start, end). False when
 * there is a fault, which is then reported. *ret_ascii says whether bytes are characters. */
bool mf_compose_check(const struct mf_source *source, size_t start, size_t end, bool *ret_ascii,
                      struct mf_diags *diags);
/* Says libyaml's fault in the reader's words. */
void mf_compose_fault(const struct mf_source *source, size_t start, size_t end,
                      const struct mf_yaml_fault *fault, struct mf_diags *diags);

/* Makes the pairs of `map` from what was written in it: reports keys that stand twice, resolves
 * merges. */
void mf_compose_pairs(struct mf_tree *map, const struct mf_tree_pair *entries, size_t count,
                      struct mf_arena *arena, struct mf_diags *diags);
