/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the two readers of tests share: test_file.c knows the shape of a file, test_point.c the
 * names in it. Nothing here is for others. */

#include "engine/cli/test_file.h"

/* One case while it is read. */
struct mf_test_reading {
    struct mf_test_file *file;
    struct mf_load *load;
    bool failed; /* a fault was reported */
};

/* A growing list in the arena; how many there can be is known beforehand. */
struct mf_test_sets {
    struct mf_test_set *list;
    size_t count;
};
struct mf_test_expects {
    struct mf_test_expect *list;
    size_t count;
    bool is_prefix; /* of a list the first values */
};

/* Values in a map of nodes, a map of ports counted by its pairs. */
size_t mf_test_count_values(const struct mf_tree *map_or_null);
/* A pair of `set:`, `fail:`, `expect:`, `series:`. */
void mf_test_read_set(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                      struct mf_test_sets *sets);
void mf_test_read_fail(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                       struct mf_test_sets *sets);
void mf_test_read_expect(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                         struct mf_test_expects *expects);
/* False after reporting. */
bool mf_test_read_series(struct mf_test_reading *r, const struct mf_tree_pair *pair,
                         struct mf_test_series *ret);
