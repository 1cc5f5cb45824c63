/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * See kernel.h.
 *
 * Bits of switches: a `PIO` that is 1 lets the current flow, as owserver has it; in the drivers'
 * bytes such a transistor is 0. Whether a line reads high (`sensed`) is 1 in both.
 */

#include "nodes/onewire/kernel.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/onewire/frame.h"

struct mf_w1_bits {
    uint8_t family;
    const char *name;
    const char *read, *write;
    uint8_t count;
    uint8_t read_at[MF_W1_CHANNELS]; /* bit of each channel in what is read */
    bool is_inverted;
    bool is_text;   /* a digit, not a byte */
    bool is_scalar; /* `PIO`, not `PIO.A` */
    bool is_latch;  /* writing clears all of it, whatever is written */
    uint8_t ones;   /* bits that are always set in what is written */
};

static const struct mf_w1_bits bit_table[] = {
    /* DS2405 */
    {0x05, "PIO", "output", "output", 1, {0}, true, true, true, false, 0},
    {0x05, "sensed", "state", NULL, 1, {0}, false, true, true, false, 0},
    /* DS2406: its driver tells the transistors only */
    {0x12, "PIO", "state", "output", 2, {0, 1}, true, true, false, false, 0},
    /* DS2408 */
    {0x29, "PIO", "output", "output", 8, {0, 1, 2, 3, 4, 5, 6, 7}, true, false, false, false, 0},
    {0x29, "sensed", "state", NULL, 8, {0, 1, 2, 3, 4, 5, 6, 7}, false, false, false, false, 0},
    {0x29,
     "latch",
     "activity",
     "activity",
     8,
     {0, 1, 2, 3, 4, 5, 6, 7},
     false,
     false,
     false,
     true,
     0},
    /* DS2413: pin and transistor of A, then of B */
    {0x3a, "PIO", "state", "output", 2, {1, 3}, true, false, false, false, 0xfc},
    {0x3a, "sensed", "state", NULL, 2, {0, 2}, false, false, false, false, 0},
};

/* Numbers in files of their own; family 0: of all thermometers. */
static const struct {
    uint8_t family;
    const char *name, *read, *write;
    enum mf_w1_form form;
    double divisor;
    int index;
} number_table[] = {
    {0, "temperature", "w1_slave", NULL, MF_W1_SLAVE, 1, 0},
    {0, "templow", "alarms", "alarms", MF_W1_PAIR, 1, 0},
    {0, "temphigh", "alarms", "alarms", MF_W1_PAIR, 1, 1},
    {0, "power", "ext_power", NULL, MF_W1_SCALED, 1, 0},
    {0, "ext_power", "ext_power", NULL, MF_W1_SCALED, 1, 0},
    {0, "resolution", "resolution", "resolution", MF_W1_SCALED, 1, 0},
    {0, "conv_time", "conv_time", "conv_time", MF_W1_SCALED, 1, 0},
    {0, "eeprom_cmd", NULL, "eeprom_cmd", MF_W1_WORD, 1, 0},
    {0x1d, "counters.A", "w1_slave", NULL, MF_W1_COUNTER, 1, 2},
    {0x1d, "counters.B", "w1_slave", NULL, MF_W1_COUNTER, 1, 3},
    {0x26, "temperature", "temperature", NULL, MF_W1_SCALED, 256, 0},
    {0x26, "VAD", "vad", NULL, MF_W1_SCALED, 100, 0},
    {0x26, "VDD", "vdd", NULL, MF_W1_SCALED, 100, 0},
    {0x26, "vis", "iad", NULL, MF_W1_SCALED, 4096, 0},
};

/* What owserver offers and the kernel does not; the first that fits is the reason. */
static const struct {
    const char *name;
    struct mf_w1_why why;
} lacking[] = {
    {"latesttemp", {"its drivers measure whenever they are read", "read `temperature`"}},
    {"fasttemp", {"its drivers measure as `resolution` says", "read `temperature`"}},
    {"temperature", {"its drivers measure as `resolution` says", "read `temperature`"}},
    {"set_alarm", {"its drivers do not set alarms", "use a link of kind `owserver`"}},
    {"alias", {"only owserver knows aliases", "leave it out"}},
};

static const struct mf_w1_why no_attribute = {"its driver for this device has no such attribute",
                                              "use a link of kind `owserver`"};
static const struct mf_w1_why no_device = {
    "it knows devices by their numbers only",
    "write the number, such as `28.0123456789AB`, instead of the alias"};

/* ---- finding ---- */

