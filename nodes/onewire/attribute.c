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
    {"resolution", MF_OW_INT, NULL},
    {"conv_time", MF_OW_INT, NULL},
    {"ext_power", MF_OW_BOOL, NULL},
    {"eeprom_cmd", MF_OW_TEXT, NULL},
    {"address", MF_OW_TEXT, NULL},
    {"alias", MF_OW_TEXT, NULL},
    {"crc8", MF_OW_TEXT, NULL},
    {"family", MF_OW_TEXT, NULL},
    {"id", MF_OW_TEXT, NULL},
    {"r_", MF_OW_TEXT, NULL},
    {"type", MF_OW_TEXT, NULL},
};

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

/* ---- reading the option ---- */

/* Directories of owserver's in which devices are found, too. */
static bool is_view(const char *text, size_t len)
{
    return mf_text_eq(text, len, "uncached") || (len > 4 && strncmp(text, "bus.", 4) == 0);
}

static bool spoilt(struct mf_load *load, const struct mf_tree *tree, const char *part, size_t len,
                   enum mf_ow_name what, const struct mf_ow_device *device)
{
    struct mf_diag *diag;

    if (what == MF_OW_NAME_CHECKSUM) {
        diag = mf_diag(load->diags, MF_ERROR, 575, tree->at,
                       "the checksum at the end of `%.*s` is wrong", (int)len, part);
        mf_diag_help(diag, "for these digits it would be %02X; look for one that is wrong",
                     device->number[MF_OW_NUMBER_BYTES - 1]);
    } else {
        diag = mf_diag(load->diags, MF_ERROR, 575, tree->at,
                       "`%.*s` has not the length of a 1-wire device's name", (int)len, part);
        mf_diag_help(diag, "a name has two digits and twelve, such as `28.0123456789AB`");
    }
    load->into->failed = true;
    return false;
}

/* Builds the path as owserver has it and finds the device in it: the last one is meant, those in
 * front are hubs. */
static bool find_device(struct mf_load *load, const struct mf_tree *tree, const char *text,
                        struct mf_ow_attribute *attribute, struct mf_buf *path, size_t *ret_name)
{
    *ret_name = 0;
    while (*text) {
        size_t len = strcspn(text, "/");
        struct mf_ow_device device;
        enum mf_ow_name what = mf_ow_device_read(text, len, &device);
        char name[MF_OW_SERVER_NAME];

        if (what == MF_OW_NAME_SPOILT || what == MF_OW_NAME_CHECKSUM)
            return spoilt(load, tree, text, len, what, &device);
        mf_ow_device_server_name(&device, name);
        if (what == MF_OW_NAME_DEVICE && text[2] == '-')
            mf_buf_printf(path, "/%s", name);
        else
            mf_buf_printf(path, "/%.*s", (int)len, text);
        if (what == MF_OW_NAME_DEVICE || (!*ret_name && !is_view(text, len)))
            *ret_name = path->len + 1;
        if (what == MF_OW_NAME_DEVICE) {
            attribute->has_device = true;
            attribute->device = device;
        }
        text += len + (text[len] == '/');
    }
    return true;
}

static void find_temperature(struct mf_load *load, struct mf_ow_attribute *attribute)
{
    const char *name = attribute->name;

    /* What is called by an alias may be a thermometer; to measure together one must be sure. */
    attribute->has_power_on_value =
        attribute->form == MF_OW_NUMBER &&
        (mf_text_starts(name, "temperature") || mf_text_starts(name, "latesttemp") ||
         mf_text_starts(name, "fasttemp")) &&
        (!attribute->has_device || mf_ow_is_thermometer(&attribute->device));
    attribute->is_temperature = attribute->has_power_on_value && attribute->has_device &&
                                !mf_text_starts(name, "latesttemp");
    if (attribute->is_temperature)
        attribute->latest = mf_arena_printf(load->arena, "%.*s/latesttemp",
                                            (int)(name - 1 - attribute->path), attribute->path);
}

static bool attribute_read(struct mf_load *load, const struct mf_option *option,
                           const struct mf_tree *tree, void *ret)
{
    struct mf_ow_attribute *attribute = ret;
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_buf path = {0};
    size_t name;

    if (!text)
        return false;
    text += *text == '/';
    if (!strchr(text, '/') || *text == '/' || mf_text_ends(text, "/") || strchr(text, ' ') ||
        strstr(text, "//"))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    if (!find_device(load, tree, text, attribute, &path, &name)) {
        mf_buf_done(&path);
        return false;
    }
    attribute->path = mf_arena_strdup(load->arena, mf_buf_text(&path));
    mf_buf_done(&path);
    if (!name || name > strlen(attribute->path))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    attribute->name = attribute->path + name;
    find_form(strrchr(attribute->path, '/') + 1, attribute);
    find_temperature(load, attribute);
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

bool mf_ow_is_of(const struct mf_ow_attribute *attribute, const char *name, size_t len)
{
    const char *end = attribute->name - 1;
    struct mf_ow_device device;

    if (attribute->has_device && mf_ow_device_read(name, len, &device) == MF_OW_NAME_DEVICE)
        return mf_ow_device_is(&attribute->device, &device);
    /* By its alias, which stands in front of the attribute. */
    return (size_t)(end - attribute->path) > len && end[-(ptrdiff_t)len - 1] == '/' &&
           strncmp(end - len, name, len) == 0;
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
