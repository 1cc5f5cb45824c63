/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* The fake chip, as its two halves see it: the lines (line_fake.c), and the socket by which others
 * move them (fake_socket.c). */

#include "engine/base/buf.h"
#include "engine/base/list.h"
#include "nodes/gpio/fake.h"
#include "nodes/gpio/line_priv.h"

struct mf_gpio_fake_ends;

struct mf_gpio_fake {
    struct mf_list in; /* of all there are */
    char *name;
    unsigned holds; /* by places and tests; the last one takes it along */
    bool is_out;    /* plugged out */
    int poll_fd;    /* of epoll: what makes mf_gpio_check() worth while */
    int gone_fd;    /* readable while it is plugged out */
    struct mf_gpio_clock clock;
    struct mf_gpio_fake_ends *ends; /* the socket, NULL: none */
    bool is_recorded;
    struct mf_buf history, shown;
    struct {
        int8_t driven;              /* from outside: 0, 1, -1: nobody */
        bool output;                /* logical level of an output */
        bool is_mute;               /* has no interrupt */
        char *other;                /* consumer of another program that has it; NULL: none */
        struct mf_gpio_line *owner; /* NULL: ours is not */
        struct mf_gpio_wish wish;   /* of the owner */
        char consumer[MF_GPIO_NAME];
        uint32_t seq; /* of the last edge */
    } lines[MF_GPIO_FAKE_LINES];
};

/* Tells whoever listens. `line` is a whole text line. */
void mf_gpio_fake_tell(struct mf_gpio_fake *fake, const char *line);
/* "27 output 1 TIME" for a line that is requested; false: it is not. */
bool mf_gpio_fake_describe(const struct mf_gpio_fake *fake, unsigned line, struct mf_buf *buf);

/* ---- fake_socket.c ---- */

int mf_gpio_fake_listen(struct mf_gpio_fake *fake, struct mf_error *err);
void mf_gpio_fake_serve(struct mf_gpio_fake *fake); /* what has come, without waiting */
void mf_gpio_fake_shut(struct mf_gpio_fake *fake);
