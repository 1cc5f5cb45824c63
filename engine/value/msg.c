/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Messages: names of qualities, and the reasons why a value is not good. */

#include "engine/value/msg.h"

#include <string.h>

const char *const mf_quality_names[] = {"good", "stale", "bad"};

const char mf_reason_timeout[] = "timeout";
const char mf_reason_link[] = "link down";
const char mf_reason_decode[] = "not decodable";
const char mf_reason_type[] = "wrong type";
const char mf_reason_range[] = "out of range";
const char mf_reason_missing[] = "field missing";
const char mf_reason_script[] = "script error";
const char mf_reason_budget[] = "over budget";
const char mf_reason_nan[] = "not a number";
const char mf_reason_device[] = "device error";
const char mf_reason_restart[] = "restart";

static const char *const reasons[] = {
    mf_reason_timeout, mf_reason_link,    mf_reason_decode,  mf_reason_type,
    mf_reason_range,   mf_reason_missing, mf_reason_script,  mf_reason_budget,
    mf_reason_nan,     mf_reason_device,  mf_reason_restart,
};

const char *mf_reason_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (strcmp(reasons[i], name) == 0)
            return reasons[i];
    return NULL;
}
