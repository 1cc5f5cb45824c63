/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * First step: names of profiles to texts to trees, and `include`.
 *
 * What is included is looked for among the profiles of the program first, then beside the file that
 * includes it, whatever the level at which the include stands.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nodes/modbus/profile_priv.h"

enum { INCLUDES = 16, LISTED = 12 }; /* files within files; names that help lists */

/* The files that led here. */
struct chain {
    const struct mf_source *source;
    struct mf_span at;
    const struct chain *outer;
    unsigned depth;
};

struct mf_diag *mf_profile_fault(struct mf_profiling *p, unsigned code, struct mf_span at,
                                 const char *fmt, ...)
{
    struct mf_diag *diag;
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    p->failed = true;
    diag = mf_diag(p->diags, MF_ERROR, code, at, "%s", text);
    return diag;
}

/* ---- finding ---- */

static const struct mf_profile_file *find_own(const char *name)
{
    size_t len = strlen(name);

    if (mf_text_ends(name, ".yaml"))
        len -= 5;
    for (const struct mf_profile_file *file = mf_profile_files; file->name; file++)
        if (mf_text_eq(name, len, file->name))
            return file;
    return NULL;
}

static void offer(const char *name, struct mf_diag *diag)
{
    struct mf_nearest nearest;
    struct mf_buf list = {0};
    unsigned count = 0;

    mf_nearest_init(&nearest, name);
    for (const struct mf_profile_file *file = mf_profile_files; file->name; file++) {
        const char *slash = strrchr(file->name, '/');

        mf_nearest_add(&nearest, file->name);
        if (slash && strcmp(slash + 1, name) == 0) { /* the maker is missing */
            nearest.best = file->name;
            nearest.distance = 0;
        }
        if (count++ < LISTED)
            mf_buf_printf(&list, "%s`%s`", list.len ? ", " : "", file->name);
    }
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "the program has %s%s; a file of your own ends in `.yaml`",
                     mf_buf_text(&list), count > LISTED ? ", …" : "");
    mf_buf_done(&list);
}

/* The program's own texts are sources like files, each once. */
static const struct mf_source *own_source(struct mf_profiling *p,
                                          const struct mf_profile_file *file)
{
    const char *name = mf_arena_printf(p->scratch, "%s.yaml", file->name);

    for (size_t i = 1; i <= mf_sources_count(p->diags->sources); i++) {
        const struct mf_source *source = mf_sources_get(p->diags->sources, (uint32_t)i);

        if (source->len == file->len && strcmp(source->name, name) == 0 &&
            memcmp(source->text, file->text, file->len) == 0)
            return source;
    }
    return mf_sources_add(p->diags->sources, name, file->text, file->len);
}

static const char *directory_of(struct mf_profiling *p, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? mf_arena_strndup(p->scratch, path, (size_t)(slash - path) + 1) : "";
}

/* NULL after reporting at `at`. */
static const struct mf_source *find(struct mf_profiling *p, const char *dir, const char *name,
                                    struct mf_span at)
{
    const struct mf_profile_file *own = find_own(name);
    const struct mf_source *source;
    struct mf_error err = {0};
    struct mf_diag *diag;
    bool is_known;

    if (own)
        return own_source(p, own);
    if (!mf_text_ends(name, ".yaml")) {
        diag = mf_profile_fault(p, MF_CODE_NO_PROFILE, at, "there is no profile `%s`", name);
        offer(name, diag);
        return NULL;
    }
    source = mf_sources_read(p->diags->sources,
                             mf_arena_printf(p->scratch, "%s%s", *name == '/' ? "" : dir, name),
                             &is_known, &err);
    if (!source) {
        diag = mf_profile_fault(p, MF_CODE_NO_PROFILE, at, "%s", err.text);
        if (err.sys == ENOENT && *name != '/')
            mf_diag_help(diag, "paths are relative to the file they stand in");
    }
    return source;
}

/* ---- trees to twigs ---- */

static const struct mf_twig *read_source(struct mf_profiling *p, const struct mf_source *source,
                                         struct mf_span at, const struct chain *outer);

static bool has_name(struct mf_profiling *p, const struct mf_tree *tree)
{
    if (tree->kind == MF_TREE_SCALAR && tree->count && strlen(tree->text) == tree->count)
        return true;
    mf_diag_help(mf_profile_fault(p, MF_CODE_PROFILE, tree->at,
                                  "`include` takes the names of profiles, this is %s",
                                  mf_tree_kind_name(tree)),
                 "write it like `include: [Eastron/SDM630, own.yaml]`");
    return false;
}