static bool known_name(const struct mf_ow_attribute *attribute, struct mf_w1_place *ret)
{
    const uint8_t *n = attribute->device.number;
    const char *name = attribute->name;
    bool is_reversed = mf_text_starts(name, "r_");

    name += is_reversed ? 2 : 0;
    ret->form = MF_W1_NAME;
    if (strcmp(name, "family") == 0 && !is_reversed)
        snprintf(ret->known, MF_W1_TEXT, "%02X", n[0]);
    else if (strcmp(name, "crc8") == 0 && !is_reversed)
        snprintf(ret->known, MF_W1_TEXT, "%02X", n[7]);
    else if (strcmp(name, "id") == 0)
        for (int i = 0; i < 6; i++)
            snprintf(ret->known + 2 * i, 3, "%02X", n[is_reversed ? 6 - i : 1 + i]);
    else if (strcmp(name, "address") == 0)
        for (int i = 0; i < 8; i++)
            snprintf(ret->known + 2 * i, 3, "%02X", n[is_reversed ? 7 - i : i]);
    else
        return false;
    return true;
}

static bool find_number(const struct mf_ow_attribute *attribute, struct mf_w1_place *ret)
{
    for (size_t i = 0; i < sizeof(number_table) / sizeof(*number_table); i++) {
        if (strcmp(attribute->name, number_table[i].name) != 0 ||
            (number_table[i].family ? number_table[i].family != attribute->device.number[0]
                                    : !mf_ow_is_thermometer(&attribute->device)))
            continue;
        ret->read = number_table[i].read;
        ret->write = number_table[i].write;
        ret->form = number_table[i].form;
        ret->divisor = number_table[i].divisor;
        ret->index = number_table[i].index;
        return true;
    }
    return false;
}

/* "PIO.A", "PIO.3", "PIO.ALL": which. False: no such channel. */
static bool find_index(const struct mf_w1_bits *bits, const char *suffix, int *ret)
{
    if (!*suffix) {
        *ret = 0;
        return bits->is_scalar;
    }
    if (*suffix++ != '.' || bits->is_scalar)
        return false;
    *ret = MF_W1_ALL;
    if (strcmp(suffix, "ALL") == 0)
        return true;
    *ret = MF_W1_BYTE;
    if (strcmp(suffix, "BYTE") == 0)
        return true;
    *ret = isdigit((unsigned char)*suffix) ? *suffix - '0' : *suffix - 'A';
    return *suffix && !suffix[1] && *ret >= 0 && *ret < bits->count;
}

static bool find_bits(const struct mf_ow_attribute *attribute, struct mf_w1_place *ret)
{
    for (size_t i = 0; i < sizeof(bit_table) / sizeof(*bit_table); i++) {
        const struct mf_w1_bits *bits = &bit_table[i];

        if (bits->family != attribute->device.number[0] ||
            !mf_text_starts(attribute->name, bits->name) ||
            !find_index(bits, attribute->name + strlen(bits->name), &ret->index))
            continue;
        ret->form = MF_W1_BITS;
        ret->bits = bits;
        ret->read = bits->read;
        ret->write = bits->write;
        return true;
    }
    return false;
}

bool mf_w1_find(const struct mf_ow_attribute *attribute, struct mf_w1_place *ret,
                struct mf_w1_why *ret_why)
{
    memset(ret, 0, sizeof(*ret));
    *ret_why = no_device;
    if (!attribute->has_device)
        return false;
    if (find_number(attribute, ret) || find_bits(attribute, ret) || known_name(attribute, ret))
        return true;
    *ret_why = no_attribute;
    for (size_t i = 0; i < sizeof(lacking) / sizeof(*lacking); i++)
        if (mf_text_starts(attribute->name, lacking[i].name)) {
            *ret_why = lacking[i].why;
            break;
        }
    return false;
}

void mf_w1_check(const struct mf_ow_attribute *attribute, bool is_written, struct mf_check *check)
{
    struct mf_span at = mf_check_at(check, "attribute");
    struct mf_w1_place place;
    struct mf_w1_why why;

    if (!mf_w1_find(attribute, &place, &why))
        mf_diag_help(mf_diag(check->diags, MF_ERROR, 576, at, "the kernel does not %s `%s`: %s",
                             attribute->has_device ? "offer" : "know",
                             attribute->has_device ? attribute->name : attribute->path + 1,
                             why.why),
                     "%s", why.hint);
    else if (is_written && !place.write)
        mf_diag(check->diags, MF_ERROR, 578, at, "`%s` cannot be written", attribute->name);
    else if (!is_written && !place.read && place.form != MF_W1_NAME)
        mf_diag(check->diags, MF_ERROR, 578, at, "`%s` can be written only", attribute->name);
}

/* ---- what is in the files ---- */

