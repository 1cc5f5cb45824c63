/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as the description of a device; behind a NUL follows a second file, which it may
 * include. What is accepted lies among the registers there are, has a name of its own, fits into
 * one read, and makes a value or a sentence of any content.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/map.h"
#include "engine/base/text.h"
#include "tests/unit/nodes/profile_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void decode(const struct mf_modbus_cell *cell, uint16_t word)
{
    uint16_t words[MF_MODBUS_READ_WORDS];
    struct mf_value value;
    struct mf_error err;

    for (unsigned i = 0; i < MF_MODBUS_READ_WORDS; i++)
        words[i] = word;
    if (mf_modbus_cell_decode(cell, words, &value, &err) < 0)
        return;
    must(mf_modbus_number_types(&cell->number) & MF_T(value.type));
    mf_value_drop(value);
}

static void check(const struct mf_profile_register *reg, struct mf_map *ports)
{
    const struct mf_modbus_cell *cell = &reg->cell;

    must(mf_text_is_name(reg->port, strlen(reg->port)));
    must(!mf_map_add(ports, reg->port, (void *)(uintptr_t)reg));
    must(cell->number.words >= 1 && cell->count >= 1 && cell->count <= MF_MODBUS_READ_WORDS);
    must(cell->from + cell->count <= 65536);
    must(cell->address >= cell->from &&
         cell->address + cell->number.words <= (unsigned)cell->from + cell->count);
    must(!cell->has_power || (cell->power >= cell->from && cell->power < cell->from + cell->count));
    must(!cell->number.has_bit || cell->number.bit < 16 * cell->number.words);
    decode(cell, 0);
    decode(cell, 0x8000);
    decode(cell, 0xffff);
    decode(cell, 0x1234);
}

static struct mf_archive *archive_of(const char *first, const char *second)
{
    return profile_archive((struct profile_file[]){{"a.yaml", first}, {"b.yaml", second}, {0}});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 2, 1);
    struct mf_map ports = {0};
    struct profile_case c;

    memcpy(text, data, size);
    profile_case_load_from(&c, "a.yaml", archive_of(text, text + strlen(text) + 1));
    must(c.profile || c.diags.errors);
    for (size_t i = 0; c.profile && i < c.profile->count; i++) {
        check(&c.profile->registers[i], &ports);
        must(mf_profile_find(c.profile, c.profile->registers[i].path) != NULL);
    }
    mf_map_done(&ports);
    profile_case_done(&c);
    free(text);
    return 0;
}
