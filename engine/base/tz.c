/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Time zones by name, and the look-up in both directions.
 *
 * The C library knows one zone per process, and says nothing of gaps and folds; hence our own.
 * What a zone was does not change while we run: each is read once and kept.
 */

#include "engine/base/tz.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/clock.h"
#include "engine/base/date.h"
#include "engine/base/text.h"
#include "engine/base/tz_priv.h"

enum {
    DAY = 86400,
    NAME_MAX_LEN = 64,
    REACH = 27 * 3600, /* s: more than any offset, so that no change nearby is missed */
};
#define ZONE_DIR "/usr/share/zoneinfo"
#define LOCAL_FILE "/etc/localtime"

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mf_zone *zones; /* only ever grows, by zones that exist */
static struct mf_zone *local_zone;
static const struct mf_zone *local_for_now; /* wins; NULL: nobody has asked */

static struct tz_offset utc_offset = {0, "UTC"};
static char utc_name[] = "UTC";
static struct mf_zone utc = {.name = utc_name, .offsets = &utc_offset};

/* ---- finding ---- */

static int read_whole(const char *path, uint8_t *out, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    size_t len = 0;
    ssize_t got = 0;
    int sys = 0;

    if (fd < 0)
        return errno;
    while (len < TZ_FILE_MAX && (got = read(fd, out + len, TZ_FILE_MAX - len)) > 0)
        len += (size_t)got;
    if (got < 0)
        sys = errno;
    close(fd);
    *ret_len = len;
    return sys;
}

static struct mf_zone *read_path(const char *name, const char *path, struct mf_error *err)
{
    uint8_t *bytes = mf_alloc(TZ_FILE_MAX);
    struct mf_zone *zone = NULL;
    size_t len = 0;
    int sys = read_whole(path, bytes, &len);

    if (sys == 0)
        zone = tz_zone_read(name, bytes, len, err);
    else if (sys == ENOENT || sys == ENOTDIR || sys == EISDIR)
        mf_fail(err, MF_EINVAL, "there is no time zone `%s`; names are as `Europe/Berlin`", name);
    else
        mf_fail_sys(err, MF_EIO, sys, "cannot read the file of time zone `%s`", name);
    mf_free(bytes);
    return zone;
}

/* Parts of letters, digits, `_`, `+` and `-`, divided by `/`: nothing that leads out of the
 * directory. */
static bool is_zone_name(const char *name)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-";
    size_t len = strlen(name);

    if (len > NAME_MAX_LEN || name[0] == '/' || name[len - 1] == '/' || strstr(name, "//"))
        return false;
    while (*name) {
        size_t run = strspn(name, legal);

        name += run;
        if (*name == '/')
            name++;
        else if (*name)
            return false;
    }
    return true;
}

static struct mf_zone *read_named(const char *name, struct mf_error *err)
{
    const char *dir = getenv("TZDIR");
    struct mf_zone *zone;
    char *path;

    if (!is_zone_name(name)) {
        mf_fail(err, MF_EINVAL, "`%.64s` is not a time zone; names are as `Europe/Berlin`", name);
        return NULL;
    }
    path = mf_asprintf("%s/%s", dir && *dir ? dir : ZONE_DIR, name);
    zone = read_path(name, path, err);
    mf_free(path);
    return zone;
}

/* A zone that is only a rule. */
static struct mf_zone *zone_of_rule(const char *text)
{
    struct mf_zone *zone = mf_zalloc(sizeof(*zone));

    zone->name = mf_strdup(text);
    zone->offsets = mf_calloc_array(1, sizeof(*zone->offsets));
    zone->has_rule = tz_rule_read(text, strlen(text), &zone->rule);
    if (zone->has_rule) {
        zone->offsets[0] = zone->rule.standard;
        return zone;
    }
    tz_zone_free(zone);
    return NULL;
}

/* What /etc/localtime points to, below the directory of zones. */
static struct mf_zone *read_machine_zone(struct mf_error *err)
{
    char target[256];
    ssize_t len = readlink(LOCAL_FILE, target, sizeof(target) - 1);
    const char *name = NULL;

    if (len > 0) {
        target[len] = 0;
        name = strstr(target, "zoneinfo/");
    }
    if (access(LOCAL_FILE, R_OK) != 0)
        return &utc;
    return read_path(name ? name + strlen("zoneinfo/") : "localtime", LOCAL_FILE, err);
}

/* $TZ as the C library takes it: a name, a path, or a rule, each with a `:` before it or not. */
static struct mf_zone *read_local(struct mf_error *err)
{
    const char *text = getenv("TZ");
    struct mf_zone *zone;

    if (!text)
        return read_machine_zone(err);
    if (*text == ':')
        text++;
    if (*text == 0 || strcmp(text, utc.name) == 0)
        return &utc;
    if (*text == '/')
        return read_path(text, text, err);
    zone = zone_of_rule(text);
    return zone ? zone : read_named(text, err);
}

static const struct mf_zone *find_local(struct mf_error *err)
{
    if (local_for_now)
        return local_for_now;
    if (!local_zone)
        local_zone = read_local(err);
    return local_zone;
}

