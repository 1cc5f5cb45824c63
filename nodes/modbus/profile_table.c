/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Last step: the registers of the expanded tree, in one table; and whether they overlap. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/num.h"
#include "nodes/modbus/profile_priv.h"

struct table {
    struct mf_profiling *p;
    struct mf_profile_register *list;
    size_t count, cap;
    struct mf_map ports; /* by name → path */
    char path[1024];
};

/* ---- names ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* `regs.phase.1.voltage` → `phase_1_voltage`: small letters, digits and `_`. */
static const char *port_of(struct table *t, const char *path)
{
    struct mf_buf name = {0};
    const char *port;

    while (*path) {
        size_t len = strcspn(path, ".");
        bool is_gap = name.len > 0;

        for (size_t i = 0; i < len && !mf_text_eq(path, len, "regs"); i++) {
            char c = path[i];

            if (!is_letter(c) && !(c >= '0' && c <= '9')) {
                is_gap = name.len > 0;
                continue;
            }
            if (is_gap)
                mf_buf_putc(&name, '_');
            else if (!name.len && !is_letter(c))
                mf_buf_puts(&name, "r"); /* names begin with a letter */
            is_gap = false;
            mf_buf_putc(&name, (char)(is_letter(c) ? c | 0x20 : c));
        }
        path += len + (path[len] == '.');
    }
    port = mf_arena_strdup(t->p->arena, name.len ? mf_buf_text(&name) : "value");
    mf_buf_done(&name);
    return port;
}

static bool take_name(struct table *t, struct mf_profile_register *reg)
{
    const char *other;

    reg->port = port_of(t, reg->path);
    other = mf_map_add(&t->ports, reg->port, (void *)(uintptr_t)reg->path);
    if (!other)
        return true;
    mf_diag_help(mf_profile_fault(t->p, MF_CODE_PROFILE, reg->at,
                                  "`%s` and `%s` would both be called `%s`", other, reg->path,
                                  reg->port),
                 "give one of them another name");
    return false;
}

/* ---- the tree ---- */

/* Maps that are there to be copied by a `ref`, and those that hold no registers by their meaning.
 */
static bool is_aside(const char *key, bool is_top)
{
    return *key == '_' || (is_top && (strcmp(key, "inc") == 0 || strcmp(key, "slots") == 0));
}

static bool holds_register(const struct mf_twig *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_twig_pair *pair = &map->pairs[i];

        if (mf_twig_is_map(pair->value) && !is_aside(pair->key, false) &&
            strcmp(pair->key, "values") != 0 && strcmp(pair->key, "names") != 0 &&
            (mf_twig_get(pair->value, "register") || holds_register(pair->value)))
            return true;
    }
    return false;
}

static void add_register(struct table *t, const struct mf_twig *map)
{
    struct mf_profiling *p = t->p;
    struct mf_profile_register reg;

    if (t->count >= MF_PROFILE_REGISTERS) {
        p->is_full = true;
        mf_profile_fault(p, MF_CODE_PROFILE_LIMIT, map->at,
                         "the profile has more than %d registers, which is the limit",
                         MF_PROFILE_REGISTERS);
        return;
    }
    if (!mf_profile_read_register(p, map, mf_arena_strdup(p->arena, t->path), &reg) ||
        !take_name(t, &reg))
        return;
    mf_grow(&t->list, &t->cap, t->count, sizeof(*t->list));
    t->list[t->count++] = reg;
}

static void walk(struct table *t, const struct mf_twig *map, size_t len)
{
    bool has_address = mf_twig_get(map, "register"),
         is_register = has_address && !holds_register(map);
    const struct mf_twig_pair *slot = mf_twig_pair(map, "slot");

    if (t->p->is_full)
        return;
    if (is_register) {
        add_register(t, map);
        return;
    }
    if (has_address)
        mf_diag_help(mf_diag(t->p->diags, MF_WARNING, MF_CODE_UNUSED,
                             mf_twig_pair(map, "register")->at,
                             "`%s` is no register: there are registers below it", t->path),
                     "move it into a map of its own");
    else if (slot && slot->value->leaf)
        mf_diag_help(mf_diag(t->p->diags, MF_WARNING, MF_CODE_UNUSED, slot->at,
                             "`%s` has a `slot`, but no `register`", t->path),
                     "put the slot of all that is below into `default: {slot: …}`");
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_twig_pair *pair = &map->pairs[i];
        size_t more = strlen(pair->key);

        if (!mf_twig_is_map(pair->value) || is_aside(pair->key, len == 0))
            continue;
        if (len + more + 2 > sizeof(t->path)) {
            mf_profile_fault(t->p, MF_CODE_PROFILE_LIMIT, pair->at,
                             "the path of a register has more than %zu bytes, which is the limit",
                             sizeof(t->path) - 1);
            continue;
        }
        snprintf(t->path + len, sizeof(t->path) - len, "%s%s", len ? "." : "", pair->key);
        walk(t, pair->value, len + more + (len > 0));
        t->path[len] = '\0';
    }
}

/* ---- slots and limits ---- */

