/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The composer's words: what is wrong with a text that is not YAML.
 *
 * Bytes that cannot stand in a flow file are found before libyaml sees them,
 * with their position. Directives are, too: libyaml compares each %TAG with all
 * before it, so a file of them would take hours. What libyaml says is about
 * tokens and states of its parser; a table turns it into what a reader can act on.
 */

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/compose.h"

enum { KEY_CHARS = 1024 }; /* libyaml's longest key without `?` */

static struct mf_span span(const struct mf_source *source, size_t start, size_t end)
{
    return (struct mf_span){source->number, (uint32_t)start, (uint32_t)end};
}

/* ---- bytes ---- */

static bool is_ascii_text(unsigned char c)
{
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || c == '\r';
}

/* Code points above ASCII that YAML takes; NEL and the BOM are its exceptions. */
static bool is_wide_text(int32_t code)
{
    return code == 0x85 || (code >= 0xA0 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF);
}

static void refuse_byte(const struct mf_source *source, size_t start, size_t pos, size_t end,
                        struct mf_diags *diags)
{
    const unsigned char *text = (const unsigned char *)source->text;
    unsigned char byte = text[pos];
    struct mf_span at = span(source, pos, pos + 1);
    struct mf_diag *diag;
    size_t next = pos;
    int32_t code;

    if (pos == start && end - pos >= 2 &&
        ((byte == 0xFF && text[pos + 1] == 0xFE) || (byte == 0xFE && text[pos + 1] == 0xFF))) {
        diag = mf_diag(diags, MF_ERROR, MF_CODE_BYTES, at, "the file is in UTF-16");
        mf_diag_help(diag, "save it as UTF-8");
        return;
    }
    if (byte == 0) {
        diag = mf_diag(diags, MF_ERROR, MF_CODE_BYTES, at,
                       "the file holds a zero byte, so it is not text");
        mf_diag_help(diag, "is this a binary file?");
        return;
    }
    code = mf_utf8_next(source->text, end, &next);
    if (code < 0) {
        diag = mf_diag(diags, MF_ERROR, MF_CODE_BYTES, at, "the byte 0x%02X is not UTF-8", byte);
        mf_diag_help(diag, "save the file as UTF-8");
        return;
    }
    at.end = (uint32_t)next;
    if (code == 0xFEFF) {
        diag = mf_diag(diags, MF_ERROR, MF_CODE_BYTES, at,
                       "a byte order mark (U+FEFF) stands in the middle of the file");
        mf_diag_help(diag, "remove the invisible character");
        return;
    }
    diag = mf_diag(diags, MF_ERROR, MF_CODE_BYTES, at,
                   "the control character U+%04X cannot stand in a flow file", (unsigned)code);
    mf_diag_help(diag, "in double quotes, write it as \"%s%0*X\"", code < 0x100 ? "\\x" : "\\u",
                 code < 0x100 ? 2 : 4, (unsigned)code);
}

static bool check_bytes(const struct mf_source *source, size_t start, size_t end, bool *ret_ascii,
                        struct mf_diags *diags)
{
    const unsigned char *text = (const unsigned char *)source->text;
    bool is_ascii = true;
    size_t pos = start;

    while (pos < end) {
        size_t next = pos;

        if (text[pos] < 0x80) {
            if (!is_ascii_text(text[pos]))
                break;
            pos++;
            continue;
        }
        is_ascii = false;
        if (!is_wide_text(mf_utf8_next(source->text, end, &next)))
            break;
        pos = next;
    }
    *ret_ascii = is_ascii;
    if (pos == end)
        return true;
    refuse_byte(source, start, pos, end, diags);
    return false;
}

/* ---- directives ---- */

static size_t line_end(const char *text, size_t pos, size_t end)
{
    while (pos < end && text[pos] != '\n' && text[pos] != '\r')
        pos++;
    return pos;
}

static bool is_yaml_directive(const char *text, size_t len)
{
    static const char *const known[] = {"%YAML 1.1", "%YAML 1.2"};

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (mf_text_eq(text, len, known[i]))
            return true;
    return false;
}

