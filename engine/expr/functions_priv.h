/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the functions of the table do. Arguments are of the types of the table, or the machine
 * has refused them; see struct mf_function for the results. */

#include "engine/value/value.h"

#define MF_FN(name)                                                                                \
    bool name(const struct mf_value *args, unsigned count, struct mf_value *ret,                   \
              const char **ret_reason)

/* numbers: fn_math.c */
MF_FN(mf_fn_floor);
MF_FN(mf_fn_ceil);
MF_FN(mf_fn_fmod);
MF_FN(mf_fn_sqrt);
MF_FN(mf_fn_exp);
MF_FN(mf_fn_log);
MF_FN(mf_fn_sin);
MF_FN(mf_fn_cos);
MF_FN(mf_fn_tan);
MF_FN(mf_fn_asin);
MF_FN(mf_fn_acos);
MF_FN(mf_fn_atan);
MF_FN(mf_fn_tointeger);
MF_FN(mf_fn_pi);
MF_FN(mf_fn_huge);
MF_FN(mf_fn_maxinteger);
MF_FN(mf_fn_mininteger);
MF_FN(mf_fn_clamp);
MF_FN(mf_fn_round);
MF_FN(mf_fn_sign);
MF_FN(mf_fn_mean);
MF_FN(mf_fn_scale);
MF_FN(mf_fn_same);

/* texts and all types: fn_text.c, fn_format.c */
MF_FN(mf_fn_math_type);
MF_FN(mf_fn_type);
MF_FN(mf_fn_tostring);
MF_FN(mf_fn_tonumber);
MF_FN(mf_fn_len);
MF_FN(mf_fn_lower);
MF_FN(mf_fn_upper);
MF_FN(mf_fn_sub);
MF_FN(mf_fn_format);
MF_FN(mf_fn_contains);
MF_FN(mf_fn_starts_with);
MF_FN(mf_fn_ends_with);
