/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See attribute.h. */

#include "nodes/onewire/attribute.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

/* By the beginning of the attribute's name; the first that fits. What is not here is a number. */
static const struct {
    const char *name;
    enum mf_ow_form form;
    const char *unit;
} forms[] = {
    {"temperature", MF_OW_NUMBER, "°C"},
    {"latesttemp", MF_OW_NUMBER, "°C"},
    {"fasttemp", MF_OW_NUMBER, "°C"},
    {"temphigh", MF_OW_NUMBER, "°C"},
    {"templow", MF_OW_NUMBER, "°C"},
    {"humidity", MF_OW_NUMBER, "%"},
    {"volt", MF_OW_NUMBER, "V"},
    {"VAD", MF_OW_NUMBER, "V"},
    {"VDD", MF_OW_NUMBER, "V"},
    {"pressure", MF_OW_NUMBER, "mbar"},
    {"PIO", MF_OW_BOOL, NULL},
    {"sensed", MF_OW_BOOL, NULL},
    {"latch", MF_OW_BOOL, NULL},
    {"power", MF_OW_BOOL, NULL},
    {"por", MF_OW_BOOL, NULL},
    {"strobe", MF_OW_BOOL, NULL},
    {"counter", MF_OW_INT, NULL},
    {"address", MF_OW_TEXT, NULL},
    {"alias", MF_OW_TEXT, NULL},
    {"crc8", MF_OW_TEXT, NULL},
    {"family", MF_OW_TEXT, NULL},
    {"id", MF_OW_TEXT, NULL},
    {"r_", MF_OW_TEXT, NULL},
    {"type", MF_OW_TEXT, NULL},
};

/* Families whose `temperature` starts a measurement: DS18S20, DS1822, DS18B20, DS1825, DS28EA00. */
static const char *const thermometers[] = {"10.", "22.", "28.", "3B.", "42."};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void find_form(const char *name, struct mf_ow_attribute *ret)
{
    ret->form = MF_OW_NUMBER;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        if (!mf_text_starts(name, forms[i].name))
            continue;
        ret->form = forms[i].form;
        ret->unit = forms[i].unit;
        break;
    }
    if (ends_with(name, ".ALL"))
        ret->form = MF_OW_TEXT;
    if (ends_with(name, ".BYTE"))
        ret->form = MF_OW_INT;
    if (ret->form != MF_OW_NUMBER)
        ret->unit = NULL;
}

static bool is_thermometer(const char *path)
{
    for (size_t i = 0; i < sizeof(thermometers) / sizeof(*thermometers); i++)
        if (strstr(path, thermometers[i]))
            return true;
    return false;
}

static bool attribute_read(struct mf_load *load, const struct mf_option *option,
                           const struct mf_tree *tree, void *ret)
{
    struct mf_ow_attribute *attribute = ret;
    const char *text = mf_type_scalar(load, option, tree), *name;

    if (!text)
        return false;
    name = strrchr(text, '/');
    if (!name || name == text || !name[1] || strchr(text, ' '))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    attribute->path = mf_arena_printf(load->arena, "%s%s", *text == '/' ? "" : "/", text);
    find_form(name + 1, attribute);
    if (!is_thermometer(text) || !attribute->unit || strcmp(attribute->unit, "°C") != 0 ||
        mf_text_starts(name + 1, "temphigh") || mf_text_starts(name + 1, "templow"))
        return true;
    attribute->has_power_on_value = true;
    attribute->is_temperature = !mf_text_starts(name + 1, "latesttemp");
    if (attribute->is_temperature)
        attribute->latest = mf_arena_printf(load->arena, "%s%.*s/latesttemp",
                                            *text == '/' ? "" : "/", (int)(name - text), text);
    return true;
}

static void attribute_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[^ ]+/[^ /]+$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_ow_attribute = {
    .name = "1-wire attribute",
    .syntax = "a device and its attribute, such as `28.0123456789AB/temperature`",
    .size = sizeof(struct mf_ow_attribute),
    .read = attribute_read,
    .schema = attribute_schema,
};

uint32_t mf_ow_types(const struct mf_ow_attribute *attribute)
{
    static const uint32_t types[] = {
        [MF_OW_NUMBER] = MF_T(MF_NUMBER),
        [MF_OW_INT] = MF_T(MF_INT),
        [MF_OW_BOOL] = MF_T(MF_BOOL),
        [MF_OW_TEXT] = MF_T(MF_TEXT),
    };

    return types[attribute->form];
}

static int no_number(const char *text, size_t len, struct mf_error *err)
{
    return mf_fail(err, MF_EINVAL, "`%.*s` is not a number", len > 40 ? 40 : (int)len, text);
}

int mf_ow_read_value(const struct mf_ow_attribute *attribute, const char *text, size_t len,
                     struct mf_value *ret, struct mf_error *err)
{
    int64_t whole;
    double real;

    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    switch (attribute->form) {
    case MF_OW_TEXT:
        if (mf_utf8_valid(text, len) != len)
            return mf_fail(err, MF_EINVAL, "no UTF-8 text");
        *ret = mf_value_new_text_n(text, len);
        return 0;
    case MF_OW_NUMBER:
        if (!mf_num_read_double(text, len, &real))
            return no_number(text, len, err);
        *ret = mf_value_number(real);
        return 0;
    default:
        if (!mf_num_read_int(text, len, &whole))
            return no_number(text, len, err);
        *ret = attribute->form == MF_OW_INT ? mf_value_int(whole) : mf_value_bool(whole != 0);
        return 0;
    }
}
