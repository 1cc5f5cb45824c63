/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * All kinds of this build, from the list that Meson makes of what it was told to build (kinds.inc).
 */

#include "nodes/kinds.h"

#include <stdlib.h>
#include <string.h>

#define MF_NODE_KIND(symbol) extern const struct mf_kind symbol;
#define MF_LINK_KIND(symbol) extern const struct mf_link_kind symbol;
#define MF_ABSENT_KIND(name, needs)
#include "kinds.inc"
#undef MF_NODE_KIND
#undef MF_LINK_KIND
#undef MF_ABSENT_KIND

#define MF_NODE_KIND(symbol) &symbol,
#define MF_LINK_KIND(symbol)
#define MF_ABSENT_KIND(name, needs)
static const struct mf_kind *node_kinds[] = {
#include "kinds.inc"
    NULL,
};
#undef MF_NODE_KIND
#undef MF_LINK_KIND
#undef MF_ABSENT_KIND

#define MF_NODE_KIND(symbol)
#define MF_LINK_KIND(symbol) &symbol,
#define MF_ABSENT_KIND(name, needs)
static const struct mf_link_kind *link_kinds[] = {
#include "kinds.inc"
    NULL,
};
#undef MF_NODE_KIND
#undef MF_LINK_KIND
#undef MF_ABSENT_KIND

#define MF_NODE_KIND(symbol)
#define MF_LINK_KIND(symbol)
#define MF_ABSENT_KIND(name, needs) {name, needs},
static const struct mf_absent_kind absent_kinds[] = {
#include "kinds.inc"
    {0},
};

static int by_name(const void *a, const void *b)
{
    const struct mf_kind *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int by_link_name(const void *a, const void *b)
{
    const struct mf_link_kind *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

const struct mf_kind_set *mf_kinds(void)
{
    static const struct mf_kind_set set = {node_kinds, link_kinds, absent_kinds};
    static bool is_sorted;

    if (!is_sorted) {
        qsort(node_kinds, sizeof(node_kinds) / sizeof(node_kinds[0]) - 1, sizeof(node_kinds[0]),
              by_name);
        qsort(link_kinds, sizeof(link_kinds) / sizeof(link_kinds[0]) - 1, sizeof(link_kinds[0]),
              by_link_name);
        is_sorted = true;
    }
    return &set;
}
