/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the steps from files to a table of registers share: nothing here is for others.
 *
 *   files    names to texts to trees; `include`        profile_file.c
 *   expand   `ref`, `default`, `repeat`, `shift`       profile_expand.c
 *   table    registers, their types; overlaps          profile_register.c, profile_table.c
 *
 * Twigs are immutable once made, so that copies of a tree share what did not change.
 */

#include "engine/base/map.h"
#include "engine/base/text.h"
#include "engine/config/tree.h"
#include "nodes/modbus/profile.h"

/* Codes of profiles, see codes.def. */
enum {
    MF_CODE_NO_PROFILE = 540,
    MF_CODE_PROFILE = 541,
    MF_CODE_REF = 542,
    MF_CODE_NO_REGISTER = 543,
    MF_CODE_OVERLAP = 544,
    MF_CODE_UNUSED = 545,
    MF_CODE_PROFILE_LIMIT = 546,
    MF_CODE_PROFILE_UNIT = 549,
};

struct mf_twig;

struct mf_twig_pair {
    const char *key;
    struct mf_span at; /* of the key */
    const struct mf_twig *value;
};

/* A value of the tree: a map, or a scalar or list as it was written. */
struct mf_twig {
    const struct mf_tree *leaf; /* NULL: a map */
    struct mf_span at;
    const struct mf_twig_pair *pairs;
    uint32_t count;
    bool is_root;    /* a map with an include: refs in it start here */
    int64_t moved;   /* what repeats and shifts have added to `register` */
    int64_t shifted; /* the same of shifts alone, for `scale_reg` */
};

struct mf_profiling {
    const struct mf_profile_wish *wish;
    struct mf_arena *arena;   /* of the result */
    struct mf_arena *scratch; /* of what is needed on the way */
    struct mf_diags *diags;
    struct mf_map docs; /* by name of the source → const struct mf_tree *: files that were read */
    struct mf_map elements; /* of lists of refs, by address → struct mf_twig * */
    size_t values;          /* made so far */
    bool is_full;           /* a limit was passed, and said */
    bool failed;
};

/* ---- twigs ---- */

static inline bool mf_twig_is_map(const struct mf_twig *twig)
{
    return !twig->leaf;
}

const struct mf_twig *mf_twig_get(const struct mf_twig *map, const char *key);
const struct mf_twig_pair *mf_twig_pair(const struct mf_twig *map, const char *key);
/* Text of a scalar; NULL: a map or a list. */
const char *mf_twig_text(const struct mf_twig *twig);
/* A map being made: room for `cap` pairs. False after reporting that the profile is too large. */
bool mf_twig_room(struct mf_profiling *p, struct mf_twig *map, size_t cap, struct mf_span at);
void mf_twig_add(struct mf_twig *map, const struct mf_twig_pair *pair);
/* The maps of both put together; where they differ `over` wins. NULL stands for nothing. */
const struct mf_twig *mf_twig_merge(struct mf_profiling *p, const struct mf_twig *over,
                                    const struct mf_twig *under);

/* ---- steps ---- */

struct mf_diag *mf_profile_fault(struct mf_profiling *p, unsigned code, struct mf_span at,
                                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The profile's file with all that it includes; NULL after reporting. */
const struct mf_twig *mf_profile_read(struct mf_profiling *p);
/* The same without instructions; NULL after reporting. */
const struct mf_twig *mf_profile_expand(struct mf_profiling *p, const struct mf_twig *root);
/* The table of registers. */
void mf_profile_table(struct mf_profiling *p, const struct mf_twig *root, struct mf_profile *ret);
/* Reads the keys of one register. False after reporting. */
bool mf_profile_read_register(struct mf_profiling *p, const struct mf_twig *map, const char *path,
                              struct mf_profile_register *ret);
