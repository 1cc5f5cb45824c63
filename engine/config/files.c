/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Paths, directories, includes and Markdown → documents.
 *
 * Each file is composed once per flow, whatever leads to it. What a file is, its
 * first key tells; who asked decides what to do with it: in a directory or a
 * pattern, parts and tests are passed over, named on its own each needs a reason.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/archive.h"
#include "engine/config/flow_priv.h"
#include "engine/config/listing.h"
#include "engine/config/markdown.h"

/* The includes that led to a file. */
struct mf_include {
    const struct mf_doc *doc;
    struct mf_span at; /* of the text under `include:` in it */
    const struct mf_include *outer;
};

static void take(struct mf_reading *reading, struct mf_doc *doc, const struct mf_include *chain);

/* ---- what a document is ---- */

static bool check_version(struct mf_reading *reading, const struct mf_tree *value)
{
    struct mf_diag *diag;

    if (mf_tree_is(value, "1"))
        return true;
    if (value->kind == MF_TREE_SCALAR)
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, value->at,
                       "this program reads version 1 of the flow language, the file says `%.40s`",
                       value->text);
    else
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, value->at,
                       "`moat-flow` is followed by the version of the language, this is %s",
                       mf_tree_kind_name(value));
    mf_diag_help(diag, "write `moat-flow: 1`");
    return false;
}

static enum mf_doc_type type_of(struct mf_reading *reading, const struct mf_tree *tree)
{
    if (!tree)
        return MF_DOC_BROKEN;
    if (tree->kind != MF_TREE_MAP || tree->count == 0)
        return MF_DOC_OTHER;
    if (mf_tree_is(tree->pairs[0].key, "moat-flow-test"))
        return MF_DOC_TEST;
    if (!mf_tree_is(tree->pairs[0].key, "moat-flow"))
        return MF_DOC_OTHER;
    if (!check_version(reading, tree->pairs[0].value))
        return MF_DOC_BROKEN;
    return mf_tree_get(tree, "part", NULL) ? MF_DOC_PART : MF_DOC_FLOW;
}

static void say_key(struct mf_reading *reading, const struct mf_doc *doc, const struct mf_tree *key,
                    const char *const *keys)
{
    bool is_part = doc->type == MF_DOC_PART;
    struct mf_diag *diag = mf_diag(
        reading->diags, MF_ERROR, MF_CODE_TOP_KEY, key->at,
        is_part ? "a part has no key `%.100s`" : "a flow file has no key `%.100s`", key->text);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, key->text);
    for (; *keys; keys++)
        mf_nearest_add(&nearest, *keys);
    if (is_part && strcmp(key->text, "links") == 0)
        mf_diag_help(diag, "links belong to the flow; take the name of one as a parameter");
    else if (is_part && strcmp(key->text, "include") == 0)
        mf_diag_help(diag, "includes belong to the flow; a part takes in other parts with `use:`");
    else if (!is_part && (strcmp(key->text, "params") == 0 || strcmp(key->text, "outputs") == 0))
        mf_diag_help(diag, "only parts have it: a part has `part: TITLE` as its second key");
    else if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "nodes stand under `nodes:`; keys that begin with `x-` are free");
}

static void check_keys(struct mf_reading *reading, const struct mf_doc *doc)
{
    static const char *const flow_keys[] = {"moat-flow", "title", "include", "vars", "links",
                                            "nodes",     "use",   "doc",     NULL};
    static const char *const part_keys[] = {"moat-flow", "part",  "params", "outputs", "nodes",
                                            "use",       "title", "vars",   "doc",     NULL};
    const char *const *keys = doc->type == MF_DOC_PART ? part_keys : flow_keys;

    for (uint32_t i = 0; i < doc->tree->count; i++) {
        const struct mf_tree *key = doc->tree->pairs[i].key;
        const char *const *known = keys;

        while (*known && strcmp(*known, key->text) != 0)
            known++;
        if (!*known && !mf_text_starts(key->text, "x-"))
            say_key(reading, doc, key, keys);
    }
}

struct mf_doc *mf_files_compose(struct mf_reading *reading, const struct mf_source *source,
                                size_t start, size_t end)
{
    struct mf_doc *doc = mf_arena_alloc(reading->arena, sizeof *doc);

    doc->source = source;
    doc->tree = mf_compose(source, start, end, reading->arena, reading->diags);
    doc->type = type_of(reading, doc->tree);
    doc->has_dollar = memchr(source->text + start, '$', end - start);
    if (doc->type == MF_DOC_FLOW || doc->type == MF_DOC_PART)
        check_keys(reading, doc);
    return doc;
}

