/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Errors while running: a code for the program, a sentence for people.
 *
 * A function that can fail returns 0 or a negative `enum mf_errno` and fills the
 * caller's `struct mf_error`. The caller handles it or hands it up unchanged;
 * whoever ends the journey logs it, nobody else does. Faults in flow files are
 * another matter: see engine/config/diag.h.
 */

enum mf_errno {
    MF_OK = 0,
    MF_EINVAL = -1,   /* the input is wrong; trying again cannot help */
    MF_ELINK = -2,    /* the other side is away; trying again may help */
    MF_ETIMEOUT = -3, /* no answer in time; trying again may help */
    MF_EDENIED = -4,  /* login or permission */
    MF_ELIMIT = -5,   /* a budget or bound is used up */
    MF_EIO = -6,      /* the operating system said no */
};

/* On the caller's stack; text is cut, never allocated. */
struct mf_error {
    int code; /* enum mf_errno */
    int sys;  /* errno, libuv or library code; 0 if none */
    char text[240];
};

/* Fills `err` (which may be NULL) and returns `code`, so that failing is one line. */
int mf_fail(struct mf_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with `: ` and the text of errno value `sys` behind the sentence. */
int mf_fail_sys(struct mf_error *err, int code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
