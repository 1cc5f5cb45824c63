/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rng: xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64. */

#include "engine/base/rng.h"

#include <math.h>
#include <sys/random.h>

#include "engine/base/alloc.h"

static uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

void mf_random_bytes(void *ret, size_t len)
{
    /* Before Linux 5.6 there was no way not to wait. */
    if (getrandom(ret, len, GRND_INSECURE) != (ssize_t)len &&
        getrandom(ret, len, 0) != (ssize_t)len)
        mf_out_of_memory();
}

void mf_rng_seed(struct mf_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        rng->s[i] = z ^ (z >> 31);
    }
}

void mf_rng_seed_random(struct mf_rng *rng)
{
    uint64_t seed;

    mf_random_bytes(&seed, sizeof(seed));
    mf_rng_seed(rng, seed);
}

uint64_t mf_rng_next(struct mf_rng *rng)
{
    uint64_t *s = rng->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double mf_rng_double(struct mf_rng *rng)
{
    return (double)(mf_rng_next(rng) >> 11) * 0x1.0p-53;
}

double mf_rng_normal(struct mf_rng *rng)
{
    double u = 1.0 - mf_rng_double(rng); /* never 0, for the logarithm */

    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * mf_rng_double(rng));
}

uint64_t mf_rng_below(struct mf_rng *rng, uint64_t bound)
{
    uint64_t reject = -bound % bound, x;

    do
        x = mf_rng_next(rng);
    while (x < reject);
    return x % bound;
}
