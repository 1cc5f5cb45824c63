/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* calendar: what events a file holds, and what the kind says about them. */

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "nodes/calendar/events.h"
#include "tests/support/bench.h"

#include <stdio.h>
#include <string.h>

#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" events "END:VCALENDAR\r\n"
#define EVENT(uid, lines)                                                                          \
    "BEGIN:VEVENT\r\nUID:" uid "\r\nSUMMARY:" uid "\r\n" lines "END:VEVENT\r\n"

static int64_t wall_of(const char *text)
{
    int64_t wall;

    if (!mf_time_read(text, &wall))
        fail_msg("not a time: %s", text);
    return wall;
}

static const struct mf_zone *berlin(void)
{
    return mf_zone_get("Europe/Berlin", NULL);
}

/* "title start end" of each event, times without seconds. */
static void expect_events(const char *text, const char *from, const char *until, const char *wanted)
{
    struct mf_events events;
    struct mf_error err = {0};
    struct mf_buf is = {0};

    if (mf_events_read(text, strlen(text), berlin(), wall_of(from), wall_of(until), &events, &err) <
        0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < events.count; i++) {
        char start[MF_TIME_TEXT], end[MF_TIME_TEXT];

        mf_time_print(events.list[i].start, start);
        mf_time_print(events.list[i].end, end);
        mf_buf_printf(&is, "%s %.16s %.16s\n", events.list[i].summary, start, end);
    }
    if (events.left_out)
        mf_buf_printf(&is, "left out: %s\n", events.why);
    assert_string_equal(mf_buf_text(&is), wanted);
    mf_buf_done(&is);
    mf_events_done(&events);
}

/* Times in UTC, in a zone, without one, whole days; an end, a duration or neither. */
static void single_events(void **state)
{
    expect_events(
        CALENDAR(EVENT("utc", "DTSTART:20260701T100000Z\r\nDTEND:20260701T110000Z\r\n")
                     EVENT("zone", "DTSTART;TZID=America/New_York:20260701T100000\r\n"
                                   "DURATION:PT90M\r\n")
                         EVENT("float", "DTSTART:20260702T100000\r\nDTEND:20260702T110000\r\n")
                             EVENT("day", "DTSTART;VALUE=DATE:20260703\r\n")
                                 EVENT("days", "DTSTART;VALUE=DATE:20260704\r\n"
                                               "DTEND;VALUE=DATE:20260706\r\n")
                                     EVENT("nothing", "DTSTART:20260702T100000\r\n") EVENT(
                                         "cancelled", "DTSTART;VALUE=DATE:20260703\r\n"
                                                      "STATUS:CANCELLED\r\n")
                                         EVENT("later", "DTSTART;VALUE=DATE:20260803\r\n")
                                             EVENT("before", "DTSTART;VALUE=DATE:20260603\r\n")),
        "2026-07-01", "2026-08-01",
        "utc 2026-07-01T10:00 2026-07-01T11:00\n"
        "zone 2026-07-01T14:00 2026-07-01T15:30\n"
        "float 2026-07-02T08:00 2026-07-02T09:00\n"
        "day 2026-07-02T22:00 2026-07-03T22:00\n"
        "days 2026-07-03T22:00 2026-07-05T22:00\n");
}

