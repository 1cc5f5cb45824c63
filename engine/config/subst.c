/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * Substitution: `${name}`, `${env:…}`, `${secret:…}`, `$$`.
 *
 * It happens inside of texts after YAML was read, so a value can never change
 * the structure. Trees are shared by all uses of a part, hence only what changes
 * is copied, from the text up to the map that holds it. Each stretch remembers its
 * place in the file.
 *
 * Whatever is missing leaves the text marked as unknown: one fault, not a row of them.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"
#include "engine/config/flow_priv.h"

/* Walks the dollar signs of a text's source in step with those of the text itself. */
struct dollars {
    const char *text; /* of the file */
    size_t pos, end;
    bool has_escapes;
    bool is_lost; /* source and text do not agree, as with "\x24": the whole text is the place */
};

/* One text being made. */
struct making {
    struct mf_reading *reading;
    const struct mf_env *env;
    const struct mf_tree *from;
    struct dollars dollars;
    struct mf_buf buf;
    struct mf_tree_piece *pieces;
    size_t piece_cap;
    uint32_t piece_count;
    const char *bare; /* of the piece being made */
    bool is_secret, is_unknown;
};

/* ---- places ---- */

static size_t find_dollar(const struct dollars *d)
{
    size_t pos = d->pos;

    while (pos < d->end && d->text[pos] != '$')
        pos += d->has_escapes && d->text[pos] == '\\' ? 2 : 1;
    return pos < d->end ? pos : d->end;
}

static size_t count_dollars(const char *text, size_t len)
{
    size_t count = 0;

    for (const char *p = text; (p = memchr(p, '$', len - (size_t)(p - text))); p++)
        count++;
    return count;
}

/* A dollar sign is never folded, and escaped only in double quotes: the n-th of the text is the
 * n-th of the source. This keeps a long script with many variables linear. */
static void find_source(struct making *m)
{
    const struct mf_source *source = mf_sources_get(m->reading->flow->sources, m->from->at.file);
    struct dollars *d = &m->dollars, probe;
    size_t count = 0;

    d->is_lost = !source || m->from->at.end > source->len;
    if (d->is_lost)
        return;
    *d = (struct dollars){source->text, m->from->at.start, m->from->at.end};
    if (m->from->is_block) {
        const char *line = memchr(d->text + d->pos, '\n', d->end - d->pos);

        d->pos = line ? (size_t)(line - d->text) : d->end;
    }
    d->has_escapes = d->pos < d->end && d->text[d->pos] == '"';
    for (probe = *d; (probe.pos = find_dollar(&probe)) < probe.end; probe.pos++)
        count++;
    d->is_lost = count != count_dollars(m->from->text, m->from->count);
}

/* The place of the next dollar sign, up to the first `last` behind it. */
static struct mf_span next_place(struct making *m, char last)
{
    struct dollars *d = &m->dollars;
    struct mf_span at = {.file = m->from->at.file};
    const char *end;
    size_t pos;

    if (d->is_lost)
        return m->from->at;
    pos = find_dollar(d);
    end = pos < d->end ? memchr(d->text + pos + 1, last, d->end - pos - 1) : NULL;
    d->pos = end ? (size_t)(end - d->text) + 1 : d->end;
    at.start = (uint32_t)pos;
    at.end = (uint32_t)d->pos;
    return at;
}

/* ---- what is missing ---- */

static void unknown_variable(struct making *m, const char *name, struct mf_span at)
{
    struct mf_nearest nearest;
    struct mf_diag *diag;

    m->is_unknown = true;
    mf_nearest_init(&nearest, name);
    for (const struct mf_env *env = m->env; env; env = env->outer)
        for (size_t i = 0; i < env->names->count; i++)
            mf_nearest_add(&nearest, env->names->entries[i].key);
    for (size_t i = 0; i < m->reading->sets.count; i++)
        mf_nearest_add(&nearest, m->reading->sets.entries[i].key);
    /* Where a part is checked alone, it may be a variable of the flows that use it. */
    if (m->reading->is_alone && !nearest.best)
        return;
    diag = mf_diag(m->reading->diags, MF_ERROR, MF_CODE_UNKNOWN_VAR, at,
                   "there is no variable `%s`", name);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `${%s}`?", nearest.best);
    else
        mf_diag_help(diag,
                     "define it under `vars:`, or with `--set %s=…`; a dollar sign before a brace "
                     "is written `$$`",
                     name);
}

static void missing(struct making *m, unsigned code, struct mf_span at, const char *what,
                    const char *why, const char *help)
{
    enum mf_severity severity = m->reading->setup->no_env ? MF_NOTE : MF_ERROR;
    struct mf_diag *diag = mf_diag(m->reading->diags, severity, code, at, "%s: %s", what, why);

    if (help)
        mf_diag_help(diag, "%s", help);
    m->is_unknown = true;
}

