/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See device.h. */

#include "nodes/onewire/device.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    DIGITS = 14, /* family and the six bytes */
    DIGITS_ALL = 16,
    DIGITS_MEANT = 8, /* from so many on a name is meant to be a device's */
};

uint8_t mf_ow_checksum(const uint8_t *data, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0x8c : sum >> 1;
    }
    return (uint8_t)sum;
}

static uint8_t digit(char c)
{
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

static uint8_t byte_at(const char *digits)
{
    return (uint8_t)(digit(digits[0]) << 4 | digit(digits[1]));
}

static void swap_serial(struct mf_ow_device *device)
{
    for (int i = 1; i < 4; i++) {
        uint8_t byte = device->number[i];

        device->number[i] = device->number[7 - i];
        device->number[7 - i] = byte;
    }
}

/* The digits without what separates them; 0: there is something else, too. */
static size_t take_digits(const char *text, size_t len, char digits[DIGITS_ALL + 1],
                          bool *ret_is_kernel)
{
    size_t count = 0;

    *ret_is_kernel = len > 2 && text[2] == '-';
    for (size_t i = 0; i < len; i++) {
        bool is_between = count == 2 || (count == DIGITS && !*ret_is_kernel);

        if (text[i] == (*ret_is_kernel ? '-' : '.') && is_between && i > 0 && text[i - 1] != '.')
            continue;
        if (!isxdigit((unsigned char)text[i]) || count > DIGITS_ALL)
            return 0;
        if (count < DIGITS_ALL)
            digits[count] = text[i];
        count++;
    }
    return count;
}

enum mf_ow_name mf_ow_device_read(const char *text, size_t len, struct mf_ow_device *ret)
{
    char digits[DIGITS_ALL + 1];
    struct mf_ow_device device;
    bool is_kernel;
    size_t count = take_digits(text, len, digits, &is_kernel);
    bool has_separator = len > 2 && (text[2] == '.' || is_kernel);

    if (count != DIGITS && (count != DIGITS_ALL || is_kernel))
        return count >= DIGITS_MEANT && has_separator ? MF_OW_NAME_SPOILT : MF_OW_NAME_OTHER;
    for (int i = 0; i < MF_OW_NUMBER_BYTES - 1; i++)
        device.number[i] = byte_at(digits + 2 * i);
    if (is_kernel)
        swap_serial(&device);
    device.number[7] = mf_ow_checksum(device.number, 7);
    *ret = device;
    if (count == DIGITS_ALL && byte_at(digits + DIGITS) != device.number[7])
        return MF_OW_NAME_CHECKSUM;
    return MF_OW_NAME_DEVICE;
}

bool mf_ow_device_is(const struct mf_ow_device *a, const struct mf_ow_device *b)
{
    return memcmp(a->number, b->number, MF_OW_NUMBER_BYTES) == 0;
}

void mf_ow_device_server_name(const struct mf_ow_device *device, char out[MF_OW_SERVER_NAME])
{
    const uint8_t *n = device->number;

    snprintf(out, MF_OW_SERVER_NAME, "%02X.%02X%02X%02X%02X%02X%02X", n[0], n[1], n[2], n[3], n[4],
             n[5], n[6]);
}

void mf_ow_device_kernel_name(const struct mf_ow_device *device, char out[MF_OW_KERNEL_NAME])
{
    const uint8_t *n = device->number;

    snprintf(out, MF_OW_KERNEL_NAME, "%02x-%02x%02x%02x%02x%02x%02x", n[0], n[6], n[5], n[4], n[3],
             n[2], n[1]);
}

bool mf_ow_is_thermometer(const struct mf_ow_device *device)
{
    static const uint8_t families[] = {0x10, 0x22, 0x28, 0x3b, 0x42};

    return memchr(families, device->number[0], sizeof(families)) != NULL;
}