/* Rules with a count, an end or neither; days added, taken away and moved. */
static void series(void **state)
{
    expect_events(CALENDAR(EVENT("daily", "DTSTART;TZID=Europe/Berlin:20260101T080000\r\n"
                                          "DTEND;TZID=Europe/Berlin:20260101T090000\r\n"
                                          "RRULE:FREQ=DAILY;COUNT=3\r\n")),
                  "2026-01-01", "2026-02-01",
                  "daily 2026-01-01T07:00 2026-01-01T08:00\n"
                  "daily 2026-01-02T07:00 2026-01-02T08:00\n"
                  "daily 2026-01-03T07:00 2026-01-03T08:00\n");
    expect_events(CALENDAR(EVENT("until", "DTSTART;TZID=America/New_York:20260101T210000\r\n"
                                          "DURATION:PT1H\r\n"
                                          "RRULE:FREQ=DAILY;UNTIL=20260103T020000Z\r\n")),
                  "2026-01-01", "2026-02-01",
                  "until 2026-01-02T02:00 2026-01-02T03:00\n"
                  "until 2026-01-03T02:00 2026-01-03T03:00\n");
    expect_events(CALENDAR(EVENT("week", "DTSTART;TZID=Europe/Berlin:20200106T080000\r\n"
                                         "DURATION:PT1H\r\n"
                                         "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n"
                                         "EXDATE;TZID=Europe/Berlin:20260107T080000\r\n"
                                         "RDATE;TZID=Europe/Berlin:20260109T100000\r\n")
                               EVENT("week", "RECURRENCE-ID;TZID=Europe/Berlin:20260112T080000\r\n"
                                             "DTSTART;TZID=Europe/Berlin:20260113T150000\r\n"
                                             "DURATION:PT2H\r\n")),
                  "2026-01-05", "2026-01-15",
                  "week 2026-01-05T07:00 2026-01-05T08:00\n"
                  "week 2026-01-09T09:00 2026-01-09T10:00\n"
                  "week 2026-01-13T14:00 2026-01-13T16:00\n"
                  "week 2026-01-14T07:00 2026-01-14T08:00\n");
    expect_events(CALENDAR(EVENT("year", "DTSTART;VALUE=DATE:20001225\r\nRRULE:FREQ=YEARLY\r\n"
                                         "EXDATE;VALUE=DATE:20251225\r\n")),
                  "2025-12-01", "2027-01-01", "year 2026-12-24T23:00 2026-12-25T23:00\n");
}

