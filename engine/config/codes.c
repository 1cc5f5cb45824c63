/* SPDX-License-Identifier: LGPL-3.0-or-later */

/* The table of diagnostic codes, made from codes.def. */

#include "engine/config/diag.h"

#define MF_CODE(number, severity, title, text) {number, MF_##severity, title, text},
static const struct mf_code codes[] = {
#include "engine/config/codes.def"
};
#undef MF_CODE

const struct mf_code *mf_code_list(size_t *ret_count)
{
    *ret_count = sizeof codes / sizeof *codes;
    return codes;
}

const struct mf_code *mf_code_get(unsigned number)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].number == number)
            return &codes[i];
    return NULL;
}
