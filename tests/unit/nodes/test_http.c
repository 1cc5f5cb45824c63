/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is pure about HTTP: addresses, what an answer means, how long to wait, and what is said. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/base/clock.h"
#include "nodes/http/options.h"
#include "nodes/net/http_rules.h"
#include "tests/support/bench.h"

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

/* Neither the query, nor a login, nor the path of a secret address is shown. */
static void test_shown(void **state)
{
    assert_int_equal(mf_http_shown("http://a/b?c", false), strlen("http://a/b"));
    assert_int_equal(mf_http_shown("http://a/b@c?d", false), strlen("http://a/b@c"));
    assert_int_equal(mf_http_shown("http://a/b", true), strlen("http://a"));
    assert_int_equal(mf_http_shown("http://me:secret@a/b", false), strlen("http://"));
    assert_int_equal(mf_http_shown("http://me:secret@a/b", true), strlen("http://"));
}

/* A path is below the link's address, however both write the slash; an address of its own stands
 * for itself. */
static void test_join(void **state)
{
    static const struct {
        const char *base, *path, *whole;
    } cases[] = {
        {"http://a", "/x", "http://a/x"},
        {"http://a/", "/x", "http://a/x"},
        {"http://a/b/", "x?y", "http://a/b/x?y"},
        {"http://a/b", "?y=1", "http://a/b?y=1"},
        {"http://a", "http:/x", "http://a/http:/x"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_http_target target = {.text = cases[i].path};
        struct mf_buf buf = {0};

        mf_http_join(cases[i].base, &target, &buf);
        assert_string_equal(mf_buf_text(&buf), cases[i].whole);
        mf_buf_clear(&buf);
        target = (struct mf_http_target){.text = "https://else/", .is_url = true};
        mf_http_join(cases[i].base, &target, &buf);
        assert_string_equal(mf_buf_text(&buf), "https://else/");
        mf_buf_done(&buf);
    }
}

/* What may be better next time is tried again, what will not is refused. */
static void test_verdicts(void **state)
{
    static const struct {
        int code, status;
        enum mf_http_verdict verdict;
        const char *reason;
    } cases[] = {
        {MF_OK, 200, MF_HTTP_GOOD, NULL},
        {MF_OK, 204, MF_HTTP_GOOD, NULL},
        {MF_OK, 304, MF_HTTP_SAME, NULL},
        {MF_OK, 301, MF_HTTP_NEVER, "HTTP error"},
        {MF_OK, 401, MF_HTTP_NEVER, "HTTP 401: login needed"},
        {MF_OK, 404, MF_HTTP_NEVER, "HTTP 404: not found"},
        {MF_OK, 408, MF_HTTP_LATER, "HTTP 408: timeout"},
        {MF_OK, 418, MF_HTTP_NEVER, "HTTP error"},
        {MF_OK, 429, MF_HTTP_LATER, "HTTP 429: too many"},
        {MF_OK, 503, MF_HTTP_LATER, "HTTP 503: unavailable"},
        {MF_OK, 599, MF_HTTP_LATER, "HTTP error"},
        {MF_ELINK, 0, MF_HTTP_LATER, "link down"},
        {MF_EDENIED, 0, MF_HTTP_LATER, "link down"},
        {MF_ETIMEOUT, 0, MF_HTTP_LATER, "timeout"},
        {MF_ELIMIT, 200, MF_HTTP_NEVER, "answer too large"},
        {MF_EINVAL, 302, MF_HTTP_NEVER, "no usable answer"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mf_http_answer answer = {.code = cases[i].code, .status = cases[i].status};

        assert_int_equal(mf_http_judge(&answer), cases[i].verdict);
        if (cases[i].reason)
            assert_string_equal(mf_http_reason(&answer), cases[i].reason);
    }
}

/* Each wait is twice the one before, up to a minute, never shorter than a server asks for within
 * an hour, and begins anew after a success. */
static void test_waits(void **state)
{
    struct mf_http_patience patience;

    mf_http_patience_init(&patience);
    for (unsigned i = 0; i < 40; i++) {
        int64_t middle = i < 6 ? MF_SEC << i : 60 * MF_SEC;
        int64_t wait = mf_http_patience_wait(&patience, 0);

        assert_true(wait >= middle / 10 * 8 && wait <= middle / 10 * 12);
    }
    assert_int_equal(mf_http_patience_wait(&patience, 600 * MF_SEC), 600 * MF_SEC);
    assert_int_equal(mf_http_patience_wait(&patience, MF_DAY), 3600 * MF_SEC);
    assert_true(mf_http_patience_wait(&patience, MF_SEC) > 40 * MF_SEC);
    patience.failures = 0;
    assert_true(mf_http_patience_wait(&patience, 0) <= 1200 * MF_MS);
}

static void expect_said(const char *url, bool is_secret, const char *body, const char *location,
                        const char *said)
{
    struct mf_http_request request = {.url = url, .is_secret = is_secret};
    struct mf_http_answer answer = {
        .status = 302, .body = body, .len = strlen(body), .location = location};
    struct mf_error err;

    mf_http_say(&answer, &request, &err);
    assert_string_equal(err.text, said);
}

/* Of a refusal the first line or the title is said; of the address what is no secret. */
static void test_said(void **state)
{
    expect_said("http://a/b?key=x", false, "\r\n  no \r\nmore", NULL, "http://a/b: status 302: no");
    expect_said("http://a/b#key", false, "", NULL, "http://a/b: status 302");
    expect_said("http://a/b?key", true, "\x01", NULL, "http://a: status 302: \\x01");
    expect_said("http://a", false, "<html>\n<TITLE>Not here</TITLE>\nmore", NULL,
                "http://a: status 302: Not here");
    expect_said("http://a", false, "<title>", NULL, "http://a: status 302");
    expect_said("http://a/b", false, "x", "https://c/d?key",
                "http://a/b: status 302: it is at "
                "https://c/d now");
    expect_said("http://a/b", true, "x", "https://c/d?key",
                "http://a: status 302: it is at https://c now");
}

/* The lines that ask for what is new are those of the last answer; one that is too long is none. */
static void test_versions(void **state)
{
    struct mf_http_version version = {0};
    struct mf_http_answer answer = {.etag = "\"1\"", .modified = "Thu"};
    const char *lines[3];
    char tag[2000];

    mf_http_version_put(&version, lines);
    assert_null(lines[0]);
    mf_http_version_take(&version, &answer);
    mf_http_version_put(&version, lines);
    assert_string_equal(lines[0], "If-None-Match: \"1\"");
    assert_string_equal(lines[1], "If-Modified-Since: Thu");
    assert_null(lines[2]);
    memset(tag, 'x', sizeof(tag) - 1);
    tag[sizeof(tag) - 1] = 0;
    answer.etag = tag;
    mf_http_version_take(&version, &answer);
    mf_http_version_put(&version, lines);
    assert_string_equal(lines[0], "If-Modified-Since: Thu");
    assert_null(lines[1]);
    mf_http_version_drop(&version);
}

/* A path wants a link; an address of its own does not, also where the flow has several. */
static void test_links(void **state)
{
    bench_expect_fault("a: {http.get: /x}\n", "MF0308", "needs a link");
    bench_expect_clean("a: {http.get: 'http://a/x'}\nb: {http.post: 'https://a/', from: a}\n");
    bench_expect_fault("a: {http.get: /x, format: number, pick: a}\n", "MF0220",
                       "looks into a map");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_origins),
        cmocka_unit_test(test_shown),     cmocka_unit_test(test_join),
        cmocka_unit_test(test_verdicts),  cmocka_unit_test(test_waits),
        cmocka_unit_test(test_said),      cmocka_unit_test(test_versions),
        cmocka_unit_test(test_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
