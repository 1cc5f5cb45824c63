/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * modbus.server: registers that others read and write.
 *
 * What is read is the value that an input has at that moment, so a message that arrives costs
 * nothing but to be stored; what is written comes out of a port of its own. A value that is
 * not good is not shown: whoever reads it would act on it.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/log.h"
#include "engine/graph/node.h"
#include "nodes/modbus/line.h"
#include "nodes/modbus/serve.h"
#include "nodes/net/listener.h"

enum { SERVED };
enum { TIMER_IDLE, TIMER_SILENCE, TIMER_REPLY, TIMERS };
enum { CLIENTS_MAX = 1000, CODE_LISTEN = 550, CODE_NO_INPUT = 307, CODE_KEY = 552 };

enum gaps { GAPS_REFUSE, GAPS_ZERO };

struct config {
    struct mf_modbus_place place;
    int64_t baud, stop_bits, max_clients, idle;
    int parity, when_stale, gaps;
    struct mf_modbus_table table;
};

struct state {
    struct mf_listener listener;
    struct mf_modbus_line line;
    struct mf_modbus_serve_counts counts;
    uint64_t foreign; /* requests to units that the server has not */
    /* What clients wrote: words by served->kept_at, whether they did by served->out. */
    uint16_t *kept;
    bool *is_kept;
    bool has_said; /* what clients have written; it may have failed since, or been reloaded */
};

/* ---- what the compiler asks ---- */

static void check_units(const struct config *c, struct mf_check *check)
{
    for (unsigned i = 0; i < c->table.count; i++) {
        const struct mf_modbus_served *served = c->table.list[i];

        if (served->unit >= 1 && served->unit <= MF_MODBUS_SERIAL_UNITS)
            continue;
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_KEY, served->at,
                             "on a serial line a unit has a number from 1 to %d, not %u",
                             MF_MODBUS_SERIAL_UNITS, served->unit),
                     "0 calls all units at once, and numbers above are reserved");
        return;
    }
}

static void server_check(const void *config, struct mf_check *check)
{
    const struct config *c = config;

    mf_modbus_line_check(&c->place, c->baud, check);
    if (c->place.is_serial)
        check_units(c, check);
    else if (!mf_listener_knows(&c->place.address))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_LISTEN, mf_check_at(check, "place"),
                             "`%s` is no address of this machine", c->place.address.host),
                     "write `tcp:*` for all, `tcp:localhost`, or an address such as "
                     "`tcp:192.168.1.5`");
    if (mf_flow_option(check->item, "from"))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_NO_INPUT, mf_check_at(check, "from"),
                             "the values of `modbus.server` stand with its registers"),
                     "write `units: {1: {input: {0: {from: …}}}}`");
}

static void server_add_ports(struct mf_ports *ports, const void *config)
{
    const struct config *c = config;

    for (unsigned i = 0; i < c->table.count; i++) {
        const struct mf_modbus_served *served = c->table.list[i];

        if (served->out >= 0 &&
            !mf_ports_add(ports, MF_OUT, served->name, mf_modbus_number_types(&served->number),
                          served->has_physical ? &served->physical : NULL,
                          "What clients write into the register."))
            return;
    }
}

static uint32_t taken_types(const struct mf_modbus_served *served)
{
    uint32_t types = mf_modbus_number_types(&served->number);

    return types & MF_T_NUMERIC ? MF_T_NUMERIC : types;
}

static void server_infer(struct mf_infer *infer, const void *config)
{
    const struct config *c = config;
    char is[96], needs[96];

    for (unsigned i = 0; i < c->table.count; i++) {
        const struct mf_modbus_served *served = c->table.list[i];
        uint32_t wanted = taken_types(served), types;

        if (!served->from.is_given)
            continue;
        types = mf_infer_types(infer, served->from.index);
        if (!(types & wanted))
            mf_diag_help(mf_diag(mf_infer_check(infer)->diags, MF_ERROR, 204, served->from.at,
                                 "the registers hold %s, and the input is %s",
                                 mf_types_print(wanted, needs), mf_types_print(types, is)),
                         "another `type` fits, or convert the value with `expr`");
        else if (served->has_physical)
            mf_infer_want(infer, served->from.index, &served->physical);
    }
}

/* ---- values ---- */

static bool encode(const struct mf_modbus_served *served, const struct mf_msg *msg, uint16_t *words)
{
    struct mf_error err;

    return (MF_T(msg->value.type) & taken_types(served)) &&
           mf_modbus_encode(&served->number, &msg->value, words, &err) == 0;
}

