/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as the kept texts of a generation: refused with a sentence, or an archive that is the
 * same when it is written and read again.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/config/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_entry(const struct mf_archive *archive, const struct mf_archive_entry *entry)
{
    demand(entry->type <= MF_ARCHIVE_PATTERN && entry->name);
    demand(mf_archive_find(archive, entry->type, entry->name) != NULL);
    for (size_t i = 0; i < entry->count; i++)
        demand(entry->names[i] != NULL);
    if (entry->type == MF_ARCHIVE_FILE)
        demand(entry->same ? entry->same->text != NULL : entry->text && !entry->text[entry->len]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mf_error err = {0};
    struct mf_archive *archive = mf_archive_read((const char *)data, size, &err), *again;
    struct mf_buf once = {0}, twice = {0};

    if (!archive) {
        demand(err.text[0]);
        return 0;
    }
    for (size_t i = 0; i < archive->count; i++)
        check_entry(archive, archive->entries[i]);
    mf_archive_write(archive, &once);
    again = mf_archive_read(mf_buf_text(&once), once.len, &err);
    demand(again && again->count == archive->count);
    mf_archive_write(again, &twice);
    demand(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    mf_archive_free(again);
    mf_archive_free(archive);
    mf_buf_done(&once);
    mf_buf_done(&twice);
    return 0;
}
