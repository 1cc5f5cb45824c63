/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Events of a calendar. libical reads the text and counts recurrence rules; what its times mean is
 * ours, so that clocks change for calendars as they do for `cron`: a time that is skipped is the
 * moment after the gap, one that exists twice the first of the two.
 *
 * A zone is looked up by its name first, also behind the prefixes that some programs put before it;
 * what the file itself says about a zone counts when nobody knows the name.
 */

#include "nodes/calendar/events.h"

#include <libical/ical.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/date.h"
#include "engine/base/text.h"

enum { DAYS_MAX = 36525 }; /* a hundred years: no event lasts longer */

/* Where a time of the calendar counts. */
struct place {
    const struct mf_zone *zone;
    icaltimezone *own; /* of the file; counts when `zone` is NULL */
};

/* Days move with the clock on the wall, seconds do not. */
struct length {
    int days;
    int64_t ns;
};

struct reading {
    icalcomponent *calendar;
    const struct mf_zone *zone;
    int64_t from, until;
    struct mf_events *events;
    struct mf_error *err;
    int rounds; /* of all rules so far */
    bool failed;
};

/* The library keeps some things for all threads. */
static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;

static void leave_out(struct reading *r, icalcomponent *event, const char *why)
{
    const char *summary = icalcomponent_get_summary(event);

    if (r->events->left_out++ == 0)
        snprintf(r->events->why, sizeof(r->events->why), "`%.60s` %s", summary ? summary : "", why);
}

/* ---- times ---- */

static const struct mf_zone *zone_by_name(const char *name)
{
    for (;;) {
        const struct mf_zone *zone = *name ? mf_zone_get(name, NULL) : NULL;
        const char *slash = strchr(name, '/');

        if (zone || !slash)
            return zone;
        name = slash + 1;
    }
}

static struct place place_of(const struct reading *r, icalproperty *property,
                             struct icaltimetype time)
{
    icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *name = parameter ? icalparameter_get_tzid(parameter) : NULL;
    struct place place = {.zone = r->zone};

    if (icaltime_is_utc(time)) {
        place.zone = mf_zone_get("UTC", NULL);
    } else if (name) {
        place.zone = zone_by_name(name);
        if (!place.zone)
            place.own = icalcomponent_get_timezone(r->calendar, name);
        if (!place.zone && !place.own)
            place.zone = r->zone;
    }
    return place;
}

/* What lies too far away is cut to what a time can be. */
static int64_t ns_of(int64_t seconds)
{
    int64_t ns;

    if (__builtin_mul_overflow(seconds, MF_SEC, &ns))
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static int64_t wall_of(const struct place *place, const struct icaltimetype *time, int more_days)
{
    struct mf_civil civil = {
        .year = time->year,
        .month = time->month,
        .day = time->day + more_days,
        .hour = time->is_date ? 0 : time->hour,
        .minute = time->is_date ? 0 : time->minute,
        .second = time->is_date ? 0 : time->second,
    };
    int64_t first, second;

    if (place->zone) {
        mf_zone_find(place->zone, &civil, &first, &second);
        return first;
    }
    return ns_of(icaltime_as_timet_with_zone(*time, place->own) + (int64_t)more_days * 86400);
}

static int64_t date_of(const struct icaltimetype *time)
{
    return mf_date_days(time->year, time->month, time->day);
}

static bool same_date(const struct icaltimetype *a, const struct icaltimetype *b)
{
    return date_of(a) == date_of(b);
}

static bool is_sound(const struct icaltimetype *time)
{
    return !icaltime_is_null_time(*time) && time->year >= 1700 && time->year <= 2200 &&
           time->month >= 1 && time->month <= 12 && time->day >= 1 && time->day <= 31;
}

/* ---- what takes occurrences away ---- */

/* `time` is one of an EXDATE, or the RECURRENCE-ID of an event that stands for it. */
static bool hits(const struct reading *r, icalproperty *property, struct icaltimetype removed,
                 const struct icaltimetype *time, int64_t start)
{
    struct place place = place_of(r, property, removed);

    if (removed.is_date)
        return same_date(&removed, time);
    return wall_of(&place, &removed, 0) == start;
}

static bool is_excluded(const struct reading *r, icalcomponent *event,
                        const struct icaltimetype *time, int64_t start)
{
    icalproperty *p;

    for (p = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY); p;
         p = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY))
        if (hits(r, p, icalproperty_get_exdate(p), time, start))
            return true;
    return false;
}

static bool is_replaced(const struct reading *r, const char *uid, icalcomponent *const *others,
                        size_t other_count, const struct icaltimetype *time, int64_t start)
{
    for (size_t i = 0; uid && i < other_count; i++) {
        const char *other = icalcomponent_get_uid(others[i]);
        icalproperty *p = icalcomponent_get_first_property(others[i], ICAL_RECURRENCEID_PROPERTY);

        if (other && strcmp(uid, other) == 0 &&
            hits(r, p, icalproperty_get_recurrenceid(p), time, start))
            return true;
    }
    return false;
}

/* ---- one event ---- */

