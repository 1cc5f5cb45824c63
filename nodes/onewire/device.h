/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Names of 1-wire devices. A device has a number of eight bytes: family, six of its own, and a
 * checksum. owserver and the kernel write it differently:
 *
 *   28.0123456789AB        owserver; also 280123456789AB, with the checksum behind it, and in lower
 *                          case
 *   28-ab8967452301        the kernel: the six bytes from the last to the first
 *
 * Anything else is an alias that owserver was told.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MF_OW_NUMBER_BYTES = 8,
    MF_OW_KERNEL_NAME = 16, /* with the NUL */
    MF_OW_SERVER_NAME = 16,
};

struct mf_ow_device {
    uint8_t number[MF_OW_NUMBER_BYTES]; /* family first, checksum last */
};

enum mf_ow_name {
    MF_OW_NAME_OTHER, /* an alias, or a directory of owserver's own */
    MF_OW_NAME_DEVICE,
    MF_OW_NAME_SPOILT,   /* like a device's, but of another length */
    MF_OW_NAME_CHECKSUM, /* with a wrong checksum */
};

/* `ret` is filled for MF_OW_NAME_DEVICE, and for MF_OW_NAME_CHECKSUM with the right one. */
enum mf_ow_name mf_ow_device_read(const char *text, size_t len, struct mf_ow_device *ret);
bool mf_ow_device_is(const struct mf_ow_device *a, const struct mf_ow_device *b);
void mf_ow_device_server_name(const struct mf_ow_device *device, char out[MF_OW_SERVER_NAME]);
void mf_ow_device_kernel_name(const struct mf_ow_device *device, char out[MF_OW_KERNEL_NAME]);

/* DS18S20, DS1822, DS18B20, DS1825, DS28EA00: reading the temperature starts a measurement. */
bool mf_ow_is_thermometer(const struct mf_ow_device *device);

/* Of the 1-wire bus: x⁸ + x⁵ + x⁴ + 1, lowest bit first. */
uint8_t mf_ow_checksum(const uint8_t *data, size_t len);
