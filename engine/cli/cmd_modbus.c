/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* modbus read, write, scan, serve, poll: Modbus devices from the command line, without a flow. */

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/cli/commands.h"
#include "engine/cli/modbus_commands.h"
#include "engine/cli/modbus_list.h"
#include "engine/config/render.h"
#include "nodes/modbus/profile.h"

enum { OPERANDS_MAX = 1000, ROWS_MAX = 5000 };

/* ---- read ---- */

static int decode_spec(const struct mf_modbus_row *row, const uint16_t *words, struct mf_value *ret,
                       struct mf_error *err)
{
    return mf_modbus_spec_value(row->what, words, ret, err);
}

static void add_rows(const struct mf_modbus_spec *spec, struct mf_arena *arena,
                     struct mf_modbus_list *list)
{
    unsigned words = spec->number.words;

    for (unsigned i = 0; i < mf_modbus_spec_count(spec); i++) {
        unsigned address = spec->first + i * words;

        list->rows[list->count++] = (struct mf_modbus_row){
            .name = mf_arena_printf(arena, "%s:%u", mf_modbus_area_names[spec->area], address),
            .area = spec->area,
            .address = (uint16_t)address,
            .count = (uint16_t)words,
            .decode = decode_spec,
            .what = spec,
        };
    }
}

static int read_command(const struct mf_args *args, const char *place, const char *const *operands,
                        size_t count)
{
    struct mf_modbus_list list = {.place = place};
    struct mf_modbus_spec *specs;
    struct mf_error err = {0};
    struct mf_arena *arena;
    size_t rows = 0;
    int code;

    if (!count)
        return mf_usage_error(args->command, "say which registers: `modbus read %s holding:0`",
                              place);
    if (!mf_modbus_list_options(args, &list))
        return MF_EXIT_USAGE;
    arena = mf_arena_new();
    specs = mf_arena_alloc(arena, count * sizeof(*specs));
    for (size_t i = 0; i < count && err.code == 0; i++) {
        if (mf_modbus_spec_read(operands[i], mf_args_get(args, "type"), &specs[i], &err) == 0 &&
            specs[i].value)
            mf_fail(&err, MF_EINVAL, "`%s`: to write, say `modbus write`", operands[i]);
        rows += err.code ? 0 : mf_modbus_spec_count(&specs[i]);
    }
    if (rows > ROWS_MAX)
        mf_fail(&err, MF_EINVAL, "%zu values at once are too many; the limit is %d", rows,
                ROWS_MAX);
    if (err.code) {
        code = mf_usage_error(args->command, "%s", err.text);
    } else {
        list.rows = mf_arena_alloc(arena, rows * sizeof(*list.rows));
        for (size_t i = 0; i < count; i++)
            add_rows(&specs[i], arena, &list);
        code = mf_modbus_list_run(args, &list);
    }
    mf_arena_free(arena);
    return code;
}

/* ---- poll ---- */

static int decode_cell(const struct mf_modbus_row *row, const uint16_t *words, struct mf_value *ret,
                       struct mf_error *err)
{
    return mf_modbus_cell_decode(row->what, words, ret, err);
}

static void add_register(const struct mf_profile_register *reg, struct mf_modbus_list *list)
{
    list->rows[list->count++] = (struct mf_modbus_row){
        .name = reg->port,
        .unit = reg->unit,
        .area = reg->cell.area,
        .address = reg->cell.from,
        .count = reg->cell.count,
        .decode = decode_cell,
        .what = &reg->cell,
    };
}

/* All registers, or those that are named. False after saying which is not there. */
static bool add_registers(const struct mf_args *args, const struct mf_profile *profile,
                          const char *const *names, size_t count, struct mf_modbus_list *list)
{
    for (size_t i = 0; i < count; i++) {
        const struct mf_profile_register *reg = mf_profile_find(profile, names[i]);
        const char *nearest = mf_profile_nearest(profile, names[i]);

        if (!reg) {
            mf_usage_error(args->command, "the profile has no register `%s`%s%s%s", names[i],
                           nearest ? "; did you mean `" : "", nearest ? nearest : "",
                           nearest ? "`?" : "");
            return false;
        }
        add_register(reg, list);
    }
    for (size_t i = 0; i < profile->count && !count; i++)
        add_register(&profile->registers[i], list);
    return true;
}

static int poll_profile(const struct mf_args *args, const struct mf_profile *profile,
                        const char *const *names, size_t count, struct mf_modbus_list *list,
                        struct mf_arena *arena)
{
    list->rows = mf_arena_alloc(arena, (profile->count + count + 1) * sizeof(*list->rows));
    list->max_registers = profile->max_registers;
    if (!add_registers(args, profile, names, count, list))
        return MF_EXIT_USAGE;
    return mf_modbus_list_run(args, list);
}