static bool copy(const uint16_t *from, const struct mf_modbus_served *served, uint16_t *words)
{
    if (from)
        memcpy(words, from, served->number.words * sizeof(*words));
    return from;
}

static bool read_input(struct mf_node *node, const struct mf_modbus_served *served, uint16_t *words)
{
    const struct config *c = mf_node_config(node);
    const struct mf_msg *msg = mf_node_input(node, served->from.index);
    int when = served->has_when_stale ? (int)served->when_stale.mode : c->when_stale;

    if (msg->quality == MF_GOOD || when == MF_MODBUS_STALE_LAST)
        return encode(served, msg, words);
    return when == MF_MODBUS_STALE_VALUE && copy(served->stale_words, served, words);
}

/* A source that is away says so before it has ever had a value. */
static bool has_spoken(const struct mf_node *node, unsigned input)
{
    return mf_node_input_has(node, input) && mf_node_input(node, input)->value.type != MF_NULL;
}

static bool read_value(void *arg, const struct mf_modbus_served *served, uint16_t *words)
{
    struct mf_node *node = arg;
    const struct state *s = mf_node_state(node);

    if (served->from.is_given && has_spoken(node, served->from.index))
        return read_input(node, served, words);
    if (served->out >= 0 && s->is_kept[served->out])
        return copy(s->kept + served->kept_at, served, words);
    return copy(served->first_words ? served->first_words : served->stale_words, served, words);
}

static bool keep(struct mf_node *node, const struct mf_modbus_served *served,
                 const struct mf_value *value)
{
    struct state *s = mf_node_state(node);
    struct mf_error err;

    if (mf_modbus_encode(&served->number, value, s->kept + served->kept_at, &err) < 0)
        return false;
    return s->is_kept[served->out] = true;
}

static void write_value(void *arg, const struct mf_modbus_served *served,
                        struct mf_value take_value)
{
    struct mf_node *node = arg;

    keep(node, served, &take_value);
    mf_node_emit_take(node, (unsigned)served->out, take_value);
}

/* ---- requests ---- */

static size_t serve(struct mf_node *node, uint8_t unit, const struct mf_modbus_frame *request,
                    uint8_t *reply)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_modbus_serve serve = {
        &c->table, c->gaps == GAPS_ZERO, {node, read_value, write_value}, &s->counts};

    return mf_modbus_serve(&serve, unit, request->pdu, request->len, reply);
}

static int take_tcp(struct mf_node *node, struct mf_client *client, const uint8_t *data, size_t len)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_modbus_frame request;
    uint8_t reply[MF_MODBUS_PDU], frame[MF_MODBUS_FRAME];
    int took = mf_modbus_take_tcp_request(data, len, &request);

    if (took <= 0)
        return took;
    if (c->table.has_unit[request.unit]) {
        len = serve(node, request.unit, &request, reply);
    } else {
        s->foreign++;
        len = mf_modbus_answer_exception(request.pdu[0], MF_MODBUS_NO_TARGET, reply);
    }
    len = mf_modbus_frame_tcp(request.id, request.unit, reply, len, frame);
    mf_client_send(client, frame, len);
    return took;
}

static size_t take_rtu(struct mf_node *node, const struct mf_modbus_frame *request, uint8_t *reply)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    if (c->table.has_unit[request->unit])
        return serve(node, request->unit, request, reply);
    if (request->unit != 0) {
        s->foreign++;
        return 0;
    }
    for (unsigned unit = 1; unit <= MF_MODBUS_SERIAL_UNITS; unit++)
        if (c->table.has_unit[unit])
            serve(node, (uint8_t)unit, request, reply);
    return 0;
}

/* ---- life ---- */

static int server_create(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);

    s->kept = mf_calloc_array(c->table.kept_words + 1, sizeof(*s->kept));
    s->is_kept = mf_calloc_array(c->table.outs + 1, sizeof(*s->is_kept));
    return 0;
}

static int open_place(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    const struct mf_listener_setup port = {
        .address = c->place.address,
        .max_clients = (unsigned)c->max_clients,
        .idle = c->idle,
        .in_limit = MF_MODBUS_FRAME,
        .timer = TIMER_IDLE,
        .take = take_tcp,
    };
    const struct mf_modbus_line_setup line = {
        .serial = {c->place.device, c->baud, c->parity, (int)c->stop_bits},
        .silence_timer = TIMER_SILENCE,
        .reply_timer = TIMER_REPLY,
        .take = take_rtu,
    };

    if (c->place.is_serial)
        return mf_modbus_line_open(&s->line, node, &line, err);
    return mf_listener_open(&s->listener, node, &port, err);
}

