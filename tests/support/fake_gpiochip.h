/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * GPIO chips as the kernel shows them, by umockdev: /dev/gpiochipN and the ioctls on it. What they
 * do is what stands here; that the kernel does the same is what its documentation says.
 *
 * The program must run under umockdev-wrapper. Requests are recorded, so that a test sees every
 * flag that was asked for. Levels are those of the wire; an active-low line is inverted here.
 */

#include <stdbool.h>
#include <stdint.h>

#include <linux/gpio.h>

enum { FAKE_CHIPS = 4, FAKE_CHIP_LINES = 8 };

struct fake_gpiochip {
    char name[GPIO_MAX_NAME_SIZE], label[GPIO_MAX_NAME_SIZE];
    bool is_gone;                     /* everything fails with ENODEV */
    bool is_mute;                     /* no interrupts */
    bool is_old;                      /* knows only the first version of the interface */
    int refuses;                      /* errno of the next request; 0: none */
    unsigned asked;                   /* requests so far */
    struct gpio_v2_line_request last; /* as it was asked */
    struct {
        char name[GPIO_MAX_NAME_SIZE], consumer[GPIO_MAX_NAME_SIZE];
        bool is_used, wire;
        uint64_t flags;
        uint32_t seq;  /* of its last event */
        char fifo[64]; /* path of the request that has it, in the testbed */
    } lines[FAKE_CHIP_LINES];
};

void fake_gpiochips_begin(void); /* before anything is opened */
void fake_gpiochips_end(void);
struct fake_gpiochip *fake_gpiochip_add(const char *name, const char *label);
/* The kernel saw an edge; `skip` events before it were lost. */
void fake_gpiochip_event(struct fake_gpiochip *chip, unsigned line, bool is_rising, int64_t time,
                         uint32_t skip);