/* Directives stand before the first line of the document, among comments and blank lines. */
static bool check_directives(const struct mf_source *source, size_t start, size_t end,
                             struct mf_diags *diags)
{
    const char *text = source->text;
    size_t pos = start, first = 0;
    bool is_second = false;
    struct mf_diag *diag;

    while (pos < end) {
        size_t stop = line_end(text, pos, end), word = pos;

        while (word < stop && (text[word] == ' ' || text[word] == '\t'))
            word++;
        if (word == stop || text[word] == '#') {
            pos = stop < end ? stop + 1 : end;
            continue;
        }
        if (text[pos] != '%')
            return true;
        if (is_second || !is_yaml_directive(text + pos, stop - pos)) {
            diag = mf_diag(diags, MF_ERROR, MF_CODE_TAG, span(source, pos, stop),
                           is_second ? "a second directive: only one `%%YAML` line is understood"
                                     : "this directive is not understood");
            if (is_second)
                mf_diag_related(diag, span(source, first, first + 5), "the first one");
            mf_diag_help(diag, "remove the line; a flow file needs no directives");
            return false;
        }
        is_second = true;
        first = pos;
        pos = stop < end ? stop + 1 : end;
    }
    return true;
}

bool mf_compose_check(const struct mf_source *source, size_t start, size_t end, bool *ret_ascii,
                      struct mf_diags *diags)
{
    if (source->len > MF_SOURCE_SIZE) {
        mf_diag(diags, MF_ERROR, MF_CODE_SIZE, span(source, 0, 0),
                "the file is over %u MB, the limit of a flow file", MF_SOURCE_SIZE / (1024 * 1024));
        return false;
    }
    return check_bytes(source, start, end, ret_ascii, diags) &&
           check_directives(source, start, end, diags);
}

/* ---- libyaml's messages ---- */

/* The text around a fault. */
struct scene {
    const struct mf_source *source;
    size_t start, end; /* of the YAML */
    const struct mf_yaml_fault *fault;
    size_t line, line_end; /* of the problem */
    size_t word;           /* first thing in that line that is not blank */
    struct mf_diags *diags;
};

static size_t line_start(const char *text, size_t start, size_t pos)
{
    while (pos > start && text[pos - 1] != '\n' && text[pos - 1] != '\r')
        pos--;
    return pos;
}

static size_t skip_blanks(const char *text, size_t pos, size_t end)
{
    while (pos < end && (text[pos] == ' ' || text[pos] == '\t'))
        pos++;
    return pos;
}

/* The character at `pos`, or an empty place at the end of the text. */
static struct mf_span char_at(const struct scene *s, size_t pos)
{
    size_t end = pos;

    if (pos < s->end)
        mf_utf8_next(s->source->text, s->end, &end);
    return span(s->source, pos, end);
}

static struct mf_diag *fault(const struct scene *s, struct mf_span at, const char *message)
{
    return mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, at, "%s", message);
}

/* The rest of the problem's line, or of a given one, without blanks at its end. */
static struct mf_span rest_of_line(const struct scene *s, size_t pos)
{
    size_t stop = line_end(s->source->text, pos, s->end);

    while (stop > pos && (s->source->text[stop - 1] == ' ' || s->source->text[stop - 1] == '\t'))
        stop--;
    return span(s->source, pos, stop);
}

/* A tab among the blanks that begin the line of `pos`. */
static bool report_tab(const struct scene *s, size_t pos)
{
    const char *text = s->source->text;
    size_t line = line_start(text, s->start, pos);
    size_t word = skip_blanks(text, line, s->end);
    const char *tab = memchr(text + line, '\t', word - line);
    struct mf_diag *diag;
    size_t at;

    if (!tab)
        return false;
    at = (size_t)(tab - text);
    diag = mf_diag(s->diags, MF_ERROR, MF_CODE_TAB, span(s->source, at, word),
                   "line %u is indented with a tab; YAML wants spaces",
                   mf_source_position(s->source, (uint32_t)at).line);
    mf_diag_label(diag, "%s here", word - at > 1 ? "tabs" : "a tab");
    return true;
}

