/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Third step: the keys of a register. */

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/config/schema.h"
#include "engine/config/type.h"
#include "nodes/modbus/profile_priv.h"

enum { KEYS = 40, POWER_MAX = 30, ADDRESS_MAX = 65535, BCD_WORDS = 4, BITS_PER_WORD = 16 };

/* A register as it is written. */
struct keys {
    int64_t at, len, bit, absent, power;
    int area, words, bytes;
    const char *type, *scale, *slot, *doc, *unit;
    double factor, offset;
    bool has_type, has_len, has_bit, has_absent, has_power, has_words, has_bytes, has_unit;
};

static const struct mf_choice areas[] = {
    {"i", MF_MODBUS_INPUT},    {"h", MF_MODBUS_HOLDING},         {"c", MF_MODBUS_COIL},
    {"d", MF_MODBUS_DISCRETE}, {"input", MF_MODBUS_INPUT},       {"holding", MF_MODBUS_HOLDING},
    {"coil", MF_MODBUS_COIL},  {"discrete", MF_MODBUS_DISCRETE}, {0},
};
static const struct mf_choice orders[] = {{"big", 0}, {"little", 1}, {0}};

#define MF_CONFIG struct keys
static const struct mf_option options[] = {
    {"register", MF_INTEGER(at), MF_LIMITS(-ADDRESS_MAX, ADDRESS_MAX)},
    {"reg_type", MF_CHOICE(area, areas), .fallback = "i"},
    {"type", MF_STRING(type), MF_GIVEN(has_type)},
    {"len", MF_INTEGER(len), MF_GIVEN(has_len), MF_LIMITS(1, 2 * MF_MODBUS_VALUE_WORDS)},
    {"scale", MF_STRING(scale)},
    {"factor", MF_REAL(factor), .fallback = "1"},
    {"offset", MF_REAL(offset), .fallback = "0"},
    {"scale_reg", MF_INTEGER(power), MF_GIVEN(has_power), MF_LIMITS(-ADDRESS_MAX, ADDRESS_MAX)},
    {"bit", MF_INTEGER(bit), MF_GIVEN(has_bit), MF_LIMITS(0, 63)},
    {"absent", MF_INTEGER(absent), MF_GIVEN(has_absent)},
    {"words", MF_CHOICE(words, orders), MF_GIVEN(has_words), .fallback = "big"},
    {"bytes", MF_CHOICE(bytes, orders), MF_GIVEN(has_bytes), .fallback = "big"},
    {"slot", MF_STRING(slot)},
    {"unit", MF_STRING(unit), MF_GIVEN(has_unit)},
    {"_doc", MF_STRING(doc)},
    {0},
};

/* Keys that MoaT's gateway and its tools understand, and that say nothing here. */
static const char *const passed_over[] = {"dest", "src",   "mirror", "idle",  "idem", "write",
                                          "uses", "value", "values", "names", NULL};

/* ---- types ---- */

struct name {
    const char *text;
    enum mf_modbus_type of[3];           /* of 1, 2 and 4 registers */
    uint8_t words;                       /* 0: `len` says */
    uint8_t fallback;                    /* where `len` is missing; 0: it must not be */
    bool is_text, is_fixed, is_inverted; /* fixed: one type, whatever the length */
};

#define MF_NO_TYPE MF_MODBUS_TEXT /* of that length there is none */
static const struct name names[] = {
    {"int", {MF_MODBUS_INT16, MF_MODBUS_INT32, MF_MODBUS_INT64}, 0, 1},
    {"uint", {MF_MODBUS_UINT16, MF_MODBUS_UINT32, MF_MODBUS_UINT64}, 0, 1},
    {"float", {MF_NO_TYPE, MF_MODBUS_FLOAT32, MF_MODBUS_FLOAT64}, 0, 2},
    {"int16", {MF_MODBUS_INT16}, 1},
    {"uint16", {MF_MODBUS_UINT16}, 1},
    {"int32", {MF_MODBUS_INT32}, 2},
    {"uint32", {MF_MODBUS_UINT32}, 2},
    {"int64", {MF_MODBUS_INT64}, 4},
    {"uint64", {MF_MODBUS_UINT64}, 4},
    {"float32", {MF_MODBUS_FLOAT32}, 2},
    {"float64", {MF_MODBUS_FLOAT64}, 4},
    {"double", {MF_MODBUS_FLOAT64}, 4},
    {"bit", {MF_MODBUS_BIT}, 0, 1, .is_fixed = true},
    {"invbit", {MF_MODBUS_BIT}, 0, 1, .is_fixed = true, .is_inverted = true},
    {"bcd", {MF_MODBUS_BCD}, 0, 1, .is_fixed = true},
    {"str", {MF_MODBUS_TEXT}, .is_text = true},
    {"text", {MF_MODBUS_TEXT}, .is_text = true},
    {"byte", {MF_MODBUS_BYTES}, .is_text = true},
    {"bytes", {MF_MODBUS_BYTES}, .is_text = true},
    {0},
};

