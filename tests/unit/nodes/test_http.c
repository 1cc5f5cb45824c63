/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Addresses of the web: which are taken, and which are one place. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nodes/net/http.h"

static void expect_wrong(const char *url, const char *said)
{
    struct mf_error err = {0};

    assert_int_equal(mf_http_check_url(url, &err), MF_EINVAL);
    if (!strstr(err.text, said))
        fail_msg("`%s`: %s", url, err.text);
}

/* Only the web's two schemes with a host are taken; all else is refused with what to write. */
static void test_addresses(void **state)
{
    struct mf_error err = {0};

    assert_int_equal(mf_http_check_url("http://a", &err), 0);
    assert_int_equal(mf_http_check_url("https://a.example:8443/x/y?key=1&b=%20", &err), 0);
    assert_int_equal(mf_http_check_url("http://[fe80::1]:80/", &err), 0);
    expect_wrong("file:///etc/passwd", "begins with");
    expect_wrong("HTTP://a", "begins with");
    expect_wrong("ftp://a", "begins with");
    expect_wrong("http://", "no address");
    expect_wrong("http://a:99999/", "no address");
    expect_wrong("http://a b/", "no blanks");
    expect_wrong("http://a/\r\nHost: b", "no blanks");
    expect_wrong("http://me:secret@a/", "does not belong there");
    expect_wrong("http://me@a/", "does not belong there");
}

/* The place is scheme, host and port; capitals and the usual port make no difference. */
static void test_origins(void **state)
{
    assert_true(mf_http_is_same_origin("http://a/x", "http://a:80/y?z"));
    assert_true(mf_http_is_same_origin("https://a.example/", "https://A.Example:443"));
    assert_false(mf_http_is_same_origin("http://a/", "https://a/"));
    assert_false(mf_http_is_same_origin("http://a/", "http://a:81/"));
    assert_false(mf_http_is_same_origin("http://a/", "http://a.evil/"));
    assert_false(mf_http_is_same_origin("http://a/", "http://"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
