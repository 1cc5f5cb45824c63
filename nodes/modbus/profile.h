/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Profiles: the registers of a device, described in a YAML file.
 *
 * The language is MoaT's for device descriptions. A file is a tree; a map in it is a register when
 * it has the key `register`. `include`, `ref`, `default` and `repeat` keep the file short; what
 * comes out here is the flat table that is left when they have been followed. Loading is a pure
 * function of the files: faults go to the diagnostics with file, line, column and tree path, and
 * nothing is asked of a device.
 *
 * Profiles that come with the program are named without an ending (`Eastron/SDM630`); a name that
 * ends in `.yaml` is a file.
 */

#include "engine/base/arena.h"
#include "engine/config/diag.h"
#include "engine/value/unit.h"
#include "nodes/modbus/number.h"

enum {
    MF_PROFILE_REGISTERS = 5000, /* of one profile */
    MF_PROFILE_DEPTH = 64,       /* levels of its tree, those that refs lead to included */
    MF_PROFILE_KEYS = 10000,     /* of one map */
    MF_PROFILE_VALUES = 500000,  /* pairs that expanding may make */
    MF_PROFILE_FILES = 64,       /* that one profile may be made of */
    MF_PROFILE_REPEAT = 1000,    /* copies that one `repeat` makes */
};

/* What a number in a register stands for: `values: {0: off, 1: on}`. */
struct mf_profile_name {
    int64_t number;
    const char *text;
};

struct mf_profile_register {
    const char *path; /* in the tree: "regs.phase.1.voltage" */
    const char *port; /* "phase_1_voltage": the path without `regs`, as a name */
    struct mf_modbus_cell cell;
    const struct mf_unit *unit; /* NULL: none */
    const char *slot;           /* NULL: none; group of registers that are read equally often */
    const char *doc;            /* NULL: none */
    const struct mf_profile_name *names;
    size_t name_count;
    struct mf_span at;
};

/* `slots: {fast: {read_delay: 1}}` */
struct mf_profile_slot {
    const char *name;
    int64_t every; /* ns; 0: not said */
};

struct mf_profile {
    const char *name;
    const struct mf_profile_register *registers; /* in the order of the file */
    size_t count;
    const struct mf_profile_slot *slots;
    size_t slot_count;
    uint16_t max_registers; /* `dev.limit.regs`: registers in one request; 0: not said */
};

struct mf_profile_wish {
    const char *name;  /* "Eastron/SDM630", "meters/own.yaml" */
    const char *dir;   /* in front of a file's name: "" or with a slash at the end */
    int64_t base;      /* added to all addresses */
    struct mf_span at; /* where the name stands; file 0: nowhere */
};

/* NULL after reporting errors. The profile lives in `arena`; its positions need diags->sources. */
const struct mf_profile *mf_profile_load(const struct mf_profile_wish *wish, struct mf_arena *arena,
                                         struct mf_diags *diags);

/* By the name of its port or the path in the tree, with or without `regs.` in front; NULL. */
const struct mf_profile_register *mf_profile_find(const struct mf_profile *profile,
                                                  const char *name);
/* The nearest name of a port, for help; NULL: none is near. */
const char *mf_profile_nearest(const struct mf_profile *profile, const char *name);

/* All that matters about a register when a flow is reloaded. */
void mf_profile_print(const struct mf_profile_register *reg, struct mf_buf *buf);

/* ---- profiles that come with the program ---- */

struct mf_profile_file {
    const char *name; /* "Eastron/SDM630" */
    const char *text; /* ended by NUL */
    size_t len;
};
extern const struct mf_profile_file mf_profile_files[]; /* by name, ended by {0} */
