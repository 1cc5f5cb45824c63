/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* See test_report.h. */

#include "engine/cli/test_report.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/config/render.h"

const char *const mf_test_format_names[] = {"text", "json", "junit", NULL};

/* Some of the records, as if they were all. */
static struct mf_diags part_of(const struct mf_diags *diags, size_t first, size_t count)
{
    struct mf_diags part = *diags;

    part.list += first;
    part.count = count;
    part.dropped = 0;
    part.errors = part.warnings = part.notes = 0;
    for (size_t i = 0; i < count; i++) {
        part.errors += part.list[i]->severity == MF_ERROR;
        part.warnings += part.list[i]->severity == MF_WARNING;
        part.notes += part.list[i]->severity == MF_NOTE;
    }
    return part;
}

static void put_json(struct mf_buf *out, const char *name, const char *text)
{
    mf_buf_printf(out, "\"%s\": ", name);
    mf_text_quote_json(out, text, strlen(text));
}

/* For attributes and texts of XML; what XML cannot hold is shown as its escape. */
static void put_xml(struct mf_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '&')
            mf_buf_puts(out, "&amp;");
        else if (c == '<')
            mf_buf_puts(out, "&lt;");
        else if (c == '>')
            mf_buf_puts(out, "&gt;");
        else if (c == '"')
            mf_buf_puts(out, "&quot;");
        else if (c == '\n')
            mf_buf_puts(out, "&#10;");
        else if (c < 0x20)
            mf_buf_printf(out, "\\x%02X", c);
        else
            mf_buf_putc(out, (char)c);
    }
}

void mf_test_report_begin(struct mf_test_report *report, const char *file)
{
    report->file = file;
    report->suite_failed = report->suite_passed = report->suite_faults = 0;
    report->suite_time = 0;
    mf_buf_clear(&report->suite);
    mf_buf_clear(&report->suite_faults_text);
    report->files++;
}

/* ---- one test ---- */

static void case_text(struct mf_test_report *report, const struct mf_diags *failures,
                      const char *name, bool ok)
{
    if (!ok && report->out.len)
        mf_buf_putc(&report->out, '\n');
    if (ok && report->is_verbose)
        mf_buf_printf(&report->out, "ok     %s: %s\n", report->file, name);
    mf_diags_render(failures, MF_DIAG_TEXT, (struct mf_diag_counts){0}, report->is_colored,
                    &report->out);
}

static void put_failures_json(const struct mf_diags *failures, const char *name, struct mf_buf *out)
{
    mf_buf_printf(out, "\"%s\": [", name);
    for (size_t i = 0; i < failures->count; i++) {
        const struct mf_diag *diag = failures->list[i];
        const struct mf_source *source = mf_sources_get(failures->sources, diag->at.file);
        struct mf_position at =
            source ? mf_source_position(source, diag->at.start) : (struct mf_position){0};

        mf_buf_printf(out, "%s{\"code\": \"MF%04u\", ", i ? ", " : "", diag->code);
        put_json(out, "message", diag->message);
        mf_buf_printf(out, ", \"line\": %u, \"column\": %u, \"events\": [", at.line, at.column);
        for (unsigned k = 0; k < diag->related_count; k++) {
            mf_buf_puts(out, k ? ", " : "");
            mf_text_quote_json(out, diag->related[k].text, strlen(diag->related[k].text));
        }
        mf_buf_puts(out, "]}");
    }
    mf_buf_puts(out, "]");
}

static void case_json(struct mf_test_report *report, const struct mf_diags *failures,
                      const char *name, struct mf_span at, bool ok, int64_t time)
{
    const struct mf_source *source = mf_sources_get(failures->sources, at.file);
    struct mf_buf *out = &report->suite;

    mf_buf_puts(out, out->len ? ",\n    {" : "\n    {");
    put_json(out, "name", name);
    mf_buf_printf(out, ", \"line\": %u, \"ok\": %s, \"seconds\": %.6f, ",
                  source ? mf_source_position(source, at.start).line : 0, ok ? "true" : "false",
                  (double)time / MF_SEC);
    put_failures_json(failures, "failures", out);
    mf_buf_putc(out, '}');
}

/* `tag`: what became of it when it is not well, "failure" or "error". */
static void case_junit(struct mf_test_report *report, const struct mf_diags *failures,
                       const char *name, const char *tag, int64_t time)
{
    struct mf_buf *out = &report->suite, text = {0};

    mf_buf_puts(out, "    <testcase name=\"");
    put_xml(out, name);
    mf_buf_puts(out, "\" classname=\"");
    put_xml(out, report->file);
    mf_buf_printf(out, "\" time=\"%.6f\"", (double)time / MF_SEC);
    if (failures->count == 0) {
        mf_buf_puts(out, "/>\n");
        return;
    }
    mf_diags_render(failures, MF_DIAG_TEXT, (struct mf_diag_counts){0}, false, &text);
    mf_buf_printf(out, ">\n      <%s type=\"MF%04u\" message=\"", tag, failures->list[0]->code);
    put_xml(out, failures->list[0]->message);
    mf_buf_puts(out, "\">");
    put_xml(out, mf_buf_text(&text));
    mf_buf_printf(out, "</%s>\n    </testcase>\n", tag);
    mf_buf_done(&text);
}

