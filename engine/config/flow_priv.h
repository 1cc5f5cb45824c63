/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What the files of the flow reader share: nothing here is for others.
 *
 *   files.c     paths, directories, includes → documents, each composed once
 *   flow.c      top-level keys; from documents to items
 *   item.c      one node or link: its kind and options
 *   sugar.c     `to:` and `then:`
 *   part.c      `use:`; param.c: declarations and values of parameters
 *   subst.c     `${…}`; secret.c: secrets
 *   name.c      lookups afterwards
 */

#include "engine/base/map.h"
#include "engine/config/flow.h"
#include "engine/value/unit.h"

enum {
    MF_CODE_NO_FLOW = 130,
    MF_CODE_TOP_KEY = 131,
    MF_CODE_NO_FILE = 132,
    MF_CODE_INCLUDE_CYCLE = 133,
    MF_CODE_TWICE = 134,
    MF_CODE_NAME = 135,
    MF_CODE_KIND_FIRST = 136,
    MF_CODE_NO_KIND = 137,
    MF_CODE_UNKNOWN_KIND = 138,
    MF_CODE_NOT_A_MAP = 139,
    MF_CODE_UNKNOWN_VAR = 140,
    MF_CODE_SUBST = 141,
    MF_CODE_VAR_CYCLE = 142,
    MF_CODE_SHAPE = 143,
    MF_CODE_NO_MATCH = 144,
    MF_CODE_PARAM_DECL = 149,
    MF_CODE_UNKNOWN_PARAM = 150,
    MF_CODE_MISSING_PARAM = 151,
    MF_CODE_PARAM_VALUE = 152,
    MF_CODE_PART_CYCLE = 153,
    MF_CODE_NOT_A_PART = 154,
    MF_CODE_OUTPUT = 155,
    MF_CODE_UNUSED_PARAM = 156,
    MF_CODE_SUGAR = 157,
    MF_CODE_STEP_NAME = 158,
    MF_CODE_SUGAR_FROM = 159,
    MF_CODE_LIMIT = 160,
    MF_CODE_NO_ENV = 701,
    MF_CODE_NO_SECRET = 702,
    MF_CODE_UNREADABLE = 703,
};

/* ---- documents ---- */

enum mf_doc_type {
    MF_DOC_BROKEN, /* not YAML, or another version: reported */
    MF_DOC_FLOW,
    MF_DOC_PART,
    MF_DOC_TEST,
    MF_DOC_OTHER, /* reported only by those who insist on a flow */
};

struct mf_doc {
    const struct mf_source *source;
    struct mf_tree *tree; /* a map, unless broken or other */
    enum mf_doc_type type;
    bool is_taken;   /* among the flow's documents */
    bool has_dollar; /* else there is nothing to substitute */
    struct mf_part *part;
};

/* ---- variables ---- */

/* A variable or parameter; read when somebody asks for it. */
struct mf_var {
    const char *name;
    struct mf_span at;           /* of its definition, or of the use that gives it */
    const struct mf_tree *value; /* as written; NULL: known from the start */
    const struct mf_env *env;    /* of the place where `value` is written */
    const char *text;
    size_t len;
    const char *bare; /* where it must not be shown or is not known: mf_tree_bare() of it */
    enum { MF_VAR_NEW, MF_VAR_BUSY, MF_VAR_DONE } state;
    bool is_secret, is_unknown;
};

/* Variables known at a place, from the inside out. The names are those of the part and shared by
 * all its uses. */
struct mf_env {
    const struct mf_map *names; /* → index + 1 */
    struct mf_var *vars;
    bool *used; /* by index; NULL: nobody asks */
    const struct mf_env *outer;
};

struct mf_var_chain {
    const struct mf_var *var;
    const struct mf_var_chain *outer;
};

struct mf_secret {
    const char *text;
    size_t len;
    const char *fault; /* why there is none */
};

/* ---- parts ---- */

enum mf_param_type {
    MF_PARAM_ANY,
    MF_PARAM_TEXT,
    MF_PARAM_NUMBER,
    MF_PARAM_INT,
    MF_PARAM_BOOL,
    MF_PARAM_DURATION,
    MF_PARAM_QUANTITY,
    MF_PARAM_NODE,
};

struct mf_param {
    const char *name;
    struct mf_span at;
    enum mf_param_type type;
    bool has_unit, has_range;
    bool has_no_type; /* what `type` says is not one */
    struct mf_unit unit;
    double low, high;               /* in the unit; durations: s */
    const struct mf_tree *fallback; /* NULL: must be given */
};

struct mf_part {
    struct mf_doc *doc;
    struct mf_map names; /* parameters, then variables → index + 1 */
    struct mf_param *params;
    size_t param_count;
    struct mf_tree_pair *vars;
    size_t var_count;
    bool *used; /* by index */
    const struct mf_tree *nodes, *uses;
    struct mf_map outputs; /* → inner name */
    bool has_outputs, outputs_checked;
    size_t use_count;
    bool failed; /* a fault in its head was reported */
};

/* ---- reading ---- */

/* Where things are being defined: the flow itself, or one use of a part. */
struct mf_place {
    const struct mf_scope *scope;
    const struct mf_env *env;
    const struct mf_origin *origin;
    const struct mf_doc *doc;
    const struct mf_part *part;   /* NULL: the flow */
    const struct mf_place *outer; /* of the use */
    unsigned depth;
};

