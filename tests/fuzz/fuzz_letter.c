/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a letter that waits in the state file: it is refused, or it is one, and says the
 * same when it is written and read again.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/run/letter.h"
#include "engine/value/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_letter(const struct mf_letter *letter)
{
    struct mf_builder builder;
    struct mf_letter again;
    struct mf_value list;

    demand(letter->msg.quality <= MF_BAD && letter->label && letter->node_name);
    demand(letter->topic.type == MF_NULL || letter->topic.type == MF_TEXT);
    mf_build_start(&builder);
    mf_letter_build(&builder, letter);
    list = mf_build_end_list(&builder);
    demand(mf_letter_read(&list, 0, &again));
    demand(again.msg.time == letter->msg.time && again.msg.quality == letter->msg.quality &&
           again.msg.reason == letter->msg.reason && strcmp(again.label, letter->label) == 0 &&
           strcmp(again.node_name, letter->node_name) == 0);
    mf_letter_disown(&again);
    mf_value_drop(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_value list = mf_value_null();
    struct mf_error err = {0};
    struct mf_letter letter;

    if (mf_cbor_read(data, size, &list, &err) < 0) {
        demand(err.text[0]);
        return 0;
    }
    for (size_t at = 0; at < 3; at++) {
        if (!mf_letter_read(&list, at, &letter))
            continue;
        check_letter(&letter);
        mf_letter_disown(&letter);
    }
    mf_value_drop(list);
    return 0;
}
