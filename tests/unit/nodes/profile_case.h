/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Profiles out of texts: a few files that stand in for a directory, one of them loaded. */

#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/text.h"
#include "engine/config/archive.h"
#include "engine/config/render.h"
#include "nodes/modbus/profile.h"

struct profile_file {
    const char *name, *text;
};

struct profile_case {
    struct mf_sources *sources;
    struct mf_archive *archive;
    struct mf_diags diags;
    struct mf_arena *arena;
    const struct mf_profile *profile; /* NULL: refused */
    struct mf_buf said;               /* faults, a line each */
};

static inline void profile_case_done(struct profile_case *c)
{
    mf_diags_done(&c->diags);
    mf_sources_free(c->sources);
    mf_archive_free(c->archive);
    mf_arena_free(c->arena);
    mf_buf_done(&c->said);
}

static inline struct mf_archive *profile_archive(const struct profile_file *files)
{
    struct mf_buf json = {0};
    struct mf_archive *archive;
    struct mf_error err;

    mf_buf_puts(&json, "{\"entries\":[");
    for (const struct profile_file *file = files; file && file->name; file++) {
        mf_buf_puts(&json, file == files ? "{\"file\":" : ",{\"file\":");
        mf_text_quote_json(&json, file->name, strlen(file->name));
        mf_buf_puts(&json, ",\"path\":");
        mf_text_quote_json(&json, file->name, strlen(file->name));
        mf_buf_puts(&json, ",\"text\":");
        mf_text_quote_json(&json, file->text, strlen(file->text));
        mf_buf_putc(&json, '}');
    }
    mf_buf_puts(&json, "]}");
    archive = mf_archive_read(mf_buf_text(&json), json.len, &err);
    mf_buf_done(&json);
    return archive;
}

/* Takes the archive. */
static inline void profile_case_load_from(struct profile_case *c, const char *name,
                                          struct mf_archive *archive)
{
    memset(c, 0, sizeof(*c));
    c->sources = mf_sources_new();
    c->archive = archive;
    mf_sources_use(c->sources, c->archive);
    mf_diags_init(&c->diags, c->sources);
    c->arena = mf_arena_new();
    c->profile =
        mf_profile_load(&(struct mf_profile_wish){.name = name, .dir = ""}, c->arena, &c->diags);
    mf_diags_sort(&c->diags);
    mf_diags_render(&c->diags, MF_DIAG_SHORT, (struct mf_diag_counts){0}, false, &c->said);
}

/* `files` ends with {0} and may be NULL. */
static inline void profile_case_load(struct profile_case *c, const char *name,
                                     const struct profile_file *files)
{
    profile_case_load_from(c, name, profile_archive(files));
}

/* A register as a line: path area:address type/words … unit @slot. */
static inline void profile_case_line(const struct mf_profile_register *reg, struct mf_buf *buf)
{
    const struct mf_modbus_number *number = &reg->cell.number;

    mf_buf_printf(buf, "%s %s:%u %s", reg->path, mf_modbus_area_names[reg->cell.area],
                  reg->cell.address, mf_modbus_types[number->type].name);
    if (number->words != 1)
        mf_buf_printf(buf, "/%u", number->words);
    if (number->has_bit)
        mf_buf_printf(buf, ".%u", number->bit);
    if (number->is_inverted)
        mf_buf_puts(buf, " inverted");
    if (number->has_low_word_first)
        mf_buf_puts(buf, " words:little");
    if (number->has_low_byte_first)
        mf_buf_puts(buf, " bytes:little");
    if (number->is_scaled)
        mf_buf_printf(buf, " *%g", number->scale);
    if (number->offset != 0)
        mf_buf_printf(buf, " +%g", number->offset);
    if (reg->cell.has_power)
        mf_buf_printf(buf, " 10^%u", reg->cell.power);
    if (reg->unit)
        mf_buf_printf(buf, " %s", reg->unit->name);
    if (reg->slot)
        mf_buf_printf(buf, " @%s", reg->slot);
}

static inline void profile_case_print(const struct profile_case *c, struct mf_buf *buf)
{
    for (size_t i = 0; c->profile && i < c->profile->count; i++) {
        profile_case_line(&c->profile->registers[i], buf);
        mf_buf_putc(buf, '\n');
    }
}