/* The line of that number; its length in `ret_len`. NULL: there are less. */
static const char *line_of(const char *data, size_t len, int number, size_t *ret_len)
{
    for (;; number--) {
        const char *end = memchr(data, '\n', len);

        *ret_len = end ? (size_t)(end - data) : len;
        if (number == 0)
            return *ret_len ? data : NULL;
        if (!end)
            return NULL;
        len -= *ret_len + 1;
        data = end + 1;
    }
}

/* What follows `key` in the line, up to a blank. */
static const char *behind(const char *line, size_t len, const char *key, size_t *ret_len)
{
    size_t key_len = strlen(key);
    const char *at = memmem(line, len, key, key_len);

    if (!at)
        return NULL;
    at += key_len;
    len -= (size_t)(at - line);
    *ret_len = 0;
    while (*ret_len < len && !isspace((unsigned char)at[*ret_len]))
        ++*ret_len;
    return at;
}

static int put_number(double number, char ret[MF_W1_TEXT])
{
    _Static_assert((int)MF_W1_TEXT >= (int)MF_NUM_TEXT, "a number fits");
    mf_num_print_double(number, ret);
    return 0;
}

/* "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES", then the same bytes and "t=21312". */
static int decode_slave(const char *data, size_t len, char ret[MF_W1_TEXT])
{
    size_t line_len, text_len;
    const char *line = line_of(data, len, 0, &line_len), *text;
    int64_t milli;

    if (!line || !memmem(line, line_len, "crc=", 4))
        return MF_OW_STRANGE;
    while (line_len && isspace((unsigned char)line[line_len - 1]))
        line_len--;
    if (line_len < 4 || strncmp(line + line_len - 4, " YES", 4) != 0)
        return MF_OW_CHECKSUM;
    line = line_of(data, len, 1, &line_len);
    text = line ? behind(line, line_len, "t=", &text_len) : NULL;
    if (!text || !mf_num_read_int(text, text_len, &milli))
        return MF_OW_STRANGE;
    return put_number((double)milli / 1000, ret);
}

static int decode_counter(const char *data, size_t len, int index, char ret[MF_W1_TEXT])
{
    size_t line_len, text_len;
    const char *line = line_of(data, len, index, &line_len), *text;
    int64_t count;

    if (!line)
        return MF_OW_STRANGE;
    text = behind(line, line_len, "crc=", &text_len);
    if (!text)
        return MF_OW_STRANGE;
    if (!mf_text_eq(text, text_len, "YES"))
        return MF_OW_CHECKSUM;
    text = behind(line, line_len, " c=", &text_len);
    if (!text || !mf_num_read_int(text, text_len, &count))
        return MF_OW_STRANGE;
    mf_num_print_int(count, ret);
    return 0;
}

/* Numbers of a line with blanks between. */
static bool read_pair(const char *data, size_t len, int64_t ret[2])
{
    for (int i = 0; i < 2; i++) {
        size_t word = 0;

        while (len && isspace((unsigned char)*data)) {
            data++;
            len--;
        }
        while (word < len && !isspace((unsigned char)data[word]))
            word++;
        if (!mf_num_read_int(data, word, &ret[i]))
            return false;
        data += word;
        len -= word;
    }
    return true;
}

static size_t trimmed(const char *data, size_t len)
{
    while (len && isspace((unsigned char)data[len - 1]))
        len--;
    return len;
}

static int decode_scaled(const struct mf_w1_place *place, const char *data, size_t len,
                         char ret[MF_W1_TEXT])
{
    int64_t number;

    if (!mf_num_read_int(data, trimmed(data, len), &number))
        return MF_OW_STRANGE;
    return put_number((double)number / place->divisor, ret);
}

/* Bit n is channel n. False: that is no such byte. */
static bool channels_of(const struct mf_w1_bits *bits, const char *data, size_t len, unsigned *ret)
{
    unsigned byte = (uint8_t)*data;

    if (bits->is_text && (trimmed(data, len) != 1 || *data < '0' || *data > '3'))
        return false;
    *ret = 0;
    for (unsigned i = 0; i < bits->count; i++)
        *ret |= ((byte >> bits->read_at[i] & 1) ^ bits->is_inverted) << i;
    return true;
}

static int decode_bits(const struct mf_w1_place *place, const char *data, size_t len,
                       char ret[MF_W1_TEXT])
{
    unsigned channels;
    char *at = ret;

    if (!channels_of(place->bits, data, len, &channels))
        return MF_OW_STRANGE;
    if (place->index == MF_W1_BYTE) {
        mf_num_print_int(channels, ret);
    } else if (place->index == MF_W1_ALL) {
        for (unsigned i = 0; i < place->bits->count; i++)
            at += snprintf(at, 3, i ? ",%u" : "%u", channels >> i & 1);
    } else {
        snprintf(ret, MF_W1_TEXT, "%u", channels >> place->index & 1);
    }
    return 0;
}

