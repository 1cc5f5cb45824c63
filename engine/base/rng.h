/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Rng: small, seedable (xoshiro256**), for jitter, simulation and tests. Not for secrets. */

#include <stddef.h>
#include <stdint.h>

struct mf_rng {
    uint64_t s[4];
};

/* From the kernel, without waiting: at boot it may take minutes until they are fit for secrets. */
void mf_random_bytes(void *ret, size_t len);

void mf_rng_seed(struct mf_rng *rng, uint64_t seed);
void mf_rng_seed_random(struct mf_rng *rng);
uint64_t mf_rng_next(struct mf_rng *rng);
double mf_rng_double(struct mf_rng *rng);                  /* [0, 1) */
double mf_rng_normal(struct mf_rng *rng);                  /* mean 0, deviation 1 */
uint64_t mf_rng_below(struct mf_rng *rng, uint64_t bound); /* [0, bound), bound > 0 */