static int poll_command(const struct mf_args *args, const char *place, const char *const *operands,
                        size_t count)
{
    struct mf_modbus_list list = {.place = place};
    const struct mf_profile *profile;
    struct mf_sources *sources;
    struct mf_arena *arena;
    struct mf_diags diags;
    struct mf_buf text = {0};
    int code = MF_EXIT_WRONG;

    if (!count)
        return mf_usage_error(
            args->command, "say which profile: `modbus poll %s Eastron/SDM630`, or a file", place);
    if (!mf_modbus_list_options(args, &list))
        return MF_EXIT_USAGE;
    arena = mf_arena_new();
    sources = mf_sources_new();
    mf_diags_init(&diags, sources);
    profile =
        mf_profile_load(&(struct mf_profile_wish){.name = operands[0], .dir = ""}, arena, &diags);
    if (profile) {
        code = poll_profile(args, profile, operands + 1, count - 1, &list, arena);
    } else {
        mf_diags_sort(&diags);
        mf_diags_render(&diags, MF_DIAG_TEXT, (struct mf_diag_counts){.files = 1},
                        mf_args_color(args, 2), &text);
        fputs(mf_buf_text(&text), stderr);
    }
    mf_buf_done(&text);
    mf_diags_done(&diags);
    mf_sources_free(sources);
    mf_arena_free(arena);
    return code;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(const struct mf_args *args, const char *place, const char *const *operands,
               size_t count);
} parts[] = {
    {"read", read_command},           {"write", mf_modbus_write_command},
    {"scan", mf_modbus_scan_command}, {"serve", mf_modbus_serve_command},
    {"poll", poll_command},
};

static int run(const struct mf_args *args)
{
    const char *what = args->operand_count ? args->operands[0] : "";

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, what) != 0)
            continue;
        if (args->operand_count < 2)
            return mf_usage_error(args->command,
                                  "say where: `modbus %s tcp:meter.lan …` or "
                                  "`modbus %s rtu:/dev/ttyUSB0 …`",
                                  what, what);
        return parts[i].run(args, args->operands[1], args->operands + 2, args->operand_count - 2);
    }
    return mf_usage_error(args->command,
                          "say what to do: `modbus read`, `write`, `scan`, `serve` or `poll`");
}

static const char *const words[] = {"read", "write", "scan", "serve", "poll", NULL};

static const struct mf_flag flags[] = {
    MF_MODBUS_LIST_FLAGS,
    {"type", 't', "TYPE", NULL, "Type of registers that name none: float32, s2, c10 …",
     "uint16, or a bit"},
    {"verify", 0, NULL, NULL, "After a write, read the registers back.", NULL},
    {"units", 0, "A..B", NULL, "Units that a scan asks.", "1..247"},
    {"table", 0, "FILE", NULL, "For serve: further registers, one a line.", NULL},
    MF_MODBUS_SESSION_FLAGS,
    {0},
};

const struct mf_command mf_command_modbus = {
    .name = "modbus",
    .operands = "read|write|scan|serve|poll PLACE […]",
    .summary = "Read, write, find, play and poll Modbus devices, without a flow.",
    .examples =
        "moat-flow modbus read tcp:meter.lan input:0:f2 holding:100..103\n"
        "moat-flow modbus write rtu:/dev/ttyUSB0 -u 3 --verify holding:261=160 coil:0=on\n"
        "moat-flow modbus scan rtu:/dev/ttyUSB0 --baud 19200       # which units answer\n"
        "moat-flow modbus scan tcp:meter.lan -u 1 input:0..200     # which registers unit 1 has\n"
        "moat-flow modbus poll tcp:meter.lan Eastron/SDM630 --every 5s\n"
        "moat-flow modbus serve tcp:localhost:1502 input:0:f2=230.5 coil:0=off\n",
    .doc =
        "PLACE is `tcp:host:port` (port 502 if left out) or `rtu:DEVICE`, as in links. A register\n"
        "is [AREA:]ADDRESS[..LAST][:TYPE], its address as on the wire, from 0; areas are holding,\n"
        "input, coil and discrete, or their first letters, and without one it is a holding\n"
        "register. Types are those of `modbus.read`, or short: u1 u2 u4 s1 s2 s4 f2 f4 (u: no\n"
        "sign, s: sign, f: float; the digit is the number of registers), x a bit, X its opposite,\n"
        "c10 a text and b10 bytes, ten of them. Capitals (F2) have the low part first.\n"
        "\n"
        "`read` and `poll` print a line for each value; `poll` takes the registers from a "
        "profile,\n"
        "one that comes with the program or a file, all of them or those named behind it. `write`\n"
        "writes REGISTER=VALUE in the order given, and stops at the first that is refused. `scan`\n"
        "without registers asks each unit for one register: whoever answers, be it with an\n"
        "exception, is there. `serve` plays a device with these registers until Ctrl-C, and\n"
        "prints what others write; lines of --table are REGISTER=VALUE, `#` begins a comment.\n"
        "\n"
        "Exit codes: 1 the device refuses, or a value is none; 5 nobody is there to talk to; 6\n"
        "there is no answer, or --limit is reached.\n",
    .flags = flags,
    .words = words,
    .max_operands = OPERANDS_MAX,
    .run = run,
};