static void not_closed(const struct scene *s, const char *what, char open, char close)
{
    size_t at = skip_blanks(s->source->text, s->fault->at, s->end);
    struct mf_span begin = char_at(s, s->fault->context_at);
    struct mf_diag *diag;

    if (at >= s->end) {
        diag = mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, begin,
                       "the %s that begins here is never closed", what);
        mf_diag_help(diag, "write `%c` where it ends", close);
        return;
    }
    diag = mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, char_at(s, s->fault->at),
                   "a `,` or the closing `%c` is missing before this", close);
    mf_diag_related(diag, begin, "the %s begins here", what);
    mf_diag_help(diag, "close it with `%c`, or put a text with `%c`, `:` or `,` in quotes", close,
                 open);
}

static void list_not_closed(const struct scene *s)
{
    not_closed(s, "list", '[', ']');
}

static void map_not_closed(const struct scene *s)
{
    not_closed(s, "map", '{', '}');
}

static void wrong_indent(const struct scene *s, const char *what)
{
    struct mf_diag *diag =
        fault(s, rest_of_line(s, s->word), "this line does not fit the indentation above");
    struct mf_position p = mf_source_position(s->source, s->fault->context_at);

    mf_diag_related(diag, char_at(s, s->fault->context_at), "the %s begins in column %u", what,
                    p.column);
    mf_diag_help(diag, "lines of one %s begin in the same column", what);
}

static void no_key_text(const struct scene *s)
{
    mf_diag_help(mf_diag(s->diags, MF_ERROR, MF_CODE_KEY, char_at(s, s->fault->at),
                         "the key before the `:` is missing"),
                 "put a text that begins with `:` in quotes");
}

static void no_key(const struct scene *s)
{
    char c = s->source->text[s->fault->at];
    struct mf_diag *diag;

    if (c == ']' || c == '}') {
        diag = mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, char_at(s, s->fault->at),
                       "this `%c` closes nothing", c);
        mf_diag_help(diag, "remove it, or write the opening one");
        return;
    }
    if (c == ':') {
        no_key_text(s);
        return;
    }
    if (s->fault->at == s->word && c != ',') {
        wrong_indent(s, "map");
        return;
    }
    diag = fault(s, rest_of_line(s, s->fault->at), "the value has ended already before this");
    mf_diag_help(diag, "put the whole value in quotes");
}

static void no_dash(const struct scene *s)
{
    if (s->fault->at == s->word) {
        wrong_indent(s, "list");
        return;
    }
    mf_diag_help(fault(s, rest_of_line(s, s->fault->at), "the item has ended already before this"),
                 "put the whole item in quotes, or begin a new line with `- `");
}

static void long_key(const struct scene *s, size_t key)
{
    mf_diag_help(mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, char_at(s, key),
                         "a key may have %d characters, this one has more", KEY_CHARS),
                 "a text this long is a value: write `key: text`");
}

/* The line above has no key, so libyaml took this one for more of its text. */
static bool report_line_above(const struct scene *s)
{
    const char *text = s->source->text;
    size_t above = s->line;
    struct mf_diag *diag;
    size_t word;

    do {
        if (above == s->start)
            return false;
        above = line_start(text, s->start, above - 1);
        word = skip_blanks(text, above, s->end);
    } while (strchr("#\r\n", text[word]));
    if (s->word - s->line != word - above)
        return false;
    diag = fault(s, rest_of_line(s, word), "this line has no `: `, so it is no key with its value");
    mf_diag_help(diag, "write `key: value`");
    return true;
}

/* A second `: ` in a line, a key that is missing or too long, or a line that is deeper than the
 * finished value above it. */
static void stray_colon(const struct scene *s)
{
    const char *text = s->source->text;
    struct mf_diag *diag;
    size_t i;

    if (s->fault->at - s->word > KEY_CHARS) {
        long_key(s, s->word);
        return;
    }

    for (i = s->word; i + 1 < s->fault->at; i++)
        if (text[i] == ':' && (text[i + 1] == ' ' || text[i + 1] == '\t'))
            break;
    if (i + 1 < s->fault->at) {
        diag = fault(s, char_at(s, s->fault->at),
                     "a `:` with a blank behind it cannot stand in a text without quotes");
        mf_diag_help(diag, "put the text in quotes");
        return;
    }
    if (report_line_above(s))
        return;
    diag = fault(s, span(s->source, s->word, s->fault->at),
                 "this line is deeper than the one above, whose value is complete");
    mf_diag_help(diag, "begin it in the column of the line it belongs with");
}

