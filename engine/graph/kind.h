/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Kinds: what a kind of node or link tells the engine about itself.
 *
 * A kind is one `const struct mf_kind`, written once, in the file that
 * implements it. Reading, checking, wiring, `moat-flow nodes`, the reference
 * manual and the JSON Schema are all made from it; nothing about a kind is
 * written down a second time.
 *
 * Every function of a kind runs on the loop thread. None of them may block.
 * What a kind may call is in engine/graph/node.h (nodes) and link.h (links).
 */

#include "engine/config/flow.h"
#include "engine/config/type.h"
#include "engine/expr/expr.h"
#include "engine/value/msg.h"

struct mf_node;
struct mf_link;
struct mf_check;
struct mf_def;
struct mf_ports;
struct mf_infer;
struct mf_state_out;
struct mf_state_in;
struct mf_letter;

enum mf_dir { MF_IN = 1, MF_OUT };

enum mf_port_flag {
    MF_PORT_OPTIONAL = 1 << 0, /* may stay unconnected */
    MF_PORT_MANY = 1 << 1,     /* takes several edges: `from: [a, b]` */
    MF_PORT_NAMED =
        1 << 2, /* stands for any number of inputs that the user names: `from: {a: x}` */
    MF_PORT_DELAYED = 1 << 3, /* delivered in the next turn: may close a loop */
    MF_PORT_ANY_AGE = 1 << 4, /* messages that are not good are delivered too */
    MF_PORT_QUIET = 1 << 5,   /* stores the value without running the node */
    MF_PORT_TOLD = 1 << 6, /* messages that are not good are delivered too, and mark the outputs all
                              the same */
    MF_PORT_APART = 1 << 7, /* without bearing on the outputs: each value is stored, good or not, at
                               the end of the turn, and no edge into it closes a loop */
};

struct mf_port {
    const char *name;
    enum mf_dir dir;
    uint32_t types;   /* set of MF_T(); MF_T_ANY for all */
    uint32_t flags;   /* set of enum mf_port_flag */
    const char *unit; /* "W": insisted on; "@in": that of port `in`; NULL: any (in), none (out) */
    const char *summary; /* one sentence with a full stop */
};

enum mf_kind_flag {
    MF_KIND_PURE =
        1 << 0, /* output depends on input, time and state only: runs in tests as it is */
    MF_KIND_SOURCE = 1 << 1,   /* emits without being fed */
    MF_KIND_SINK = 1 << 2,     /* changes the outside world; --read-only keeps it from doing so */
    MF_KIND_ACTUATOR = 1 << 3, /* a sink that moves something physical: always guarded (guard.h) */
    MF_KIND_TIME = 1 << 4,     /* a source that only depends on the clock: runs in tests */
    MF_KIND_STATEFUL = 1 << 5, /* remembers something: must be named in a `then:` chain */
    MF_KIND_MAY_ACT = 1 << 6,  /* a sink that is an actuator where `actuator: true` says so */
    MF_KIND_DECIDES = 1 << 7,  /* what it says by its timers is its own, not what it was fed: it
                                * goes on after a restart with `keep`, before its inputs speak */

    MF_KIND_WRITES = MF_KIND_SINK | MF_KIND_ACTUATOR,
};

/* ---- nodes ---- */

/* A whole number about a node: "instructions"; a counter only ever grows. */
typedef void (*mf_stat_fn)(void *arg, const char *name, double number, bool is_counter);

struct mf_kind {
    const char *name;    /* "deadband", "mqtt.publish" */
    const char *summary; /* one sentence with a full stop */
    const char *doc;     /* further paragraphs, Markdown; limits and errors included */
    const char *example; /* a whole flow that validates, or the nodes map's content: see below */
    const struct mf_link_kind *link; /* shared connection it hangs on, or NULL */
    const struct mf_port *ports;     /* ended by {0} */
    const struct mf_option *options; /* ended by {0}; may be NULL */
    size_t config_size;              /* filled by the loader, then read-only */
    size_t state_size;               /* zeroed, one per node */
    unsigned timers;                 /* number of timers, at most 8 */
    uint32_t flags;                  /* set of enum mf_kind_flag */
    uint32_t state_version;          /* raise it when save() changes */

    /* Checks that need two options at once. Pure; reports every fault it sees. */
    void (*check)(const void *config, struct mf_check *check);

    /* Does the node do without a link, as its options are? NULL: it needs one if `link` says so. */
    bool (*is_alone)(const void *config);

    /* What this kind of link cannot do for the node, where several kinds serve it. Pure, as
     * check().
     */
    void (*check_link)(const void *config, const struct mf_link_kind *link, struct mf_check *check);

    /* Adds ports that depend on the options (columns of a file, fields of a map). */
    void (*add_ports)(struct mf_ports *ports, const void *config);

