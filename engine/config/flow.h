/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * A flow: the files of a flow language description, read and made plain.
 *
 * Reading: files, directories, includes, Markdown blocks → trees. Expanding:
 * `${…}` substitution, parts (`use:`), `to:` and `then:` → a flat list of links
 * and nodes, whose options are still trees. What those mean is for the kinds
 * (mf_load_options) and the compiler (engine/graph/compile.h).
 *
 * Everything lives in `arena`, which may be dropped once the graph is compiled.
 */

#include <stdbool.h>

#include "engine/base/map.h"
#include "engine/base/text.h"
#include "engine/config/tree.h"

enum {
    MF_FLOW_PART_DEPTH = 16, /* parts within parts */
    MF_FLOW_VARS = 10000,    /* of the flow; parameters and variables of one part */
    MF_FLOW_VAR_DEPTH = 32,  /* variables made of variables */
};
#define MF_FLOW_NODES 1000000u                     /* nodes, links and uses after expansion */
#define MF_FLOW_TEXT (1024u * 1024)                /* bytes of one text after substitution */
#define MF_FLOW_TEXTS (UINT64_C(64) * 1024 * 1024) /* bytes of all texts made by substitution */
#define MF_FLOW_VISITS UINT64_C(50000000)          /* values of parts looked at, over all uses */
#define MF_FLOW_PARAMS 5000000u /* parameters and variables of parts, over all uses */

/* Where names inside a node are looked up: a part's instance, or the flow itself (outer NULL). */
struct mf_scope {
    const char *prefix;           /* "kitchen." or "" */
    const struct mf_scope *outer; /* NULL for the flow */
    struct mf_map
        outputs; /* name → const char * (inner name); only for an instance with `outputs:` */
    bool has_outputs;
    struct mf_span at; /* the use line */
    /* A use that could not be expanded: found for each name in it; the compiler does not know it
     * and keeps silent. */
    const struct mf_flow_item *broken;
};

enum mf_item_type { MF_ITEM_LINK, MF_ITEM_NODE };

/* One link or node, plain. */
struct mf_flow_item {
    enum mf_item_type item_type;
    const char *name;  /* full: "kitchen.temp", "quiet.to.kv_set" */
    struct mf_span at; /* of the name (sugar: of the kind) */
    const char *kind;  /* "deadband" */
    struct mf_span kind_at;
    const struct mf_tree *main;         /* value after the kind; NULL when nothing stands there */
    const struct mf_tree_pair *options; /* the other pairs; `from` of sugar is put in */
    size_t option_count;
    const struct mf_scope *scope;
    const struct mf_origin *origin; /* the use lines that led here */
    const char *sugar;              /* "to" or "then" for nodes made from sugar; else NULL */
    bool is_named;                  /* sugar: has `name:` */
    struct mf_span whole;           /* the node's map */
};

struct mf_flow {
    struct mf_arena *arena;     /* borrowed */
    struct mf_sources *sources; /* borrowed */
    struct mf_diags *diags;     /* borrowed */
    const char *title;          /* of the first file that has one, or NULL */
    struct mf_flow_item **items;
    size_t count;
    size_t files;            /* read */
    struct mf_map names;     /* full name of nodes → struct mf_flow_item * */
    struct mf_map links;     /* name of links → struct mf_flow_item * */
    struct mf_map instances; /* "kitchen" → struct mf_scope * of a use */
    /* A file could not be read: found for each name that is not there; see mf_scope.broken. */
    const struct mf_flow_item *missing;
};

struct mf_flow_setup {
    const char *const *sets; /* "name=value", they win over vars */
    size_t set_count;
    const char *secrets_dir; /* NULL: $CREDENTIALS_DIRECTORY */
    bool no_env;             /* secrets and variables may be missing: a note instead of an error */
    const char *stdin_name;  /* name of standard input in messages; NULL: "<stdin>" */
};

/* Reads files (`-` is standard input), the `*.yaml` files of directories, and what they include.
 * `paths` empty means the current directory. What a file is, its first keys tell:
 *
 *   flow        read
 *   part        in a directory or pattern passed over; named on its own checked as far as it goes
 *               without a use, adding no nodes
 *   test        in a directory or pattern passed over, else refused
 *   Markdown    its one flow is read; several are refused (mf_flow_read_block takes one)
 *
 * Faults go to diags; the flow is returned in any case and holds what could be understood. */
void mf_flow_read(struct mf_flow *flow, const char *const *paths, size_t path_count,
                  const struct mf_flow_setup *setup);
/* Takes one text instead of files: tests. */
void mf_flow_read_text(struct mf_flow *flow, const char *name, const char *text, size_t len,
                       const struct mf_flow_setup *setup);
/* Takes one YAML block of a Markdown file (engine/config/markdown.h). */
void mf_flow_read_block(struct mf_flow *flow, const struct mf_source *source, size_t start,
                        size_t end, const struct mf_flow_setup *setup);
void mf_flow_init(struct mf_flow *flow, struct mf_arena *arena, struct mf_sources *sources,
                  struct mf_diags *diags);
void mf_flow_done(struct mf_flow *flow); /* frees maps; not the arena */

/* Pair of an item's option, or NULL. */
const struct mf_tree_pair *mf_flow_option(const struct mf_flow_item *item, const char *key);

/* ---- names ---- */

/* What a dotted name written inside `item` means. Looked up from the inside out: the part's own
 * nodes, then those of the flow around it. */
struct mf_name {
    const struct mf_flow_item *node; /* NULL: nothing found */
    const char *rest;                /* what follows the node's name after its dot, or "" */
    size_t used;                     /* bytes of `name` that name the node */
    /* An output of a part that stands for a port (`outputs: {temp: sensor.value}`): so many bytes,
     * dot included, `rest` begins with that are not in `name`. */
    size_t mapped;
};
struct mf_name mf_flow_lookup(const struct mf_flow *flow, const struct mf_scope *scope,
                              const char *name, size_t len);
/* The link a node means by `name`. */
const struct mf_flow_item *mf_flow_lookup_link(const struct mf_flow *flow,
                                               const struct mf_scope *scope, const char *name);
/* Nearest names that would be legal there, for help. */
const char *mf_flow_nearest(const struct mf_flow *flow, const struct mf_scope *scope,
                            const char *name);

/* Options that every node understands (from, unit, type, stale, queue, keep, on_error, health,
 * examples, doc, enabled, to, then), ended by NULL. The compiler reads them. */
extern const char *const mf_flow_common[];

/* ---- kinds as the flow reader needs them ----
 * The reader must know which keys are kinds (to say "put it first"), and which kinds keep state
 * (then-steps must be named). engine/graph/registry.c sets this up. */
struct mf_kind_facts {
    bool (*is_kind)(const char *name);
    bool (*is_stateful)(const char *name);
    /* `then` and `to` belong to the kind where it has such an option. NULL: where they are texts.
     */
    bool (*has_option)(const char *kind, const char *key);
    void (*nearest)(struct mf_nearest *nearest); /* feeds all kind names */
};
void mf_flow_set_kind_facts(const struct mf_kind_facts *facts);