void mf_test_report_case(struct mf_test_report *report, const struct mf_diags *diags, size_t first,
                         const char *name, struct mf_span at, bool ok, int64_t time)
{
    struct mf_diags failures = part_of(diags, first, diags->count - first);

    report->suite_passed += ok;
    report->suite_failed += !ok;
    report->suite_time += time;
    if (report->format == MF_TEST_TEXT)
        case_text(report, &failures, name, ok);
    else if (report->format == MF_TEST_JSON)
        case_json(report, &failures, name, at, ok, time);
    else
        case_junit(report, &failures, name, "failure", time);
}

/* ---- one file ---- */

void mf_test_report_faults(struct mf_test_report *report, const struct mf_diags *diags,
                           size_t count)
{
    struct mf_diags faults = part_of(diags, 0, count);

    report->suite_faults += faults.errors;
    if (report->format == MF_TEST_TEXT) {
        if (count && report->out.len)
            mf_buf_putc(&report->out, '\n');
        mf_diags_render(&faults, MF_DIAG_TEXT, (struct mf_diag_counts){0}, report->is_colored,
                        &report->out);
    } else if (report->format == MF_TEST_JSON) {
        put_failures_json(&faults, "faults", &report->suite_faults_text);
    } else if (faults.errors) {
        case_junit(report, &faults, "the file itself", "error", 0);
    }
}

static void end_json(struct mf_test_report *report)
{
    struct mf_buf *out = &report->out;

    mf_buf_puts(out, report->files > 1 ? ",\n  {" : "\n  {");
    put_json(out, "file", report->file);
    mf_buf_printf(out, ", %s, \"tests\": [%s]}",
                  report->suite_faults_text.len ? mf_buf_text(&report->suite_faults_text)
                                                : "\"faults\": []",
                  mf_buf_text(&report->suite));
}

static void end_junit(struct mf_test_report *report)
{
    struct mf_buf *out = &report->out;
    bool is_faulty = report->suite_faults > 0;

    mf_buf_puts(out, "  <testsuite name=\"");
    put_xml(out, report->file);
    mf_buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%.6f\">\n%s",
                  report->suite_passed + report->suite_failed + is_faulty, report->suite_failed,
                  is_faulty, (double)report->suite_time / MF_SEC, mf_buf_text(&report->suite));
    mf_buf_puts(out, "  </testsuite>\n");
}

void mf_test_report_end(struct mf_test_report *report)
{
    report->passed += report->suite_passed;
    report->failed += report->suite_failed;
    report->faults += report->suite_faults;
    report->faulty_files += report->suite_faults > 0;
    report->time += report->suite_time;
    if (report->format == MF_TEST_JSON)
        end_json(report);
    else if (report->format == MF_TEST_JUNIT)
        end_junit(report);
}

/* ---- all files ---- */

static void finish_json(struct mf_test_report *report, const struct mf_test_cover *cover)
{
    struct mf_buf whole = {0};

    mf_buf_printf(&whole,
                  "{\"files\": %zu, \"tests\": %zu, \"passed\": %zu, \"failed\": %zu, "
                  "\"faults\": %zu, \"seconds\": %.6f, \"results\": [%s\n]",
                  report->files, report->passed + report->failed, report->passed, report->failed,
                  report->faults, (double)report->time / MF_SEC, mf_buf_text(&report->out));
    if (cover) {
        mf_buf_puts(&whole, ", \"coverage\": ");
        mf_test_cover_print_json(cover, &whole);
    }
    mf_buf_puts(&whole, "}\n");
    mf_buf_done(&report->out);
    report->out = whole;
}

static void finish_junit(struct mf_test_report *report)
{
    struct mf_buf whole = {0};

    mf_buf_printf(&whole,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                  "time=\"%.6f\">\n%s</testsuites>\n",
                  report->passed + report->failed + report->faulty_files, report->failed,
                  report->faulty_files, (double)report->time / MF_SEC, mf_buf_text(&report->out));
    mf_buf_done(&report->out);
    report->out = whole;
}

void mf_test_report_finish(struct mf_test_report *report, const struct mf_test_cover *cover)
{
    if (report->format == MF_TEST_JSON)
        finish_json(report, cover);
    else if (report->format == MF_TEST_JUNIT)
        finish_junit(report);
    else if (cover)
        mf_test_cover_print(cover, &report->out);
}

void mf_test_report_done(struct mf_test_report *report)
{
    mf_buf_done(&report->out);
    mf_buf_done(&report->suite);
    mf_buf_done(&report->suite_faults_text);
}
