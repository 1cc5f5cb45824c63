/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Option types: how a piece of a flow file becomes a member of a config struct.
 *
 * A type is an object: it reads from the tree with diagnostics, and describes
 * itself for help and JSON Schema. A new type (a cron line, a register address)
 * is one descriptor and works everywhere. The type comes from the option's
 * declaration, never from the look of the scalar.
 */

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/config/option.h"
#include "engine/config/tree.h"
#include "engine/value/unit.h"
#include "engine/value/value.h"

/* What a type may use while it reads. Results live in `arena` as long as the graph. */
struct mf_load {
    struct mf_arena *arena;
    struct mf_diags *diags;
    struct mf_loaded *into;
    const char *const *also; /* further keys that are legal there, for suggestions; may be NULL */
    const char *key; /* as the user wrote it (`debounce`, not `time`); set by mf_load_options() */
    struct mf_map *made;      /* what types have made of files, by a key of theirs; may be NULL */
    struct mf_arena *scratch; /* for what is needed while compiling only; NULL: `arena` */
};

/* A quantity whose unit is that of a port: read as written, settled once the port's unit is
 * known (engine/graph/compile.c). */
struct mf_late_quantity {
    struct mf_late_quantity *next;
    const struct mf_option *option;
    double *number;
    struct mf_unit unit; /* as written */
    bool has_unit;
    struct mf_span at;
};

/* An expression found among the options: its names become inputs of the node. */
struct mf_late_expr {
    struct mf_late_expr *next;
    const struct mf_option *option;
    struct mf_expr *expr;
};

/* The name of a node found among the options: it becomes an input of this one, on its port for
 * inputs by name. */
struct mf_input_ref {
    const char *label; /* what the input is called; NULL: as the option that it stands in */
    struct mf_span at; /* where the name stands */
    unsigned index;    /* among the node's inputs, once it is wired */
    bool is_given;
};

struct mf_late_input {
    struct mf_late_input *next;
    const struct mf_option *option;
    const struct mf_tree *name;
    struct mf_input_ref *ref;
};

struct mf_loaded {
    void *config;
    struct mf_late_quantity *quantities;
    struct mf_late_expr *exprs;
    struct mf_late_input *inputs, *last_input; /* in order */
    bool failed;     /* a fault was reported: say nothing more about this node */
    bool is_unknown; /* a text holds a variable or secret that is missing here: it is incomplete */
};

struct mf_type {
    const char *name;   /* "duration" */
    const char *syntax; /* for help: "a time with a unit, such as 5s or 1h30m" */
    size_t size;        /* of the member */
    /* Reads `tree` into `ret`; false after reporting a fault. */
    bool (*read)(struct mf_load *load, const struct mf_option *option, const struct mf_tree *tree,
                 void *ret);
    /* Appends a JSON Schema (2020-12) that accepts exactly what read() accepts of a YAML value. */
    void (*schema)(const struct mf_option *option, struct mf_buf *buf);
    /* How a text is written in a file in the current directory, where it is a path relative to the
     * file it stands in; NULL: as it is. May be NULL. Arena text. */
    const char *(*moved)(struct mf_load *load, const struct mf_tree *scalar);
};

struct mf_range {
    double low, high; /* -inf and +inf where open */
};

struct mf_texts {
    const char *const *list;
    size_t count;
};

extern const struct mf_type mf_type_bool;     /* true false yes no on off */
extern const struct mf_type mf_type_int;      /* int64_t; also 0x1f */
extern const struct mf_type mf_type_number;   /* double without a unit */
extern const struct mf_type mf_type_quantity; /* double, converted to option->unit */
extern const struct mf_type mf_type_range;    /* struct mf_range: a..b with a unit */
extern const struct mf_type mf_type_duration; /* int64_t ns */
extern const struct mf_type mf_type_size;     /* int64_t bytes */
extern const struct mf_type mf_type_text;     /* const char *, NULL when absent */
extern const struct mf_type mf_type_texts;    /* a list of texts, or one */
extern const struct mf_type mf_type_choice;   /* int out of option->of */
extern const struct mf_type
    mf_type_literal; /* struct mf_value: number, quantity, bool, text, list, map */
extern const struct mf_type mf_type_path;  /* struct mf_value: a MoaT path */
extern const struct mf_type mf_type_table; /* a struct read by option->of (struct mf_table) */
extern const struct mf_type mf_type_unit;  /* struct mf_unit */
extern const struct mf_type mf_type_expr;  /* struct mf_expr *: engine/expr/expr.h */
extern const struct mf_type mf_type_input; /* struct mf_input_ref, which stays where it is */

/* Reads a map of options by table into the zeroed `config`: unknown options (with the nearest
 * name), missing ones, ranges, fallbacks. `main` is the value after the kind or NULL; `who` names
 * the owner in messages: "`deadband`". Returns false when a fault was reported. `skip` says which
 * keys belong to somebody else (the options every node understands); may be NULL. */
bool mf_load_options(struct mf_load *load, const struct mf_option *table, const char *who,
                     struct mf_span who_at, const struct mf_tree *main,
                     const struct mf_tree_pair *pairs, size_t count, bool (*skip)(const char *key),
                     void *config);

/* How the user named the option that is being read: "every", or the kind of a main option. */
const char *mf_type_key(const struct mf_load *load, const struct mf_option *option);
/* What stands there, for messages: "`5 kg`", "a list"; secrets are not shown. Arena text. */
const char *mf_type_shown(const struct mf_load *load, const struct mf_option *option,
                          const struct mf_tree *tree);
/* Reports MF0206 when `number` is outside of the option's limits, which `print` writes. */
bool mf_type_limits(struct mf_load *load, const struct mf_option *option,
                    const struct mf_tree *tree, double number,
                    void (*print)(const struct mf_option *option, double limit,
                                  struct mf_buf *buf));
/* Registers a quantity that waits for the unit of a port ("@in"). */
void mf_type_late(struct mf_load *load, const struct mf_option *option, struct mf_span at,
                  double *number, const struct mf_unit *unit, bool has_unit);
/* Drops a counted value together with the arena that its handle lives in. */
void mf_type_keep_value(struct mf_arena *arena, struct mf_value value);

/* Reports "wanted …, got …" for a tree of the wrong shape. Returns false. */
bool mf_type_mismatch(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, const char *wanted);
/* Text of a scalar, NUL-terminated and without NUL inside; NULL after reporting that it is not one,
 * or that nothing stands there. mf_load_options() keeps scalars whose text is incomplete
 * (`tree->is_unknown`) from all types but texts: the fallback counts, and where there is none and
 * the option is required, the owner counts as failed without a fault. */
const char *mf_type_scalar(struct mf_load *load, const struct mf_option *option,
                           const struct mf_tree *tree);
/* A literal as a value, by its look: quantity → number (unit in *ret_unit), true/false, number,
 * `null`, else text; lists and maps of these, keys included. Quoted scalars are texts. The caller
 * owns the value. Only a scalar that is the whole literal may have a unit. */
bool mf_literal_read(struct mf_load *load, const struct mf_tree *tree, struct mf_value *ret,
                     struct mf_unit *ret_unit, bool *ret_has_unit);
