/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Any bytes as a calendar: refused with a sentence, or events in order within the stretch. */

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "nodes/calendar/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t from = INT64_C(1767225600) * MF_SEC, until = from + 60 * MF_DAY;
    char *text = mf_strndup((const char *)data, size);
    struct mf_error err = {0};
    struct mf_events events;

    if (strlen(text) == size &&
        mf_events_read(text, size, mf_zone_get("UTC", NULL), from, until, &events, &err) == 0) {
        for (size_t i = 0; i < events.count; i++) {
            const struct mf_event *e = &events.list[i];

            demand(e->start < e->end && e->end > from && e->start < until);
            demand(i == 0 || events.list[i - 1].start <= e->start);
            demand(mf_utf8_valid(e->summary, strlen(e->summary)) == strlen(e->summary));
        }
        mf_events_done(&events);
    } else if (strlen(text) == size) {
        demand(err.code < 0 && err.text[0]);
    }
    mf_free(text);
    return 0;
}
