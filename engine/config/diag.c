/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The list of diagnostics.
 *
 * It is bounded in records and in the length of each text, for a hostile file
 * can be wrong in a million places. Warnings and notes may fill only half of it,
 * so that an error is never hidden by them; what is not kept is still counted,
 * because the exit code hangs on the counts.
 */

#include "engine/config/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"

enum {
    TEXT_MAX = 4096,                  /* bytes of one message, label or help */
    ORIGIN_MAX = MF_DIAG_RELATED / 2, /* places of the origin chain; the rest is the caller's */
};

const char *const mf_severity_names[] = {"error", "warning", "note"};

void mf_diags_init(struct mf_diags *diags, struct mf_sources *sources)
{
    *diags = (struct mf_diags){.sources = sources};
}

static void clear_record(struct mf_diag *diag)
{
    mf_free(diag->message);
    mf_free(diag->label);
    mf_free(diag->help);
    for (unsigned i = 0; i < diag->related_count; i++)
        mf_free(diag->related[i].text);
    memset(diag, 0, sizeof *diag);
}

void mf_diags_done(struct mf_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        clear_record(diags->list[i]);
        mf_free(diags->list[i]);
    }
    mf_free(diags->list);
    if (diags->scratch) {
        clear_record(diags->scratch);
        mf_free(diags->scratch);
    }
    memset(diags, 0, sizeof *diags);
}

const struct mf_origin *mf_diags_set_origin(struct mf_diags *diags, const struct mf_origin *origin)
{
    const struct mf_origin *old = diags->origin;

    diags->origin = origin;
    return old;
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *fmt, va_list args)
{
    struct mf_buf buf = {.limit = TEXT_MAX};

    mf_buf_vprintf(&buf, fmt, args);
    if (!buf.data)
        mf_buf_puts(&buf, "");
    return buf.data ? mf_buf_take(&buf) : mf_strdup("");
}

static bool is_same_place(const struct mf_span *a, const struct mf_span *b)
{
    return a->file == b->file && a->start == b->start && a->end == b->end;
}

/* Records without a place say different things under one code. */
static bool is_known(const struct mf_diags *diags, unsigned code, struct mf_span at)
{
    if (at.file == 0)
        return false;
    for (size_t i = diags->count; i-- > 0;)
        if (diags->list[i]->code == code && is_same_place(&diags->list[i]->at, &at))
            return true;
    return false;
}

/* A record nobody will see, so that callers need not ask. */
static struct mf_diag *scratch_record(struct mf_diags *diags)
{
    if (!diags->scratch)
        diags->scratch = mf_zalloc(sizeof *diags->scratch);
    else
        clear_record(diags->scratch);
    return diags->scratch;
}

static struct mf_diag *new_record(struct mf_diags *diags, enum mf_severity severity, unsigned code,
                                  struct mf_span at)
{
    size_t room = severity == MF_ERROR ? MF_DIAGS_MAX : MF_DIAGS_MAX / 2;
    size_t *counter = severity == MF_ERROR     ? &diags->errors
                      : severity == MF_WARNING ? &diags->warnings
                                               : &diags->notes;
    struct mf_diag *diag;

    /* A full list is not searched: a million faults must not cost a million searches. */
    if (diags->count < room && is_known(diags, code, at))
        return scratch_record(diags);
    ++*counter;
    if (diags->count >= room) {
        diags->dropped++;
        return scratch_record(diags);
    }
    diag = mf_zalloc(sizeof *diag);
    mf_grow(&diags->list, &diags->cap, diags->count, sizeof(struct mf_diag *));
    diags->list[diags->count++] = diag;
    return diag;
}

struct mf_diag *mf_diag(struct mf_diags *diags, enum mf_severity severity, unsigned code,
                        struct mf_span at, const char *fmt, ...)
{
    struct mf_diag *diag = new_record(diags, severity, code, at);
    unsigned depth = 0;
    va_list args;

    diag->severity = severity;
    diag->code = code;
    diag->at = at;
    diag->seq = (uint32_t)diags->count;
    va_start(args, fmt);
    diag->message = format_text(fmt, args);
    va_end(args);
    for (const struct mf_origin *o = diags->origin; o && depth < ORIGIN_MAX; o = o->outer, depth++)
        mf_diag_related(diag, o->at, "%s", o->text);
    return diag;
}

void mf_diag_related(struct mf_diag *diag, struct mf_span at, const char *fmt, ...)
{
    struct mf_diag_place *place;
    va_list args;

    if (diag->related_count >= MF_DIAG_RELATED)
        return;
    place = &diag->related[diag->related_count++];
    place->at = at;
    va_start(args, fmt);
    place->text = format_text(fmt, args);
    va_end(args);
}

void mf_diag_help(struct mf_diag *diag, const char *fmt, ...)
{
    va_list args;

    mf_free(diag->help);
    va_start(args, fmt);
    diag->help = format_text(fmt, args);
    va_end(args);
}

void mf_diag_label(struct mf_diag *diag, const char *fmt, ...)
{
    va_list args;

    mf_free(diag->label);
    va_start(args, fmt);
    diag->label = format_text(fmt, args);
    va_end(args);
}

static int compare_records(const void *left, const void *right)
{
    const struct mf_diag *a = *(const struct mf_diag *const *)left;
    const struct mf_diag *b = *(const struct mf_diag *const *)right;

    if (a->at.file != b->at.file)
        return a->at.file < b->at.file ? -1 : 1;
    if (a->at.start != b->at.start)
        return a->at.start < b->at.start ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void mf_diags_sort(struct mf_diags *diags)
{
    if (diags->count > 1)
        qsort(diags->list, diags->count, sizeof *diags->list, compare_records);
}
