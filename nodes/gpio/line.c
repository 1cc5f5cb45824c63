/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* GPIO lines: which backend a place belongs to, and what they share. See line.h. */

#include "nodes/gpio/line.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/gpio/fake.h"
#include "nodes/gpio/line_priv.h"

/* ---- places and chips ---- */

struct mf_gpio_place *mf_gpio_place_new(const char *text, struct mf_gpio_clock clock)
{
    struct mf_gpio_place *place = mf_zalloc(sizeof(*place));

    place->backend =
        mf_text_starts(text, MF_GPIO_FAKE_PREFIX) ? &mf_gpio_fake_backend : &mf_gpio_kernel;
    place->text = mf_strdup(text);
    place->clock = clock;
    return place;
}

void mf_gpio_place_free(struct mf_gpio_place *place)
{
    if (!place)
        return;
    if (place->backend->forget)
        place->backend->forget(place);
    mf_free(place->text);
    mf_free(place);
}

int mf_gpio_open(struct mf_gpio_place *place, struct mf_gpio_chip **ret, struct mf_error *err)
{
    int rc = place->backend->open(place, ret, err);

    if (rc == 0)
        memcpy(place->label, (*ret)->label, sizeof(place->label));
    return rc;
}

void mf_gpio_close(struct mf_gpio_chip *chip)
{
    if (chip)
        chip->place->backend->close(chip);
}

const char *mf_gpio_chip_name(const struct mf_gpio_chip *chip)
{
    return chip->name;
}

const char *mf_gpio_chip_label(const struct mf_gpio_chip *chip)
{
    return chip->label;
}

unsigned mf_gpio_chip_lines(const struct mf_gpio_chip *chip)
{
    return chip->line_count;
}

int mf_gpio_info(struct mf_gpio_chip *chip, unsigned line, struct mf_gpio_info *ret,
                 struct mf_error *err)
{
    if (line >= chip->line_count)
        return mf_fail(err, MF_EINVAL, "%s has %u lines, from 0 on, and no line %u", chip->name,
                       chip->line_count, line);
    return chip->place->backend->info(chip, line, ret, err);
}

static int find_number(const struct mf_gpio_chip *chip, int64_t number, uint16_t *ret,
                       struct mf_error *err)
{
    if (number < 0 || number >= chip->line_count)
        return mf_fail(err, MF_EINVAL, "%s has %u lines, from 0 on, and no line %lld", chip->name,
                       chip->line_count, (long long)number);
    *ret = (uint16_t)number;
    return 0;
}

int mf_gpio_find(struct mf_gpio_chip *chip, const char *line, uint16_t *ret, struct mf_error *err)
{
    struct mf_gpio_info info;
    unsigned found = 0;
    int64_t number;

    if (mf_num_read_int(line, strlen(line), &number))
        return find_number(chip, number, ret, err);
    for (unsigned i = 0; i < chip->line_count; i++) {
        int rc = mf_gpio_info(chip, i, &info, err);

        if (rc < 0)
            return rc;
        if (strcmp(info.name, line) != 0)
            continue;
        *ret = (uint16_t)i;
        found++;
    }
    if (found == 1)
        return 0;
    if (found)
        return mf_fail(err, MF_EINVAL, "%u lines of %s are called `%s`; take the number of one",
                       found, chip->name, line);
    return mf_fail(err, MF_EINVAL, "%s has no line called `%s`; `gpioinfo` lists them", chip->name,
                   line);
}

int mf_gpio_chip_fd(const struct mf_gpio_chip *chip)
{
    return chip->fd;
}

int mf_gpio_check(struct mf_gpio_chip *chip, struct mf_error *err)
{
    return chip->place->backend->check(chip, err);
}

/* ---- lines ---- */

int mf_gpio_request(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish,
                    struct mf_gpio_line **ret, struct mf_error *err)
{
    for (unsigned i = 0; i < wish->count; i++) {
        uint16_t line;
        int rc = find_number(chip, wish->lines[i], &line, err);

        if (rc < 0)
            return rc;
    }
    return chip->place->backend->request(chip, wish, ret, err);
}

void mf_gpio_line_close(struct mf_gpio_line *line)
{
    if (line)
        line->chip->place->backend->line_close(line);
}

int mf_gpio_get(struct mf_gpio_line *line, uint64_t *ret_levels, struct mf_error *err)
{
    return line->chip->place->backend->get(line, ret_levels, err);
}

int mf_gpio_set(struct mf_gpio_line *line, uint64_t mask, uint64_t levels, struct mf_error *err)
{
    return line->chip->place->backend->set(line, mask, levels, err);
}

int mf_gpio_line_fd(const struct mf_gpio_line *line)
{
    return line->fd;
}

int mf_gpio_read(struct mf_gpio_line *line, struct mf_gpio_event *events, unsigned max,
                 struct mf_error *err)
{
    return line->chip->place->backend->read(line, events, max, err);
}

/* ---- sentences ---- */

int mf_gpio_fail_busy(const struct mf_gpio_chip *chip, unsigned line,
                      const struct mf_gpio_info *info_or_null, struct mf_error *err)
{
    if (info_or_null && *info_or_null->consumer)
        return mf_fail(err, MF_EDENIED, "line %u of %s is in use by `%s`", line, chip->name,
                       info_or_null->consumer);
    return mf_fail(err, MF_EDENIED, "line %u of %s is in use by somebody else", line, chip->name);
}

int mf_gpio_fail_gone(const struct mf_gpio_chip *chip, struct mf_error *err)
{
    return mf_fail(err, MF_ELINK, "the chip %s (`%s`) has gone", chip->name, chip->label);
}