/* The value that a client has written, from the words that are kept of it. */
static bool kept_value(const struct state *s, const struct mf_modbus_served *served,
                       struct mf_value *ret)
{
    struct mf_error err;

    return served->out >= 0 && s->is_kept[served->out] &&
           mf_modbus_decode(&served->number, s->kept + served->kept_at, ret, &err) == 0;
}

/* What clients wrote in a former life is said; what they wrote before the line was away for a while
 * holds again, and is no news: nobody has written it anew. */
static int server_start(struct mf_node *node, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    struct mf_msg msg = {.time = mf_node_now(node), .is_again = s->has_said};
    int rc = open_place(node, err);

    for (unsigned i = 0; i < c->table.count && rc == 0; i++) {
        if (!kept_value(s, c->table.list[i], &msg.value))
            continue;
        mf_node_emit_msg(node, (unsigned)c->table.list[i]->out, &msg);
        mf_value_drop(msg.value);
    }
    s->has_said |= rc == 0;
    return rc;
}

static void server_timeout(struct mf_node *node, unsigned timer)
{
    struct state *s = mf_node_state(node);

    if (timer == TIMER_IDLE)
        mf_listener_timeout(&s->listener);
    else
        mf_modbus_line_timeout(&s->line, timer);
}

static void server_stop(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_listener_close(&s->listener);
    mf_modbus_line_close(&s->line);
}

static void server_destroy(struct mf_node *node)
{
    struct state *s = mf_node_state(node);

    mf_free(s->kept);
    mf_free(s->is_kept);
}

static const char said_field[] = "-said"; /* no register has a name like that */

static void server_save(const struct mf_node *node, struct mf_state_out *out)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);
    struct mf_value value;

    mf_state_put_bool(out, said_field, s->has_said);
    for (unsigned i = 0; i < c->table.count; i++) {
        if (!kept_value(s, c->table.list[i], &value))
            continue;
        mf_state_put(out, c->table.list[i]->name, &value);
        mf_value_drop(value);
    }
}

/* What does not fit the register as it is now has not been written. */
static int server_restore(struct mf_node *node, struct mf_state_in *in, struct mf_error *err)
{
    const struct config *c = mf_node_config(node);
    struct state *s = mf_node_state(node);
    bool has_said;

    s->has_said =
        mf_state_is_handed_over(in) && mf_state_get_bool(in, said_field, &has_said) && has_said;
    for (unsigned i = 0; i < c->table.count; i++) {
        const struct mf_modbus_served *served = c->table.list[i];
        const struct mf_value *value = mf_state_get(in, served->name);

        if (served->out >= 0 && value && (MF_T(value->type) & taken_types(served)) &&
            mf_modbus_is_allowed(served, value))
            keep(node, served, value);
    }
    return 0;
}

static void server_stats(const struct mf_node *node, mf_stat_fn put, void *arg)
{
    const struct config *c = mf_node_config(node);
    const struct state *s = mf_node_state(node);

    put(arg, "requests", (double)s->counts.requests, true);
    put(arg, "exceptions", (double)s->counts.exceptions, true);
    put(arg, "written", (double)s->counts.written, true);
    put(arg, "foreign_requests", (double)s->foreign, true);
    if (c->place.is_serial) {
        put(arg, "garbage_bytes", (double)s->line.garbage, true);
        return;
    }
    put(arg, "clients", s->listener.client_count, false);
    put(arg, "clients_accepted", (double)s->listener.counts.accepted, true);
    put(arg, "clients_refused", (double)s->listener.counts.refused, true);
    put(arg, "clients_idle", (double)s->listener.counts.idle, true);
    put(arg, "clients_broken", (double)s->listener.counts.broken, true);
}

/* ---- the kind ---- */

static const struct mf_port ports[] = {
    {"served", MF_IN, MF_T_NUMERIC | MF_T(MF_BOOL) | MF_T(MF_TEXT) | MF_T(MF_BYTES),
     MF_PORT_NAMED | MF_PORT_OPTIONAL | MF_PORT_APART,
     .summary = "The nodes that `from` names in `units`."},
    {0},
};

static const struct mf_choice stale_choices[] = {
    {"exception", MF_MODBUS_STALE_EXCEPTION, "The request is refused, with exception 4."},
    {"last", MF_MODBUS_STALE_LAST, "The last value, as if nothing were."},
    {0},
};

