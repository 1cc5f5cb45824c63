/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what stands in a file of the kernel's 1-wire drivers, for each attribute they have:
 * what comes out is a text of the attribute's type or a code with a reason, and what would be
 * written fits. The first byte says which attribute, the rest is the file; a NUL in it ends a value
 * to write.
 */

#include <stdlib.h>
#include <string.h>

#include "nodes/onewire/frame.h"
#include "nodes/onewire/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *device, *name;
} attributes[] = {
    {"28.0123456789AB", "temperature"}, {"28.0123456789AB", "temphigh"},
    {"28.0123456789AB", "resolution"},  {"28.0123456789AB", "eeprom_cmd"},
    {"1D.0123456789AB", "counters.B"},  {"26.0123456789AB", "VAD"},
    {"3A.0123456789AB", "PIO.A"},       {"3A.0123456789AB", "sensed.ALL"},
    {"29.0123456789AB", "PIO.BYTE"},    {"29.0123456789AB", "PIO.ALL"},
    {"12.0123456789AB", "PIO.B"},       {"05.0123456789AB", "PIO"},
};

static void check_code(int code)
{
    if (code < 0 && !*mf_ow_reason(code))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char value[MF_W1_TEXT] = "", out[MF_W1_TEXT];
    struct mf_ow_attribute attribute = {.has_device = true};
    const uint8_t *nul;
    struct mf_w1_place place;
    struct mf_w1_why why;
    size_t which;
    int code;

    if (size == 0)
        return 0;
    which = data[0] % (sizeof(attributes) / sizeof(*attributes));
    data++;
    size--;
    attribute.path = attribute.name = attributes[which].name;
    mf_ow_device_read(attributes[which].device, strlen(attributes[which].device),
                      &attribute.device);
    if (!mf_w1_find(&attribute, &place, &why))
        abort();
    code = mf_w1_decode(&place, (const char *)data, size, out);
    check_code(code);
    if (code == 0 && strlen(out) >= MF_W1_TEXT)
        abort();
    nul = size ? memchr(data, 0, size) : NULL;
    if (nul && nul - data < MF_W1_TEXT) {
        memcpy(value, data, (size_t)(nul - data));
        size -= (size_t)(nul - data) + 1;
        data = nul + 1;
    }
    code = mf_w1_encode(&place, value, (const char *)data, size, out);
    check_code(code);
    if (code > MF_W1_TEXT)
        abort();
    /* Names of devices come from directories, too. */
    (void)mf_ow_device_read((const char *)data, size, &attribute.device);
    return 0;
}
