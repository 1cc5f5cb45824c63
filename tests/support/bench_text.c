/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Texts of the bench: flows in, diagnostics and emissions out.
 */

#include <math.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "engine/config/render.h"
#include "engine/value/codec.h"
#include "tests/support/bench_priv.h"

char *bench_flow_text(const char *yaml)
{
    struct mf_buf text = {0};

    if (mf_text_starts(yaml, "moat-flow:"))
        return mf_strdup(yaml);
    mf_buf_puts(&text, "moat-flow: 1\nnodes:\n");
    while (*yaml) {
        size_t len = strcspn(yaml, "\n");

        mf_buf_puts(&text, "  ");
        mf_buf_put(&text, yaml, len);
        mf_buf_putc(&text, '\n');
        yaml += len + (yaml[len] == '\n');
    }
    return mf_buf_take(&text);
}

void bench_compile(struct bench_flow *flow, const char *yaml, const char *dir)
{
    char *text = bench_flow_text(yaml);
    char *set = mf_asprintf("dir=%s", dir ? dir : "/nowhere");
    const char *sets[] = {set};
    struct mf_flow_setup setup = {.sets = sets, .set_count = dir ? 1 : 0};

    memset(flow, 0, sizeof(*flow));
    flow->arena = mf_arena_new();
    flow->sources = mf_sources_new();
    mf_diags_init(&flow->diags, flow->sources);
    mf_flow_init(&flow->flow, flow->arena, flow->sources, &flow->diags);
    mf_flow_read_text(&flow->flow, "flow.yaml", text, strlen(text), &setup);
    flow->graph = mf_compile(&flow->flow);
    mf_free(set);
    mf_free(text);
}

struct mf_graph *bench_flow_end(struct bench_flow *flow)
{
    struct mf_graph *graph = flow->graph;

    mf_flow_done(&flow->flow);
    mf_diags_done(&flow->diags);
    mf_sources_free(flow->sources);
    mf_arena_free(flow->arena);
    return graph;
}

void bench_print_diags(struct bench_flow *flow, struct mf_buf *buf)
{
    mf_diags_sort(&flow->diags);
    mf_diags_render(&flow->diags, MF_DIAG_TEXT, (struct mf_diag_counts){0}, false, buf);
}

void bench_print_msg(const struct mf_msg *msg, struct mf_buf *buf)
{
    if (msg->quality != MF_GOOD)
        mf_buf_printf(buf, "%s(", mf_quality_names[msg->quality]);
    mf_json_write(&msg->value, buf);
    if (msg->quality == MF_BAD)
        mf_buf_printf(buf, ", %s", msg->reason ? msg->reason : "?");
    if (msg->quality != MF_GOOD)
        mf_buf_putc(buf, ')');
}

static bool is_number_start(const char *text)
{
    return (*text >= '0' && *text <= '9') || *text == '-';
}

/* Whole numbers are compared as they stand: int64 must stay exact. */
static bool same_number(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int64_t whole;
    double x, y;

    if (a_len == b_len && memcmp(a, b, a_len) == 0)
        return true;
    if (mf_num_read_int(a, a_len, &whole) && mf_num_read_int(b, b_len, &whole))
        return false;
    if (!mf_num_read_double(a, a_len, &x) || !mf_num_read_double(b, b_len, &y))
        return false;
    return fabs(x - y) <= 1e-9 * fmax(1, fmax(fabs(x), fabs(y)));
}

bool bench_same_text(const char *a, const char *b)
{
    bool is_quoted = false;

    while (*a && *b) {
        if (!is_quoted && is_number_start(a) && is_number_start(b)) {
            double unused;
            size_t a_len = mf_num_scan_double(a, strlen(a), &unused);
            size_t b_len = mf_num_scan_double(b, strlen(b), &unused);

            if (a_len && b_len) {
                if (!same_number(a, a_len, b, b_len))
                    return false;
                a += a_len;
                b += b_len;
                continue;
            }
        }
        if (*a != *b)
            return false;
        if (is_quoted && *a == '\\' && a[1] == b[1] && a[1]) {
            a++;
            b++;
        } else if (*a == '"') {
            is_quoted = !is_quoted;
        }
        a++;
        b++;
    }
    return *a == *b;
}