static void bad_substitution(struct making *m, struct mf_span at, const char *message,
                             const char *help)
{
    mf_diag_help(mf_diag(m->reading->diags, MF_ERROR, MF_CODE_SUBST, at, "%s", message), "%s",
                 help);
    m->is_unknown = true;
}

/* ---- values ---- */

/* The name of an environment variable, as shells have them. */
static bool is_env_name(const char *name)
{
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] ==
           '\0';
}

/* `spec` is what follows `env:`. */
static void put_env(struct making *m, char *spec, struct mf_span at)
{
    char *fallback = strstr(spec, ":-");
    const char *value;

    if (fallback) {
        *fallback = '\0';
        fallback += 2;
    }
    if (!is_env_name(spec)) {
        bad_substitution(m, at, "`${env:…}` wants the name of an environment variable",
                         "write `${env:NAME}`, or `${env:NAME:-text}` for a default");
        return;
    }
    if (fallback && strstr(fallback, "${")) {
        bad_substitution(m, at, "the default of `${env:…}` cannot hold another `${…}`",
                         "give the default in `vars:`, or write the text itself");
        return;
    }
    value = getenv(spec);
    /* As in a shell: `:-` also replaces an empty value. */
    if (fallback && (!value || !*value))
        value = fallback;
    if (value) {
        mf_buf_puts(&m->buf, value);
        return;
    }
    m->bare = mf_arena_printf(m->reading->arena, "${env:%s}", spec);
    missing(
        m, MF_CODE_NO_ENV, at,
        mf_arena_printf(m->reading->arena, "the environment variable `%s` is missing", spec),
        "it is not set",
        mf_arena_printf(m->reading->arena, "set it, or give a default: `${env:%s:-text}`", spec));
}

static void put_secret(struct making *m, const char *name, struct mf_span at)
{
    const struct mf_secret *secret;

    m->is_secret = true;
    if (!mf_secret_is_name(name, strlen(name))) {
        bad_substitution(m, at, "`${secret:…}` wants the name of a file, without a path",
                         "letters, digits, `_`, `-` and `.` make a name, and no dot comes first");
        return;
    }
    m->bare = mf_arena_printf(m->reading->arena, "${secret:%s}", name);
    secret = mf_secret_get(m->reading, name);
    if (secret->text)
        mf_buf_put(&m->buf, secret->text, secret->len);
    else
        missing(m, MF_CODE_NO_SECRET, at,
                mf_arena_printf(m->reading->arena, "the secret `%s` is missing", name),
                secret->fault, "put it into a file of that name, or give `--secrets DIR`");
}

/* Marks the variable as used also where --set wins over it. */
static struct mf_var *find_var(const struct mf_env *env, const char *name)
{
    for (; env; env = env->outer) {
        uintptr_t index = (uintptr_t)mf_map_get(env->names, name);

        if (!index)
            continue;
        if (env->used)
            env->used[index - 1] = true;
        return &env->vars[index - 1];
    }
    return NULL;
}

static void put_variable(struct making *m, const char *name, struct mf_span at)
{
    struct mf_var *var = find_var(m->env, name);
    const char *set = mf_map_get(&m->reading->sets, name);

    if (set) {
        mf_buf_puts(&m->buf, set);
        return;
    }
    if (!var) {
        unknown_variable(m, name, at);
        return;
    }
    mf_subst_resolve(m->reading, var, at);
    mf_buf_put(&m->buf, var->text, var->len);
    m->bare = var->bare;
    m->is_secret |= var->is_secret;
    m->is_unknown |= var->is_unknown;
}

/* `spec` is what stands between the braces. */
static void put_value(struct making *m, const char *text, size_t len, struct mf_span at)
{
    char *spec = mf_arena_strndup(m->reading->arena, text, len);

    if (mf_text_starts(spec, "env:"))
        put_env(m, spec + 4, at);
    else if (mf_text_starts(spec, "secret:"))
        put_secret(m, spec + 7, at);
    else if (strchr(spec, ':'))
        bad_substitution(m, at, "only `env:` and `secret:` may stand before the colon here",
                         "write `${name}`, `${env:NAME}` or `${secret:NAME}`");
    else if (!*spec || strpbrk(spec, " \t\n\"'`${") || strlen(spec) != len || len > 200)
        bad_substitution(m, at, "`${…}` wants the name of a variable",
                         "write `${name}`; a dollar sign before a brace is written `$$`");
    else
        put_variable(m, spec, at);
}

/* ---- texts ---- */

static void add_piece(struct making *m, size_t start, struct mf_span at)
{
    mf_grow(&m->pieces, &m->piece_cap, m->piece_count, sizeof *m->pieces);
    m->pieces[m->piece_count++] =
        (struct mf_tree_piece){(uint32_t)start, (uint32_t)m->buf.len, at, m->bare};
    m->bare = NULL;
}

