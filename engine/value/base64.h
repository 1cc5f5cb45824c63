/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Base64 (RFC 4648, section 4) with padding, as JSON and MoaT paths carry bytes. */

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"

void mf_base64_write(const void *data, size_t len, struct mf_buf *buf);
/* Appends the bytes. False for anything but whole groups, padded and without line ends. */
bool mf_base64_read(const char *text, size_t len, struct mf_buf *buf);