struct series {
    icalcomponent *event;
    icalcomponent *const *others; /* that stand for single occurrences */
    size_t other_count;
    struct place place;
    struct icaltimetype first;
    struct length length;
};

static char *summary_of(icalcomponent *event)
{
    const char *text = icalcomponent_get_summary(event);
    size_t len = text ? strnlen(text, MF_SUMMARY_MAX) : 0;

    return mf_strndup(text ? text : "", mf_utf8_valid(text ? text : "", len));
}

/* False once there are too many. */
static bool add(struct reading *r, const struct series *s, const struct icaltimetype *time)
{
    struct mf_events *events = r->events;
    int64_t start = wall_of(&s->place, time, 0);
    int64_t end = wall_of(&s->place, time, s->length.days);

    if (__builtin_add_overflow(end, s->length.ns, &end) || end <= start || end <= r->from ||
        start >= r->until)
        return true;
    if (is_excluded(r, s->event, time, start) ||
        is_replaced(r, icalcomponent_get_uid(s->event), s->others, s->other_count, time, start))
        return true;
    if (events->count == MF_EVENTS_MAX) {
        r->failed = true;
        mf_fail(r->err, MF_ELIMIT, "the calendar has more than %d events within some weeks",
                MF_EVENTS_MAX);
        return false;
    }
    mf_grow(&events->list, &events->cap, events->count, sizeof(*events->list));
    events->list[events->count++] = (struct mf_event){start, end, summary_of(s->event)};
    return true;
}

/* The last moment at which a rule still counts. The library's own comparison does not look at
 * zones. */
static int64_t until_of(const struct series *s, struct icaltimetype until)
{
    struct place utc = {.zone = mf_zone_get("UTC", NULL)};

    if (icaltime_is_null_time(until))
        return INT64_MAX;
    if (until.is_date)
        return wall_of(&s->place, &until, 1) - 1;
    return wall_of(icaltime_is_utc(until) ? &utc : &s->place, &until, 0);
}

static bool add_by_rule(struct reading *r, const struct series *s, icalproperty *property)
{
    struct icalrecurrencetype rule = icalproperty_get_rrule(property);
    int64_t last = until_of(s, rule.until);
    icalrecur_iterator *iterator;
    bool goes_on = true;
    int rounds = 0;

    rule.until = icaltime_null_time();
    iterator = icalrecur_iterator_new(rule, s->first);
    if (!iterator) {
        leave_out(r, s->event, "has a recurrence rule that cannot be followed");
        return true;
    }
    while (goes_on) {
        struct icaltimetype time = icalrecur_iterator_next(iterator);
        int64_t start = icaltime_is_null_time(time) ? INT64_MAX : wall_of(&s->place, &time, 0);

        if (start >= r->until || start > last)
            break;
        if (++rounds > MF_EVENTS_ROUNDS || ++r->rounds > MF_EVENTS_ROUNDS_ALL) {
            leave_out(r, s->event, "has a recurrence rule that takes too long to follow");
            break;
        }
        goes_on = same_date(&time, &s->first) && start == wall_of(&s->place, &s->first, 0)
                      ? true /* the first one is added by itself */
                      : add(r, s, &time);
    }
    icalrecur_iterator_free(iterator);
    return goes_on;
}

/* The library goes through the properties of an event with one finger, which other questions about
 * the event move: so they are written down first. */
struct properties {
    icalproperty **list;
    size_t count, cap;
};

static void list_properties(icalcomponent *event, icalproperty_kind kind, struct properties *out)
{
    icalproperty *p;

    out->count = 0;
    for (p = icalcomponent_get_first_property(event, kind); p;
         p = icalcomponent_get_next_property(event, kind)) {
        mf_grow(&out->list, &out->cap, out->count, sizeof(icalproperty *));
        out->list[out->count++] = p;
    }
}

static bool add_date(struct reading *r, const struct series *s, icalproperty *property)
{
    struct icaldatetimeperiodtype date = icalproperty_get_rdate(property);
    struct icaltimetype time = icaltime_is_null_time(date.time) ? date.period.start : date.time;
    struct series moved = *s;

    moved.place = place_of(r, property, time);
    return !is_sound(&time) || add(r, &moved, &time);
}

static bool add_all(struct reading *r, const struct series *s)
{
    struct properties p = {0};
    bool goes_on = add(r, s, &s->first);

    list_properties(s->event, ICAL_RRULE_PROPERTY, &p);
    for (size_t i = 0; i < p.count && goes_on; i++)
        goes_on = add_by_rule(r, s, p.list[i]);
    list_properties(s->event, ICAL_RDATE_PROPERTY, &p);
    for (size_t i = 0; i < p.count && goes_on; i++)
        goes_on = add_date(r, s, p.list[i]);
    mf_free(p.list);
    return goes_on;
}

static int days_of(int64_t days)
{
    return days < 0 ? 0 : days > DAYS_MAX ? DAYS_MAX : (int)days;
}

/* An event without an end lasts a day if it is a date, and no time otherwise. */
static struct length length_of(const struct reading *r, const struct series *s)
{
    icalproperty *end = icalcomponent_get_first_property(s->event, ICAL_DTEND_PROPERTY);
    icalproperty *duration = icalcomponent_get_first_property(s->event, ICAL_DURATION_PROPERTY);
    struct length length = {.days = s->first.is_date};

