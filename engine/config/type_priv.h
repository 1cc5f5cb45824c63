/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files of option types share: nothing here is for others. */

#include "engine/base/error.h"
#include "engine/config/type.h"

/* Codes of options, see codes.def. */
enum {
    MF_CODE_UNKNOWN_OPTION = 201,
    MF_CODE_MISSING_OPTION = 202,
    MF_CODE_DIMENSION = 203,
    MF_CODE_WRONG_VALUE = 205,
    MF_CODE_LIMITS = 206,
    MF_CODE_CHOICE = 207,
    MF_CODE_NO_UNIT = 208,
    MF_CODE_UNWANTED_UNIT = 209,
    MF_CODE_TWICE = 212,
    MF_CODE_NO_MAIN = 213,
    MF_CODE_DEPRECATED = 214,
    MF_CODE_UNIT = 215,
    MF_CODE_PATH = 216,
};

bool mf_type_is_secret(const struct mf_option *option, const struct mf_tree *tree);
/* Reports what a reader of engine/value says about the text. Returns false. */
bool mf_type_fault(struct mf_load *load, const struct mf_option *option, const struct mf_tree *tree,
                   const struct mf_error *err);
/* Converts a number read with `unit` to the option's own unit, which is no port's. */
bool mf_type_to_unit(struct mf_load *load, const struct mf_option *option,
                     const struct mf_tree *tree, const struct mf_unit *unit, double *number);
/* Whether the option's unit is that of a port. */
bool mf_type_is_late(const struct mf_option *option);
