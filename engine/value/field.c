/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See field.h. */

#include "engine/value/field.h"

#include <string.h>

const struct mf_value *mf_field(const struct mf_value *map, const char *key)
{
    return map && map->type == MF_MAP ? mf_value_get(map, key, strlen(key)) : NULL;
}

int64_t mf_field_int(const struct mf_value *map, const char *key, int64_t fallback)
{
    const struct mf_value *field = mf_field(map, key);

    return field && field->type == MF_INT ? field->integer : fallback;
}

double mf_field_number(const struct mf_value *map, const char *key, double fallback)
{
    const struct mf_value *field = mf_field(map, key);

    return field && (MF_T(field->type) & MF_T_NUMERIC) ? mf_value_as_number(field) : fallback;
}

bool mf_field_bool(const struct mf_value *map, const char *key, bool fallback)
{
    const struct mf_value *field = mf_field(map, key);

    return field && field->type == MF_BOOL ? field->boolean : fallback;
}

const char *mf_field_text(const struct mf_value *map, const char *key, int *ret_len)
{
    const struct mf_value *field = mf_field(map, key);
    const char *text = "";
    size_t len = 0;

    if (field && field->type == MF_TEXT)
        text = mf_value_text(field, &len);
    *ret_len = (int)len;
    return text;
}

size_t mf_field_count(const struct mf_value *map, const char *key)
{
    const struct mf_value *field = mf_field(map, key);

    return field && field->type == MF_LIST ? mf_value_count(field) : 0;
}

const struct mf_value *mf_field_at(const struct mf_value *map, const char *key, size_t i)
{
    return i < mf_field_count(map, key) ? mf_value_at(mf_field(map, key), i) : NULL;
}
