/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What tests gave: as a compiler would say it, as one JSON object, or as JUnit's XML. */

#include "engine/base/buf.h"
#include "engine/cli/test_cover.h"
#include "engine/config/diag.h"

enum mf_test_format { MF_TEST_TEXT, MF_TEST_JSON, MF_TEST_JUNIT };
extern const char *const mf_test_format_names[]; /* ended by NULL */

struct mf_test_report {
    enum mf_test_format format;
    bool is_colored, is_verbose;
    size_t files, passed, failed, faults, faulty_files;
    struct mf_buf out;   /* text: printed by the caller after each file, which clears it */
    struct mf_buf suite; /* of the file that is being run, and what is wrong with itself */
    struct mf_buf suite_faults_text;
    const char *file; /* its name */
    size_t suite_failed, suite_passed, suite_faults;
    int64_t suite_time, time; /* ns of processor time */
};

void mf_test_report_begin(struct mf_test_report *report, const char *file);
/* One test; what it failed on are the diagnostics from `first` on. */
void mf_test_report_case(struct mf_test_report *report, const struct mf_diags *diags, size_t first,
                         const char *name, struct mf_span at, bool ok, int64_t time);
/* What is wrong with the file itself: the first `count` diagnostics. */
void mf_test_report_faults(struct mf_test_report *report, const struct mf_diags *diags,
                           size_t count);
void mf_test_report_end(struct mf_test_report *report);
/* The whole, into report->out. `cover` may be NULL. */
void mf_test_report_finish(struct mf_test_report *report, const struct mf_test_cover *cover);
void mf_test_report_done(struct mf_test_report *report);
