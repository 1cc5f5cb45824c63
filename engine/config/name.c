/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * What names mean once the flow is plain.
 *
 * A name is looked up from the inside out. Within one scope its first segment
 * decides: a use of a part leads into the part, as far as its outputs allow;
 * anything else is a node, and the longest node name wins. Where the first segment
 * is known, outer scopes are not asked any more.
 */

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/config/flow_priv.h"

enum found { NOT_HERE, FOUND, HIDDEN };

enum { NAME_STACK = 256 }; /* bytes of a name that need no memory */

/* Looking at that many names in all is not worth a hint. */
#define NEAREST_WORK UINT64_C(50000000)

static enum found find_in(const struct mf_flow *flow, const char *prefix, size_t prefix_len,
                          const char *name, size_t len, struct mf_name *ret);

static const char *keep(const struct mf_flow *flow, const char *text, size_t len)
{
    return len ? mf_arena_strndup(flow->arena, text, len) : "";
}

/* full[0..base) is the prefix; the longest node name that full[base..len) begins with. */
static enum found find_node(const struct mf_flow *flow, const char *full, size_t base, size_t len,
                            struct mf_name *ret)
{
    size_t end = len;

    while (end > base) {
        ret->node = mf_map_get_n(&flow->names, full, end);
        if (ret->node) {
            ret->rest = end < len ? keep(flow, full + end + 1, len - end - 1) : "";
            ret->used = end;
            return FOUND;
        }
        while (end > base && full[end - 1] != '.')
            end--;
        end -= end > base;
    }
    return NOT_HERE;
}

/* full[0..base) leads into a use with outputs; the next segment names one of them. */
static enum found find_output(const struct mf_flow *flow, const struct mf_scope *scope,
                              const char *full, size_t base, size_t len, struct mf_name *ret)
{
    const char *dot = memchr(full + base, '.', len - base), *target;
    size_t end = dot ? (size_t)(dot - full) : len;
    struct mf_name inner = {.rest = ""};

    target = mf_map_get_n(&scope->outputs, full + base, end - base);
    if (!target || find_in(flow, scope->prefix, strlen(scope->prefix), target, strlen(target),
                           &inner) != FOUND)
        return HIDDEN;
    ret->node = inner.node;
    ret->rest = inner.rest;
    ret->used = end;
    if (*inner.rest) {
        ret->mapped = strlen(inner.rest) + 1;
        if (end < len)
            ret->rest =
                mf_arena_printf(flow->arena, "%s%.*s", inner.rest, (int)(len - end), full + end);
    } else if (end < len) {
        ret->rest = keep(flow, full + end + 1, len - end - 1);
    }
    return FOUND;
}

static enum found find_full(const struct mf_flow *flow, const char *full, size_t base, size_t len,
                            struct mf_name *ret)
{
    size_t first = base;

    while (flow->instances.count && base < len) {
        const char *dot = memchr(full + base, '.', len - base);
        size_t end = dot ? (size_t)(dot - full) : len;
        const struct mf_scope *scope = mf_map_get_n(&flow->instances, full, end);

        if (!scope)
            break;
        if (scope->broken) {
            *ret = (struct mf_name){.node = scope->broken, .rest = "", .used = len};
            return FOUND;
        }
        if (!dot)
            return HIDDEN; /* a part has no value of its own */
        if (scope->has_outputs)
            return find_output(flow, scope, full, end + 1, len, ret);
        base = end + 1;
    }
    if (find_node(flow, full, base, len, ret) == FOUND)
        return FOUND;
    return base == first ? NOT_HERE : HIDDEN;
}

static enum found find_in(const struct mf_flow *flow, const char *prefix, size_t prefix_len,
                          const char *name, size_t len, struct mf_name *ret)
{
    char stack[NAME_STACK], *full = stack;
    enum found found;

    if (prefix_len + len >= sizeof stack)
        full = mf_alloc(prefix_len + len + 1);
    memcpy(full, prefix, prefix_len);
    memcpy(full + prefix_len, name, len);
    full[prefix_len + len] = '\0';
    found = find_full(flow, full, prefix_len, prefix_len + len, ret);
    if (found == FOUND)
        ret->used -= prefix_len;
    if (full != stack)
        mf_free(full);
    return found;
}

