/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Text → tokens: numbers, texts, names and signs as in Lua 5.4. */

#include "engine/expr/lex.h"

#include <math.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"

/* Longest first. */
static const char *const signs[] = {
    "//", "..", "==", "~=", "<=", ">=", "<<", ">>", "+", "-", "*", "/", "%",  "^",
    "#",  "&",  "~",  "|",  "<",  ">",  "(",  ")",  "[", "]", ",", ".", NULL,
};

/* Longest first. */
static const struct mf_foreign foreign[] = {
    {"...", "a function's arguments belong in a `lua:` node"},
    {"!==", "did you mean `~=`?"},
    {"===", "did you mean `==`?"},
    {"!=", "did you mean `~=`?"},
    {"<>", "did you mean `~=`?"},
    {"≠", "did you mean `~=`?"},
    {"≤", "did you mean `<=`?"},
    {"≥", "did you mean `>=`?"},
    {"=<", "did you mean `<=`?"},
    {"=>", "did you mean `>=`?"},
    {"&&", "did you mean `and`?"},
    {"||", "did you mean `or`?"},
    {"**", "did you mean `^`?"},
    {"×", "did you mean `*`?"},
    {"·", "did you mean `*`?"},
    {"÷", "did you mean `/`?"},
    {"−", "did you mean `-`?"},
    {"--", "in Lua it begins a comment; put a blank between two signs"},
    {"++", "nothing is changed here; did you mean `+ 1`?"},
    {"+=", "nothing is changed here; did you mean `+`?"},
    {"-=", "nothing is changed here; did you mean `-`?"},
    {"*=", "nothing is changed here; did you mean `*`?"},
    {"/=", "for unequal write `~=`"},
    {"::", "this belongs in a `lua:` node"},
    {"=", "did you mean `==`?"},
    {"!", "did you mean `not`?"},
    {"?", "did you mean `x and y or z` for `x ? y : z`?"},
    {"$", "a variable is written `${name}`"},
    {"“", "did you mean `\"`?"},
    {"”", "did you mean `\"`?"},
    {"’", "did you mean `'`?"},
    {"`", "did you mean `'`?"},
    {NULL},
};

static const struct {
    const char *text;
    enum mf_token_type type;
} keywords[] = {
    {"and", MF_TOKEN_AND},   {"or", MF_TOKEN_OR},       {"not", MF_TOKEN_NOT},
    {"true", MF_TOKEN_TRUE}, {"false", MF_TOKEN_FALSE}, {"nil", MF_TOKEN_NIL},
};

static const char *const statements[] = {
    "break", "do",    "else",   "elseif", "end",  "for",   "function", "goto",
    "if",    "local", "repeat", "return", "then", "until", "while",    NULL,
};

/* Words of other languages, and what they are in Lua. Names of nodes are in lower case. */
static const char *const words[][2] = {
    {"True", "true"}, {"TRUE", "true"}, {"False", "false"}, {"FALSE", "false"}, {"None", "nil"},
    {"null", "nil"},  {"NULL", "nil"},  {"AND", "and"},     {"OR", "or"},       {"NOT", "not"},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
    return is_name_start(c) || is_digit(c);
}

/* Most words differ in the first letter. */
static bool is_word(const char *text, size_t len, const char *word)
{
    return *text == *word && mf_text_eq(text, len, word);
}

static bool is_at(const struct mf_lexer *lx, uint32_t pos, const char *text)
{
    /* The text ends with NUL, which none of the tables has. */
    for (; *text; text++, pos++)
        if (lx->text[pos] != *text)
            return false;
    return true;
}

uint32_t mf_lex_skip_blanks(const struct mf_lexer *lx, uint32_t pos)
{
    while (pos < lx->len && lx->text[pos] && strchr(" \t\r\n\v\f", lx->text[pos]))
        pos++;
    return pos;
}

