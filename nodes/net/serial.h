/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Serial lines: opened raw and without waiting. */

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/error.h"

enum mf_parity { MF_PARITY_NONE, MF_PARITY_EVEN, MF_PARITY_ODD };

struct mf_serial {
    const char *device;
    int64_t baud; /* one of those that mf_serial_has_baud() knows */
    int parity;   /* enum mf_parity */
    int stop_bits;
};

bool mf_serial_has_baud(int64_t baud);
/* The descriptor, which the caller closes, or negative. */
int mf_serial_open(const struct mf_serial *serial, struct mf_error *err);
/* Forgets what has been received and nobody has read. */
void mf_serial_flush(int fd);