    if (end) {
        struct icaltimetype time = icalproperty_get_dtend(end);
        struct place place = place_of(r, end, time);

        if (!is_sound(&time))
            return length;
        if (s->first.is_date && time.is_date)
            return (struct length){.days = days_of(date_of(&time) - date_of(&s->first))};
        if (__builtin_sub_overflow(wall_of(&place, &time, 0), wall_of(&s->place, &s->first, 0),
                                   &length.ns))
            length.ns = 0;
        length.days = 0;
    } else if (duration) {
        struct icaldurationtype d = icalproperty_get_duration(duration);

        if (d.is_neg)
            return length;
        length.days = days_of((int64_t)d.weeks * 7 + d.days);
        length.ns = ns_of((int64_t)d.hours * 3600 + (int64_t)d.minutes * 60 + d.seconds);
    }
    return length;
}

static void read_event(struct reading *r, icalcomponent *event, icalcomponent *const *others,
                       size_t other_count)
{
    icalproperty *start = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
    bool is_other = icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY) != NULL;
    struct series s = {
        .event = event,
        .others = others,
        .other_count = is_other ? 0 : other_count, /* it does not replace itself */
    };

    if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
        return;
    if (start)
        s.first = icalproperty_get_dtstart(start);
    if (!start || !is_sound(&s.first)) {
        leave_out(r, event, "does not say when it starts");
        return;
    }
    s.place = place_of(r, start, s.first);
    s.first.zone = NULL; /* rules count by the clock on the wall */
    s.length = length_of(r, &s);
    r->failed = !add_all(r, &s);
}

/* ---- the file ---- */

struct components {
    icalcomponent **list;
    size_t count, cap;
};

static void collect(icalcomponent *in, bool only_others, struct components *out)
{
    icalcomponent *c;

    for (c = icalcomponent_get_first_component(in, ICAL_VEVENT_COMPONENT); c;
         c = icalcomponent_get_next_component(in, ICAL_VEVENT_COMPONENT)) {
        if (only_others && !icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY))
            continue;
        mf_grow(&out->list, &out->cap, out->count, sizeof(icalcomponent *));
        out->list[out->count++] = c;
    }
}

static void read_calendar(struct reading *r, icalcomponent *calendar)
{
    struct components events = {0}, others = {0};

    r->calendar = calendar;
    collect(calendar, false, &events);
    collect(calendar, true, &others);
    for (size_t i = 0; i < events.count && !r->failed; i++)
        read_event(r, events.list[i], others.list, others.count);
    mf_free(events.list);
    mf_free(others.list);
}

static int by_start(const void *a, const void *b)
{
    const struct mf_event *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return strcmp(x->summary, y->summary);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The library takes what it finds of a file that was cut off; we do not. */
static bool is_whole(const char *text, size_t len)
{
    static const char begin[] = "BEGIN:VCALENDAR", end[] = "END:VCALENDAR";
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < len && is_blank(text[at]))
        at++;
    while (len > at && is_blank(text[len - 1]))
        len--;
    return len - at >= sizeof(begin) + sizeof(end) &&
           strncasecmp(text + at, begin, sizeof(begin) - 1) == 0 &&
           strncasecmp(text + len - (sizeof(end) - 1), end, sizeof(end) - 1) == 0;
}

static void read_root(struct reading *r, icalcomponent *root)
{
    icalcomponent *c;

    if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) {
        read_calendar(r, root);
        return;
    }
    for (c = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT); c && !r->failed;
         c = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT))
        read_calendar(r, c);
}

int mf_events_read(const char *text, size_t len, const struct mf_zone *zone, int64_t from,
                   int64_t until, struct mf_events *ret, struct mf_error *err)
{
    struct reading r = {.zone = zone, .from = from, .until = until, .events = ret, .err = err};
    icalcomponent *root;

    memset(ret, 0, sizeof(*ret));
    if (strlen(text) != len || !is_whole(text, len))
        return mf_fail(err, MF_EINVAL,
                       "it is no iCalendar file, or not a whole one: it does not go from "
                       "BEGIN:VCALENDAR to END:VCALENDAR");
    pthread_mutex_lock(&library);
    icalerror_set_errors_are_fatal(0);
    root = icalparser_parse_string(text);
    if (root) {
        read_root(&r, root);
        icalcomponent_free(root);
    }
    pthread_mutex_unlock(&library);
    if (!root)
        return mf_fail(err, MF_EINVAL, "it cannot be read as an iCalendar file");
    if (r.failed) {
        mf_events_done(ret);
        return err ? err->code : MF_ELIMIT;
    }
    if (ret->count)
        qsort(ret->list, ret->count, sizeof(*ret->list), by_start);
    return 0;
}

void mf_events_done(struct mf_events *events)
{
    for (size_t i = 0; i < events->count; i++)
        mf_free(events->list[i].summary);
    mf_free(events->list);
    memset(events, 0, sizeof(*events));
}