/* One run of the reader. */
struct mf_reading {
    struct mf_flow *flow;
    struct mf_arena *arena;
    struct mf_diags *diags;
    const struct mf_flow_setup *setup;
    struct mf_doc **known; /* by source number - 1; NULL: not composed yet */
    size_t known_count;
    struct mf_doc **docs; /* of the flow, in order */
    size_t doc_count, doc_cap;
    struct mf_doc **alone; /* parts named on the command line */
    size_t alone_count, alone_cap;
    struct mf_part **parts;
    size_t part_count, part_cap;
    struct mf_map sets; /* name → value */
    struct mf_map vars; /* → index + 1 */
    struct mf_env env;  /* the flow's */
    struct mf_map secrets;
    struct mf_map paths; /* as they were asked for → struct mf_doc * */
    const struct mf_var_chain *var_chain;
    unsigned var_depth;
    uint64_t text_bytes, visits, params;
    size_t use_count; /* with the items they are bounded by MF_FLOW_NODES */
    size_t item_cap;
    bool is_full;  /* a limit was hit and reported: stop */
    bool is_alone; /* a part is checked without a use of it */
};

/* files.c */
void mf_files_read(struct mf_reading *reading, const char *const *paths, size_t count);
struct mf_doc *mf_files_compose(struct mf_reading *reading, const struct mf_source *source,
                                size_t start, size_t end);
/* Takes a document as one of the flow's, with what it includes; a part as one to be checked alone.
 * Reports what is neither. */
void mf_files_take(struct mf_reading *reading, struct mf_doc *doc);
/* The document at `path`, as seen from `from`; NULL after reporting at `at`. */
struct mf_doc *mf_files_find(struct mf_reading *reading, const struct mf_doc *from,
                             const char *path, struct mf_span at);
/* Says why a document is not a flow. */
void mf_files_refuse(struct mf_reading *reading, const struct mf_doc *doc, struct mf_span at);

/* flow.c */
/* Checks that a top-level value is a map; NULL after reporting, or when it is left empty. */
const struct mf_tree *mf_flow_section(struct mf_reading *reading, const struct mf_tree_pair *pair);
/* Checks that a name is one; `dotted` allows several joined by dots. */
bool mf_flow_check_name(struct mf_reading *reading, const struct mf_tree *key, const char *what,
                        bool dotted);
void mf_flow_twice(struct mf_reading *reading, struct mf_span at, const char *name,
                   struct mf_span first);
/* Counts work that grows with uses times the size of a part; false when it is too much. */
bool mf_flow_visit(struct mf_reading *reading, uint64_t values, struct mf_span at);
/* False after reporting that there are too many nodes and uses. */
bool mf_flow_has_room(struct mf_reading *reading, struct mf_span at);
const struct mf_origin *mf_flow_origin(struct mf_reading *reading, const struct mf_origin *outer,
                                       struct mf_span at, const char *text);

/* A node that nobody can see: what is wired to it fails without a word. */
const struct mf_flow_item *mf_flow_stand_in(struct mf_reading *reading);
/* Something could not be read, so names may be missing for which nobody is to blame. */
void mf_flow_incomplete(struct mf_reading *reading);

/* item.c */
extern const struct mf_kind_facts *mf_flow_facts; /* NULL: every first key is a kind */
void mf_item_links(struct mf_reading *reading, const struct mf_place *place,
                   const struct mf_tree *links);
void mf_item_nodes(struct mf_reading *reading, const struct mf_place *place,
                   const struct mf_tree *nodes);
/* Finds the kind of the map item->whole; sets kind, kind_at, main and options, in which `skip`
 * (may be NULL) is left out. */
struct mf_item_text {
    struct mf_tree *map;
    const struct mf_tree_pair *to, *then;   /* sugar found in it */
    const struct mf_tree_pair *name, *from; /* taken out of a step */
};
void mf_item_read(struct mf_reading *reading, struct mf_flow_item *item, struct mf_tree *map,
                  const char *from, struct mf_item_text *ret);
/* Adds a node to the flow; false when the name is taken or there is no room, after reporting. */
bool mf_item_add(struct mf_reading *reading, struct mf_flow_item *item);
/* The node's or step's value as a map, or NULL after reporting with `code`. */
struct mf_tree *mf_item_map(struct mf_reading *reading, const struct mf_place *place,
                            struct mf_tree *value, unsigned code, const char *what);

/* sugar.c */
void mf_sugar_expand(struct mf_reading *reading, const struct mf_place *place,
                     const struct mf_flow_item *owner, const struct mf_item_text *text);

/* part.c */
void mf_part_uses(struct mf_reading *reading, const struct mf_place *place,
                  const struct mf_tree *uses);
void mf_part_alone(struct mf_reading *reading, struct mf_doc *doc);
/* Warnings about parameters that nothing uses; frees what is not in the arena. */
void mf_part_finish(struct mf_reading *reading);

/* param.c */
void mf_param_read(struct mf_reading *reading, struct mf_param *param,
                   const struct mf_tree_pair *pair);
/* Checks a resolved value; a bare number gets the parameter's unit. False after reporting. */
bool mf_param_check(struct mf_reading *reading, const struct mf_part *part,
                    const struct mf_param *param, struct mf_var *var, struct mf_span at);

/* subst.c */
/* The same tree when there is nothing to substitute, else a copy of what changed. */
struct mf_tree *mf_subst(struct mf_reading *reading, const struct mf_place *place,
                         struct mf_tree *tree);
/* Reads a variable's text once. `at` is where it is used. */
void mf_subst_resolve(struct mf_reading *reading, struct mf_var *var, struct mf_span at);
void mf_subst_sets(struct mf_reading *reading);

/* secret.c */
bool mf_secret_is_name(const char *name, size_t len);
const struct mf_secret *mf_secret_get(struct mf_reading *reading, const char *name);