/* A dollar sign at `pos`; returns where the text goes on. */
static size_t take_dollar(struct making *m, size_t pos)
{
    const char *text = m->from->text, *close;
    size_t len = m->from->count, start = m->buf.len;
    struct mf_span at;

    if (pos + 1 < len && text[pos + 1] == '$') {
        at = next_place(m, '$');
        mf_buf_putc(&m->buf, '$');
        add_piece(m, start, at);
        return pos + 2;
    }
    if (pos + 1 >= len || text[pos + 1] != '{') {
        if (!m->dollars.is_lost)
            m->dollars.pos = find_dollar(&m->dollars) + 1;
        mf_buf_putc(&m->buf, '$');
        return pos + 1;
    }
    close = memchr(text + pos + 2, '}', len - pos - 2);
    if (!close) {
        at = next_place(m, '{');
        bad_substitution(m, at, "`${` is not closed",
                         "add the `}`; a dollar sign before a brace is written `$$`");
        return len;
    }
    at = next_place(m, '}');
    put_value(m, text + pos + 2, (size_t)(close - text) - pos - 2, at);
    add_piece(m, start, at);
    return (size_t)(close - text) + 1;
}

static void check_size(struct making *m)
{
    struct mf_reading *reading = m->reading;

    reading->text_bytes += m->buf.len;
    if (m->buf.overflow) {
        if (!m->is_unknown)
            mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, m->from->at,
                    "with its variables this text is over %u bytes, the limit of one text",
                    MF_FLOW_TEXT);
        m->is_unknown = true;
    }
    if (reading->text_bytes > MF_FLOW_TEXTS && !reading->is_full) {
        reading->is_full = true;
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, m->from->at,
                "variables make more than %llu bytes of text in this flow, the limit",
                (unsigned long long)MF_FLOW_TEXTS);
    }
}

/* `from` holds a dollar sign. */
static void make_text(struct making *m)
{
    const char *text = m->from->text;
    size_t len = m->from->count, pos = 0;

    m->buf.limit = MF_FLOW_TEXT;
    find_source(m);
    while (pos < len && !m->buf.overflow) {
        const char *dollar = memchr(text + pos, '$', len - pos);
        size_t next = dollar ? (size_t)(dollar - text) : len;

        mf_buf_put(&m->buf, text + pos, next - pos);
        pos = dollar ? take_dollar(m, next) : len;
    }
    check_size(m);
}

static void making_done(struct making *m)
{
    mf_buf_done(&m->buf);
    mf_free(m->pieces);
}

static struct mf_tree *subst_scalar(struct mf_reading *reading, const struct mf_env *env,
                                    struct mf_tree *tree)
{
    struct making m = {reading, env, tree};
    struct mf_tree_piece *pieces;
    struct mf_tree *made;

    if (!memchr(tree->text, '$', tree->count))
        return tree;
    make_text(&m);
    made = mf_arena_alloc(reading->arena, sizeof *made);
    *made = *tree;
    made->text = mf_arena_strndup(reading->arena, mf_buf_text(&m.buf), m.buf.len);
    made->count = (uint32_t)m.buf.len;
    made->is_secret |= m.is_secret;
    made->is_unknown |= m.is_unknown;
    if (m.piece_count) {
        pieces = mf_arena_alloc(reading->arena, m.piece_count * sizeof *pieces);
        memcpy(pieces, m.pieces, m.piece_count * sizeof *pieces);
        made->pieces = pieces;
        made->piece_count = m.piece_count;
    }
    making_done(&m);
    return made;
}

/* ---- trees ---- */

static struct mf_tree *subst_any(struct mf_reading *reading, const struct mf_env *env,
                                 struct mf_tree *tree);

static struct mf_tree *copy_tree(struct mf_reading *reading, const struct mf_tree *tree)
{
    struct mf_tree *copy = mf_arena_alloc(reading->arena, sizeof *copy);
    size_t size =
        tree->count * (tree->kind == MF_TREE_MAP ? sizeof *tree->pairs : sizeof *tree->items);
    const void *from = tree->kind == MF_TREE_MAP ? (const void *)tree->pairs : tree->items;
    void *list = mf_arena_alloc(reading->arena, size);

    *copy = *tree;
    memcpy(list, from, size);
    if (tree->kind == MF_TREE_MAP)
        copy->pairs = list;
    else
        copy->items = list;
    return copy;
}

static struct mf_tree *subst_children(struct mf_reading *reading, const struct mf_env *env,
                                      struct mf_tree *tree)
{
    bool is_map = tree->kind == MF_TREE_MAP;
    struct mf_tree *copy = NULL;

