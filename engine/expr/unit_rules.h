/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files about units share. */

#include <math.h>

#include "engine/expr/expr_priv.h"

static inline bool mf_units_is_ratio(const struct mf_fact *fact)
{
    return fact->unit && mf_unit_is_ratio(fact->unit);
}

static inline bool mf_units_is_numeric(const struct mf_fact *fact)
{
    return fact->types & MF_T_NUMERIC;
}

static inline bool mf_units_is_difference(double weight)
{
    return fabs(weight) < 1e-9; /* false for NaN */
}

const struct mf_unit *mf_units_keep(struct mf_checker *c, const struct mf_unit *unit);
/* A weight of 0 makes °C to K. */
void mf_units_set(struct mf_checker *c, const struct mf_ast *ast, const struct mf_unit *unit,
                  double weight);
/* `weight` as in struct mf_fact: how often the offset of °C counts. */
void mf_units_convert_to(struct mf_checker *c, const struct mf_ast *operand,
                         const struct mf_unit *unit, double weight);
/* A ratio becomes a plain number: 50 % is 0.5. */
void mf_units_to_plain(struct mf_checker *c, const struct mf_ast *ratio);

/* ---- faults of the node `ast`: unit_faults.c ---- */

void mf_units_different(struct mf_checker *c, const struct mf_ast *ast, const struct mf_ast *left,
                        const struct mf_ast *right);
void mf_units_no_temperature(struct mf_checker *c, const struct mf_ast *ast,
                             const struct mf_ast *operand);
void mf_units_point_and_difference(struct mf_checker *c, const struct mf_ast *ast);
void mf_units_wants_plain(struct mf_checker *c, const struct mf_ast *ast,
                          const struct mf_ast *operand, const char *what);
/* Warns. */
void mf_units_missing(struct mf_checker *c, const struct mf_ast *operand,
                      const struct mf_unit *unit);
