/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* Choice of the rendering, and the two that need only a line per record: short and github. */

#include "engine/config/render.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/render_forms.h"

enum { COLUMNS = 4000 }; /* of one message: more is not for people */

const char *const mf_diag_format_names[] = {"text", "short", "json", "sarif", "github", NULL};

struct mf_render_place mf_render_place(const struct mf_diags *diags, struct mf_span at)
{
    struct mf_render_place place = {0};

    if (diags->sources)
        place.source = mf_sources_get(diags->sources, at.file);
    if (!place.source)
        return place;
    place.name = place.source->name;
    place.start = mf_source_position(place.source, at.start);
    place.end = mf_source_position(place.source, at.end > at.start ? at.end : at.start);
    return place;
}

static void put_printable(struct mf_buf *out, const char *text)
{
    mf_text_printable(out, text, strlen(text), COLUMNS);
}

/* One line each: a line feed in a message would look like a record of its own. */
static void render_short(const struct mf_diags *diags, struct mf_buf *out)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct mf_diag *d = diags->list[i];
        struct mf_render_place place = mf_render_place(diags, d->at);

        if (place.name) {
            put_printable(out, place.name);
            mf_buf_printf(out, ":%u:%u: ", place.start.line, place.start.column);
        }
        mf_buf_printf(out, "%s[MF%04u]: ", mf_severity_names[d->severity], d->code);
        put_printable(out, d->message);
        mf_buf_putc(out, '\n');
    }
}

/* A workflow command ends at the line's end; a property ends at `,` or `:` as well. */
static void put_escaped(struct mf_buf *out, const char *text, bool is_property)
{
    const char *special = is_property ? "%\r\n:," : "%\r\n";

    for (; *text; text++) {
        if (strchr(special, *text))
            mf_buf_printf(out, "%%%02X", (unsigned char)*text);
        else
            mf_buf_putc(out, *text);
    }
}

static void render_github(const struct mf_diags *diags, struct mf_buf *out)
{
    static const char *const commands[] = {"error", "warning", "notice"};

    for (size_t i = 0; i < diags->count; i++) {
        const struct mf_diag *d = diags->list[i];
        struct mf_render_place place = mf_render_place(diags, d->at);

        mf_buf_printf(out, "::%s ", commands[d->severity]);
        if (place.name) {
            mf_buf_puts(out, "file=");
            put_escaped(out, place.name, true);
            mf_buf_printf(out, ",line=%u,endLine=%u,", place.start.line, place.end.line);
            /* Columns are taken within one line only. */
            if (place.start.line == place.end.line)
                mf_buf_printf(out, "col=%u,endColumn=%u,", place.start.column, place.end.column);
        }
        mf_buf_printf(out, "title=MF%04u::", d->code);
        put_escaped(out, d->message, false);
        if (d->help) {
            mf_buf_puts(out, "%0Ahelp: ");
            put_escaped(out, d->help, false);
        }
        mf_buf_putc(out, '\n');
    }
}

void mf_diags_render(const struct mf_diags *diags, enum mf_diag_format format,
                     struct mf_diag_counts counts, bool color, struct mf_buf *out)
{
    switch (format) {
    case MF_DIAG_TEXT:
        mf_render_text(diags, color, out);
        break;
    case MF_DIAG_SHORT:
        render_short(diags, out);
        break;
    case MF_DIAG_JSON:
        mf_render_json(diags, counts, out);
        break;
    case MF_DIAG_SARIF:
        mf_render_sarif(diags, out);
        break;
    case MF_DIAG_GITHUB:
        render_github(diags, out);
        break;
    }
}
