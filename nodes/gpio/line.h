/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * GPIO lines: the narrow place through which the kinds here see a chip.
 *
 * A *place* says where the chip is and outlives it, a *chip* is open while it is there, a *line* is
 * one request: usually one line of the chip, up to 64 of them. All functions return at once.
 *
 *   place = mf_gpio_place_new("pinctrl-bcm2711", clock)
 *   mf_gpio_open(place, &chip, &err)
 *   mf_gpio_find(chip, "GPIO27", &offset, &err)
 *   mf_gpio_request(chip, &(struct mf_gpio_wish){.lines = {offset}, .count = 1, …}, &line, &err)
 *   mf_gpio_set(line, 1, 1, &err)
 *   mf_gpio_line_close(line), mf_gpio_close(chip), mf_gpio_place_free(place)
 *
 * Two backends stand behind it. line_kernel.c speaks the second version of the kernel's character
 * device interface (Linux 5.10) by its ioctls. No library does: libgpiod 1.6, which Debian 12 has,
 * only knows the first version, where events that were lost go unnoticed, and libgpiod 2, which
 * Debian 13 has, shares two function names with it. line_fake.c is a chip in memory, for tests and
 * for people without one (fake.h).
 *
 * Levels are logical: the level of an active-low line is the inverse of that of the wire, and that
 * inversion happens behind this interface, once. Times are those of mf_clock_mono(), which is the
 * clock by which the kernel stamps edges.
 *
 * MF_ELINK: the chip is not there (any more); close everything and try again later. MF_EDENIED:
 * permission, or somebody else has the line; the sentence says who.
 */

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/error.h"

struct mf_gpio_place;
struct mf_gpio_chip;
struct mf_gpio_line;

enum {
    MF_GPIO_REQUEST = 64,     /* lines of one request */
    MF_GPIO_NAME = 32,        /* bytes of a name, with the NUL */
    MF_GPIO_CHIP_LINES = 4096 /* of one chip; the offset of the last is one less */
};

enum mf_gpio_bias { MF_GPIO_BIAS_KEEP, MF_GPIO_BIAS_OFF, MF_GPIO_BIAS_UP, MF_GPIO_BIAS_DOWN };
enum mf_gpio_drive { MF_GPIO_PUSH_PULL, MF_GPIO_OPEN_DRAIN, MF_GPIO_OPEN_SOURCE };
enum mf_gpio_edges { MF_GPIO_RISING = 1, MF_GPIO_FALLING = 2, MF_GPIO_BOTH = 3 };

/* Something that knows mf_clock_mono(). */
struct mf_gpio_clock {
    int64_t (*mono)(const void *of);
    const void *of;
};

/* What is wanted of a line. */
struct mf_gpio_wish {
    uint16_t lines[MF_GPIO_REQUEST]; /* offsets */
    unsigned count;                  /* of them, at least 1 */
    bool is_output;
    bool is_active_low;
    int bias;        /* enum mf_gpio_bias */
    int drive;       /* of outputs, enum mf_gpio_drive */
    unsigned edges;  /* of inputs, set of enum mf_gpio_edges; 0: no events */
    uint64_t levels; /* of outputs, from the request on: there is no glitch; bit i is lines[i] */
    const char *consumer; /* who is shown to have the line, at most 31 bytes */
};

/* What is known of a line, whoever has it. */
struct mf_gpio_info {
    char name[MF_GPIO_NAME];     /* "" without one */
    char consumer[MF_GPIO_NAME]; /* who has it; may be "" although it is in use */
    bool is_used, is_output, is_active_low;
};

/* An edge, logical too: rising is from off to on. */
struct mf_gpio_event {
    int64_t time; /* mono */
    uint16_t line;
    bool is_rising;
    uint32_t lost; /* events of this line that are missing before this one: read its level anew */
};

/* ---- places and chips ---- */

/* `text`: `gpiochip0`, `/dev/gpiochip0`, the label of a chip, or `fake:NAME`. The clock is copied.
 */
struct mf_gpio_place *mf_gpio_place_new(const char *text, struct mf_gpio_clock clock);
void mf_gpio_place_free(struct mf_gpio_place *place); /* after its chip; NULL is fine */

/* After the first time only a chip with the same label is taken, wherever it is then: one that was
 * plugged out and in again may come back by another name, and another one by its name. */
int mf_gpio_open(struct mf_gpio_place *place, struct mf_gpio_chip **ret, struct mf_error *err);
void mf_gpio_close(struct mf_gpio_chip *chip); /* after its lines; NULL is fine */

const char *mf_gpio_chip_name(const struct mf_gpio_chip *chip); /* "gpiochip0" */
const char *mf_gpio_chip_label(const struct mf_gpio_chip *chip);
unsigned mf_gpio_chip_lines(const struct mf_gpio_chip *chip);
int mf_gpio_info(struct mf_gpio_chip *chip, unsigned line, struct mf_gpio_info *ret,
                 struct mf_error *err);
/* By number, or by name. */
int mf_gpio_find(struct mf_gpio_chip *chip, const char *line, uint16_t *ret, struct mf_error *err);

/* Is readable, or hung up, when there is something to check. */
int mf_gpio_chip_fd(const struct mf_gpio_chip *chip);
/* Fails with MF_ELINK when the chip has gone. To be called now and then all the same: kernels
 * before 6.6 do not tell. */
int mf_gpio_check(struct mf_gpio_chip *chip, struct mf_error *err);

/* ---- lines ---- */

int mf_gpio_request(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish,
                    struct mf_gpio_line **ret, struct mf_error *err);
void mf_gpio_line_close(struct mf_gpio_line *line); /* NULL is fine */
/* Bit i is the i-th line of the request. */
int mf_gpio_get(struct mf_gpio_line *line, uint64_t *ret_levels, struct mf_error *err);
int mf_gpio_set(struct mf_gpio_line *line, uint64_t mask, uint64_t levels, struct mf_error *err);
/* Is readable when there are events. */
int mf_gpio_line_fd(const struct mf_gpio_line *line);
/* Number of events taken, 0 when there are none, or negative. */
int mf_gpio_read(struct mf_gpio_line *line, struct mf_gpio_event *events, unsigned max,
                 struct mf_error *err);
