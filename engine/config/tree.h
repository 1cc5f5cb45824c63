/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The tree: YAML with positions and nothing guessed.
 *
 * The composer turns one YAML document into scalars, lists and maps. Scalars
 * stay text: what `off`, `08:30` or `0x1f` mean is for the option that reads
 * them. Anchors, aliases and merge keys (`<<`) are resolved here; a value
 * reached through an alias is shared, and the pair or item that holds it says where the
 * alias stands. Merged pairs come after the map's own ones, which win.
 *
 * Limits, each with an error that names it: depth MF_TREE_DEPTH, nodes
 * MF_TREE_NODES after expansion of aliases, file size (source.h).
 */

#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/config/diag.h"

enum { MF_TREE_DEPTH = 64 };
#define MF_TREE_NODES 8000000u  /* of one file as written */
#define MF_TREE_ALIASED 200000u /* nodes of one file that exist only through aliases */

enum mf_tree_kind { MF_TREE_SCALAR, MF_TREE_LIST, MF_TREE_MAP };

/* A stretch of a scalar that came from `${…}`: its bytes all lie at `at` in the source. */
struct mf_tree_piece {
    uint32_t start, end; /* in the scalar's text */
    struct mf_span at;
    const char *bare; /* how it is written where it must not be shown or is not known; or NULL */
};

struct mf_tree {
    uint8_t kind;   /* enum mf_tree_kind */
    bool is_plain;  /* scalar without quotes, not a block scalar */
    bool is_block;  /* | or > scalar */
    bool is_flow;   /* [] or {} */
    bool is_secret; /* scalar: contains a ${secret:…}; never printed */
    /* scalar: part of it comes from a variable or secret that is missing here (said already, or
     * allowed to be); whoever reads it leaves the fallback and does not complain about it */
    bool is_unknown;
    uint32_t count; /* items or pairs; scalar: bytes of text */
    struct mf_span at;
    uint32_t nodes; /* size of this subtree, itself included (saturates) */
    uint32_t piece_count;
    union {
        const char *text; /* NUL-terminated; may hold NUL bytes only when quoted "\0" */
        struct mf_tree_item *items;
        struct mf_tree_pair *pairs;
    };
    const struct mf_tree_piece *pieces; /* scalar: substituted stretches, in order */
};

struct mf_tree_item {
    struct mf_tree *value;
    struct mf_span via; /* the alias through which it was reached; file 0 if none */
};

struct mf_tree_pair {
    struct mf_tree *key;
    struct mf_tree *value;
    struct mf_span via;
};

/* Reads one document. NULL when the text is not YAML at all (a diagnostic says why); faults that
 * leave a usable tree (a duplicate key) are reported and the tree is returned. An empty document
 * is a map without pairs. [start, end) limits what is read to a part of the file (a YAML block in
 * Markdown); positions stay those of the file. */
struct mf_tree *mf_compose(const struct mf_source *source, size_t start, size_t end,
                           struct mf_arena *arena, struct mf_diags *diags);
/* The same for files of another origin, in which the tag `tag` may stand and says nothing. */
struct mf_tree *mf_compose_tagged(const struct mf_source *source, size_t start, size_t end,
                                  const char *tag, struct mf_arena *arena, struct mf_diags *diags);

/* Value of `key`, or NULL. *ret_pair may be NULL. */
struct mf_tree *mf_tree_get(const struct mf_tree *map, const char *key,
                            const struct mf_tree_pair **ret_pair);
bool mf_tree_is(const struct mf_tree *scalar, const char *text); /* scalar with exactly this text */

/* Where bytes [from, to) of a scalar's text stand in the file, through quotes, escapes, folding,
 * block indentation and substitution. Computed on demand by reading the source text again. */
struct mf_span mf_tree_span(const struct mf_tree *scalar, const struct mf_sources *sources,
                            uint32_t from, uint32_t to);

/* The text as a flow file may have it: with `${secret:NAME}` where a secret was put in (and
 * `${env:NAME}` where nothing was), other dollar signs doubled. */
void mf_tree_bare(const struct mf_tree *scalar, struct mf_buf *buf);

const char *mf_tree_kind_name(const struct mf_tree *tree); /* "a map", "a list", "a text" */
