/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/* What the files that see libcurl share. */

#include <curl/curl.h>

#include "nodes/net/http.h"

bool mf_http_is_tls(const char *url);
/* The library writes the login into the address that a server points to; to be freed. */
char *mf_http_strip_login(const char *url);
/* A sentence for why it failed; `said` is the library's text or "". */
void mf_http_explain(CURLcode result, const char *said, bool was_connected, struct mf_error *err);
