/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what a WAGO controller says, in one piece and cut in two: both are read the same, up
 * to where it is no controller's; lists make cards and monitors within their bounds.
 */

#include <stdlib.h>
#include <string.h>

#include "nodes/wago/line.h"
#include "nodes/wago/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lists(const char *lines)
{
    struct mf_wago_cards cards;
    struct mf_wago_listing monitor;
    struct mf_buf why = {0};

    mf_wago_cards_read(&cards, lines);
    mf_wago_cards_refuse(&cards, 1, 1, MF_WAGO_INPUTS, &why);
    mf_buf_done(&why);
    while (mf_wago_next_monitor(&lines, &monitor))
        if (monitor.id < 1 || monitor.card < 1 || monitor.bit < 1)
            abort();
}

/* False: that was no controller. */
static bool tell(struct mf_wago_reader *reader, struct mf_buf *told)
{
    struct mf_wago_said said;
    struct mf_error err = {0};
    int rc;

    while ((rc = mf_wago_reader_next(reader, &said, &err)) > 0) {
        mf_buf_printf(told, "%d %lld %s\n%s\n", said.sort, (long long)said.id, said.text,
                      said.lines);
        if (strlen(said.text) > MF_WAGO_LINE || strchr(said.text, '\n'))
            abort();
        read_lists(said.lines);
    }
    if (rc < 0) {
        if (!*err.text)
            abort();
        mf_wago_reader_clear(reader);
    }
    return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cut = size ? data[size - 1] % (size + 1) : 0;
    struct mf_buf whole = {0}, parts = {0};
    struct mf_wago_reader a = {0}, b = {0};

    mf_wago_reader_put(&a, data, size);
    tell(&a, &whole);
    mf_wago_reader_put(&b, data, cut);
    if (tell(&b, &parts)) {
        mf_wago_reader_put(&b, data + cut, size - cut);
        tell(&b, &parts);
        if (strcmp(mf_buf_text(&whole), mf_buf_text(&parts)) != 0)
            abort();
    }
    mf_buf_done(&whole);
    mf_buf_done(&parts);
    mf_wago_reader_done(&a);
    mf_wago_reader_done(&b);
    return 0;
}
