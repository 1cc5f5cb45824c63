/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What a modbus link and its nodes can be told. */

#include "engine/graph/kind.h"
#include "nodes/modbus/profile.h"
#include "nodes/net/stream.h"

enum { MF_MODBUS_PORT = 502 };

/* `tcp:host`, `tcp:host:port`, `rtu:/dev/ttyUSB0`. */
struct mf_modbus_place {
    bool is_serial;
    struct mf_net_address address;
    const char *device;
};
extern const struct mf_type mf_type_modbus_place;

/* `52`, `holding:52`, `input:0x10`, `coil:1`, `discrete:1`. */
struct mf_modbus_register {
    enum mf_modbus_area area;
    uint16_t address;
    bool has_area;
};
extern const struct mf_type mf_type_modbus_register;

struct mf_modbus_link_config {
    struct mf_modbus_place place;
    int64_t baud, stop_bits, timeout, retries, gap, max_gap, max_registers;
    int parity; /* enum mf_parity */
};
extern const struct mf_option mf_modbus_link_options[];
extern const struct mf_choice mf_modbus_parities[];

/* How a serial line is set: entries for a config with `baud`, `stop_bits` and `parity`. */
#define MF_MODBUS_LINE_OPTIONS                                                                     \
    {"baud", MF_INTEGER(baud), .fallback = "9600", MF_LIMITS(1200, 921600),                        \
     .summary = "Speed of a serial line, bit/s."},                                                 \
        {"parity", MF_CHOICE(parity, mf_modbus_parities), .fallback = "none",                      \
         .summary = "Parity of a serial line."},                                                   \
    {                                                                                              \
        "stop_bits", MF_INTEGER(stop_bits),                                                        \
            .fallback = "1", MF_LIMITS(1, 2),                                                      \
            .summary =                                                                             \
                "Stop bits of a serial line; the standard asks for 2 where there is no parity."    \
    }
/* Faults of these. */
void mf_modbus_line_check(const struct mf_modbus_place *place, int64_t baud,
                          struct mf_check *check);

void mf_modbus_link_check(const void *config, struct mf_check *check);
const char *mf_modbus_link_leads_to(const void *config, struct mf_arena *arena);
bool mf_modbus_link_is_exclusive(const void *config);

/* The name of a profile, or the path of a file beside the one it stands in. The member is a
 * const struct mf_profile *. */
extern const struct mf_type mf_type_modbus_profile;

/* `slots: {energy: 1min}` */
struct mf_modbus_slot {
    const char *name;
    int64_t every; /* ns */
    struct mf_span at;
};
struct mf_modbus_slots {
    const struct mf_modbus_slot *list;
    size_t count;
};
extern const struct mf_type mf_type_modbus_slots;

/* Where a node's value is and what it looks like: the part that read and write share. */
struct mf_modbus_value_config {
    const char *link;
    int64_t unit_id, length;
    struct mf_modbus_register at;
    const struct mf_profile *profile;
    const char *pick; /* name of one of its registers: the option `value` */
    int type, words, bytes;
    double scale, offset;
    bool has_at, has_type, has_length, has_scale;
};

/* Entries of the option tables of kinds whose config begins with a struct mf_modbus_value_config
 * called `value`. */
#define MF_MODBUS_VALUE(member, ctype) MF_MEMBER(MF_CONFIG, value.member, ctype)
extern const struct mf_choice mf_modbus_orders[];

