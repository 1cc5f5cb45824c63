/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Attributes of 1-wire devices: `28.0123456789AB/temperature`, and what is in them. */

#include "engine/config/type.h"
#include "engine/graph/kind.h"
#include "nodes/onewire/device.h"

enum mf_ow_form { MF_OW_NUMBER, MF_OW_INT, MF_OW_BOOL, MF_OW_TEXT };

struct mf_ow_attribute {
    const char *path; /* as owserver has it, with the slash in front */
    const char *name; /* the part of it behind the device: "PIO.A" */
    bool has_device;  /* false: it is called by an alias */
    struct mf_ow_device device;
    enum mf_ow_form form;
    const char *unit;        /* NULL: none */
    bool is_temperature;     /* that a thermometer measures when it is read */
    const char *latest;      /* path of its last result, which does not measure; NULL: none */
    bool has_power_on_value; /* 85 °C, when it could not measure */
};

/* Option type; the member is a struct mf_ow_attribute. */
extern const struct mf_type mf_type_ow_attribute;

uint32_t mf_ow_types(const struct mf_ow_attribute *attribute);
/* The attribute is one of the device that a directory calls `name`. */
bool mf_ow_is_of(const struct mf_ow_attribute *attribute, const char *name, size_t len);
/* What the server's text means; negative with a sentence. */
int mf_ow_read_value(const struct mf_ow_attribute *attribute, const char *text, size_t len,
                     struct mf_value *ret, struct mf_error *err);
