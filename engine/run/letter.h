/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * Letters that own all they point to: texts, too. And as values, to be kept on disk.
 */

#include "engine/graph/kind.h"
#include "engine/value/build.h"

enum { MF_LETTER_ITEMS = 7 };

struct mf_letter mf_letter_own(const struct mf_letter *letter);
void mf_letter_disown(struct mf_letter *letter);

/* Adds the letter to a list, as MF_LETTER_ITEMS items. */
void mf_letter_build(struct mf_builder *list, const struct mf_letter *letter);
/* Reads it from item `at` of a list; what comes out owns all it points to. False: that is none. */
bool mf_letter_read(const struct mf_value *list, size_t at, struct mf_letter *ret);