static const struct mf_twig *include(struct mf_profiling *p, const struct mf_tree *name,
                                     const struct chain *chain, const struct mf_twig *under)
{
    const struct mf_source *source;

    if (!has_name(p, name))
        return under;
    source = find(p, directory_of(p, chain->source->name), name->text, name->at);
    return source ? mf_twig_merge(p, read_source(p, source, name->at, chain), under) : under;
}

static const struct mf_twig *read_tree(struct mf_profiling *p, const struct mf_tree *tree,
                                       const struct chain *chain);

static const struct mf_twig *read_map(struct mf_profiling *p, const struct mf_tree *tree,
                                      const struct chain *chain)
{
    struct mf_twig *own = mf_arena_alloc(p->scratch, sizeof(*own));
    const struct mf_tree *names = mf_tree_get(tree, "include", NULL);
    const struct mf_twig *under = NULL, *whole;
    struct mf_twig *root;

    own->at = tree->at;
    if (!mf_twig_room(p, own, tree->count, tree->at))
        return own;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct mf_tree_pair *pair = &tree->pairs[i];

        if (pair->value != names)
            mf_twig_add(own, &(struct mf_twig_pair){pair->key->text, pair->key->at,
                                                    read_tree(p, pair->value, chain)});
    }
    if (!names)
        return own;
    if (names->kind == MF_TREE_LIST)
        for (uint32_t i = 0; i < names->count; i++)
            under = include(p, names->items[i].value, chain, under);
    else
        under = include(p, names, chain, NULL);
    whole = mf_twig_merge(p, own, under);
    root = mf_arena_alloc(p->scratch, sizeof(*root));
    *root = *whole;
    root->is_root = true;
    return root;
}

static const struct mf_twig *read_tree(struct mf_profiling *p, const struct mf_tree *tree,
                                       const struct chain *chain)
{
    struct mf_twig *leaf;

    if (tree->kind == MF_TREE_MAP)
        return read_map(p, tree, chain);
    leaf = mf_arena_alloc(p->scratch, sizeof(*leaf));
    leaf->leaf = tree;
    leaf->at = tree->at;
    return leaf;
}

/* ---- files ---- */

static bool is_allowed(struct mf_profiling *p, const struct mf_source *source, struct mf_span at,
                       const struct chain *outer)
{
    struct mf_diag *diag;

    for (const struct chain *link = outer; link; link = link->outer)
        if (link->source == source) {
            diag = mf_profile_fault(p, MF_CODE_REF, at, "a profile cannot include itself: `%s`",
                                    source->name);
            for (link = outer; link && link->source != source; link = link->outer)
                mf_diag_related(diag, link->at, "`%s` is included here", link->source->name);
            return false;
        }
    if (outer && outer->depth >= INCLUDES) {
        mf_profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                         "includes are nested more than %d deep, which is the limit", INCLUDES);
        return false;
    }
    return true;
}

static const struct mf_tree *compose(struct mf_profiling *p, const struct mf_source *source,
                                     struct mf_span at)
{
    size_t errors = p->diags->errors;
    const struct mf_tree *tree = mf_map_get(&p->docs, source->name);

    if (tree)
        return tree;
    if (p->docs.count >= MF_PROFILE_FILES) {
        mf_profile_fault(p, MF_CODE_PROFILE_LIMIT, at,
                         "the profile is made of more than %d files, which is the limit",
                         MF_PROFILE_FILES);
        return NULL;
    }
    tree = mf_compose_tagged(source, 0, source->len, "!P", p->scratch, p->diags);
    if (tree && tree->kind != MF_TREE_MAP) {
        mf_profile_fault(p, MF_CODE_PROFILE, tree->at,
                         "a profile is a map of registers, this is %s", mf_tree_kind_name(tree));
        return NULL;
    }
    if (!tree || p->diags->errors != errors)
        p->failed = true;
    if (tree)
        mf_map_set(&p->docs, source->name, (void *)(uintptr_t)tree);
    return tree;
}

static const struct mf_twig *read_source(struct mf_profiling *p, const struct mf_source *source,
                                         struct mf_span at, const struct chain *outer)
{
    struct chain chain = {source, at, outer, outer ? outer->depth + 1 : 0};
    const struct mf_tree *tree;

    if (!is_allowed(p, source, at, outer))
        return NULL;
    tree = compose(p, source, at);
    return tree && !p->is_full ? read_map(p, tree, &chain) : NULL;
}

const struct mf_twig *mf_profile_read(struct mf_profiling *p)
{
    const struct mf_source *source = find(p, p->wish->dir, p->wish->name, p->wish->at);

    return source ? read_source(p, source, p->wish->at, NULL) : NULL;
}