void mf_files_refuse(struct mf_reading *reading, const struct mf_doc *doc, struct mf_span at)
{
    const struct mf_tree *tree = doc->tree;
    const char *name = doc->source->name;
    struct mf_diag *diag;

    if (doc->type == MF_DOC_BROKEN)
        return;
    if (!at.file)
        at = tree->kind == MF_TREE_MAP && tree->count ? tree->pairs[0].key->at : tree->at;
    if (doc->type == MF_DOC_TEST) {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, at,
                       "`%s` holds tests, not a flow", name);
        mf_diag_help(diag, "run them with `moat-flow test %s`", name);
    } else if (doc->type == MF_DOC_PART) {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, at,
                       "`%s` is a part, so it cannot be included", name);
        mf_diag_help(diag, "give it a name under `use:`: `kitchen: {part: %s}`", name);
    } else {
        diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, at,
                       "`%s` is not a flow: the first key of a flow file is `moat-flow`", name);
        mf_diag_help(diag, tree->kind == MF_TREE_MAP && mf_tree_get(tree, "moat-flow", NULL)
                               ? "move the line `moat-flow: 1` to the top"
                               : "begin the file with the line `moat-flow: 1`");
    }
}

/* ---- paths ---- */

/* "rooms/" of "rooms/bath.yaml"; as people wrote it, so that messages show short names. */
static size_t directory_len(const struct mf_source *source)
{
    const char *slash = strrchr(source->name, '/');

    return slash ? (size_t)(slash - source->name) + 1 : 0;
}

static char *join(struct mf_reading *reading, const struct mf_doc *from, const char *path)
{
    size_t len = *path == '/' ? 0 : directory_len(from->source);

    return mf_arena_printf(reading->arena, "%.*s%s", (int)len, from->source->name, path);
}

static struct mf_doc *remember(struct mf_reading *reading, const struct mf_source *source)
{
    size_t count = source->number;
    struct mf_doc *doc;

    if (reading->known_count < count) {
        count = count * 2 + 16;
        reading->known = mf_realloc(reading->known, count * sizeof *reading->known);
        memset(reading->known + reading->known_count, 0,
               (count - reading->known_count) * sizeof *reading->known);
        reading->known_count = count;
    }
    doc = reading->known[source->number - 1];
    if (!doc) {
        doc = mf_files_compose(reading, source, 0, source->len);
        reading->known[source->number - 1] = doc;
    }
    return doc;
}

/* NULL with `err` filled. A part may be used ten thousand times: the path is asked for once. */
static struct mf_doc *load(struct mf_reading *reading, const char *path, struct mf_error *err)
{
    struct mf_doc *doc = mf_map_get(&reading->paths, path);
    const struct mf_source *source;
    bool is_known;

    if (doc)
        return doc;
    source = mf_sources_read(reading->flow->sources, path, &is_known, err);
    if (!source)
        return NULL;
    doc = remember(reading, source);
    mf_map_add(&reading->paths, mf_arena_strdup(reading->arena, path), doc);
    return doc;
}

struct mf_doc *mf_files_find(struct mf_reading *reading, const struct mf_doc *from,
                             const char *path, struct mf_span at)
{
    struct mf_error err = {0};
    struct mf_doc *doc = load(reading, join(reading, from, path), &err);
    struct mf_diag *diag;

    if (doc)
        return doc;
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FILE, at, "%s", err.text);
    if (err.sys == ENOENT && *path != '/')
        mf_diag_help(diag, "paths are relative to the file they stand in, `%s`",
                     from->source->name);
    return NULL;
}

/* ---- directories ---- */

static void fail_path(struct mf_reading *reading, const char *text)
{
    mf_diag(reading->diags, MF_ERROR, MF_CODE_UNREADABLE, (struct mf_span){0}, "%s", text);
    mf_flow_incomplete(reading);
}

/* A file found in a directory or by a pattern. */
static void take_listed(struct mf_reading *reading, const char *path, struct mf_span at,
                        const struct mf_include *chain)
{
    struct mf_error err = {0};
    struct mf_doc *doc = load(reading, path, &err);

    if (!doc && !at.file) {
        fail_path(reading, err.text);
    } else if (!doc) {
        mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FILE, at, "%s", err.text);
        mf_flow_incomplete(reading);
    } else if (doc->type == MF_DOC_OTHER) {
        mf_files_refuse(reading, doc, (struct mf_span){0});
    } else if (doc->type != MF_DOC_PART && doc->type != MF_DOC_TEST) {
        take(reading, doc, chain);
    }
    /* One message is enough when there are too many files. */
    reading->is_full |= !doc && mf_sources_count(reading->flow->sources) >= MF_SOURCE_FILES;
}