    for (uint32_t i = 0; i < tree->count; i++) {
        struct mf_tree *old = is_map ? tree->pairs[i].value : tree->items[i].value;
        struct mf_tree *made = subst_any(reading, env, old);

        if (made == old)
            continue;
        if (!copy)
            copy = copy_tree(reading, tree);
        if (is_map)
            copy->pairs[i].value = made;
        else
            copy->items[i].value = made;
    }
    return copy ? copy : tree;
}

/* As deep as MF_TREE_DEPTH at most: the composer has seen to it. */
static struct mf_tree *subst_any(struct mf_reading *reading, const struct mf_env *env,
                                 struct mf_tree *tree)
{
    return tree->kind == MF_TREE_SCALAR ? subst_scalar(reading, env, tree)
                                        : subst_children(reading, env, tree);
}

struct mf_tree *mf_subst(struct mf_reading *reading, const struct mf_place *place,
                         struct mf_tree *tree)
{
    if (!place->doc->has_dollar || reading->is_full)
        return tree;
    if (!mf_flow_visit(reading, tree->nodes, tree->at))
        return tree;
    return subst_any(reading, place->env, tree);
}

/* ---- variables ---- */

static void report_cycle(struct mf_reading *reading, const struct mf_var *var, struct mf_span at)
{
    struct mf_buf path = {.limit = 1000};
    const struct mf_var_chain *link;
    struct mf_diag *diag;

    /* The chain runs from the innermost outwards. */
    for (link = reading->var_chain; link && link->var != var; link = link->outer) {
        struct mf_buf longer = {.limit = 1000};

        mf_buf_printf(&longer, " → %s%s", link->var->name, mf_buf_text(&path));
        mf_buf_done(&path);
        path = longer;
    }
    diag = mf_diag(reading->diags, MF_ERROR, MF_CODE_VAR_CYCLE, at,
                   "the variable `%s` is made of itself: %s%s → %s", var->name, var->name,
                   mf_buf_text(&path), var->name);
    mf_diag_related(diag, var->at, "`%s` is defined here", var->name);
    mf_buf_done(&path);
}

static void read_var(struct mf_reading *reading, struct mf_var *var)
{
    struct mf_tree scalar = *var->value, *made;

    /* A list given to a parameter: said already. */
    if (scalar.kind != MF_TREE_SCALAR) {
        var->is_unknown = true;
        return;
    }
    made = subst_scalar(reading, var->env, &scalar);
    var->text = made->text;
    var->len = made->count;
    var->is_secret |= made->is_secret;
    var->is_unknown |= made->is_unknown;
    if (made->is_secret || made->is_unknown) {
        /* Cut where it is too long: then the text was refused, and is never printed. */
        struct mf_buf bare = {.limit = MF_FLOW_TEXT};

        mf_tree_bare(made, &bare);
        var->bare = mf_arena_strdup(reading->arena, mf_buf_text(&bare));
        mf_buf_done(&bare);
    }
}

void mf_subst_resolve(struct mf_reading *reading, struct mf_var *var, struct mf_span at)
{
    struct mf_var_chain link = {var, reading->var_chain};

    if (var->state == MF_VAR_BUSY) {
        report_cycle(reading, var, at);
        var->is_unknown = true;
    } else if (var->state == MF_VAR_NEW && reading->var_depth == MF_FLOW_VAR_DEPTH) {
        mf_diag(reading->diags, MF_ERROR, MF_CODE_LIMIT, at,
                "variables are made of variables more than %d deep here, the limit",
                MF_FLOW_VAR_DEPTH);
        var->is_unknown = true;
        var->state = MF_VAR_DONE;
    } else if (var->state == MF_VAR_NEW) {
        var->state = MF_VAR_BUSY;
        reading->var_chain = &link;
        reading->var_depth++;
        if (var->value)
            read_var(reading, var);
        reading->var_depth--;
        reading->var_chain = link.outer;
        var->state = MF_VAR_DONE;
    }
    if (!var->text)
        var->text = "";
}

void mf_subst_sets(struct mf_reading *reading)
{
    for (size_t i = 0; i < reading->setup->set_count; i++) {
        const char *set = reading->setup->sets[i], *equals = strchr(set, '=');

        if (equals && mf_text_is_name(set, (size_t)(equals - set))) {
            char *name = mf_arena_strndup(reading->arena, set, (size_t)(equals - set));

            mf_map_set(&reading->sets, name, mf_arena_strdup(reading->arena, equals + 1));
            continue;
        }
        mf_diag_help(mf_diag(reading->diags, MF_ERROR, MF_CODE_SUBST, (struct mf_span){0},
                             "`--set %s` does not name a variable and its value", set),
                     "write `--set name=value`; a name is made of a-z, 0-9 and `_`");
    }
}
