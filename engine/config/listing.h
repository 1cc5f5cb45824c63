/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* Which files there are, asked of the file system, or of the archive that the sources use. */

#include "engine/config/source.h"

struct mf_listing {
    char **names;
    size_t count, cap;
};

void mf_listing_done(struct mf_listing *listing);

bool mf_list_is_directory(const struct mf_sources *sources, const char *path);
/* Names of the flow files in it, in order. False with errno set: it cannot be read. */
bool mf_list_directory(struct mf_sources *sources, const char *path, struct mf_listing *listing);
/* Paths of the files that fit the pattern, in order; tests are passed over. */
void mf_list_pattern(struct mf_sources *sources, const char *pattern, struct mf_listing *listing);
/* The sources come from an archive. */
bool mf_sources_are_kept(const struct mf_sources *sources);