struct mf_name mf_flow_lookup(const struct mf_flow *flow, const struct mf_scope *scope,
                              const char *name, size_t len)
{
    static const struct mf_scope root = {.prefix = ""};

    if (!scope)
        scope = &root;
    for (; scope && len; scope = scope->outer) {
        struct mf_name ret = {.rest = ""};
        enum found found = find_in(flow, scope->prefix, strlen(scope->prefix), name, len, &ret);

        if (found == FOUND)
            return ret;
        if (found == HIDDEN)
            break;
    }
    return (struct mf_name){.node = flow->missing, .rest = "", .used = flow->missing ? len : 0};
}

const struct mf_flow_item *mf_flow_lookup_link(const struct mf_flow *flow,
                                               const struct mf_scope *scope, const char *name)
{
    const struct mf_flow_item *link = mf_map_get(&flow->links, name);

    return link ? link : flow->missing;
}

/* ---- nearest ---- */

/* Whether a full name lies in a part that does not show it. */
static bool is_hidden(const struct mf_flow *flow, const char *full, size_t prefix_len)
{
    const char *pos = full + prefix_len, *dot;

    while (flow->instances.count && (dot = strchr(pos, '.'))) {
        const struct mf_scope *scope = mf_map_get_n(&flow->instances, full, (size_t)(dot - full));

        if (!scope)
            return false;
        if (scope->has_outputs)
            return true;
        pos = dot + 1;
    }
    return false;
}

static void add_nodes(const struct mf_flow *flow, const char *prefix, struct mf_nearest *nearest)
{
    size_t prefix_len = strlen(prefix);

    for (size_t i = 0; i < flow->names.count; i++) {
        const char *full = flow->names.entries[i].key;
        const struct mf_flow_item *item = flow->names.entries[i].value;

        if (mf_text_starts(full, prefix) && !(item->sugar && !item->is_named) &&
            !is_hidden(flow, full, prefix_len))
            mf_nearest_add(nearest, full + prefix_len);
    }
}

static void add_outputs(const struct mf_flow *flow, const char *prefix, struct mf_nearest *nearest)
{
    size_t prefix_len = strlen(prefix);

    for (size_t i = 0; i < flow->instances.count; i++) {
        const struct mf_scope *use = flow->instances.entries[i].value;

        if (!use->has_outputs || !mf_text_starts(flow->instances.entries[i].key, prefix) ||
            is_hidden(flow, flow->instances.entries[i].key, prefix_len))
            continue;
        for (size_t k = 0; k < use->outputs.count; k++) {
            const char *old = nearest->best;
            char *name = mf_asprintf("%s%s", use->prefix + prefix_len, use->outputs.entries[k].key);

            mf_nearest_add(nearest, name);
            if (nearest->best != old)
                nearest->best = mf_arena_strdup(flow->arena, name);
            mf_free(name);
        }
    }
}

static const char *nearest_to(const struct mf_flow *flow, const struct mf_scope *scope,
                              const char *name)
{
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (; scope; scope = scope->outer) {
        add_nodes(flow, scope->prefix, &nearest);
        add_outputs(flow, scope->prefix, &nearest);
    }
    return nearest.best;
}

const char *mf_flow_nearest(const struct mf_flow *flow, const struct mf_scope *scope,
                            const char *name)
{
    static const struct mf_scope root = {.prefix = ""};
    const char *dot = strchr(name, '.'), *best;
    char *first;

    /* A flow that is wrong everywhere must not cost a search of all names for each fault. */
    if (flow->diags->count >= MF_DIAGS_MAX ||
        (uint64_t)flow->names.count * flow->diags->errors > NEAREST_WORK)
        return NULL;
    if (!scope)
        scope = &root;
    best = nearest_to(flow, scope, name);
    if (best || !dot)
        return best;
    /* Perhaps a port follows the node's name. */
    first = mf_strndup(name, (size_t)(dot - name));
    best = nearest_to(flow, scope, first);
    mf_free(first);
    return best;
}