static void stray_dash(const struct scene *s)
{
    mf_diag_help(fault(s, char_at(s, s->fault->at), "a list with `- ` cannot begin in this line"),
                 "put `- ` in a line of its own, or write `[a, b]`");
}

static void no_colon(const struct scene *s)
{
    size_t key = s->fault->context_at;
    struct mf_span at = rest_of_line(s, key);
    struct mf_diag *diag;

    if (s->fault->at > key && s->fault->at - key > KEY_CHARS && at.end - key > KEY_CHARS) {
        long_key(s, key);
        return;
    }
    diag = fault(s, at, "this line has no `: `, so it is no key with its value");
    mf_diag_help(diag, "write `key: value`; indent the line if it goes on with the text above");
}

static void bad_start(const struct scene *s)
{
    struct mf_diag *diag;

    if (s->source->text[s->fault->at] == '\t') {
        diag = mf_diag(s->diags, MF_ERROR, MF_CODE_TAB, char_at(s, s->fault->at),
                       "a tab cannot stand here; YAML wants spaces");
        mf_diag_label(diag, "a tab here");
        return;
    }
    diag = mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, char_at(s, s->fault->at),
                   "a text without quotes cannot begin with `%c`", s->source->text[s->fault->at]);
    mf_diag_help(diag, "put the text in quotes");
}

static void bad_alias(const struct scene *s)
{
    char sign = s->source->text[s->fault->context_at];
    struct mf_diag *diag =
        mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, rest_of_line(s, s->fault->context_at),
                "a text without quotes cannot begin with `%c`", sign);

    mf_diag_label(diag, "read as the name of an %s", sign == '*' ? "alias" : "anchor");
    mf_diag_help(diag, "put the text in quotes");
}

static void bad_escape(const struct scene *s)
{
    size_t at = s->fault->at, end;
    struct mf_diag *diag;

    /* The mark stands on the backslash. */
    end = at + 1;
    if (end < s->end)
        mf_utf8_next(s->source->text, s->end, &end);
    diag = mf_diag(s->diags, MF_ERROR, MF_CODE_YAML, span(s->source, at, end),
                   "`%.*s` is no escape", (int)(end - at), s->source->text + at);
    mf_diag_help(diag, "use single quotes, or write the backslash twice");
}

static void bad_hex(const struct scene *s)
{
    mf_diag_help(fault(s, char_at(s, s->fault->at), "this escape needs hexadecimal digits"),
                 "`\\x` takes two of them, `\\u` four, `\\U` eight");
}

static void bad_code_point(const struct scene *s)
{
    mf_diag_help(fault(s, char_at(s, s->fault->at), "this escape names no character"),
                 "Unicode ends at U+10FFFF and leaves out U+D800 to U+DFFF");
}

static void open_quote(const struct scene *s)
{
    char quote = s->source->text[s->fault->context_at];

    mf_diag_help(fault(s, char_at(s, s->fault->context_at),
                       "the quoted text that begins here is never closed"),
                 "write `%c` where it ends", quote);
}

static void document_in_quotes(const struct scene *s)
{
    struct mf_diag *diag =
        fault(s, span(s->source, s->fault->at, s->fault->at + 3),
              "a line that begins with `---` or `...` cannot stand in a quoted text");

    mf_diag_related(diag, char_at(s, s->fault->context_at), "the text begins here");
    mf_diag_help(diag, "close the text, or indent the line");
}

static void tab_in_text(const struct scene *s)
{
    if (!report_tab(s, s->fault->at))
        mf_diag(s->diags, MF_ERROR, MF_CODE_TAB, char_at(s, s->fault->at),
                "a tab stands where YAML wants spaces");
}

static void bad_block_head(const struct scene *s)
{
    mf_diag_help(
        fault(s, rest_of_line(s, s->fault->at),
              "after `|` or `>` only `+`, `-`, a digit from 1 to 9 or a comment may stand"),
        "the text begins in the next line; put one that begins with `|` or `>` in quotes");
}

