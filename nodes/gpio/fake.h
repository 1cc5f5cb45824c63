/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The fake chip: 64 GPIO lines in memory.
 *
 * `fake:NAME` is a chip that a test moves by the functions below; `fake:/PATH` is one that also
 * listens on a unix socket of that path, by which programs and people move it (fake_socket.c). It
 * is known by its name in the whole process: links and tests that name the same see the same one.
 *
 * The lines are called GPIO0 … GPIO63. It does what the kernel does: a line has one owner, an input
 * that nobody drives is where its bias pulls it, edges wait in a row of 16 of which the oldest are
 * lost, a chip that was plugged out makes everything fail until it is back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/error.h"

#define MF_GPIO_FAKE_PREFIX "fake:"
enum { MF_GPIO_FAKE_LINES = 64, MF_GPIO_FAKE_EVENTS = 16 };

struct mf_gpio_fake;

/* Finds it or makes it; it then stays until it is let go. `name` without the prefix. */
struct mf_gpio_fake *mf_gpio_fake_hold(const char *name);
void mf_gpio_fake_let_go(struct mf_gpio_fake *fake);

/* A wire from outside: level 0 or 1, or -1: nobody drives it. The second one says when. */
void mf_gpio_fake_drive(struct mf_gpio_fake *fake, unsigned line, int level);
void mf_gpio_fake_drive_at(struct mf_gpio_fake *fake, unsigned line, int level, int64_t time);
/* It has no interrupt: a request that wants its edges fails. */
void mf_gpio_fake_mute(struct mf_gpio_fake *fake, unsigned line, bool is_mute);
/* As one would measure it. */
bool mf_gpio_fake_wire(const struct mf_gpio_fake *fake, unsigned line);
void mf_gpio_fake_plug(struct mf_gpio_fake *fake, bool is_in);
/* Another program has the line; NULL: no more. False: we have it. */
bool mf_gpio_fake_occupy(struct mf_gpio_fake *fake, unsigned line, const char *consumer);

/* What happened to lines, one text line each, since the last call:
 *   27 output 1 TIME     requested, with the level that the wire then has
 *   17 input 0 TIME
 *   27 0 TIME            set
 *   27 released TIME
 * TIME is in seconds of the clock that only runs forward. Valid until the next call. */
const char *mf_gpio_fake_history(struct mf_gpio_fake *fake);

/* One line of text that a program sent, without its end. Fails with a sentence. */
int mf_gpio_fake_command(struct mf_gpio_fake *fake, const char *text, size_t len,
                         struct mf_error *err);