/* What the value looks like there. */
#define MF_MODBUS_NUMBER_OPTIONS                                                                   \
    {"type",                                                                                       \
     .type = &mf_type_choice,                                                                      \
     .offset = MF_MODBUS_VALUE(type, int),                                                         \
     .of = mf_modbus_types,                                                                        \
     .has = MF_MODBUS_VALUE(has_type, bool) + 1,                                                   \
     .summary = "What the registers hold; without it one register without a sign, or a bit."},     \
        {"words",                                                                                  \
         .type = &mf_type_choice,                                                                  \
         .offset = MF_MODBUS_VALUE(words, int),                                                    \
         .of = mf_modbus_orders,                                                                   \
         .fallback = "big",                                                                        \
         .summary = "Which register comes first where several make a number: the high one (big) "  \
                    "or the low one (little)."},                                                   \
        {"bytes",                                                                                  \
         .type = &mf_type_choice,                                                                  \
         .offset = MF_MODBUS_VALUE(bytes, int),                                                    \
         .of = mf_modbus_orders,                                                                   \
         .fallback = "big",                                                                        \
         .summary = "Order of the two bytes in each register; the standard says big."},            \
        {"length",                                                                                 \
         .type = &mf_type_int,                                                                     \
         .offset = MF_MODBUS_VALUE(length, int64_t),                                               \
         .has = MF_MODBUS_VALUE(has_length, bool) + 1,                                             \
         MF_LIMITS(1, MF_MODBUS_VALUE_WORDS),                                                      \
         .summary = "Number of registers of a `text` or `bcd`."},                                  \
        {"scale",                                                                                  \
         .type = &mf_type_number,                                                                  \
         .offset = MF_MODBUS_VALUE(scale, double),                                                 \
         .has = MF_MODBUS_VALUE(has_scale, bool) + 1,                                              \
         .fallback = "1",                                                                          \
         .summary = "The value is what the register holds, times this, plus `offset`."},           \
    {                                                                                              \
        "offset", .type = &mf_type_number, .offset = MF_MODBUS_VALUE(offset, double),              \
                  .fallback = "0", .summary = "See `scale`."                                       \
    }

#define MF_MODBUS_VALUE_OPTIONS                                                                    \
    {"link", .type = &mf_type_text, .offset = MF_MODBUS_VALUE(link, const char *),                 \
     .flags = MF_OPT_PRIMARY | MF_OPT_LINK,                                                        \
     .summary = "Link of kind `modbus`; may be left out where the flow has only one."},            \
        {"unit_id",                                                                                \
         .type = &mf_type_int,                                                                     \
         .offset = MF_MODBUS_VALUE(unit_id, int64_t),                                              \
         .fallback = "1",                                                                          \
         MF_LIMITS(0, 255),                                                                        \
         .summary = "Number of the device on the bus (slave, unit)."},                             \
        {"register", .type = &mf_type_modbus_register,                                             \
         .offset = MF_MODBUS_VALUE(at, struct mf_modbus_register),                                 \
         .has = MF_MODBUS_VALUE(has_at, bool) + 1,                                                 \
         .summary = "Address as on the wire, from 0: `52`, or with its area `holding:52`, "        \
                    "`input:52`, `coil:1`, `discrete:1`; without one it is a holding register."},  \
        {"profile", .type = &mf_type_modbus_profile,                                               \
         .offset = MF_MODBUS_VALUE(profile, const struct mf_profile *),                            \
         .summary = "Instead of `register`: the description of a device, by name "                 \
                    "(`Eastron/SDM630`) or as a file (`profiles/own.yaml`)."},                     \
        {"value", .type = &mf_type_text, .offset = MF_MODBUS_VALUE(pick, const char *),            \
         .summary = "Register of the profile, which says where it is, what it holds and in which " \
                    "unit."},                                                                      \
        MF_MODBUS_NUMBER_OPTIONS

/* Reports that a profile has no register of that name. */
void mf_modbus_no_register(const struct mf_profile *profile, const char *name, struct mf_span at,
                           struct mf_check *check);
/* Faults of options that do not go together. */
void mf_modbus_value_check(const struct mf_modbus_value_config *config, struct mf_check *check);
/* What the options themselves say, without a profile. */
struct mf_modbus_number mf_modbus_value_number(const struct mf_modbus_value_config *config);
/* The register in the profile, or NULL: the options themselves say what it is. */
const struct mf_profile_register *mf_modbus_value_register(
    const struct mf_modbus_value_config *config);
struct mf_modbus_cell mf_modbus_value_cell(const struct mf_modbus_value_config *config);
/* What a profile says about the value, for fingerprints. */
void mf_modbus_value_print(const struct mf_modbus_value_config *config, struct mf_buf *buf);
/* All registers of a value by name, each on a line of its own, for mf_kind.writes. */
const char *mf_modbus_registers(int64_t unit, enum mf_modbus_area area, unsigned address,
                                unsigned count, struct mf_arena *arena);
/* For infer(): on a serial line unit 0 is everybody, and nobody answers. */
void mf_modbus_unit_check(struct mf_infer *infer, int64_t unit);
