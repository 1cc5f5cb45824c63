/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Log: one line per event on stderr, as text, for the journal, or as JSON. */

#include "engine/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"

enum { LINE_MAX_BYTES = 4096 };

const char *const mf_log_level_names[] = {"error", "warning", "notice", "info", "debug", NULL};

/* syslog priorities, by level */
static const int priorities[] = {3, 4, 5, 6, 7};
static const char *const colors[] = {"\033[1;31m", "\033[33m", "\033[1m", "", "\033[2m"};

static struct {
    enum mf_log_level level;
    enum mf_log_format format;
    bool color;
    void (*sink)(void *arg, enum mf_log_level level, const char *line);
    void *arg;
} setup = {MF_LOG_NOTICE, MF_LOG_TEXT, false, NULL, NULL};

/* systemd says in $JOURNAL_STREAM which stream is the journal; a redirected stderr is not. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) < 0)
        return false;
    snprintf(here, sizeof(here), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(stream, here) == 0;
}

void mf_log_setup(enum mf_log_level level, enum mf_log_format format, bool color)
{
    if (format == MF_LOG_AUTO)
        format = is_journal() ? MF_LOG_JOURNAL : MF_LOG_TEXT;
    setup.level = level;
    setup.format = format;
    setup.color = color;
}

bool mf_log_is_on(enum mf_log_level level)
{
    return level <= setup.level;
}

void mf_log_divert(void (*sink)(void *arg, enum mf_log_level level, const char *line), void *arg)
{
    setup.sink = sink;
    setup.arg = arg;
}

static void write_all(const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(STDERR_FILENO, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody is left to tell */
        data += n;
        len -= (size_t)n;
    }
}

static void put_json(struct mf_buf *line, enum mf_log_level level, const char *when,
                     const char *who, const struct mf_buf *text)
{
    mf_buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"node\":", when,
                  mf_log_level_names[level]);
    mf_text_quote_json(line, who, strlen(who));
    mf_buf_puts(line, ",\"message\":");
    mf_text_quote_json(line, mf_buf_text(text), text->len);
    mf_buf_puts(line, "}");
}

static void __attribute__((format(printf, 3, 0)))
put_line(enum mf_log_level level, const char *who, const char *fmt, va_list args)
{
    struct mf_buf text = {.limit = LINE_MAX_BYTES}, line = {0};
    struct mf_clock clock;
    char when[MF_TIME_TEXT];

    mf_clock_init_real(&clock);
    mf_time_print(mf_clock_wall(&clock) / MF_MS * MF_MS, when);
    mf_buf_vprintf(&text, fmt, args);
    if (setup.format == MF_LOG_JSON) {
        put_json(&line, level, when, who, &text);
    } else {
        if (setup.format == MF_LOG_JOURNAL)
            mf_buf_printf(&line, "<%d>", priorities[level]);
        else
            mf_buf_printf(&line, "%s ", when);
        if (setup.color)
            mf_buf_printf(&line, "%s%s\033[0m ", colors[level], mf_log_level_names[level]);
        else
            mf_buf_printf(&line, "%s ", mf_log_level_names[level]);
        mf_buf_printf(&line, "%s: ", who);
        mf_text_printable(&line, mf_buf_text(&text), text.len, LINE_MAX_BYTES);
    }
    if (setup.sink) {
        setup.sink(setup.arg, level, mf_buf_text(&line));
    } else {
        mf_buf_putc(&line, '\n');
        write_all(line.data, line.len);
    }
    mf_buf_done(&text);
    mf_buf_done(&line);
}

void mf_log(enum mf_log_level level, const char *who, const char *fmt, ...)
{
    va_list args;

    if (!mf_log_is_on(level))
        return;
    va_start(args, fmt);
    put_line(level, who, fmt, args);
    va_end(args);
}

void mf_log_limited(struct mf_log_rate *rate, int64_t mono, enum mf_log_level level,
                    const char *who, const char *fmt, ...)
{
    int64_t interval = MF_LOG_INTERVAL_S * MF_SEC, passed;
    va_list args;

    if (!mf_log_is_on(level))
        return;
    passed = (mono - rate->window) / interval;
    if (passed > 0) {
        rate->used = passed >= rate->used ? 0 : rate->used - (uint32_t)passed;
        rate->window += passed * interval;
    }
    if (rate->used >= MF_LOG_BURST) {
        rate->held++;
        return;
    }
    rate->used++;
    if (rate->held)
        mf_log(level, who, "lines like the next one held back: %u", rate->held);
    rate->held = 0;
    va_start(args, fmt);
    put_line(level, who, fmt, args);
    va_end(args);
}
