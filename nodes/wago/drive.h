/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What drives an output of a WAGO controller: a level, or a monitor that times it.
 *
 * Everything here is about a wago.out node, whose config and state these structs are. A *share* is
 * what the output is told: 0 and 1 are off and on, in between is the part of each period; of a
 * pulse any that is not 0 gives one.
 */

#include "nodes/wago/link.h"

#define MF_WAGO_STEP MF_MS /* of the controller's times */
#define MF_WAGO_UNKNOWN (-1.0)

struct mf_wago_pwm_config {
    int64_t period;
};

struct mf_wago_out_config {
    struct mf_wago_place place;
    const char *link;
    int active;
    int64_t pulse;
    struct mf_wago_pwm_config pwm;
};

struct mf_wago_drive {
    struct mf_wago_user user;
    struct mf_wago_ask drop, rest, act, adopt;
    struct mf_wago_monitor monitor;
    int64_t runs;      /* id of the monitor that drives the output; 0: none */
    double share;      /* that it has, or MF_WAGO_UNKNOWN */
    double next_share; /* that it gets with the next period; MF_WAGO_UNKNOWN: none */
    int64_t began;     /* mono, when its first period did */
    int64_t up_at;     /* mono, when the controller was there */
    bool has_triggered;
    bool has_letter; /* that `act` is about */
    uint64_t letter;
    uint64_t starts, ended_by_others;
};

/* The node's timer that says that a period is over. */
enum { MF_WAGO_TIMER_PERIOD, MF_WAGO_TIMERS };

void mf_wago_drive_join(struct mf_node *node);
/* What it was told last it is told, at once. */
void mf_wago_drive_leave(struct mf_node *node);
/* A whole number of steps of the period. */
double mf_wago_drive_round(const struct mf_wago_out_config *config, double share);
/* A command is under way; when it has ended the node is woken. */
bool mf_wago_drive_is_busy(struct mf_node *node);
/* True: nothing needs to be sent now. */
bool mf_wago_drive_can_wait(struct mf_node *node, double share);
/* False: the controller is not there; else the letter will be settled. */
bool mf_wago_drive_start(struct mf_node *node, double share, const struct mf_letter *letter);
void mf_wago_drive_timeout(struct mf_node *node);