const struct mf_foreign *mf_lex_foreign(const struct mf_lexer *lx, uint32_t pos)
{
    for (const struct mf_foreign *f = foreign; f->text; f++)
        if (is_at(lx, pos, f->text))
            return f;
    return NULL;
}

/* ---- numbers ---- */

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whole ones wrap around, as in Lua. A binary exponent needs digits. */
static bool read_hex(const char *text, uint32_t len, uint32_t *pos, struct mf_value *ret)
{
    uint64_t whole = 0;
    double number = 0;
    int exponent = 0, digits = 0;
    bool has_point = false, has_exponent = false;
    uint32_t at = *pos + 2;

    for (; at < len && (hex_digit(text[at]) >= 0 || (text[at] == '.' && !has_point)); at++) {
        if (text[at] == '.') {
            has_point = true;
            continue;
        }
        whole = whole * 16 + (uint64_t)hex_digit(text[at]);
        number = number * 16 + hex_digit(text[at]);
        exponent -= has_point ? 4 : 0;
        digits++;
    }
    if (at < len && (text[at] | 0x20) == 'p') {
        bool negative = at + 1 < len && text[at + 1] == '-';
        uint32_t from = at + 1 + (at + 1 < len && (negative || text[at + 1] == '+'));
        int read = 0;

        has_exponent = true;
        for (at = from; at < len && is_digit(text[at]); at++)
            read = read > 100000 ? read : read * 10 + (text[at] - '0');
        if (at == from)
            return false;
        exponent += negative ? -read : read;
    }
    *pos = at;
    if (has_point || has_exponent)
        *ret = mf_value_number(ldexp(number, exponent));
    else
        *ret = mf_value_int(whole <= INT64_MAX ? (int64_t)whole : -(int64_t)(~whole) - 1);
    return digits > 0;
}

static bool read_decimal(const char *text, uint32_t len, uint32_t *pos, struct mf_value *ret)
{
    double number;
    int64_t integer;
    size_t used = mf_num_scan_double(text + *pos, len - *pos, &number);
    bool is_whole = true;

    for (size_t i = 0; i < used; i++)
        is_whole &= is_digit(text[*pos + i]);
    if (!used)
        return false;
    if (is_whole && mf_num_read_int(text + *pos, used, &integer))
        *ret = mf_value_int(integer);
    else
        *ret = mf_value_number(number);
    *pos += (uint32_t)used;
    return true;
}

static struct mf_token lex_number(struct mf_lexer *lx)
{
    struct mf_token token = {.type = MF_TOKEN_NUMBER, .from = lx->pos};
    uint32_t pos = lx->pos, end;
    bool is_hex = lx->text[pos] == '0' && pos + 1 < lx->len && (lx->text[pos + 1] | 0x20) == 'x';
    bool ok = is_hex ? read_hex(lx->text, lx->len, &pos, &token.value)
                     : read_decimal(lx->text, lx->len, &pos, &token.value);

    if (!ok ||
        (pos < lx->len && (lx->text[pos] == '.' || (is_hex && is_name_part(lx->text[pos]))))) {
        const char *dots;

        for (end = pos; end < lx->len && (is_name_part(lx->text[end]) || lx->text[end] == '.');)
            end++;
        end = end > lx->pos ? end : lx->pos + 1;
        dots = memchr(lx->text + lx->pos, '.', end - lx->pos);
        struct mf_diag *diag =
            MF_LEX_FAULT(lx, MF_ERROR, 402, lx->pos, end, "`%.*s` is not a number",
                         (int)(end - lx->pos), lx->text + lx->pos);

        if (dots && dots + 1 < lx->text + end && dots[1] == '.')
            mf_diag_help(diag, "put a blank in front of `..`");
        return (struct mf_token){.type = MF_TOKEN_FAULT};
    }
    token.to = lx->pos = pos;
    if (!mf_lex_unit(lx, &token))
        return (struct mf_token){.type = MF_TOKEN_FAULT};
    lx->pos = token.to;
    return token;
}