static void read_directory(struct mf_reading *reading, const char *path)
{
    struct mf_listing names = {0};
    size_t len = strlen(path);

    if (!mf_list_directory(reading->flow->sources, path, &names)) {
        fail_path(reading, mf_arena_printf(reading->arena, "cannot read the directory `%s`: %s",
                                           path, strerror(errno)));
        return;
    }
    if (!names.count)
        fail_path(reading,
                  mf_arena_printf(reading->arena,
                                  "there is no flow file (*.yaml) in the directory `%s`", path));
    for (size_t i = 0; i < names.count && !reading->is_full; i++) {
        const char *name = names.names[i];

        if (strcmp(path, ".") != 0)
            name = mf_arena_printf(reading->arena, "%s%s%s", path,
                                   len && path[len - 1] == '/' ? "" : "/", name);
        take_listed(reading, name, (struct mf_span){0}, NULL);
    }
    mf_listing_done(&names);
}

/* ---- includes ---- */

static void report_cycle(struct mf_reading *reading, const struct mf_doc *doc,
                         const struct mf_include *chain)
{
    const char *path = doc->source->name;
    struct mf_diag *diag;

    for (const struct mf_include *link = chain; link; link = link->outer) {
        path = mf_arena_printf(reading->arena, "%s → %s", link->doc->source->name, path);
        if (link->doc == doc)
            break;
    }
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_INCLUDE_CYCLE, chain->at,
                   "a file cannot include itself: %s", path);
    for (const struct mf_include *link = chain; link->doc != doc; link = link->outer)
        mf_diag_related(diag, link->outer->at, "`%s` is included here", link->doc->source->name);
    mf_diag_help(diag, "leave out one of the includes: all files of a flow share their names");
}

static bool is_in_chain(const struct mf_doc *doc, const struct mf_include *chain)
{
    for (; chain; chain = chain->outer)
        if (chain->doc == doc)
            return true;
    return false;
}

/* Patterns are relative to the including file, whose own directory may hold such characters. */
static char *make_pattern(struct mf_reading *reading, const struct mf_doc *from, const char *path)
{
    size_t len = *path == '/' ? 0 : directory_len(from->source);
    char *pattern = mf_arena_alloc(reading->arena, 2 * len + strlen(path) + 1), *to = pattern;

    for (size_t i = 0; i < len; i++) {
        if (strchr("*?[\\", from->source->name[i]))
            *to++ = '\\';
        *to++ = from->source->name[i];
    }
    memcpy(to, path, strlen(path) + 1);
    return pattern;
}

static void include_pattern(struct mf_reading *reading, const char *path,
                            const struct mf_include *chain)
{
    struct mf_listing names = {0};

    mf_list_pattern(reading->flow->sources, make_pattern(reading, chain->doc, path), &names);
    for (size_t i = 0; i < names.count && !reading->is_full; i++) {
        struct mf_error err;
        struct mf_doc *doc = load(reading, names.names[i], &err);

        /* `*.yaml` finds the including file as well, which nobody means. */
        if (!doc || doc != chain->doc)
            take_listed(reading, names.names[i], chain->at, chain);
    }
    if (!names.count)
        mf_diag_help(mf_diag(reading->diags, MF_WARNING, MF_CODE_NO_MATCH, chain->at,
                             "no file fits the pattern `%s`", path),
                     "patterns are relative to the file they stand in, `%s`",
                     chain->doc->source->name);
    mf_listing_done(&names);
}

static void include(struct mf_reading *reading, const struct mf_tree *value,
                    struct mf_include *chain)
{
    struct mf_doc *doc;

    if (value->kind != MF_TREE_SCALAR || value->count == 0 || strlen(value->text) != value->count) {
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_SHAPE, value->at,
                             "`include` takes the paths of files, this is %s",
                             value->count || value->kind != MF_TREE_SCALAR
                                 ? mf_tree_kind_name(value)
                                 : "empty"),
                     "write it like `include: [links.yaml, rooms/*.yaml]`");
        return;
    }
    chain->at = value->at;
    if (strstr(value->text, "${")) {
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_SUBST, value->at,
                             "`include` cannot hold variables: files are read before them"),
                     "name the files, or use a pattern such as `rooms/*.yaml`");
        return;
    }
    if (strpbrk(value->text, "*?[")) {
        include_pattern(reading, value->text, chain);
        return;
    }
    doc = mf_files_find(reading, chain->doc, value->text, value->at);
    if (!doc)
        mf_flow_incomplete(reading);
    else if (doc->type != MF_DOC_FLOW && doc->type != MF_DOC_BROKEN)
        mf_files_refuse(reading, doc, value->at);
    else
        take(reading, doc, chain);
}