    /* Says what the outputs are, given what the inputs are, where "@in" is not enough. */
    void (*infer)(struct mf_infer *infer, const void *config);

    /* Interval between two values of a polled source, ns; 0: none. The engine marks it stale after
     * three. */
    int64_t (*period)(const void *config);

    /* What in the outside world the node writes ("file:/a/b"), arena text or NULL, one thing a
     * line: two nodes with the same thing are an error. */
    const char *(*writes)(const void *config, struct mf_arena *arena);

    /* What it needs for itself alone of its link, reading or writing, arena text or NULL: two nodes
     * on one link with the same are an error. */
    const char *(*claims)(const void *config, const void *link_config, struct mf_arena *arena);

    /* A part of its link that can only be of one sort, and of which: "card 2", "inputs"; arena text
     * or NULL. Two nodes that want it to be of different sorts are an error. */
    const char *(*wants)(const void *config, const char **ret_sort, struct mf_arena *arena);

    /* For `validate --env`: whether the link, which is up, has what the node needs. Negative, with
     * a sentence, where it has not. Changes nothing. */
    int (*fits)(const void *config, struct mf_link *link, struct mf_error *err);

    /* What an actuator is told is an event (a pulse), not a state: its guard never says it again by
     * itself, only the failsafe value. */
    bool (*is_momentary)(const void *config);

    /* Appends what else makes a node another one than before when the flow is reloaded, beside what
     * its options say: the content of a file they name. */
    void (*fingerprint)(const void *config, struct mf_buf *buf);

    /* Takes memory, nothing else: `validate` and the tests call it as well. */
    int (*create)(struct mf_node *node, struct mf_error *err);

    /* Opens files, subscribes, arms timers. From here on the node may emit. On an error nothing
     * may be left behind; the engine tries again with back-off. */
    int (*start)(struct mf_node *node, struct mf_error *err);

    /* One message on an input port. `msg` is borrowed for the call. For kinds that treat each
     * message on its own. */
    void (*receive)(struct mf_node *node, unsigned port, const struct mf_msg *msg);

    /* Once per turn in which an input changed, when all inputs have had a value (optional ones
     * aside). For kinds that combine inputs: read them with mf_node_input(). A kind has receive or
     * run, not both. */
    void (*run)(struct mf_node *node);

    /* A timer armed with mf_node_arm() has run out. */
    void (*timeout)(struct mf_node *node, unsigned timer);

    /* A source that reads as fast as the graph takes it (a file): emits at most one value per port
     * and returns. Called again and again, one turn per call, until it returns MF_PULL_END, or
     * MF_PULL_WAIT (it will call mf_node_wake()). Not called while a sink downstream has a full
     * queue. */
    int (*pull)(struct mf_node *node);

    /* Sinks that wait for somebody else (a broker): the engine queues messages (option `queue`),
     * and calls this with the oldest. MF_OK: it has left our hands. MF_DELIVER_PENDING: on its way;
     * mf_node_settle() will say how it ended. MF_ELINK: not now; try again after mf_node_wake() or
     * when the link is up. Other errors: refused for good, counted as lost with the reason. */
    int (*deliver)(struct mf_node *node, const struct mf_letter *letter, struct mf_error *err);

    /* Fills what the letter needs beside the message (letter->topic, owned by the letter) when it
     * enters the queue. */
    void (*stamp)(struct mf_node *node, unsigned input, struct mf_letter *letter);

    /* Only MF_OPT_LIVE options differ from `old`. Cannot fail. */
    void (*reconfigure)(struct mf_node *node, const void *old);

    /* State that outlives a reload of a changed node (and a restart with `keep`). Both or neither.
     */
    void (*save)(const struct mf_node *node, struct mf_state_out *out);
    int (*restore)(struct mf_node *node, struct mf_state_in *in, struct mf_error *err);

    /* Names and numbers for `status` and for metrics, beside those that every node has. */
    void (*stats)(const struct mf_node *node, mf_stat_fn put, void *arg);

    /* Lets go of the outside world. Nothing is delivered to the node after this call; letters still
     * pending are the engine's business. */
    void (*stop)(struct mf_node *node);

    /* Frees what create() took; copes with a create() that failed half-way. */
    void (*destroy)(struct mf_node *node);
};

enum { MF_PULL_MORE = 1, MF_PULL_WAIT = 2, MF_PULL_END = 3 };
enum { MF_DELIVER_PENDING = 1 };

/* A message in a sink's queue. */
struct mf_letter {
    uint64_t number; /* names it in mf_node_settle() */
    struct mf_msg msg;
    const char *label;     /* name of the port it came from: {port} */
    const char *node_name; /* name of the node it came from: {node} */
    struct mf_value topic; /* text that came with it on a `topic` port, or null: {topic} */
    bool is_retry;         /* was handed over before */
    uint32_t input;        /* the engine's: by which it came */
};

/* ---- links: connections that nodes share ---- */