/* ---- texts ---- */

/* Behind `\u{`; 0 if it is not a code point in braces. */
static uint32_t read_code_point(const struct mf_lexer *lx, uint32_t pos, uint32_t *ret_code)
{
    uint32_t code = 0, start = pos;

    while (pos < lx->len && hex_digit(lx->text[pos]) >= 0 && code <= 0x10FFFF)
        code = code * 16 + (uint32_t)hex_digit(lx->text[pos++]);
    if (pos == start || pos == lx->len || lx->text[pos] != '}' || code > 0x10FFFF ||
        (code >= 0xD800 && code < 0xE000))
        return 0;
    *ret_code = code;
    return pos + 1;
}

static uint32_t read_byte(const struct mf_lexer *lx, uint32_t pos, unsigned base, unsigned max,
                          uint32_t *ret_code)
{
    uint32_t code = 0, start = pos;

    while (pos < lx->len && pos - start < max && hex_digit(lx->text[pos]) >= 0 &&
           (unsigned)hex_digit(lx->text[pos]) < base)
        code = code * base + (uint32_t)hex_digit(lx->text[pos++]);
    if (pos == start || code > 255 || (base == 16 && pos - start != 2))
        return 0;
    *ret_code = code;
    return pos;
}

/* `pos` is behind the backslash. 0 for an escape that Lua does not know. */
static uint32_t read_escape(const struct mf_lexer *lx, uint32_t pos, struct mf_buf *out)
{
    static const char names[] = "abfnrtv\\\"'\n";
    static const char values[] = "\a\b\f\n\r\t\v\\\"'\n";
    char c = pos < lx->len ? lx->text[pos] : 0, utf8[4];
    const char *known = c ? strchr(names, c) : NULL;
    uint32_t code, end;

    if (known) {
        mf_buf_putc(out, values[known - names]);
        return pos + 1;
    }
    if (c == 'z')
        return mf_lex_skip_blanks(lx, pos + 1);
    if (c == 'u' && is_at(lx, pos, "u{")) {
        end = read_code_point(lx, pos + 2, &code);
        if (end)
            mf_buf_put(out, utf8, mf_utf8_put(code, utf8));
        return end;
    }
    end = c == 'x' ? read_byte(lx, pos + 1, 16, 2, &code) : read_byte(lx, pos, 10, 3, &code);
    if (end)
        mf_buf_putc(out, (char)code);
    return end;
}

static struct mf_token lex_text(struct mf_lexer *lx)
{
    struct mf_token token = {.type = MF_TOKEN_TEXT, .from = lx->pos};
    char quote = lx->text[lx->pos];
    struct mf_buf out = {0};
    uint32_t pos = lx->pos + 1;

    while (pos < lx->len && lx->text[pos] != quote) {
        uint32_t next = pos + 1;

        if (lx->text[pos] == '\\')
            next = read_escape(lx, pos + 1, &out);
        else
            mf_buf_putc(&out, lx->text[pos]);
        if (!next) {
            MF_LEX_FAULT(lx, MF_ERROR, 402, pos, pos + 2 < lx->len ? pos + 2 : lx->len,
                         "not an escape that Lua knows");
            mf_buf_done(&out);
            return (struct mf_token){.type = MF_TOKEN_FAULT};
        }
        pos = next;
    }
    if (pos >= lx->len) {
        mf_diag_help(MF_LEX_FAULT(lx, MF_ERROR, 401, lx->pos, lx->len, "the text has no end"),
                     "close it with `%c`", quote);
        mf_buf_done(&out);
        return (struct mf_token){.type = MF_TOKEN_FAULT};
    }
    token.value = mf_value_new_text_n(mf_buf_text(&out), out.len);
    mf_expr_hold(lx->expr, token.value);
    mf_buf_done(&out);
    token.to = lx->pos = pos + 1;
    return token;
}