void mf_zone_set_local(const struct mf_zone *zone_or_null)
{
    pthread_mutex_lock(&zones_lock);
    local_for_now = zone_or_null;
    pthread_mutex_unlock(&zones_lock);
}

static const struct mf_zone *find_named(const char *name, struct mf_error *err)
{
    struct mf_zone *zone;

    for (zone = zones; zone; zone = zone->next)
        if (strcmp(zone->name, name) == 0)
            return zone;
    zone = read_named(name, err);
    if (zone) {
        zone->next = zones;
        zones = zone;
    }
    return zone;
}

const struct mf_zone *mf_zone_get(const char *name, struct mf_error *err)
{
    const struct mf_zone *zone;

    if (name && strcmp(name, utc.name) == 0)
        return &utc;
    pthread_mutex_lock(&zones_lock);
    zone = name && *name ? find_named(name, err) : find_local(err);
    pthread_mutex_unlock(&zones_lock);
    return zone;
}

const char *mf_zone_name(const struct mf_zone *zone)
{
    return zone->name;
}

/* ---- from the wall's time to the clock on the wall ---- */

/* Number of transitions at or before `time`. */
static size_t passed(const struct mf_zone *zone, int64_t time)
{
    size_t low = 0, high = zone->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->at[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct tz_offset *offset_at(const struct mf_zone *zone, int64_t time)
{
    size_t count = passed(zone, time);

    if (count == zone->count && zone->has_rule)
        return tz_rule_offset(&zone->rule, time);
    return &zone->offsets[count ? zone->kind[count - 1] : 0];
}

/* First transition after `time`, whether it changes the offset or not. */
static int64_t next_transition(const struct mf_zone *zone, int64_t time)
{
    size_t count = passed(zone, time);

    if (count < zone->count)
        return zone->at[count];
    return zone->has_rule ? tz_rule_next(&zone->rule, time) : INT64_MAX;
}

static int64_t seconds_of(int64_t wall)
{
    return wall / MF_SEC - (wall % MF_SEC < 0);
}

/* Wall time of a second; the ends of what 64 bits of ns hold, if it lies outside. */
static int64_t wall_of(int64_t second, int64_t nanosecond)
{
    int64_t wall;

    if (__builtin_mul_overflow(second, MF_SEC, &wall) ||
        __builtin_add_overflow(wall, nanosecond, &wall))
        return second < 0 ? INT64_MIN : INT64_MAX;
    return wall;
}

struct mf_civil mf_zone_civil(const struct mf_zone *zone, int64_t wall)
{
    int64_t second = seconds_of(wall);
    int64_t local = second + offset_at(zone, second)->east;
    int64_t days = local / DAY - (local % DAY < 0), year;
    int rest = (int)(local - days * DAY);
    struct mf_civil civil = {
        .weekday = mf_date_weekday(days),
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
        .nanosecond = wall - second * MF_SEC,
    };

    mf_date_of(days, &year, &civil.month, &civil.day);
    civil.year = (int)year;
    return civil;
}

int32_t mf_zone_offset(const struct mf_zone *zone, int64_t wall, const char **ret_abbreviation)
{
    const struct tz_offset *offset = offset_at(zone, seconds_of(wall));

    if (ret_abbreviation)
        *ret_abbreviation = offset->abbreviation;
    return offset->east;
}

/* ---- and back ---- */

/* Seconds by the clock on the wall, fields carried over. */
static int64_t local_second(const struct mf_civil *c)
{
    int64_t months = (int64_t)c->year * 12 + c->month - 1;
    int64_t year = months / 12 - (months % 12 < 0);
    int64_t days = mf_date_days(year, (int)(months - year * 12) + 1, 1) + c->day - 1;

    return days * DAY + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
}

/* Goes through the stretches of equal offset around the time: in each it exists, or not. */
enum mf_civil_fit mf_zone_find(const struct mf_zone *zone, const struct mf_civil *civil,
                               int64_t *ret_first, int64_t *ret_second)
{
    int64_t local = local_second(civil), from = local - REACH, jump = local;
    int64_t first = 0, second = 0;
    unsigned found = 0;

    while (from <= local + REACH) {
        int64_t until = next_transition(zone, from), east = offset_at(zone, from)->east;

        if (local - east >= from && local - east < until) {
            second = local - east;
            if (found++ == 0)
                first = second;
        } else if (until != INT64_MAX && local >= until + east &&
                   local < until + offset_at(zone, until)->east) {
            jump = until;
        }
        from = until;
    }
    if (found == 0) {
        *ret_first = *ret_second = wall_of(jump, 0);
        return MF_CIVIL_GAP;
    }
    *ret_first = wall_of(first, civil->nanosecond);
    *ret_second = wall_of(second, civil->nanosecond);
    return found == 1 ? MF_CIVIL_ONCE : MF_CIVIL_FOLD;
}

int64_t mf_zone_next_change(const struct mf_zone *zone, int64_t wall)
{
    int64_t last = INT64_MAX / MF_SEC, time = seconds_of(wall);

    for (;;) {
        int32_t before = offset_at(zone, time)->east;

        time = next_transition(zone, time);
        if (time > last)
            return MF_NEVER;
        if (offset_at(zone, time)->east != before)
            return wall_of(time, 0);
    }
}