static const struct mf_choice gap_choices[] = {
    {"refuse", GAPS_REFUSE, "The request is refused, with exception 2."},
    {"zero", GAPS_ZERO, "They read as 0."},
    {0},
};

#define MF_CONFIG struct config
static const struct mf_option options[] = {
    {"place", &mf_type_modbus_place, MF_MEMBER(MF_CONFIG, place, struct mf_modbus_place),
     .flags = MF_OPT_PRIMARY | MF_OPT_REQUIRED,
     .summary = "Where: `tcp:*` for all addresses of this machine, `tcp:localhost:1502`, "
                "`tcp:192.168.1.5` (port 502 if left out), or `rtu:DEVICE` for a serial line."},
    {"units", .type = &mf_type_modbus_units,
     .offset = MF_MEMBER(MF_CONFIG, table, struct mf_modbus_table), .flags = MF_OPT_REQUIRED,
     .summary = "The registers, by unit, area (`holding`, `input`, `coil`, `discrete`) and "
                "address."},
    MF_MODBUS_LINE_OPTIONS,
    {"when_stale", MF_CHOICE(when_stale, stale_choices), .fallback = "exception",
     .summary = "What is read while a node's value is stale or bad; a register may say otherwise."},
    {"gaps", MF_CHOICE(gaps, gap_choices), .fallback = "refuse",
     .summary = "What addresses are that no register has, when they are read."},
    {"max_clients", MF_INTEGER(max_clients), .fallback = "16", MF_LIMITS(1, CLIENTS_MAX),
     .summary = "TCP clients at a time; further ones are turned away."},
    {"idle", MF_DURATION(idle), .fallback = "10min", MF_LIMITS(0, 3.2e9),
     .summary = "A TCP client that asks nothing for so long is hung up on; 0s: never."},
    {0},
};

const struct mf_kind mf_kind_modbus_server = {
    .name = "modbus.server",
    .summary = "Lets others read values of the flow over Modbus, and write into it.",
    .doc =
        "Each register says what it holds with the options of `modbus.read` (`type`, `words`, "
        "`bytes`, `length`, `scale`, `offset`), and where its value comes from: `from` names a "
        "node, `value` is what is read until something else is known, and what clients write "
        "stays until they write again. Holding registers and coils without `from` and `value` are "
        "writable, `writable: true` makes others so, and what clients write comes out of a port: "
        "`holding_52`, or what `name` says. Only numbers within `range` are taken.\n"
        "\n"
        "A value that is stale or bad is not shown. The request is refused with exception 4 "
        "(device failure), unless `when_stale` of the register or of the server says otherwise; "
        "so is one for a value that is not there yet or does not fit its registers. Addresses "
        "that no register has are exception 2, as is a write to what is not writable or to a part "
        "of a value; a value that is not allowed is exception 3, and nothing of its request is "
        "taken. On TCP a unit that the server has not is exception 11, on a serial line it is "
        "somebody else and gets no answer; unit 0 there writes to all. Functions 1 to 6, 15, 16 "
        "and 23 are known.\n"
        "\n"
        "A server has at most 2000 registers, 256 of them with `from` and 256 writable. A port "
        "that is taken, or a serial line that is gone, is tried again with back-off. With `keep` "
        "what clients have written survives a restart. An edge into a register closes no loop: a "
        "value may go out to a client and come back from it.",
    .example = "moat-flow: 1\n"
               "nodes:\n"
               "  power: {sim.wave: sine, min: -2000, max: 5000, unit: W, every: 1s}\n"
               "  door: {modbus.server: 'tcp:*', units: {1: {\n"
               "    input: {0: {from: power, type: float32, unit: kW}},\n"
               "    holding: {100: {scale: 0.1, unit: A, range: 6..16, name: limit}},\n"
               "    coil: {0: {name: enable, value: false, writable: true}}}}}\n"
               "  show: {log: info, from: [door.limit, door.enable]}\n",
    .ports = ports,
    .options = options,
    .config_size = sizeof(struct config),
    .state_size = sizeof(struct state),
    .timers = TIMERS,
    .flags = MF_KIND_SOURCE,
    .state_version = 1,
    .check = server_check,
    .add_ports = server_add_ports,
    .infer = server_infer,
    .create = server_create,
    .start = server_start,
    .timeout = server_timeout,
    .save = server_save,
    .restore = server_restore,
    .stats = server_stats,
    .stop = server_stop,
    .destroy = server_destroy,
};