static const struct name *find_name(const char *text)
{
    for (const struct name *name = names; name->text; name++)
        if (strcmp(name->text, text) == 0)
            return name;
    return NULL;
}

struct reading {
    struct mf_profiling *p;
    const struct mf_twig *map;
    const char *path;
    struct keys keys;
    struct mf_profile_register *reg;
};

static struct mf_span at_of(const struct reading *r, const char *key)
{
    const struct mf_twig_pair *pair = mf_twig_pair(r->map, key);

    return pair && pair->value->at.file ? pair->value->at : r->map->at;
}

static bool wrong(const struct reading *r, const char *key, const char *what, const char *help)
{
    struct mf_diag *diag =
        mf_profile_fault(r->p, MF_CODE_PROFILE, at_of(r, key), "`%s`: %s", r->path, what);

    if (help)
        mf_diag_help(diag, "%s", help);
    return false;
}

static void unknown_type(const struct reading *r)
{
    struct mf_nearest nearest;
    struct mf_diag *diag = mf_profile_fault(r->p, MF_CODE_PROFILE, at_of(r, "type"),
                                            "`%s`: there is no type `%s`", r->path, r->keys.type);

    mf_nearest_init(&nearest, r->keys.type);
    for (const struct name *name = names; name->text; name++)
        mf_nearest_add(&nearest, name->text);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "types are `int`, `uint`, `float`, `bit`, `invbit`, `bcd`, `str` and "
                           "`byte`, with an `s` in front where the words are swapped");
}

/* `s` in front swaps the words of numbers, and the bytes in the words of texts. NULL after
 * reporting. */
static const struct name *read_type(const struct reading *r, bool *ret_swapped)
{
    bool has_bits = mf_modbus_has_bits(r->reg->cell.area);
    const char *text = r->keys.has_type ? r->keys.type : NULL;
    const struct name *name;

    if (!text && (has_bits || r->keys.has_bit))
        text = "bit";
    if (!text) {
        wrong(r, "type", "the type of the register is missing",
              "add `type: uint`, or put it into a `default:` of the levels above");
        return NULL;
    }
    name = find_name(text);
    *ret_swapped = !name && *text == 's' && (name = find_name(text + 1)) != NULL;
    if (!name) {
        unknown_type(r);
    } else if (has_bits && name->of[0] != MF_MODBUS_BIT) {
        wrong(r, "type", "a coil or discrete input is a single bit",
              "write `type: bit` or `type: invbit`, or leave it out");
        return NULL;
    }
    return name;
}

static bool read_len(const struct reading *r, const struct name *name, bool is_swapped,
                     int64_t *ret)
{
    int64_t len = r->keys.len;

    *ret = name->words;
    if (name->words && r->keys.has_len && len != name->words)
        return wrong(r, "len", "the type has another length by itself", "leave `len` out");
    if (name->words)
        return true;
    if (!r->keys.has_len) {
        len = is_swapped && name->fallback == 1 ? 0 : name->fallback;
        if (!len)
            return wrong(r, "type", "the length is missing",
                         name->is_text ? "add `len: …`, the number of bytes"
                                       : "add `len: 2`, the number of registers");
    }
    *ret = name->is_text ? (len + 1) / 2 : len;
    if (*ret > MF_MODBUS_VALUE_WORDS)
        return wrong(r, "len", "the value is longer than what one request reads", NULL);
    return true;
}

static bool read_number(const struct reading *r)
{
    struct mf_modbus_number *number = &r->reg->cell.number;
    bool is_swapped = false;
    const struct name *name = read_type(r, &is_swapped);
    int64_t words;

    if (!name || !read_len(r, name, is_swapped, &words))
        return false;
    number->type = name->of[words == 2 ? 1 : words == 4 ? 2 : 0];
    if (name->is_text || name->is_fixed || name->words)
        number->type = name->of[0];
    else if (number->type == MF_NO_TYPE || words == 3 || words > 4)
        return wrong(r, "len", "there is no number of that length",
                     "integers take 1, 2 or 4 registers, floats 2 or 4");
    if (number->type == MF_MODBUS_BCD && words > BCD_WORDS)
        return wrong(r, "len", "a `bcd` has at most 4 registers, which is 16 digits", NULL);
    number->words = (unsigned)words;
    number->is_inverted = name->is_inverted;
    number->has_low_word_first = (is_swapped && !name->is_text) || r->keys.words;
    number->has_low_byte_first = (is_swapped && name->is_text) || r->keys.bytes;
    return true;
}

