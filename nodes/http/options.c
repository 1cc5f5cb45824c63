/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See options.h. Values of header lines are secrets: no message repeats them. */

#include "nodes/http/options.h"

#include <string.h>
#include <strings.h>

#include "engine/base/text.h"
#include "nodes/net/http.h"

enum { CODE_ADDRESS = 580, CODE_HEADER = 581, CODE_BOTH = 582 };

/* ---- addresses ---- */

static bool is_url(const char *text)
{
    return strstr(text, "://") && strcspn(text, ":") < strcspn(text, "/?");
}

void mf_http_join(const char *base, const struct mf_http_target *target, struct mf_buf *buf)
{
    size_t len = strlen(base);

    if (target->is_url) {
        mf_buf_puts(buf, target->text);
        return;
    }
    while (len && base[len - 1] == '/')
        len--;
    mf_buf_put(buf, base, len);
    if (*target->text != '/' && *target->text != '?')
        mf_buf_putc(buf, '/');
    mf_buf_puts(buf, target->text);
}

static bool check_address(struct mf_load *load, const struct mf_tree *tree, const char *url)
{
    struct mf_error err = {0};

    if (tree->is_unknown || mf_http_check_url(url, &err) == 0)
        return true;
    mf_diag(load->diags, MF_ERROR, CODE_ADDRESS, tree->at, "%s", err.text);
    return false;
}

static bool base_read(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);

    if (!text || !check_address(load, tree, text))
        return false;
    if (!tree->is_unknown && strpbrk(text, "?#")) {
        mf_diag(load->diags, MF_ERROR, CODE_ADDRESS, tree->at,
                "what follows `?` or `#` belongs to the paths of the nodes, not to the link");
        return false;
    }
    *(const char **)ret = mf_arena_strdup(load->arena, text);
    return true;
}

static void base_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^https?://[^ ?#]+$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_http_base = {
    .name = "web address",
    .syntax = "`http://HOST` or `https://HOST`, perhaps with `:PORT` and a path",
    .size = sizeof(const char *),
    .read = base_read,
    .schema = base_schema,
};

static bool target_read(struct mf_load *load, const struct mf_option *option,
                        const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree);
    struct mf_http_target target;
    struct mf_buf url = {0};
    bool is_good;

    if (!text)
        return false;
    target = (struct mf_http_target){
        .text = mf_arena_strdup(load->arena, text),
        .is_url = is_url(text),
        .is_secret = tree->is_secret,
    };
    mf_http_join("http://host", &target, &url);
    is_good = check_address(load, tree, mf_buf_text(&url));
    mf_buf_done(&url);
    if (is_good)
        *(struct mf_http_target *)ret = target;
    return is_good;
}

static void target_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":[\"string\",\"number\"]}");
}

const struct mf_type mf_type_http_target = {
    .name = "path or web address",
    .syntax = "a path such as `/status`, or an address of its own, `https://HOST/PATH`",
    .size = sizeof(struct mf_http_target),
    .read = target_read,
    .schema = target_schema,
};

bool mf_http_is_alone(const void *config)
{
    return ((const struct mf_http_target *)config)->is_url;
}

void mf_http_check_target(const struct mf_http_target *target, const char *link,
                          struct mf_check *check)
{
    if (!target->is_url || !link)
        return;
    mf_diag_help(mf_diag(check->diags, MF_ERROR, CODE_BOTH, mf_check_at(check, "link"),
                         "the node has an address of its own, so it does not use the link `%s`",
                         link),
                 "write only the path, or leave `link` out; login and headers of a link go to its "
                 "own host only");
}

/* ---- header lines ---- */

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (const char *c = text; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(others, *c)))
            return false;
    return *text;
}

/* The client makes these by itself; a second opinion would break the request. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {
        "Accept-Encoding", "Connection",        "Content-Length",    "Expect",  "Host",
        "If-None-Match",   "If-Modified-Since", "Transfer-Encoding", "Upgrade",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

bool mf_http_headers_have(const struct mf_http_headers *headers, const char *line)
{
    size_t len = strcspn(line, ":;");

    for (size_t i = 0; i < headers->count; i++)
        if (strcspn(headers->lines[i], ":;") == len &&
            strncasecmp(headers->lines[i], line, len) == 0)
            return true;
    return false;
}

static const char *fault_of(const struct mf_http_headers *so_far, const char *name,
                            const char *value)
{
    if (!is_token(name))
        return "the name of a header line has letters, digits and `-`";
    if (is_ours(name))
        return "this line is made by the client itself";
    if (mf_http_headers_have(so_far, name))
        return "this line is there already; capitals make no difference";
    if (strlen(name) + strlen(value) > MF_HTTP_HEADER)
        return "a header line has at most 8000 bytes";
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return "a header line has no line ends and control characters";
    return NULL;
}

static bool read_line(struct mf_load *load, const struct mf_option *option,
                      const struct mf_tree_pair *pair, struct mf_http_headers *headers,
                      const char **list)
{
    const char *name = mf_type_scalar(load, option, pair->key);
    const char *value = name ? mf_type_scalar(load, option, pair->value) : NULL;
    const char *fault;

    if (!value)
        return false;
    fault = fault_of(headers, name, value);
    if (fault) {
        mf_diag(load->diags, MF_ERROR, CODE_HEADER, pair->key->at, "%s", fault);
        return false;
    }
    /* So the library sends an empty one. */
    list[headers->count++] = *value ? mf_arena_printf(load->arena, "%s: %s", name, value)
                                    : mf_arena_printf(load->arena, "%s;", name);
    return true;
}

static bool headers_read(struct mf_load *load, const struct mf_option *option,
                         const struct mf_tree *tree, void *ret)
{
    struct mf_http_headers headers = {0};
    const char **list;

    if (tree->kind != MF_TREE_MAP)
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    if (tree->count > MF_HTTP_HEADERS) {
        mf_diag(load->diags, MF_ERROR, CODE_HEADER, tree->at,
                "there are at most %d header lines, these are %u", MF_HTTP_HEADERS, tree->count);
        return false;
    }
    list = mf_arena_alloc(load->arena, (tree->count + 1) * sizeof(*list));
    headers.lines = list;
    for (uint32_t i = 0; i < tree->count; i++)
        if (!read_line(load, option, &tree->pairs[i], &headers, list))
            return false;
    *(struct mf_http_headers *)ret = headers;
    return true;
}

static void headers_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_printf(buf,
                  "{\"type\":\"object\",\"maxProperties\":%d,"
                  "\"propertyNames\":{\"pattern\":\"^[!#$%%&'*+.^_`|~0-9A-Za-z-]+$\"},"
                  "\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}}",
                  MF_HTTP_HEADERS);
}

const struct mf_type mf_type_http_headers = {
    .name = "header lines",
    .syntax = "a map of header lines, such as `{Accept: application/json}`",
    .size = sizeof(struct mf_http_headers),
    .read = headers_read,
    .schema = headers_schema,
};
