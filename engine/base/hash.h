/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Hash: keyed (SipHash-1-3), because tables are filled with names from outside
 * and a guessable hash lets a file or a peer make them slow. The key is drawn
 * once per process; mf_hash_fixed() has a fixed key and is for comparing
 * configurations, never for tables.
 */

#include <stddef.h>
#include <stdint.h>

uint64_t mf_hash(const void *data, size_t len);
uint64_t mf_hash_fixed(const void *data, size_t len);
