/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Other people's libraries read what we write, and agree on what is JSON. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif
#ifdef HAVE_MSGPACK
#include <msgpack.h>
#endif
#ifdef HAVE_CBOR
#include <cbor.h>
#endif

#include "engine/value/codec.h"
#include "tests/unit/value/random_value.h"

enum { ROUNDS = 20000 };

#ifdef HAVE_JANSSON
static struct mf_value from_jansson(const json_t *json)
{
    struct mf_builder builder;
    const char *key;
    json_t *item;
    size_t i;

    mf_build_start(&builder);
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        json_object_foreach((json_t *)(uintptr_t)json, key, item)
            mf_build_take_field(&builder, key, from_jansson(item));
        return mf_build_end_map(&builder);
    case JSON_ARRAY:
        json_array_foreach(json, i, item) mf_build_take_item(&builder, from_jansson(item));
        return mf_build_end_list(&builder);
    case JSON_STRING:
        return mf_value_new_text_n(json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return mf_value_int(json_integer_value(json));
    case JSON_REAL:
        return mf_value_number(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return mf_value_bool(json_is_true(json));
    default:
        return mf_value_null();
    }
}

/* Jansson says the same about any text: whether it is JSON, and what it means. */
static void jansson_agrees(void **state)
{
    size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    uint32_t types = MF_T_ANY & ~(MF_T(MF_BYTES) | MF_T(MF_PATH));
    struct mf_rng rng;

    mf_rng_seed(&rng, 11);
    for (int i = 0; i < ROUNDS; i++) {
        struct mf_value value = random_value(&rng, types, 3), ours, theirs;
        struct mf_buf text = {0};
        json_t *json;
        int rc;

        mf_json_write(&value, &text);
        if (i % 2) {
            static const char bytes[] = "\"\\[]{},:0123456789-+.eEtfnu \n\xc3\xa4\xff";

            text.data[mf_rng_below(&rng, text.len)] = bytes[mf_rng_below(&rng, sizeof(bytes) - 1)];
        }
        rc = mf_json_read(text.data, text.len, &ours, NULL);
        json = json_loadb(text.data, text.len, flags, NULL);
        /* Jansson has no keys with a NUL in them. */
        if ((rc == 0) != (json != NULL) && !strstr(mf_buf_text(&text), "\\u0000"))
            fail_msg("`%s` is read with %d", mf_buf_text(&text), rc);
        if (rc == 0 && json) {
            theirs = from_jansson(json);
            if (!mf_value_equal(&ours, &theirs))
                fail_msg("`%s` has two meanings", mf_buf_text(&text));
            mf_value_drop(theirs);
        }
        if (rc == 0)
            mf_value_drop(ours);
        json_decref(json);
        mf_buf_done(&text);
        mf_value_drop(value);
    }
}
#endif

#ifdef HAVE_MSGPACK
static struct mf_value from_msgpack(const msgpack_object *object)
{
    struct mf_builder builder;

    mf_build_start(&builder);
    switch (object->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        return mf_value_bool(object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return mf_value_int(object->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return mf_value_number(object->via.f64);
    case MSGPACK_OBJECT_STR:
        return mf_value_new_text_n(object->via.str.ptr, object->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return mf_value_new_bytes(object->via.bin.ptr, object->via.bin.size);
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            mf_build_take_item(&builder, from_msgpack(&object->via.array.ptr[i]));
        return mf_build_end_list(&builder);
    case MSGPACK_OBJECT_MAP:
        for (uint32_t i = 0; i < object->via.map.size; i++)
            mf_build_take_pair(&builder, from_msgpack(&object->via.map.ptr[i].key),
                               from_msgpack(&object->via.map.ptr[i].val));
        return mf_build_end_map(&builder);
    default:
        return mf_value_null();
    }
}

/* msgpack-c reads every value as we meant it. */
static void msgpack_agrees(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 12);
    for (int i = 0; i < ROUNDS; i++) {
        struct mf_value value = random_value(&rng, MF_T_ANY & ~MF_T(MF_PATH), 3), theirs;
        struct mf_buf bytes = {0};
        msgpack_unpacked unpacked;
        size_t used = 0;

        mf_msgpack_write(&value, &bytes);
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, bytes.data, bytes.len, &used),
                         MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(used, bytes.len);
        theirs = from_msgpack(&unpacked.data);
        assert_true(mf_value_equal(&value, &theirs));
        msgpack_unpacked_destroy(&unpacked);
        mf_value_drop(theirs);
        mf_value_drop(value);
        mf_buf_done(&bytes);
    }
}
#endif

#ifdef HAVE_CBOR
static struct mf_value from_cbor(const cbor_item_t *item)
{
    struct mf_builder builder;

    mf_build_start(&builder);
    switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
        return mf_value_int((int64_t)cbor_get_int(item));
    case CBOR_TYPE_NEGINT:
        return mf_value_int(-1 - (int64_t)cbor_get_int(item));
    case CBOR_TYPE_BYTESTRING:
        return mf_value_new_bytes(cbor_bytestring_handle(item), cbor_bytestring_length(item));
    case CBOR_TYPE_STRING:
        return mf_value_new_text_n((const char *)cbor_string_handle(item),
                                   cbor_string_length(item));
    case CBOR_TYPE_ARRAY:
        for (size_t i = 0; i < cbor_array_size(item); i++)
            mf_build_take_item(&builder, from_cbor(cbor_array_handle(item)[i]));
        return mf_build_end_list(&builder);
    case CBOR_TYPE_MAP:
        for (size_t i = 0; i < cbor_map_size(item); i++)
            mf_build_take_pair(&builder, from_cbor(cbor_map_handle(item)[i].key),
                               from_cbor(cbor_map_handle(item)[i].value));
        return mf_build_end_map(&builder);
    case CBOR_TYPE_FLOAT_CTRL:
        if (!cbor_float_ctrl_is_ctrl(item))
            return mf_value_number(cbor_float_get_float(item));
        return cbor_is_bool(item) ? mf_value_bool(cbor_get_bool(item)) : mf_value_null();
    default:
        return mf_value_null();
    }
}

/* libcbor reads every value as we meant it. */
static void cbor_agrees(void **state)
{
    struct mf_rng rng;

    mf_rng_seed(&rng, 13);
    for (int i = 0; i < ROUNDS; i++) {
        struct mf_value value = random_value(&rng, MF_T_ANY & ~MF_T(MF_PATH), 3), theirs;
        struct cbor_load_result result;
        struct mf_buf bytes = {0};
        cbor_item_t *item;

        mf_cbor_write(&value, &bytes);
        item = cbor_load((const unsigned char *)bytes.data, bytes.len, &result);
        assert_non_null(item);
        assert_int_equal(result.read, bytes.len);
        theirs = from_cbor(item);
        if (!mf_value_equal(&value, &theirs)) {
            mf_json_write(&value, &bytes);
            fail_msg("%s is understood otherwise", mf_buf_text(&bytes));
        }
        cbor_decref(&item);
        mf_value_drop(theirs);
        mf_value_drop(value);
        mf_buf_done(&bytes);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef HAVE_JANSSON
        cmocka_unit_test(jansson_agrees),
#endif
#ifdef HAVE_MSGPACK
        cmocka_unit_test(msgpack_agrees),
#endif
#ifdef HAVE_CBOR
        cmocka_unit_test(cbor_agrees),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