static int64_t delay_of(struct mf_profiling *p, const struct mf_twig *slot)
{
    const struct mf_twig *delay = mf_twig_get(slot, "read_delay");
    const char *text = mf_twig_text(delay);
    struct mf_error err;
    double seconds;
    int64_t ns;

    if (!delay)
        return 0;
    if (text && mf_num_read_double(text, strlen(text), &seconds) && seconds >= 0.01 &&
        seconds <= 1e9)
        return (int64_t)(seconds * (double)MF_SEC);
    if (text && mf_duration_read(text, strlen(text), false, &ns, &err) == 0 && ns >= 10 * MF_MS)
        return ns;
    mf_profile_fault(p, MF_CODE_PROFILE, delay->at, "`read_delay` is a time in seconds, from 0.01");
    return 0;
}

static void read_slots(struct mf_profiling *p, const struct mf_twig *root, struct mf_profile *ret)
{
    const struct mf_twig *slots = mf_twig_get(root, "slots");
    struct mf_profile_slot *list;

    if (!slots || !mf_twig_is_map(slots))
        return;
    list = mf_arena_alloc(p->arena, (slots->count + 1) * sizeof(*list));
    for (uint32_t i = 0; i < slots->count; i++)
        list[i] = (struct mf_profile_slot){mf_arena_strdup(p->arena, slots->pairs[i].key),
                                           delay_of(p, slots->pairs[i].value)};
    ret->slots = list;
    ret->slot_count = slots->count;
}

static void read_limit(struct mf_profiling *p, const struct mf_twig *root, struct mf_profile *ret)
{
    const struct mf_twig *limit =
        mf_twig_get(mf_twig_get(mf_twig_get(root, "dev"), "limit"), "regs");
    const char *text = mf_twig_text(limit);
    int64_t regs;

    if (!limit || mf_twig_is_map(limit))
        return;
    if (text && mf_num_read_int(text, strlen(text), &regs) && regs > 0 && regs <= UINT16_MAX)
        ret->max_registers = (uint16_t)(regs < MF_MODBUS_READ_WORDS ? regs : MF_MODBUS_READ_WORDS);
    else
        mf_profile_fault(p, MF_CODE_PROFILE, limit->at,
                         "`dev.limit.regs` is the number of registers in one request");
}

static void check_limit(struct mf_profiling *p, const struct table *t, unsigned limit)
{
    for (size_t i = 0; i < t->count && limit; i++)
        if (t->list[i].cell.has_power && t->list[i].cell.count > limit)
            mf_profile_fault(
                p, MF_CODE_PROFILE, t->list[i].at,
                "`%s` and its power of ten lie %u registers apart, and the device takes "
                "%u in one request",
                t->list[i].path, t->list[i].cell.count, limit);
}

/* ---- overlaps ---- */

static int by_address(const void *a, const void *b)
{
    const struct mf_profile_register *const *x = a, *const *y = b;

    if ((*x)->cell.area != (*y)->cell.area)
        return (*x)->cell.area < (*y)->cell.area ? -1 : 1;
    if ((*x)->cell.address != (*y)->cell.address)
        return (*x)->cell.address < (*y)->cell.address ? -1 : 1;
    return (*x)->cell.number.words < (*y)->cell.number.words
               ? -1
               : (*x)->cell.number.words > (*y)->cell.number.words;
}

/* Bits of one register, or the whole of it and its bits, are no mistake. */
static bool is_overlap(const struct mf_profile_register *a, const struct mf_profile_register *b)
{
    return a->cell.area == b->cell.area &&
           b->cell.address < a->cell.address + a->cell.number.words && !a->cell.number.has_bit &&
           !b->cell.number.has_bit;
}

static void check_overlaps(struct mf_profiling *p, const struct table *t)
{
    const struct mf_profile_register **list = mf_calloc_array(t->count + 1, sizeof(*list));

    for (size_t i = 0; i < t->count; i++)
        list[i] = &t->list[i];
    qsort(list, t->count, sizeof(*list), by_address);
    for (size_t i = 0, last = 0; i < t->count; i++) {
        const struct mf_profile_register *a = list[last], *b = list[i];

        if (i && is_overlap(a, b))
            mf_diag_related(mf_diag(p->diags, MF_WARNING, MF_CODE_OVERLAP, b->at,
                                    "`%s` and `%s` overlap: %s:%u is part of both", a->path,
                                    b->path, mf_modbus_area_names[b->cell.area], b->cell.address),
                            a->at, "`%s` is %s:%u, %u register%s long", a->path,
                            mf_modbus_area_names[a->cell.area], a->cell.address,
                            a->cell.number.words, a->cell.number.words == 1 ? "" : "s");
        if (!i || a->cell.area != b->cell.area ||
            b->cell.address + b->cell.number.words > a->cell.address + a->cell.number.words)
            last = i;
    }
    mf_free(list);
}

void mf_profile_table(struct mf_profiling *p, const struct mf_twig *root, struct mf_profile *ret)
{
    struct table *t = mf_zalloc(sizeof(*t));
    struct mf_profile_register *list;

    t->p = p;
    walk(t, root, 0);
    read_slots(p, root, ret);
    read_limit(p, root, ret);
    check_limit(p, t, ret->max_registers);
    if (!p->failed)
        check_overlaps(p, t);
    if (!t->count && !p->failed)
        mf_diag_help(mf_profile_fault(p, MF_CODE_PROFILE, root->at, "the profile has no register"),
                     "a register is a map with the key `register`");
    list = mf_arena_alloc(p->arena, (t->count + 1) * sizeof(*list));
    if (t->count)
        memcpy(list, t->list, t->count * sizeof(*list));
    ret->registers = list;
    ret->count = t->count;
    mf_map_done(&t->ports);
    mf_free(t->list);
    mf_free(t);
}