/* Series go by the clock on the wall: over a change of clocks, through a gap and a doubled hour. */
static void changes_of_clocks(void **state)
{
    expect_events(CALENDAR(EVENT("w", "DTSTART;TZID=Europe/Berlin:20260328T080000\r\n"
                                      "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
                  "2026-03-01", "2026-04-01",
                  "w 2026-03-28T07:00 2026-03-28T08:00\nw 2026-03-29T06:00 2026-03-29T07:00\n");
    expect_events(CALENDAR(EVENT("gap", "DTSTART;TZID=Europe/Berlin:20260328T023000\r\n"
                                        "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
                  "2026-03-01", "2026-04-01",
                  "gap 2026-03-28T01:30 2026-03-28T02:30\ngap 2026-03-29T01:00 2026-03-29T02:00\n");
    expect_events(CALENDAR(EVENT("fold", "DTSTART;TZID=Europe/Berlin:20261024T023000\r\n"
                                         "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")),
                  "2026-10-01", "2026-11-01",
                  "fold 2026-10-24T00:30 2026-10-24T01:30\n"
                  "fold 2026-10-25T00:30 2026-10-25T01:30\n");
    expect_events(CALENDAR(EVENT("day", "DTSTART;VALUE=DATE:20260329\r\n")), "2026-03-01",
                  "2026-04-01", "day 2026-03-28T23:00 2026-03-29T22:00\n");
}

#define OWN_ZONE                                                                                   \
    "BEGIN:VTIMEZONE\r\nTZID:Office time\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"         \
    "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

/* Zones: by name, behind a prefix, by what the file says, and unknown ones as that of the node. */
static void zones(void **state)
{
    expect_events(
        CALENDAR(OWN_ZONE EVENT("prefix", "DTSTART;TZID=/mozilla.org/20050126_1/Europe/Dublin:"
                                          "20260701T100000\r\nDURATION:PT1H\r\n")
                     EVENT("own", "DTSTART;TZID=Office time:20260702T100000\r\n"
                                  "DURATION:PT1H\r\n")
                         EVENT("unknown", "DTSTART;TZID=Nowhere:20260703T100000\r\n"
                                          "DURATION:PT1H\r\n")),
        "2026-07-01", "2026-08-01",
        "prefix 2026-07-01T09:00 2026-07-01T10:00\n"
        "own 2026-07-02T07:00 2026-07-02T08:00\n"
        "unknown 2026-07-03T08:00 2026-07-03T09:00\n");
}

/* What cannot be understood is left out with a reason; the rest stays. */
static void odd_events(void **state)
{
    expect_events(CALENDAR(EVENT("no start", "") EVENT("good", "DTSTART;VALUE=DATE:20260703\r\n")
                               EVENT("bad start", "DTSTART:yesterday\r\n")
                                   EVENT("backwards", "DTSTART:20260702T100000Z\r\n"
                                                      "DTEND:20260702T090000Z\r\n")),
                  "2026-07-01", "2026-08-01",
                  "good 2026-07-02T22:00 2026-07-03T22:00\n"
                  "left out: `no start` does not say when it starts\n");
    expect_events(CALENDAR(EVENT("often", "DTSTART:19900101T000000Z\r\nDURATION:PT1S\r\n"
                                          "RRULE:FREQ=SECONDLY\r\n")),
                  "2026-07-01", "2026-08-01",
                  "left out: `often` has a recurrence rule that takes too long to follow\n");
}

/* Half a calendar, none at all, and too much of it are errors. */
static void refusals(void **state)
{
    static const char whole[] = CALENDAR(EVENT("x", "DTSTART;VALUE=DATE:20260703\r\n"));
    struct mf_events events;
    struct mf_error err = {0};

    for (size_t len = 0; len < sizeof(whole) - 3; len++) {
        char *cut = mf_strndup(whole, len);

        assert_int_equal(mf_events_read(cut, len, berlin(), 0, MF_DAY, &events, &err), MF_EINVAL);
        assert_non_null(strstr(err.text, "not a whole one"));
        mf_free(cut);
    }
    assert_int_equal(
        mf_events_read("BEGIN:VCALENDAR\n\0END:VCALENDAR", 30, berlin(), 0, MF_DAY, &events, &err),
        MF_EINVAL);
    static const char often[] = CALENDAR(EVENT("x", "DTSTART:20260701T000000Z\r\nDURATION:PT1S\r\n"
                                                    "RRULE:FREQ=SECONDLY\r\n"));
    assert_int_equal(mf_events_read(often, strlen(often), berlin(), wall_of("2026-07-01"),
                                    wall_of("2026-07-02"), &events, &err),
                     MF_ELIMIT);
    assert_non_null(strstr(err.text, "more than 10000 events"));
}

/* ---- the kind ---- */

#define PARTY                                                                                      \
    CALENDAR(EVENT("Party", "DTSTART:20260101T180000Z\r\nDTEND:20260101T200000Z\r\n")              \
                 EVENT("Music", "DTSTART:20260101T190000Z\r\nDTEND:20260101T193000Z\r\n")          \
                     EVENT("Office closed", "DTSTART;VALUE=DATE:20260106\r\n"))

static struct bench *party(const char *flow, const char *start, const char *text)
{
    return bench_new_with(flow, (struct bench_options){
                                    .start = start,
                                    .is_real = true,
                                    .files = {{"a.ics", text}},
                                });
}

/* Both outputs change when an event begins and ends; the one that began last gives its title. */
static void begins_and_ends(void **state)
{
    struct bench *b =
        party("x: {calendar: '${dir}/a.ics', tz: UTC, every: 1d}\n", "2026-01-01T17:00:00Z", PARTY);

    bench_expect(b, "x.active", "false");
    bench_expect(b, "x.summary", "\"\"");
    bench_advance(b, "59min");
    bench_expect(b, "x.active", "");
    bench_advance(b, "1min");
    bench_expect(b, "x.active", "true");
    bench_advance(b, "2h");
    bench_expect(b, "x.active", "false");
    bench_expect(b, "x.summary", "\"Party\" \"Music\" \"Party\" \"\"");
    bench_free(b);
}

/* match looks at titles without regard to capitals; before makes an event count earlier. */
static void match_and_before(void **state)
{
    struct bench *b = party("x: {calendar: '${dir}/a.ics', tz: UTC, every: 1d, match: '*CLOSED'}\n"
                            "y: {calendar: '${dir}/a.ics', tz: UTC, every: 1d, match: Party,\n"
                            "    before: 30min}\n",
                            "2026-01-01T17:00:00Z", PARTY);

    bench_expect(b, "x.active", "false");
    bench_expect(b, "y.active", "false");
    bench_advance(b, "30min");
    bench_expect(b, "y.active", "true");
    bench_advance(b, "150min");
    bench_expect(b, "y.active", "false");
    bench_expect(b, "x.active", "");
    bench_advance(b, "5d");
    bench_expect(b, "x.summary", "\"\" \"\" \"\" \"\" \"\" \"Office closed\" \"Office closed\"");
    bench_free(b);
}

/* A new version of the file counts from the next look on; a broken one leaves the events, stale. */
static void changes_of_the_file(void **state)
{
    struct bench *b = party("x: {calendar: '${dir}/a.ics', tz: UTC, every: 10min}\n"
                            "y: {calendar: '${dir}/none.ics', every: 10min}\n",
                            "2026-01-01T17:00:00Z", PARTY);

    bench_expect(b, "x.active", "false");
    bench_expect(b, "y.active", "bad(null, device error)");
    bench_write_file(b, "a.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEV");
    bench_advance(b, "10min");
    bench_expect(b, "x.active", "stale(false)");
    bench_expect_log(b, "what was known of it still counts");
    bench_advance(b, "50min");
    bench_expect(b, "x.active", "stale(true)");
    bench_write_file(b, "a.ics", CALENDAR(""));
    bench_advance(b, "10min");
    bench_expect(b, "x.active", "false");
    bench_expect_log(b, "is good again");
    bench_expect(b, "y.summary",
                 "bad(null, device error) bad(null, device error) bad(null, device error) "
                 "bad(null, device error) bad(null, device error) bad(null, device error) "
                 "bad(null, device error) bad(null, device error)");
    bench_write_file(b, "none.ics", PARTY);
    bench_advance(b, "10min");
    bench_expect(b, "y.summary", "\"Party\"");
    bench_free(b);
}

/* A clock that is set years ahead finds the events of then, within a minute. */
static void clocks_that_are_set(void **state)
{
    struct bench *b =
        party("x: {calendar: '${dir}/a.ics', tz: UTC, every: 1d}\n", "2020-01-01T17:00:00Z", PARTY);

    bench_expect(b, "x.active", "false");
    bench_set_clock(b, "2026-01-01T18:10:00Z");
    bench_advance(b, "1min");
    bench_expect(b, "x.active", "true");
    bench_free(b);
}

/* Weeks pass, and the events of later ones are there. */
static void weeks_pass(void **state)
{
    struct bench *b = party("x: {calendar: '${dir}/a.ics', tz: UTC, every: 1d}\n"
                            "c: {when: x.active}\n"
                            "n: {count: 1000d, from: c, sliding: true}\n",
                            "2026-01-01T00:00:00Z",
                            CALENDAR(EVENT("month", "DTSTART:20260101T120000Z\r\nDURATION:PT1H\r\n"
                                                    "RRULE:FREQ=MONTHLY\r\n")));

    bench_advance(b, "364d");
    bench_expect(b, "c",
                 "false true false true false true false true false true false true false "
                 "true false true false true false true false true false true false");
    bench_free(b);
}

/* Addresses on the net and unknown zones are told. */
static void faults(void **state)
{
    bench_expect_fault("x: {calendar: 'ftp://example.org/a.ics'}\n", "MF0225", "a file, or");
    bench_expect_fault("x: {calendar: a.ics, tz: Berlin}\n", "MF0224", "Berlin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_events),       cmocka_unit_test(series),
        cmocka_unit_test(changes_of_clocks),   cmocka_unit_test(zones),
        cmocka_unit_test(odd_events),          cmocka_unit_test(refusals),
        cmocka_unit_test(begins_and_ends),     cmocka_unit_test(match_and_before),
        cmocka_unit_test(changes_of_the_file), cmocka_unit_test(clocks_that_are_set),
        cmocka_unit_test(weeks_pass),          cmocka_unit_test(faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