int mf_w1_decode(const struct mf_w1_place *place, const char *data, size_t len,
                 char ret[MF_W1_TEXT])
{
    int64_t pair[2];

    *ret = 0;
    if (len == 0)
        return MF_OW_EMPTY;
    switch (place->form) {
    case MF_W1_SLAVE:
        return decode_slave(data, len, ret);
    case MF_W1_COUNTER:
        return decode_counter(data, len, place->index, ret);
    case MF_W1_SCALED:
        return decode_scaled(place, data, len, ret);
    case MF_W1_BITS:
        return decode_bits(place, data, len, ret);
    case MF_W1_PAIR:
        if (!read_pair(data, len, pair))
            return MF_OW_STRANGE;
        mf_num_print_int(pair[place->index], ret);
        return 0;
    default:
        return MF_OW_STRANGE;
    }
}

/* ---- writing ---- */

bool mf_w1_needs_old(const struct mf_w1_place *place)
{
    return place->form == MF_W1_PAIR || (place->form == MF_W1_BITS && place->index >= 0 &&
                                         place->bits->count > 1 && !place->bits->is_latch);
}

/* "1,0,0,1,0,0,1,1": all channels, one after the other. */
static bool read_list(const char *text, unsigned count, unsigned *ret)
{
    *ret = 0;
    for (unsigned i = 0; i < count; i++, text += 2) {
        if ((text[0] != '0' && text[0] != '1') || text[1] != (i + 1 < count ? ',' : 0))
            return false;
        *ret |= (unsigned)(text[0] - '0') << i;
    }
    return true;
}

static int encode_bits(const struct mf_w1_place *place, const char *value, const char *old,
                       size_t old_len, char ret[MF_W1_TEXT])
{
    const struct mf_w1_bits *bits = place->bits;
    unsigned channels = 0, mask = (1U << bits->count) - 1;
    int64_t number = 0;

    if (bits->is_latch) {
        ret[0] = (char)0xff;
        return 1;
    }
    if (place->index == MF_W1_ALL ? !read_list(value, bits->count, &channels)
                                  : !mf_num_read_int(value, strlen(value), &number))
        return -22;
    if (place->index == MF_W1_BYTE) {
        if (number < 0 || number > (int64_t)mask)
            return -22;
        channels = (unsigned)number;
    } else if (place->index >= 0) {
        unsigned bit = 1U << place->index;

        if (number != 0 && number != 1)
            return -22;
        if (mf_w1_needs_old(place) && (old_len == 0 || !channels_of(bits, old, old_len, &channels)))
            return old_len ? MF_OW_STRANGE : MF_OW_EMPTY;
        channels = number ? channels | bit : channels & ~bit;
    }
    channels = (bits->is_inverted ? ~channels : channels) & mask;
    ret[0] = (char)(bits->is_text ? channels + '0' : channels | bits->ones);
    return 1;
}

static int encode_pair(const struct mf_w1_place *place, const char *value, const char *old,
                       size_t old_len, char ret[MF_W1_TEXT])
{
    int64_t pair[2];
    double number;

    if (!mf_num_read_double(value, strlen(value), &number) || !(fabs(number) <= 127) ||
        number != round(number))
        return -22; /* the chip has a byte for it */
    if (old_len == 0 || !read_pair(old, old_len, pair))
        return old_len ? MF_OW_STRANGE : MF_OW_EMPTY;
    pair[place->index] = (int64_t)number;
    if (pair[0] < -128 || pair[0] > 127 || pair[1] < -128 || pair[1] > 127)
        return MF_OW_STRANGE;
    return snprintf(ret, MF_W1_TEXT, "%d %d\n", (int)pair[0], (int)pair[1]);
}

int mf_w1_encode(const struct mf_w1_place *place, const char *value, const char *old,
                 size_t old_len, char ret[MF_W1_TEXT])
{
    int64_t number;

    switch (place->form) {
    case MF_W1_BITS:
        return encode_bits(place, value, old, old_len, ret);
    case MF_W1_PAIR:
        return encode_pair(place, value, old, old_len, ret);
    case MF_W1_SCALED:
        if (!mf_num_read_int(value, strlen(value), &number))
            return -22;
        return snprintf(ret, MF_W1_TEXT, "%lld\n", (long long)number);
    case MF_W1_WORD:
        if (strlen(value) > MF_W1_TEXT - 2)
            return -61;
        return snprintf(ret, MF_W1_TEXT, "%s\n", value);
    default:
        return -65;
    }
}
