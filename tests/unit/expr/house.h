/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The inputs that most expressions of these tests read. */

#include "engine/value/codec.h"
#include "tests/unit/expr/expr_case.h"

enum { INPUTS = 16 };

static inline struct mf_value house_json(const char *text)
{
    struct mf_value value;
    struct mf_error err;

    assert_int_equal(mf_json_read(text, strlen(text), &value, &err), 0);
    return value;
}

static inline void house_open(struct input inputs[INPUTS])
{
    const struct input all[INPUTS] = {
        {"power", MF_T(MF_NUMBER), "W", mf_value_number(800)},
        {"energy", MF_T(MF_NUMBER), "kWh", mf_value_number(2)},
        {"temp", MF_T(MF_NUMBER), "°C", mf_value_number(21)},
        {"fahr", MF_T(MF_NUMBER), "°F", mf_value_number(50)},
        {"kelvin", MF_T(MF_NUMBER), "K", mf_value_number(300)},
        {"soc", MF_T(MF_NUMBER), "%", mf_value_number(50)},
        {"garage.power", MF_T(MF_NUMBER), NULL, mf_value_number(40)},
        {"n", MF_T(MF_INT), NULL, mf_value_int(7)},
        {"x", MF_T(MF_NUMBER), NULL, mf_value_number(2.5)},
        {"b", MF_T(MF_BOOL), NULL, mf_value_bool(true)},
        {"t", MF_T(MF_TEXT), NULL, mf_value_new_text("on")},
        {"list", MF_T(MF_LIST), NULL, house_json("[2,\"a\",true]")},
        {"map", MF_T(MF_MAP), NULL,
         house_json("{\"temp\":20.5,\"text\":\"a longer text than a handle holds\","
                    "\"inner\":{\"a\":1},\"list\":[2,\"a\",true]}")},
        {"any", MF_T_ANY, NULL, mf_value_null()},
        {0},
    };

    memcpy(inputs, all, sizeof(all));
}

static inline void house_close(struct input inputs[INPUTS])
{
    for (unsigned i = 0; i < INPUTS; i++)
        mf_value_drop(inputs[i].value);
}

struct expectation {
    const char *text, *expected;
    const char *wanted; /* unit of the result; NULL: as it comes */
};

static inline void house_expect(const struct expectation *list, size_t count)
{
    struct input inputs[INPUTS];

    house_open(inputs);
    for (size_t i = 0; i < count; i++)
        case_expect(list[i].text, inputs, list[i].wanted, list[i].expected);
    house_close(inputs);
}

#define HOUSE_EXPECT(list) house_expect(list, sizeof(list) / sizeof(*(list)))
