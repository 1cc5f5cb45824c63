/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * The JSON Schema (draft 2020-12) of a whole flow file or part, made from the
 * registry: `moat-flow schema`.
 *
 * It accepts what reading a file and loading the options of its nodes accept, before names
 * and edges are looked at. A node must be right as one kind, with the key of that kind first;
 * the order of keys is not visible to a schema, so a word that is a kind and an option both
 * (`every`, `debounce`) counts as either.
 *
 * What it cannot say, beside what engine/config/schema.h lists:
 *   - what a use may hold besides `part`: its parameters are declared in another file
 *   - whether the default of a parameter fits its type
 *   - that of two nodes of one kind in `to` or `then` the second needs a name
 *   - `~` or `null` where nothing may stand: they are nothing to a schema, and texts to us
 *   - anchors that nothing repeats, tags, duplicate keys: YAML, which is read before
 *   - limits of the whole flow
 */

#include "engine/base/buf.h"

/* Appends the schema as JSON text, one line. mf_registry_set() was called before. */
void mf_schema_print(struct mf_buf *buf);