/* ---- scaling ---- */

/* `scale: -1` is a power of ten; `scale: f230.94` a factor, as some files have it. */
static bool read_scale(const struct reading *r, double *ret)
{
    const char *text = r->keys.scale;
    int64_t power;

    *ret = r->keys.factor;
    if (!text)
        return true;
    if (*text == 'f' && mf_num_read_double(text + 1, strlen(text + 1), ret)) {
        *ret *= r->keys.factor;
        return true;
    }
    if (!mf_num_read_int(text, strlen(text), &power) || power < -POWER_MAX || power > POWER_MAX)
        return wrong(r, "scale", "`scale` is a power of ten from -30 to 30",
                     "a factor such as 0.1 is written `factor: 0.1`, or `scale: -1`");
    /* 10^-1 is not exact, 1/10 is the nearest there is. */
    *ret = power < 0 ? r->keys.factor / pow(10, (double)-power)
                     : r->keys.factor * pow(10, (double)power);
    return true;
}

static bool read_scaling(const struct reading *r)
{
    struct mf_modbus_number *number = &r->reg->cell.number;
    bool is_number = mf_modbus_number_types(number) & MF_T_NUMERIC;

    number->offset = r->keys.offset;
    if (!read_scale(r, &number->scale))
        return false;
    if (number->scale == 0)
        return wrong(r, "factor", "`factor: 0` would make every value the same", NULL);
    number->is_scaled = number->scale != 1 || number->offset != 0 || r->keys.has_power;
    if (!is_number && number->is_scaled)
        return wrong(r, "scale", "only numbers can be scaled", "leave it out");
    /* A default may reach texts, which have no such value. */
    number->has_absent = is_number && r->keys.has_absent;
    number->absent = (uint64_t)r->keys.absent;
    if (number->words < 4)
        number->absent &= (UINT64_C(1) << BITS_PER_WORD * number->words) - 1;
    return true;
}

/* `bit: 3` of a whole number is that bit alone. */
static bool read_bit(const struct reading *r)
{
    struct mf_modbus_number *number = &r->reg->cell.number;
    bool is_whole = mf_modbus_number_types(number) & (MF_T(MF_INT) | MF_T(MF_BOOL));

    if (!r->keys.has_bit)
        return true;
    if (mf_modbus_has_bits(r->reg->cell.area) || !is_whole || number->type == MF_MODBUS_BCD)
        return wrong(r, "bit", "`bit` picks one bit out of a register with a whole number",
                     "leave `type` out, and say which register it is in with `reg_type`");
    if (r->keys.bit >= BITS_PER_WORD * (int64_t)number->words)
        return wrong(r, "bit", "the register has no such bit; the lowest is 0",
                     "bits of two registers need `len: 2`");
    number->type = MF_MODBUS_BIT;
    number->has_bit = true;
    number->bit = (uint8_t)r->keys.bit;
    return true;
}

/* ---- where it is ---- */

static bool read_place(const struct reading *r)
{
    struct mf_modbus_cell *cell = &r->reg->cell;
    int64_t at = r->keys.at + r->map->moved, power = r->keys.power + r->map->shifted;
    int64_t end = at + cell->number.words, from = at;

    if (r->keys.has_power) {
        from = power < at ? power : at;
        end = power + 1 > end ? power + 1 : end;
    }
    if (from < 0 || end > ADDRESS_MAX + 1) {
        mf_profile_fault(r->p, MF_CODE_PROFILE, at_of(r, "register"),
                         "`%s` comes to lie at register %lld, which does not exist", r->path,
                         (long long)(from < 0 ? from : end - 1));
        return false;
    }
    if (end - from > MF_MODBUS_READ_WORDS)
        return wrong(r, "scale_reg", "the value and its power of ten do not fit into one request",
                     "they may lie 124 registers apart at most");
    cell->address = (uint16_t)at;
    cell->has_power = r->keys.has_power;
    cell->power = (uint16_t)power;
    cell->from = (uint16_t)from;
    cell->count = (uint16_t)(end - from);
    return true;
}

/* ---- the rest ---- */

static void read_unit(const struct reading *r)
{
    struct mf_profile_register *reg = r->reg;
    struct mf_unit unit;
    struct mf_error err;

    if (!r->keys.has_unit || !*r->keys.unit)
        return;
    if (!(mf_modbus_number_types(&reg->cell.number) & MF_T_NUMERIC)) {
        mf_diag(r->p->diags, MF_WARNING, MF_CODE_PROFILE_UNIT, at_of(r, "unit"),
                "`%s` is no number, so it has no unit", r->path);
    } else if (mf_unit_read(r->keys.unit, strlen(r->keys.unit), &unit, &err) < 0) {
        mf_diag_help(mf_diag(r->p->diags, MF_WARNING, MF_CODE_PROFILE_UNIT, at_of(r, "unit"),
                             "`%s`: %s", r->path, err.text),
                     "the register has no unit, then");
    } else {
        struct mf_unit *copy = mf_arena_alloc(r->p->arena, sizeof(*copy));

        *copy = unit;
        reg->unit = copy;
    }
}

