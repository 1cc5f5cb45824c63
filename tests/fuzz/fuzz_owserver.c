/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what an owserver answers: what is accepted lies within what was given, and its text
 * makes a value of the attribute's type or a sentence.
 */

#include <stdlib.h>

#include "nodes/onewire/attribute.h"
#include "nodes/onewire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_all(const struct mf_ow_answer *answer)
{
    for (int form = MF_OW_NUMBER; form <= MF_OW_TEXT; form++) {
        struct mf_ow_attribute attribute = {.form = (enum mf_ow_form)form};
        struct mf_value value;
        struct mf_error err;

        if (mf_ow_read_value(&attribute, answer->data, answer->len, &value, &err) < 0)
            continue;
        if (!(mf_ow_types(&attribute) & MF_T(value.type)))
            abort();
        mf_value_drop(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct mf_ow_answer answer;
    int used;

    while ((used = mf_ow_take(bytes, size, &answer)) > 0) {
        if ((size_t)used > size || (answer.len && answer.data + answer.len > bytes + used))
            abort();
        if (!mf_ow_reason(answer.code))
            abort();
        if (answer.len)
            read_as_all(&answer);
        bytes += used;
        size -= (size_t)used;
    }
    return 0;
}
