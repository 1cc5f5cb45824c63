/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as JSON: refused, or a value that survives writing, compact and pretty. The reader of
 * fields accepts exactly the objects that the other one does and finds the same in them.
 */

#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fields(const char *text, size_t size, const struct mf_value *map)
{
    static const char *const fields[] = {"a", "time", "a rather long name", ""};
    enum { FIELDS = 4 };
    struct mf_value found[FIELDS], null = mf_value_null();
    struct mf_error err = {0};
    int rc = mf_json_read_fields(text, size, fields, FIELDS, found, &err);

    demand((rc == 0) == (map != NULL));
    for (int i = 0; i < FIELDS; i++) {
        const struct mf_value *wanted =
            map ? mf_value_get(map, fields[i], strlen(fields[i])) : NULL;

        demand(mf_value_equal(&found[i], wanted ? wanted : &null));
        mf_value_drop(found[i]);
    }
}

static void check_pretty(const struct mf_value *value)
{
    struct mf_buf text = {0};
    struct mf_value back;

    mf_json_write_pretty(value, &text);
    demand(mf_json_read(text.data, text.len, &back, NULL) == 0);
    demand(mf_value_equal(value, &back));
    mf_value_drop(back);
    mf_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct mf_value value;

    if (!check_decode(MF_FORMAT_JSON, data, size, &value)) {
        check_fields(text, size, NULL);
        return 0;
    }
    check_round_trip(MF_FORMAT_JSON, &value);
    check_round_trip(MF_FORMAT_MSGPACK, &value);
    check_round_trip(MF_FORMAT_CBOR, &value);
    check_pretty(&value);
    check_fields(text, size, value.type == MF_MAP ? &value : NULL);
    mf_value_drop(value);
    return 0;
}