static void no_value(const struct scene *s)
{
    if (s->source->text[s->fault->at] == ':') {
        no_key_text(s);
        return;
    }
    mf_diag_help(fault(s, char_at(s, s->fault->at), "a value is missing before this"),
                 "write `\"\"` for an empty text, or remove the comma or colon");
}

static void stray_question(const struct scene *s)
{
    mf_diag_help(fault(s, char_at(s, s->fault->at), "a key with `?` cannot stand here"),
                 "put a text that begins with `?` in quotes");
}

static void bad_tag(const struct scene *s)
{
    mf_diag_help(mf_diag(s->diags, MF_ERROR, MF_CODE_TAG, rest_of_line(s, s->fault->context_at),
                         "a text without quotes cannot begin with `!`: tags are not used here"),
                 "put the text in quotes");
}

static void bad_document(const struct scene *s)
{
    mf_diag_help(
        fault(s, rest_of_line(s, s->fault->at), "this stands behind the end of the document"),
        "a file is one map: keys in the first column, each with `: ` behind it");
}

static void bad_directive(const struct scene *s)
{
    mf_diag_help(mf_diag(s->diags, MF_ERROR, MF_CODE_TAG, rest_of_line(s, s->line),
                         "this directive is not understood"),
                 "remove the line; a flow file needs no directives");
}

/* First match wins; a NULL matches everything. Texts are those of libyaml 0.2. */
static const struct translation {
    const char *problem, *context; /* beginnings */
    void (*say)(const struct scene *scene);
} translations[] = {
    {"found a tab character", NULL, tab_in_text},
    {"did not find expected ',' or ']'", NULL, list_not_closed},
    {"did not find expected ',' or '}'", NULL, map_not_closed},
    {"did not find expected key", NULL, no_key},
    {"did not find expected '-' indicator", NULL, no_dash},
    {"mapping values are not allowed", NULL, stray_colon},
    {"mapping keys are not allowed", NULL, stray_question},
    {"block sequence entries are not allowed", NULL, stray_dash},
    {"could not find expected ':'", NULL, no_colon},
    {"found character that cannot start", NULL, bad_start},
    {"did not find expected alphabetic or numeric", "while scanning an a", bad_alias},
    {"found unknown escape character", NULL, bad_escape},
    {"did not find expected hexdecimal", "while parsing a quoted scalar", bad_hex},
    {"found invalid Unicode character escape", NULL, bad_code_point},
    {"found unexpected end of stream", NULL, open_quote},
    {"found unexpected document indicator", NULL, document_in_quotes},
    {"found an indentation indicator equal to 0", NULL, bad_block_head},
    {"did not find expected comment or line break", "while scanning a block", bad_block_head},
    {"did not find expected node content", NULL, no_value},
    {"found undefined tag handle", NULL, bad_tag},
    {NULL, "while parsing a tag", bad_tag},
    {NULL, "while scanning a tag", bad_tag},
    {"did not find expected <document start>", NULL, bad_document},
    {NULL, "while scanning a directive", bad_directive},
    {NULL, "while scanning a %", bad_directive},
    {"found incompatible YAML document", NULL, bad_directive},
};

static bool begins(const char *text, const char *prefix)
{
    return !prefix || (text && mf_text_starts(text, prefix));
}

void mf_compose_fault(const struct mf_source *source, size_t start, size_t end,
                      const struct mf_yaml_fault *yaml, struct mf_diags *diags)
{
    struct scene s = {.source = source, .start = start, .end = end, .fault = yaml, .diags = diags};

    s.line = line_start(source->text, start, yaml->at);
    s.line_end = line_end(source->text, yaml->at, end);
    s.word = skip_blanks(source->text, s.line, end);
    /* A tab is behind many of these: it counts as nothing, or ends the indentation. */
    if (s.word >= yaml->at && report_tab(&s, yaml->at))
        return;
    for (size_t i = 0; i < sizeof translations / sizeof *translations; i++) {
        const struct translation *t = &translations[i];

        if (begins(yaml->problem, t->problem) && begins(yaml->context, t->context)) {
            t->say(&s);
            return;
        }
    }
    mf_diag(diags, MF_ERROR, MF_CODE_YAML, char_at(&s, yaml->at), "not YAML: %s%s%s", yaml->problem,
            yaml->context ? " " : "", yaml->context ? yaml->context : "");
}