static void read_names(const struct reading *r)
{
    const struct mf_twig *map = mf_twig_get(r->map, "values");
    struct mf_profile_name *list;

    if (!map)
        map = mf_twig_get(r->map, "names");
    if (!map || !mf_twig_is_map(map))
        return;
    list = mf_arena_alloc(r->p->arena, (map->count + 1) * sizeof(*list));
    for (uint32_t i = 0; i < map->count; i++) {
        const struct mf_twig_pair *pair = &map->pairs[i];
        const char *text = mf_twig_text(pair->value);
        int64_t number;

        if (!text || !mf_num_read_int(pair->key, strlen(pair->key), &number)) {
            mf_diag_help(mf_diag(r->p->diags, MF_WARNING, MF_CODE_UNUSED, pair->at,
                                 "`%s`: `%s` is not the number of a name", r->path, pair->key),
                         "write it like `values: {0: off, 1: on}`");
            continue;
        }
        list[r->reg->name_count++] =
            (struct mf_profile_name){number, mf_arena_strdup(r->p->arena, text)};
    }
    r->reg->names = list;
}

static void unknown_key(const struct reading *r, const struct mf_twig_pair *pair)
{
    struct mf_nearest nearest;
    struct mf_diag *diag = mf_diag(r->p->diags, MF_WARNING, MF_CODE_UNUSED, pair->at,
                                   "`%s`: a register knows no `%s`", r->path, pair->key);

    mf_nearest_init(&nearest, pair->key);
    for (const struct mf_option *option = options; option->name; option++)
        mf_nearest_add(&nearest, option->name);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
}

static bool is_option(const char *key)
{
    for (const struct mf_option *option = options; option->name; option++)
        if (strcmp(option->name, key) == 0)
            return true;
    return false;
}

/* The pair as the readers of options want it, if it is one of theirs. */
static bool is_read(const struct reading *r, const struct mf_twig_pair *pair)
{
    if (is_option(pair->key) || strcmp(pair->key, "regtype") == 0)
        return true;
    for (const char *const *name = passed_over; *name; name++)
        if (strcmp(*name, pair->key) == 0)
            return false;
    if (*pair->key != '_')
        unknown_key(r, pair);
    return false;
}

static bool load_keys(struct reading *r)
{
    struct mf_tree_pair pairs[KEYS];
    struct mf_tree keys[KEYS] = {0}, map = {.kind = MF_TREE_MAP};
    struct mf_loaded into = {.config = &r->keys};
    struct mf_load load = {r->p->arena, r->p->diags, &into, .scratch = r->p->scratch};
    size_t count = 0;

    for (uint32_t i = 0; i < r->map->count; i++) {
        const struct mf_twig_pair *pair = &r->map->pairs[i];
        const char *key = strcmp(pair->key, "regtype") == 0 ? "reg_type" : pair->key;
        const struct mf_tree *value = pair->value->leaf ? pair->value->leaf : &map;

        if (!is_read(r, pair) || count == KEYS)
            continue;
        map.at = pair->value->at;
        keys[count] = (struct mf_tree){.kind = MF_TREE_SCALAR,
                                       .count = (uint32_t)strlen(key),
                                       .at = pair->at,
                                       .nodes = 1,
                                       .text = key};
        pairs[count] = (struct mf_tree_pair){&keys[count], (struct mf_tree *)(uintptr_t)value, {0}};
        count++;
    }
    return mf_load_options(&load, options, r->path, r->map->at, NULL, pairs, count, NULL, &r->keys);
}

bool mf_profile_read_register(struct mf_profiling *p, const struct mf_twig *map, const char *path,
                              struct mf_profile_register *ret)
{
    struct reading r = {p, map, path, .reg = ret};

    *ret = (struct mf_profile_register){.path = path, .cell.number = {.scale = 1}, .at = map->at};
    if (!load_keys(&r)) {
        p->failed = true;
        return false;
    }
    ret->cell.area = (enum mf_modbus_area)r.keys.area;
    ret->slot = r.keys.slot;
    ret->doc = r.keys.doc;
    if (!read_number(&r) || !read_scaling(&r) || !read_bit(&r) || !read_place(&r))
        return false;
    read_unit(&r);
    read_names(&r);
    return true;
}
