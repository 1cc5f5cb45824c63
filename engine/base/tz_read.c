/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * TZif files, RFC 8536. The first block, with its times of 32 bits, is skipped; the second has
 * them in 64 bits, and the rule for what comes after. Every count is checked against the length
 * before it is used: the file is not ours.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/tz_priv.h"

enum {
    HEADER = 44,
    OFFSET_MIN = -89999, /* seconds east; RFC 8536, section 3.2 */
    OFFSET_MAX = 93599,
};

struct counts {
    uint32_t is_ut, is_standard, leap, times, kinds, chars;
};

struct block {
    const uint8_t *at, *end;
    struct counts counts;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static uint64_t block_size(const struct counts *c, unsigned time_size)
{
    return (uint64_t)c->times * (time_size + 1) + (uint64_t)c->kinds * 6 + c->chars +
           (uint64_t)c->leap * (time_size + 4) + c->is_standard + c->is_ut;
}

/* NULL if it is fine, else what is wrong. */
static const char *read_header(struct block *b, char *ret_version)
{
    const uint8_t *p = b->at;

    if (b->end - p < HEADER)
        return "it ends in the middle";
    if (memcmp(p, "TZif", 4) != 0)
        return "it does not begin with TZif";
    *ret_version = (char)p[4];
    b->counts = (struct counts){be32(p + 20), be32(p + 24), be32(p + 28),
                                be32(p + 32), be32(p + 36), be32(p + 40)};
    b->at += HEADER;
    return NULL;
}

static const char *check_counts(const struct block *b)
{
    const struct counts *c = &b->counts;

    if (c->leap)
        return "it counts leap seconds, and the clock of this machine does not";
    if (c->kinds < 1 || c->kinds > 256 || c->chars < 1)
        return "it has no offsets";
    if ((c->is_ut && c->is_ut != c->kinds) || (c->is_standard && c->is_standard != c->kinds))
        return "its counts do not fit together";
    if (block_size(c, 8) > (uint64_t)(b->end - b->at))
        return "it ends in the middle";
    return NULL;
}

static const char *read_offsets(struct mf_zone *zone, const struct counts *c, const uint8_t *kinds,
                                const char *chars)
{
    zone->offsets = mf_calloc_array(c->kinds, sizeof(*zone->offsets));
    for (uint32_t i = 0; i < c->kinds; i++) {
        struct tz_offset *o = &zone->offsets[i];
        uint8_t start = kinds[i * 6 + 5];
        size_t len;

        o->east = (int32_t)be32(kinds + (size_t)i * 6);
        if (o->east < OFFSET_MIN || o->east > OFFSET_MAX)
            return "an offset is more than a day";
        if (start >= c->chars)
            return "an abbreviation is missing";
        len = strnlen(chars + start, c->chars - start);
        if (len == c->chars - start || len >= TZ_ABBREVIATION)
            return "an abbreviation is too long";
        memcpy(o->abbreviation, chars + start, len + 1);
    }
    return NULL;
}

static const char *read_times(struct mf_zone *zone, const struct counts *c, const uint8_t *times,
                              const uint8_t *kinds)
{
    zone->count = c->times;
    zone->at = mf_calloc_array(c->times + 1, sizeof(*zone->at));
    zone->kind = mf_calloc_array(c->times + 1, 1);
    for (uint32_t i = 0; i < c->times; i++) {
        zone->at[i] = be64(times + (size_t)i * 8);
        zone->kind[i] = kinds[i];
        if (i > 0 && zone->at[i] <= zone->at[i - 1])
            return "its times are out of order";
        if (zone->kind[i] >= c->kinds)
            return "a time has no offset";
    }
    return NULL;
}

static const char *read_block(struct mf_zone *zone, struct block *b)
{
    const struct counts *c = &b->counts;
    const uint8_t *times = b->at, *kinds = times + (size_t)c->times * 8;
    const uint8_t *offsets = kinds + c->times;
    const char *chars = (const char *)offsets + (size_t)c->kinds * 6;
    const char *fault = read_offsets(zone, c, offsets, chars);

    if (!fault)
        fault = read_times(zone, c, times, kinds);
    b->at += block_size(c, 8);
    return fault;
}

/* A line of its own: "\nRULE\n", where the rule may be empty. */
static const char *read_footer(struct mf_zone *zone, const struct block *b)
{
    const char *text = (const char *)b->at + 1, *end;

    if (b->at == b->end || *b->at != '\n')
        return "its last line is missing";
    end = memchr(text, '\n', (size_t)(b->end - b->at - 1));
    if (!end)
        return "its last line is cut off";
    if (end == text)
        return NULL;
    if (!tz_rule_read(text, (size_t)(end - text), &zone->rule))
        return "the rule in its last line is wrong";
    zone->has_rule = true;
    return NULL;
}

static const char *read_file(struct mf_zone *zone, struct block *b)
{
    const char *fault;
    char version;

    if ((fault = read_header(b, &version)))
        return fault;
    if (version < '2')
        return "it is of version 1, which ends in 2038";
    if (block_size(&b->counts, 4) > (uint64_t)(b->end - b->at))
        return "it ends in the middle";
    b->at += block_size(&b->counts, 4);
    if ((fault = read_header(b, &version)) || (fault = check_counts(b)) ||
        (fault = read_block(zone, b)))
        return fault;
    return read_footer(zone, b);
}

struct mf_zone *tz_zone_read(const char *name, const uint8_t *bytes, size_t len,
                             struct mf_error *err)
{
    struct mf_zone *zone = mf_zalloc(sizeof(*zone));
    struct block block = {.at = bytes, .end = bytes + len};
    const char *fault = read_file(zone, &block);

    zone->name = mf_strdup(name);
    if (!fault)
        return zone;
    mf_fail(err, MF_EINVAL, "the file of time zone `%s` is damaged: %s", name, fault);
    tz_zone_free(zone);
    return NULL;
}

void tz_zone_free(struct mf_zone *zone)
{
    if (!zone)
        return;
    mf_free(zone->name);
    mf_free(zone->at);
    mf_free(zone->kind);
    mf_free(zone->offsets);
    mf_free(zone);
}
