/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See profile.h. */

#include <string.h>

#include "nodes/modbus/profile_priv.h"

const struct mf_profile *mf_profile_load(const struct mf_profile_wish *wish, struct mf_arena *arena,
                                         struct mf_diags *diags)
{
    struct mf_origin origin = {wish->at, "in this profile", diags->origin};
    const struct mf_origin *outer = diags->origin;
    struct mf_profiling p = {wish, arena, mf_arena_new(), diags};
    struct mf_profile *profile = mf_arena_alloc(arena, sizeof(*profile));
    const struct mf_twig *tree;

    profile->name = mf_arena_strdup(arena, wish->name);
    tree = mf_profile_read(&p);
    if (wish->at.file)
        mf_diags_set_origin(diags, &origin);
    if (tree && !p.is_full)
        tree = mf_profile_expand(&p, tree);
    if (tree && !p.is_full)
        mf_profile_table(&p, tree, profile);
    mf_diags_set_origin(diags, outer);
    mf_map_done(&p.docs);
    mf_map_done(&p.elements);
    mf_arena_free(p.scratch);
    return p.failed || !tree ? NULL : profile;
}

/* ---- finding ---- */

const struct mf_profile_register *mf_profile_find(const struct mf_profile *profile,
                                                  const char *name)
{
    for (size_t i = 0; i < profile->count; i++) {
        const struct mf_profile_register *reg = &profile->registers[i];

        if (strcmp(reg->port, name) == 0 || strcmp(reg->path, name) == 0 ||
            (mf_text_starts(reg->path, "regs.") && strcmp(reg->path + 5, name) == 0))
            return reg;
    }
    return NULL;
}

const char *mf_profile_nearest(const struct mf_profile *profile, const char *name)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (size_t i = 0; i < profile->count; i++)
        mf_nearest_add(&nearest, profile->registers[i].port);
    return nearest.best;
}

void mf_profile_print(const struct mf_profile_register *reg, struct mf_buf *buf)
{
    const struct mf_modbus_cell *cell = &reg->cell;
    const struct mf_modbus_number *number = &cell->number;

    mf_buf_put(buf, reg->port, strlen(reg->port) + 1);
    mf_buf_printf(buf, "%d %u %u %u %u %u %d", (int)cell->area, cell->address, cell->from,
                  cell->count, cell->has_power, cell->power, (int)number->type);
    mf_buf_printf(buf, " %u %u %u %u %u %u", number->words, number->has_low_word_first,
                  number->has_low_byte_first, number->is_inverted, number->has_bit, number->bit);
    mf_buf_printf(buf, " %u %llx %u %a %a ", number->has_absent, (unsigned long long)number->absent,
                  number->is_scaled, number->scale, number->offset);
    mf_buf_printf(buf, "%s %s", reg->unit ? reg->unit->name : "", reg->slot ? reg->slot : "");
    mf_buf_putc(buf, '\0');
}
