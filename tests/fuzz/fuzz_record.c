/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as a record, line by line: each is refused with a sentence, or gives an entry that can
 * be made fit for an output or not.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/run/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_entry(struct mf_record_entry *entry)
{
    struct mf_unit watt;
    struct mf_out_def out = {.name = "out", .types = MF_T(MF_NUMBER) | MF_T(MF_TEXT)};
    struct mf_error err = {0};

    demand(mf_unit_read("W", 1, &watt, &err) == 0);
    out.unit = &watt;
    demand(entry->at >= 0 && entry->lost >= 0);
    if (entry->is_end)
        return;
    demand(entry->node.type == MF_TEXT && entry->msg.quality <= MF_BAD);
    if (mf_record_fit(entry, &out, &err) < 0)
        demand(err.text[0]);
    else
        demand(entry->msg.value.type == MF_NULL || (out.types & MF_T(entry->msg.value.type)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    struct mf_record_head head;
    bool is_first = true;

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((line_end ? line_end : end) - text);
        struct mf_record_entry entry;
        struct mf_error err = {0};

        if (is_first && mf_record_read_head(text, len, &head, &err) < 0) {
            demand(err.text[0]);
        } else if (!is_first && mf_record_read(text, len, &entry, &err) == 0) {
            check_entry(&entry);
            mf_record_entry_drop(&entry);
        } else if (!is_first) {
            demand(err.text[0]);
        }
        is_first = false;
        text += len + 1;
    }
    return 0;
}