/* At most MF_SOURCE_FILES deep. */
static void take(struct mf_reading *reading, struct mf_doc *doc, const struct mf_include *chain)
{
    struct mf_include own = {.doc = doc, .outer = chain};
    const struct mf_tree *list;

    if (is_in_chain(doc, chain)) {
        report_cycle(reading, doc, chain);
        return;
    }
    if (doc->type == MF_DOC_BROKEN)
        mf_flow_incomplete(reading);
    if (doc->type == MF_DOC_BROKEN || doc->is_taken)
        return;
    doc->is_taken = true;
    reading->flow->files++;
    mf_grow(&reading->docs, &reading->doc_cap, reading->doc_count, sizeof(struct mf_doc *));
    reading->docs[reading->doc_count++] = doc;
    list = mf_tree_get(doc->tree, "include", NULL);
    if (list && list->kind == MF_TREE_LIST && list->count > MF_SOURCE_FILES)
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, list->at,
                "a list of %u includes is longer than the limit of %d files", list->count,
                MF_SOURCE_FILES);
    else if (list && list->kind == MF_TREE_LIST)
        for (uint32_t i = 0; i < list->count && !reading->is_full; i++)
            include(reading, list->items[i].value, &own);
    else if (list)
        include(reading, list, &own);
}

/* ---- what was named ---- */

void mf_files_take(struct mf_reading *reading, struct mf_doc *doc)
{
    if (doc->type == MF_DOC_PART && !doc->is_taken) {
        doc->is_taken = true;
        mf_grow(&reading->alone, &reading->alone_cap, reading->alone_count,
                sizeof(struct mf_doc *));
        reading->alone[reading->alone_count++] = doc;
    } else if (doc->type == MF_DOC_FLOW || doc->type == MF_DOC_BROKEN) {
        take(reading, doc, NULL);
    } else if (doc->type != MF_DOC_PART) {
        mf_files_refuse(reading, doc, (struct mf_span){0});
    }
}

static void read_stdin(struct mf_reading *reading)
{
    const char *name = reading->setup->stdin_name ? reading->setup->stdin_name : "<stdin>";
    struct mf_buf buf = {.limit = MF_SOURCE_SIZE + 4};
    const struct mf_source *source;
    char chunk[8192];
    ssize_t got = 1;

    while (got > 0 && !buf.overflow) {
        got = read(STDIN_FILENO, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            mf_buf_put(&buf, chunk, (size_t)got);
    }
    if (got < 0) {
        fail_path(reading, mf_arena_printf(reading->arena, "cannot read standard input: %s",
                                           strerror(errno)));
    } else {
        source = mf_sources_add(reading->flow->sources, name, mf_buf_text(&buf), buf.len);
        mf_archive_note_file(mf_sources_archive(reading->flow->sources), "-", source);
        mf_files_take(reading, remember(reading, source));
    }
    mf_buf_done(&buf);
}

/* Each block is a flow of its own, so only a file with one of them can be run. */
static void read_markdown(struct mf_reading *reading, const char *path)
{
    const struct mf_source *source;
    struct mf_error err = {0};
    struct mf_span *blocks;
    bool is_known;
    size_t count;

    source = mf_sources_read(reading->flow->sources, path, &is_known, &err);
    if (!source) {
        fail_path(reading, err.text);
        return;
    }
    count = mf_markdown_blocks(source, reading->arena, &blocks);
    if (count == 1)
        mf_files_take(reading, mf_files_compose(reading, source, blocks[0].start, blocks[0].end));
    else if (count == 0)
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW,
                             (struct mf_span){source->number, 0, 0}, "`%s` holds no flow", path),
                     "a flow is a block between ```yaml and ``` that begins with `moat-flow: 1`");
    else
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_NO_FLOW, blocks[1],
                             "`%s` holds %zu flows, and only one can be taken from it", path,
                             count),
                     "copy the one you want into a file of its own");
}

static void read_path(struct mf_reading *reading, const char *path)
{
    struct mf_error err = {0};
    struct mf_doc *doc;

    if (strcmp(path, "-") == 0 && !mf_sources_are_kept(reading->flow->sources)) {
        read_stdin(reading);
    } else if (mf_list_is_directory(reading->flow->sources, path)) {
        read_directory(reading, path);
    } else if (mf_text_ends(path, ".md")) {
        read_markdown(reading, path);
    } else {
        doc = load(reading, path, &err);
        if (doc)
            mf_files_take(reading, doc);
        else
            fail_path(reading, err.text);
    }
}

void mf_files_read(struct mf_reading *reading, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count && !reading->is_full; i++)
        read_path(reading, paths[i]);
    if (count == 0)
        read_directory(reading, ".");
}
