/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Any bytes as what somebody writes into the socket of a fake GPIO chip, a command in each line: it
 * is carried out or answered with a sentence, and edges are read in their order.
 */

#include <stdlib.h>
#include <string.h>

#include "nodes/gpio/fake.h"
#include "nodes/gpio/line.h"

enum { LINE = 17, WATCHED = 3, EVENTS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now;

static int64_t mono(const void *of)
{
    return now++;
}

static void read_edges(struct mf_gpio_line *line, int64_t *last)
{
    struct mf_gpio_event events[EVENTS];
    struct mf_error err = {0};
    int count;

    while ((count = mf_gpio_read(line, events, EVENTS, &err)) > 0)
        for (int i = 0; i < count; i++) {
            if (events[i].line != LINE || events[i].time <= *last)
                abort();
            *last = events[i].time;
        }
    if (count < 0 && !*err.text)
        abort();
}

static void play(struct mf_gpio_fake *fake, struct mf_gpio_line *line, const char *bytes,
                 size_t size)
{
    int64_t last = -1;

    while (size) {
        const char *stop = memchr(bytes, '\n', size);
        size_t len = stop ? (size_t)(stop - bytes) : size;
        struct mf_error err = {0};

        if (mf_gpio_fake_command(fake, bytes, len, &err) < 0 && !*err.text)
            abort();
        if (len % WATCHED == 0)
            read_edges(line, &last);
        bytes += len + (stop != NULL);
        size -= len + (stop != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mf_gpio_wish wish = {.lines = {LINE}, .count = 1, .edges = MF_GPIO_BOTH};
    struct mf_gpio_fake *fake = mf_gpio_fake_hold("fuzz");
    struct mf_gpio_place *place =
        mf_gpio_place_new("fake:fuzz", (struct mf_gpio_clock){mono, NULL});
    struct mf_gpio_chip *chip = NULL;
    struct mf_gpio_line *line = NULL;
    struct mf_error err = {0};

    if (mf_gpio_open(place, &chip, &err) < 0 || mf_gpio_request(chip, &wish, &line, &err) < 0)
        abort();
    play(fake, line, (const char *)data, size);
    mf_gpio_line_close(line);
    mf_gpio_close(chip);
    mf_gpio_place_free(place);
    mf_gpio_fake_let_go(fake);
    return 0;
}
