/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hash: SipHash-1-3 (Aumasson and Bernstein, 2012), 64 bits. */

#include "engine/base/hash.h"

#include <string.h>

#include "engine/base/rng.h"

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static void mix(struct sip *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static uint64_t siphash(const uint64_t key[2], const void *data, size_t len)
{
    struct sip s = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    const unsigned char *bytes = data;
    uint64_t last = (uint64_t)len << 56, word;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, bytes + i, 8);
        s.d ^= word;
        mix(&s);
        s.a ^= word;
    }
    for (unsigned shift = 0; i < len; i++, shift += 8)
        last |= (uint64_t)bytes[i] << shift;
    s.d ^= last;
    mix(&s);
    s.a ^= last;
    s.c ^= 0xff;
    mix(&s);
    mix(&s);
    mix(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t mf_hash(const void *data, size_t len)
{
    static uint64_t key[2];
    static _Bool has_key;

    if (!has_key) {
        mf_random_bytes(key, sizeof(key));
        has_key = 1;
    }
    return siphash(key, data, len);
}

uint64_t mf_hash_fixed(const void *data, size_t len)
{
    static const uint64_t key[2] = {UINT64_C(0x6d6f6174), UINT64_C(0x666c6f77)};

    return siphash(key, data, len);
}
