/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* GPIO lines, for the backends: what both of them have, and what each does its own way. */

#include "nodes/gpio/line.h"

struct mf_gpio_backend {
    /* Fills chip->name, label, line_count and fd. */
    int (*open)(struct mf_gpio_place *place, struct mf_gpio_chip **ret, struct mf_error *err);
    void (*close)(struct mf_gpio_chip *chip);
    int (*info)(struct mf_gpio_chip *chip, unsigned line, struct mf_gpio_info *ret,
                struct mf_error *err);
    int (*check)(struct mf_gpio_chip *chip, struct mf_error *err);
    int (*request)(struct mf_gpio_chip *chip, const struct mf_gpio_wish *wish,
                   struct mf_gpio_line **ret, struct mf_error *err);
    void (*line_close)(struct mf_gpio_line *line);
    int (*get)(struct mf_gpio_line *line, uint64_t *ret_levels, struct mf_error *err);
    int (*set)(struct mf_gpio_line *line, uint64_t mask, uint64_t levels, struct mf_error *err);
    int (*read)(struct mf_gpio_line *line, struct mf_gpio_event *events, unsigned max,
                struct mf_error *err);
    void (*forget)(struct mf_gpio_place *place);
};

extern const struct mf_gpio_backend mf_gpio_kernel, mf_gpio_fake_backend;

struct mf_gpio_place {
    const struct mf_gpio_backend *backend;
    char *text;
    struct mf_gpio_clock clock;
    char label[MF_GPIO_NAME]; /* of the chip that was opened; "": none was yet */
    void *own;                /* the backend's */
};

struct mf_gpio_chip {
    struct mf_gpio_place *place;
    char name[MF_GPIO_NAME], label[MF_GPIO_NAME];
    unsigned line_count;
    int fd;
};

struct mf_gpio_line {
    struct mf_gpio_chip *chip;
    int fd;
    unsigned count;
    uint16_t lines[MF_GPIO_REQUEST];
};

/* The sentence for a line that somebody else has. */
int mf_gpio_fail_busy(const struct mf_gpio_chip *chip, unsigned line,
                      const struct mf_gpio_info *info_or_null, struct mf_error *err);
int mf_gpio_fail_gone(const struct mf_gpio_chip *chip, struct mf_error *err);
