/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * How the kernel's 1-wire drivers have the attributes of a device: which file, and what is in it.
 *
 * Pure functions. Flows name attributes as owserver does; the drivers have other files, other
 * units, and of switches the bit that says "off". What comes out of mf_w1_decode() is the text that
 * owserver would send.
 */

#include "nodes/onewire/attribute.h"

enum {
    MF_W1_FILE = 1024, /* bytes that are read of a file; a DS2423 has about 650 */
    MF_W1_TEXT = 64,   /* of a value, with the NUL */
    MF_W1_CHANNELS = 8,
};

enum mf_w1_form {
    MF_W1_SLAVE,   /* `w1_slave` of a thermometer: two lines, with a checksum */
    MF_W1_COUNTER, /* `w1_slave` of a DS2423: a line per page, with a checksum */
    MF_W1_SCALED,  /* a whole number that is divided */
    MF_W1_PAIR,    /* one of two numbers in a line */
    MF_W1_BITS,    /* a byte */
    MF_W1_WORD,    /* a text */
    MF_W1_NAME,    /* known without asking */
};

enum { MF_W1_ALL = -1, MF_W1_BYTE = -2 };

struct mf_w1_bits;

struct mf_w1_place {
    const char *read, *write; /* files; NULL: not that way */
    enum mf_w1_form form;
    double divisor;
    int index; /* of a counter, a pair or bits; MF_W1_ALL, MF_W1_BYTE */
    const struct mf_w1_bits *bits;
    char known[MF_W1_TEXT]; /* MF_W1_NAME */
};

/* False: the kernel does not offer it; `ret_why` then is a sentence's end and a hint, constants. */
struct mf_w1_why {
    const char *why, *hint;
};
bool mf_w1_find(const struct mf_ow_attribute *attribute, struct mf_w1_place *ret,
                struct mf_w1_why *ret_why);

/* For a node on a link of kind `w1`: reports what the drivers do not offer. */
void mf_w1_check(const struct mf_ow_attribute *attribute, bool is_written, struct mf_check *check);

/* What was read, as text. 0 or a negative code of frame.h. */
int mf_w1_decode(const struct mf_w1_place *place, const char *data, size_t len,
                 char ret[MF_W1_TEXT]);

/* Other channels than the one that is written are in the same byte or line: it has to be read
 * first, from `place->read`. */
bool mf_w1_needs_old(const struct mf_w1_place *place);
/* What to write for `value`. Returns the number of bytes, or a negative code of frame.h. */
int mf_w1_encode(const struct mf_w1_place *place, const char *value, const char *old,
                 size_t old_len, char ret[MF_W1_TEXT]);
