/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Diagnostics for programs: our own JSON object, and SARIF 2.1.0 for code hosts.
 *
 * Lines and columns are 1-based, columns count code points, ends are behind the
 * last character. A record that stands nowhere has nulls in ours and no location in SARIF.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/render_forms.h"

static void put_string(struct mf_buf *out, const char *text)
{
    if (text)
        mf_text_quote_json(out, text, strlen(text));
    else
        mf_buf_puts(out, "null");
}

static void put_field(struct mf_buf *out, const char *name, const char *text)
{
    mf_buf_printf(out, "\"%s\": ", name);
    put_string(out, text);
}

/* ---- our own ---- */

static void put_position(struct mf_buf *out, const struct mf_render_place *place)
{
    put_field(out, "file", place->name);
    if (place->name)
        mf_buf_printf(out, ", \"line\": %u, \"column\": %u", place->start.line,
                      place->start.column);
    else
        mf_buf_puts(out, ", \"line\": null, \"column\": null");
}

static void put_related(const struct mf_diags *diags, const struct mf_diag *d, struct mf_buf *out)
{
    mf_buf_puts(out, "\"related\": [");
    for (unsigned i = 0; i < d->related_count; i++) {
        struct mf_render_place place = mf_render_place(diags, d->related[i].at);

        mf_buf_puts(out, i ? ", {" : "{");
        put_field(out, "message", d->related[i].text);
        mf_buf_puts(out, ", ");
        put_position(out, &place);
        mf_buf_putc(out, '}');
    }
    mf_buf_putc(out, ']');
}

static void put_record(const struct mf_diags *diags, const struct mf_diag *d, struct mf_buf *out)
{
    struct mf_render_place place = mf_render_place(diags, d->at);

    mf_buf_printf(out, "{\"severity\": \"%s\", \"code\": \"MF%04u\", ",
                  mf_severity_names[d->severity], d->code);
    put_field(out, "message", d->message);
    mf_buf_puts(out, ", ");
    put_position(out, &place);
    if (place.name)
        mf_buf_printf(out, ", \"end_line\": %u, \"end_column\": %u, ", place.end.line,
                      place.end.column);
    else
        mf_buf_puts(out, ", \"end_line\": null, \"end_column\": null, ");
    put_field(out, "help", d->help);
    mf_buf_puts(out, ", ");
    put_related(diags, d, out);
    mf_buf_putc(out, '}');
}

void mf_render_json(const struct mf_diags *diags, struct mf_diag_counts counts, struct mf_buf *out)
{
    mf_buf_printf(out,
                  "{\"files\": %zu, \"nodes\": %zu, \"errors\": %zu, \"warnings\": %zu, "
                  "\"diagnostics\": [",
                  counts.files, counts.nodes, diags->errors, diags->warnings);
    for (size_t i = 0; i < diags->count; i++) {
        mf_buf_puts(out, i ? ",\n  " : "\n  ");
        put_record(diags, diags->list[i], out);
    }
    mf_buf_puts(out, diags->count ? "\n]}\n" : "]}\n");
}

/* ---- SARIF ---- */

static void put_uri(struct mf_buf *out, const char *path)
{
    mf_buf_puts(out, path[0] == '/' ? "\"file://" : "\"");
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~/", c))
            mf_buf_putc(out, *path);
        else
            mf_buf_printf(out, "%%%02X", c);
    }
    mf_buf_putc(out, '"');
}

static void put_physical(struct mf_buf *out, const struct mf_render_place *place)
{
    mf_buf_puts(out, "\"physicalLocation\": {\"artifactLocation\": {\"uri\": ");
    put_uri(out, place->name);
    mf_buf_printf(out,
                  "}, \"region\": {\"startLine\": %u, \"startColumn\": %u, \"endLine\": %u, "
                  "\"endColumn\": %u}}",
                  place->start.line, place->start.column, place->end.line, place->end.column);
}