struct mf_link_kind {
    const char *name; /* "mqtt" */
    const char *summary;
    const char *doc;
    const char *example;
    const struct mf_option *options;
    size_t config_size;
    size_t state_size;

    /* Several kinds of links may serve the same nodes: this one serves those of `like`, too, and
     * both have the table of what these nodes may ask. NULL: no other kind. */
    const struct mf_link_kind *like;
    const void *service;

    /* The name says it all (`gpiochip0`): a node may hang on it without its being declared, as if
     * it were, with the name as its main option. NULL: no name does. */
    bool (*is_implied)(const char *name);

    void (*check)(const void *config, struct mf_check *check);
    /* Where it leads, arena text: what is written there over two links is the same thing. Without
     * it each link leads somewhere else. */
    const char *(*leads_to)(const void *config, struct mf_arena *arena);
    /* Looks at all nodes that hang on it, once the flow is compiled: what only shows in sum. May be
     * NULL. */
    void (*check_nodes)(const void *config, const struct mf_def *const *nodes, size_t count,
                        struct mf_check *check);
    /* Nobody else may be on it: a second link that leads there is an error. May be NULL. */
    bool (*is_exclusive)(const void *config);
    int (*create)(struct mf_link *link, struct mf_error *err);
    /* Begins to connect; ends in mf_link_up() or mf_link_down(). Called again with back-off after
     * each down. */
    void (*start)(struct mf_link *link);
    /* Timer armed with mf_link_arm(). */
    void (*timeout)(struct mf_link *link);
    /* Stop or go on reading: a sink downstream is full. May be NULL: the link cannot pause. */
    void (*pause)(struct mf_link *link, bool paused);
    /* Names and numbers for `status` and for metrics, beside those that every link has. */
    void (*stats)(const struct mf_link *link, mf_stat_fn put, void *arg);
    /* Says goodbye and calls mf_link_stopped(), at once or later. */
    void (*stop)(struct mf_link *link);
    void (*destroy)(struct mf_link *link);
};

/* The kind that nodes name which hang on this one. */
static inline const struct mf_link_kind *mf_link_kind_main(const struct mf_link_kind *kind)
{
    return kind->like ? kind->like : kind;
}

/* ---- what check(), add_ports() and infer() may call ---- */

struct mf_check {
    struct mf_diags *diags;
    struct mf_arena *arena;
    const struct mf_flow_item *item;
};
/* Place of an option's value, or of the kind when the option was not given. */
struct mf_span mf_check_at(const struct mf_check *check, const char *option);

/* Place of a node's name, while the flow is compiled. */
struct mf_span mf_check_node(const struct mf_def *def);

/* Adds a port; texts are copied. False (after reporting) if the name is taken or the limit reached.
 */
bool mf_ports_add(struct mf_ports *ports, enum mf_dir dir, const char *name, uint32_t types,
                  const struct mf_unit *unit_or_null, const char *summary);
struct mf_check *mf_ports_check(struct mf_ports *ports); /* to report faults */

/* Inputs are by index, in order of wiring; by_port finds the first of a port, -1 if unconnected. */
unsigned mf_infer_inputs(const struct mf_infer *infer);
int mf_infer_by_port(const struct mf_infer *infer, unsigned port);
const char *mf_infer_label(const struct mf_infer *infer, unsigned input);
uint32_t mf_infer_types(const struct mf_infer *infer, unsigned input);
const struct mf_unit *mf_infer_unit(const struct mf_infer *infer, unsigned input);
void mf_infer_set(struct mf_infer *infer, unsigned port, uint32_t types,
                  const struct mf_unit *unit_or_null);
/* Asks that input to be converted to `unit` on its edge (reports MF0203 when impossible). */
void mf_infer_want(struct mf_infer *infer, unsigned input, const struct mf_unit *unit);
struct mf_check *mf_infer_check(struct mf_infer *infer);
/* Brings a quantity that the kind has read itself, written in `unit`, into that of its input, with
 * the words the engine has for options in "@in". `option` gives name and flags. */
bool mf_infer_in_unit(struct mf_infer *infer, const struct mf_option *option, struct mf_span at,
                      const struct mf_unit *unit, double *number);
/* Checks and compiles an expression option with the wired inputs; `wanted` may be NULL. */
bool mf_infer_expr(struct mf_infer *infer, struct mf_expr *expr, const struct mf_unit *wanted,
                   struct mf_expr_slot *ret_result);
struct mf_arena *mf_infer_arena(struct mf_infer *infer);
/* Config of the link that the node hangs on, or NULL. */
const void *mf_infer_link(const struct mf_infer *infer);
/* The unit that `unit:` on the node asks for, or NULL. */
const struct mf_unit *mf_infer_asked_unit(const struct mf_infer *infer);

/* Names of value types as `type:` has them; the values are sets of MF_T(). */
extern const struct mf_choice mf_value_choices[];