/* ---- names and signs ---- */

/* False after reporting a word that is no name in an expression. */
static bool check_word(struct mf_lexer *lx, const struct mf_token *token)
{
    const char *text = lx->text + token->from;
    size_t len = token->to - token->from;

    for (size_t i = 0; statements[i]; i++)
        if (is_word(text, len, statements[i])) {
            struct mf_diag *diag = MF_LEX_FAULT(
                lx, MF_ERROR, 404, token->from, token->to,
                "`%s` begins a statement, which belongs in a `lua:` node", statements[i]);

            if (strcmp(statements[i], "if") == 0)
                mf_diag_help(diag, "for a choice write `condition and x or y`");
            return false;
        }
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (is_word(text, len, words[i][0])) {
            mf_diag_help(MF_LEX_FAULT(lx, MF_ERROR, 403, token->from, token->to,
                                      "there is no `%s` in expressions", words[i][0]),
                         "did you mean `%s`?", words[i][1]);
            return false;
        }
    return true;
}

static struct mf_token lex_name(struct mf_lexer *lx)
{
    struct mf_token token = {.type = MF_TOKEN_NAME, .from = lx->pos};
    size_t len = 0;

    while (lx->pos + len < lx->len && is_name_part(lx->text[lx->pos + len]))
        len++;
    token.to = lx->pos += (uint32_t)len;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
        if (is_word(lx->text + token.from, len, keywords[i].text))
            token.type = keywords[i].type;
    if (!check_word(lx, &token))
        token.type = MF_TOKEN_FAULT;
    return token;
}

static struct mf_token refuse(struct mf_lexer *lx)
{
    const struct mf_foreign *f = mf_lex_foreign(lx, lx->pos);
    size_t end = lx->pos;

    if (f) {
        mf_diag_help(MF_LEX_FAULT(lx, MF_ERROR, 403, lx->pos, lx->pos + (uint32_t)strlen(f->text),
                                  "there is no `%s` in expressions", f->text),
                     "%s", f->help);
    } else if (strchr("{}:;", lx->text[lx->pos]) && lx->text[lx->pos]) {
        MF_LEX_FAULT(lx, MF_ERROR, 404, lx->pos, lx->pos + 1, "%s",
                     lx->text[lx->pos] == ':' ? "methods belong in a `lua:` node"
                     : lx->text[lx->pos] == ';'
                         ? "more than one expression belongs in a `lua:` node"
                         : "tables belong in a `lua:` node");
    } else {
        mf_utf8_next(lx->text, lx->len, &end);
        MF_LEX_FAULT(lx, MF_ERROR, 401, lx->pos, (uint32_t)end,
                     "this sign means nothing in an expression");
    }
    return (struct mf_token){.type = MF_TOKEN_FAULT};
}

struct mf_token mf_lex_next(struct mf_lexer *lx)
{
    uint32_t pos = lx->pos = mf_lex_skip_blanks(lx, lx->pos);
    const struct mf_foreign *f;
    char c, next;

    if (pos >= lx->len)
        return (struct mf_token){.type = MF_TOKEN_END, .from = lx->len, .to = lx->len};
    c = lx->text[pos];
    next = pos + 1 < lx->len ? lx->text[pos + 1] : 0;
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return lex_number(lx);
    if (is_name_start(c))
        return lex_name(lx);
    if (c == '"' || c == '\'')
        return lex_text(lx);
    f = mf_lex_foreign(lx, pos);
    for (size_t i = 0; signs[i]; i++)
        if (is_at(lx, pos, signs[i]) && !(f && strlen(f->text) > strlen(signs[i]))) {
            lx->pos += (uint32_t)strlen(signs[i]);
            return (struct mf_token){.type = MF_TOKEN_SIGN, .from = pos, .to = lx->pos};
        }
    return refuse(lx);
}