static void put_text_object(struct mf_buf *out, const char *name, const char *text)
{
    mf_buf_printf(out, "\"%s\": {", name);
    put_field(out, "text", text);
    mf_buf_putc(out, '}');
}

/* SARIF has no place for a suggestion in words: it goes behind the message. */
static void put_message(struct mf_buf *out, const struct mf_diag *d)
{
    struct mf_buf text = {0};

    mf_buf_puts(&text, d->message);
    if (d->help) {
        mf_buf_puts(&text, "\nhelp: ");
        mf_buf_puts(&text, d->help);
    }
    put_text_object(out, "message", mf_buf_text(&text));
    mf_buf_done(&text);
}

static void put_sarif_related(const struct mf_diags *diags, const struct mf_diag *d,
                              struct mf_buf *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < d->related_count; i++) {
        struct mf_render_place place = mf_render_place(diags, d->related[i].at);

        if (!place.name)
            continue;
        mf_buf_puts(out, count ? ", " : ", \"relatedLocations\": [");
        mf_buf_printf(out, "{\"id\": %u, ", count++);
        put_physical(out, &place);
        mf_buf_puts(out, ", ");
        put_text_object(out, "message", d->related[i].text);
        mf_buf_putc(out, '}');
    }
    if (count > 0)
        mf_buf_putc(out, ']');
}

static const char *level(enum mf_severity severity)
{
    return mf_severity_names[severity]; /* SARIF's words are the same */
}

static void put_result(const struct mf_diags *diags, const struct mf_diag *d, size_t rule,
                       struct mf_buf *out)
{
    struct mf_render_place place = mf_render_place(diags, d->at);

    mf_buf_printf(out, "{\"ruleId\": \"MF%04u\", \"ruleIndex\": %zu, \"level\": \"%s\", ", d->code,
                  rule, level(d->severity));
    put_message(out, d);
    if (place.name) {
        mf_buf_puts(out, ", \"locations\": [{");
        put_physical(out, &place);
        mf_buf_puts(out, "}]");
    }
    put_sarif_related(diags, d, out);
    mf_buf_putc(out, '}');
}

static void put_rule(struct mf_buf *out, unsigned number, enum mf_severity severity)
{
    const struct mf_code *code = mf_code_get(number);

    mf_buf_printf(out, "{\"id\": \"MF%04u\"", number);
    if (code) {
        mf_buf_puts(out, ", ");
        put_text_object(out, "shortDescription", code->title);
        mf_buf_puts(out, ", \"help\": {");
        put_field(out, "text", code->text);
        mf_buf_puts(out, ", ");
        put_field(out, "markdown", code->text);
        mf_buf_putc(out, '}');
        severity = code->severity;
    }
    mf_buf_printf(out, ", \"defaultConfiguration\": {\"level\": \"%s\"}}", level(severity));
}

void mf_render_sarif(const struct mf_diags *diags, struct mf_buf *out)
{
    unsigned rules[MF_DIAGS_MAX]; /* codes in order of first use */
    size_t rule_of[MF_DIAGS_MAX], rule_count = 0;

    mf_buf_puts(out, "{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
                     " \"version\": \"2.1.0\",\n \"runs\": [{\"tool\": {\"driver\": {"
                     "\"name\": \"moat-flow\", \"rules\": [");
    for (size_t i = 0; i < diags->count; i++) {
        size_t k = 0;

        while (k < rule_count && rules[k] != diags->list[i]->code)
            k++;
        rule_of[i] = k;
        if (k < rule_count)
            continue;
        rules[rule_count++] = diags->list[i]->code;
        mf_buf_puts(out, k ? ",\n  " : "\n  ");
        put_rule(out, rules[k], diags->list[i]->severity);
    }
    mf_buf_puts(out, "]}},\n  \"columnKind\": \"unicodeCodePoints\",\n  \"results\": [");
    for (size_t i = 0; i < diags->count; i++) {
        mf_buf_puts(out, i ? ",\n   " : "\n   ");
        put_result(diags, diags->list[i], rule_of[i], out);
    }
    mf_buf_puts(out, "]}]}\n");
}
