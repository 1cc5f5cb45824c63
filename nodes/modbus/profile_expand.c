/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Second step: `ref`, `default`, `repeat` and `shift` are followed.
 *
 * A level of the tree is opened: its defaults taken, its ref merged in, its repeats made. Then its
 * children are expanded one by one. A ref is a walk from the root through opened levels; what it
 * finds is expanded as if it stood alone below that root, and only then merged, so that it does not
 * matter which of the two comes first in the file.
 *
 * Addresses are relative to the root while a ref is followed: what is copied is what the file says,
 * and the place it is copied to moves it.
 */

#include <string.h>

#include "engine/base/num.h"
#include "engine/value/path.h"
#include "nodes/modbus/profile_priv.h"

/* `default:` maps, the inner one first. */
struct defaults {
    const struct mf_twig *map;
    const struct defaults *outer;
};

/* A ref that is being followed. */
struct following {
    const struct mf_twig *ref, *root;
    const struct following *outer;
};

/* Where in the tree a twig stands. */
struct place {
    const struct mf_twig *root;
    int64_t moved, shifted;
    const struct defaults *defaults;
    const struct following *following;
    unsigned depth;
    bool is_walk; /* the level is opened on the way of a ref to another */
};

/* A level without its instructions; the children are not expanded yet. */
struct level {
    const struct mf_twig *map;
    struct place inside;        /* of children */
    const struct mf_twig *data; /* of `repeat`; NULL: there is none */
    int64_t n, start, offset;
    struct mf_span repeat_at;
};

static const struct mf_twig *expand(struct mf_profiling *p, const struct mf_twig *twig,
                                    struct place place);

static bool is_instruction(const char *key)
{
    return strcmp(key, "default") == 0 || strcmp(key, "ref") == 0 || strcmp(key, "repeat") == 0 ||
           strcmp(key, "shift") == 0;
}

static bool is_register(const struct mf_twig *map)
{
    return mf_twig_get(map, "register");
}

/* ---- ref ---- */

/* Text of an element: children made by `repeat` have numbers for names. */
static const char *element_text(struct mf_profiling *p, const struct mf_value *element)
{
    size_t len;
    const char *text;

    if (element->type == MF_INT)
        return mf_arena_printf(p->scratch, "%lld", (long long)element->integer);
    if (element->type != MF_TEXT)
        return NULL;
    text = mf_value_text(element, &len);
    return mf_arena_strndup(p->scratch, text, len);
}

static void open_level(struct mf_profiling *p, const struct mf_twig *twig, struct place place,
                       struct level *ret);
static const struct mf_twig *child_of(struct mf_profiling *p, const struct level *level,
                                      const char *key, struct place *ret);

static void no_target(struct mf_profiling *p, struct mf_span at, const struct level *level,
                      const char *path, const char *key)
{
    bool is_leaf = mf_twig_get(level->map, key);
    struct mf_nearest nearest;
    struct mf_diag *diag = mf_profile_fault(p, MF_CODE_REF, at,
                                            is_leaf ? "`ref: %s` leads to a text: `%s` is no map"
                                                    : "`ref: %s` leads nowhere: there is no `%s`",
                                            path, key);

    if (is_leaf)
        return;
    mf_nearest_init(&nearest, key);
    for (uint32_t i = 0; i < level->map->count; i++)
        mf_nearest_add(&nearest, level->map->pairs[i].key);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    else
        mf_diag_help(diag, "paths begin at the top of the file, or of the map with the `include`");
}

static const struct mf_twig *walk(struct mf_profiling *p, const struct mf_twig *ref,
                                  const char *text, const struct mf_value *path, struct place place)
{
    const struct mf_twig *at = place.root;
    struct level level;

    for (size_t i = 0; i < mf_value_count(path); i++) {
        const char *key = element_text(p, mf_value_at(path, i));
        const struct mf_twig *next;

        place.is_walk = true;
        open_level(p, at, place, &level);
        next = key ? child_of(p, &level, key, &place) : NULL;
        if (!next || !mf_twig_is_map(next)) {
            no_target(p, ref->at, &level, text, key ? key : "?");
            return NULL;
        }
        at = next;
    }
    place.is_walk = false;
    return expand(p, at, place);
}

static const struct mf_twig *follow(struct mf_profiling *p, const struct mf_twig *ref,
                                    struct place place)
{
    struct following self = {ref, place.root, place.following};
    const char *text = mf_twig_text(ref);
    const struct mf_twig *found;
    struct mf_value path;
    struct mf_error err;

    if (!text || mf_path_read(text, strlen(text), &path, &err) < 0) {
        mf_diag_help(mf_profile_fault(p, MF_CODE_REF, ref->at, "`ref` takes a path, this is %s",
                                      text ? err.text : mf_tree_kind_name(ref->leaf)),
                     "write it like `ref: regs.phase` or `ref: regs.phase:1`");
        return NULL;
    }
    found = walk(p, ref, text, &path,
                 (struct place){.root = place.root, .following = &self, .depth = place.depth});
    mf_value_drop(path);
    return found;
}

static bool is_followed(const struct mf_twig *ref, const struct place *place)
{
    for (const struct following *link = place->following; link; link = link->outer)
        if (link->ref == ref && link->root == place->root)
            return true;
    return false;
}

static const struct mf_twig *follow_one(struct mf_profiling *p, const struct mf_twig *ref,
                                        struct place place)
{
    if (p->is_full)
        return NULL;
    if (!is_followed(ref, &place))
        return follow(p, ref, place);
    /* On the way to another place the level's own children are enough. */
    if (!place.is_walk)
        mf_profile_fault(p, MF_CODE_REF, ref->at, "`ref: %s` leads to itself", mf_twig_text(ref));
    return NULL;
}

/* The elements of a list, as twigs that stay the same: refs are known by them. */
static const struct mf_twig *element(struct mf_profiling *p, const struct mf_tree *item)
{
    const char *key = mf_arena_printf(p->scratch, "%p", (const void *)item);
    struct mf_twig *twig = mf_map_get(&p->elements, key);

    if (twig)
        return twig;
    twig = mf_arena_alloc(p->scratch, sizeof(*twig));
    twig->leaf = item;
    twig->at = item->at;
    mf_map_set(&p->elements, key, twig);
    return twig;
}

static const struct mf_twig *follow_all(struct mf_profiling *p, const struct mf_twig *ref,
                                        struct place place)
{
    const struct mf_twig *under = NULL;

    if (mf_twig_is_map(ref)) {
        mf_profile_fault(p, MF_CODE_REF, ref->at,
                         "`ref` takes a path or a list of paths, not a map");
        return NULL;
    }
    if (ref->leaf->kind != MF_TREE_LIST)
        return follow_one(p, ref, place);
    for (uint32_t i = 0; i < ref->leaf->count; i++)
        under =
            mf_twig_merge(p, follow_one(p, element(p, ref->leaf->items[i].value), place), under);
    return under;
}

/* ---- numbers of instructions ---- */

static bool whole(struct mf_profiling *p, const struct mf_twig *twig, const char *what, int64_t low,
                  int64_t high, int64_t *ret)
{
    const char *text = mf_twig_text(twig);

    if (text && mf_num_read_int(text, strlen(text), ret) && *ret >= low && *ret <= high)
        return true;
    mf_profile_fault(p, MF_CODE_PROFILE, twig->at, "`%s` wants a whole number from %lld to %lld",
                     what, (long long)low, (long long)high);
    return false;
}

static void unknown_in_repeat(struct mf_profiling *p, const struct mf_twig *map)
{
    static const char *const keys[] = {"n", "start", "offset", "data"};

    for (uint32_t i = 0; i < map->count; i++) {
        struct mf_nearest nearest;
        bool is_known = map->pairs[i].key[0] == '_';
        struct mf_diag *diag;

        mf_nearest_init(&nearest, map->pairs[i].key);
        for (unsigned k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
            is_known |= strcmp(keys[k], map->pairs[i].key) == 0;
            mf_nearest_add(&nearest, keys[k]);
        }
        if (is_known)
            continue;
        diag = mf_diag(p->diags, MF_WARNING, MF_CODE_UNUSED, map->pairs[i].at,
                       "`repeat` knows no `%s`", map->pairs[i].key);
        if (nearest.best)
            mf_diag_help(diag, "did you mean `%s`?", nearest.best);
    }
}

static void read_repeat(struct mf_profiling *p, const struct mf_twig *map, struct level *ret)
{
    const struct mf_twig *n = mf_twig_get(map, "n"), *start = mf_twig_get(map, "start");
    const struct mf_twig *offset = mf_twig_get(map, "offset"), *data = mf_twig_get(map, "data");

    if (!mf_twig_is_map(map) || !n || !offset || !data || !mf_twig_is_map(data)) {
        mf_diag_help(mf_profile_fault(p, MF_CODE_PROFILE, map->at,
                                      "`repeat` wants `n`, `offset` and a map called `data`"),
                     "write it like `repeat: {n: 3, start: 1, offset: 2, data: {…}}`");
        return;
    }
    unknown_in_repeat(p, map);
    ret->repeat_at = map->at;
    if (whole(p, n, "n", 0, MF_PROFILE_REPEAT, &ret->n) &&
        whole(p, offset, "offset", -UINT16_MAX, UINT16_MAX, &ret->offset) &&
        (!start || whole(p, start, "start", 0, UINT16_MAX, &ret->start)))
        ret->data = data;
}

/* ---- levels ---- */

static const struct mf_twig *without_instructions(struct mf_profiling *p, const struct mf_twig *map)
{
    struct mf_twig *left = mf_arena_alloc(p->scratch, sizeof(*left));

    *left = *map;
    left->count = 0;
    left->is_root = false;
    if (!mf_twig_room(p, left, map->count, map->at))
        return left;
    for (uint32_t i = 0; i < map->count; i++)
        if (!is_instruction(map->pairs[i].key))
            mf_twig_add(left, &map->pairs[i]);
    return left;
}

static void take_defaults(struct mf_profiling *p, const struct mf_twig *map, struct place *place)
{
    struct defaults *own;

    if (!mf_twig_is_map(map)) {
        mf_diag_help(mf_profile_fault(p, MF_CODE_PROFILE, map->at, "`default` is a map of keys"),
                     "write it like `default: {type: float}`");
        return;
    }
    own = mf_arena_alloc(p->scratch, sizeof(*own));
    *own = (struct defaults){map, place->defaults};
    place->defaults = own;
}

static void open_level(struct mf_profiling *p, const struct mf_twig *twig, struct place place,
                       struct level *ret)
{
    const struct mf_twig *defaults = mf_twig_get(twig, "default"), *ref = mf_twig_get(twig, "ref");
    const struct mf_twig *repeat = mf_twig_get(twig, "repeat"), *shift = mf_twig_get(twig, "shift");
    const struct mf_twig *under;
    int64_t by;

    *ret = (struct level){.map = without_instructions(p, twig)};
    place.depth++;
    if (place.depth > MF_PROFILE_DEPTH && !p->is_full) {
        p->is_full = true;
        mf_profile_fault(
            p, MF_CODE_PROFILE_LIMIT, place.following ? place.following->ref->at : twig->at,
            "the profile has more than %d levels, those that refs lead to included, which "
            "is the limit",
            MF_PROFILE_DEPTH);
    }
    if (shift && whole(p, shift, "shift", -UINT16_MAX, UINT16_MAX, &by)) {
        place.moved += by;
        place.shifted += by;
    }
    if (defaults)
        take_defaults(p, defaults, &place);
    under = ref ? follow_all(p, ref, place) : NULL;
    if (twig->is_root)
        place.root = twig;
    place.is_walk = false;
    ret->map = mf_twig_merge(p, ret->map, under);
    if (repeat)
        read_repeat(p, repeat, ret);
    ret->inside = place;
}

/* The k-th copy, with what stands in the file under its name merged over it. */
static const struct mf_twig *copy_of(struct mf_profiling *p, const struct level *level, int64_t k,
                                     const struct mf_twig *own, struct place *ret)
{
    ret->moved += k * level->offset;
    return mf_twig_merge(p, own, level->data);
}

static const struct mf_twig *child_of(struct mf_profiling *p, const struct level *level,
                                      const char *key, struct place *ret)
{
    const struct mf_twig *own = mf_twig_get(level->map, key);
    int64_t number;

    *ret = level->inside;
    if (level->data && mf_num_read_int(key, strlen(key), &number) && number >= level->start &&
        number - level->start < level->n)
        return copy_of(p, level, number - level->start, own, ret);
    return own;
}

/* A register that says itself that it is a bit is none of the numbers that the levels around it are
 * about. */
static bool is_bit(const struct mf_twig *map)
{
    const char *area = mf_twig_text(mf_twig_get(map, "reg_type"));

    if (!area)
        area = mf_twig_text(mf_twig_get(map, "regtype"));
    return (area && (*area == 'c' || *area == 'd')) ||
           (mf_twig_get(map, "bit") && !mf_twig_get(map, "type"));
}

static const struct mf_twig *of_a_bit(void)
{
    static const struct mf_tree type = {.kind = MF_TREE_SCALAR, .count = 3, .text = "bit"};
    static const struct mf_tree len = {.kind = MF_TREE_SCALAR, .count = 1, .text = "1"};
    static const struct mf_twig type_leaf = {.leaf = &type}, len_leaf = {.leaf = &len};
    static const struct mf_twig_pair pairs[] = {{"type", {0}, &type_leaf}, {"len", {0}, &len_leaf}};
    static const struct mf_twig map = {.pairs = pairs, .count = 2};

    return &map;
}

/* A register takes what the levels around it say, unless it says so itself. */
static const struct mf_twig *finish_register(struct mf_profiling *p, const struct mf_twig *map,
                                             const struct place *place)
{
    struct mf_twig *moved;

    if (is_bit(map))
        map = mf_twig_merge(p, map, of_a_bit());
    for (const struct defaults *defaults = place->defaults; defaults; defaults = defaults->outer)
        map = mf_twig_merge(p, map, defaults->map);
    moved = mf_arena_alloc(p->scratch, sizeof(*moved));
    *moved = *map;
    moved->is_root = false;
    moved->moved += place->moved;
    moved->shifted += place->shifted;
    return moved;
}

/* Names of numbers are no part of the tree. */
static bool is_opaque(const struct mf_twig *map, const char *key)
{
    return is_register(map) && (strcmp(key, "values") == 0 || strcmp(key, "names") == 0);
}

static bool is_copy(const struct level *level, const char *key)
{
    int64_t number;

    return level->data && mf_num_read_int(key, strlen(key), &number) && number >= level->start &&
           number - level->start < level->n;
}

static void add_expanded(struct mf_profiling *p, struct mf_twig *to, const char *key,
                         struct mf_span at, const struct mf_twig *value, struct place place)
{
    if (mf_twig_is_map(value))
        value = expand(p, value, place);
    mf_twig_add(to, &(struct mf_twig_pair){key, at, value});
}

static const struct mf_twig *expand(struct mf_profiling *p, const struct mf_twig *twig,
                                    struct place place)
{
    struct mf_twig *out = mf_arena_alloc(p->scratch, sizeof(*out));
    struct level level;

    open_level(p, twig, place, &level);
    if (is_register(level.map))
        level.map = finish_register(p, level.map, &level.inside);
    *out = *level.map;
    out->count = 0;
    if (!mf_twig_room(p, out, level.map->count + (size_t)level.n, twig->at))
        return out;
    for (uint32_t i = 0; i < level.map->count; i++) {
        const struct mf_twig_pair *pair = &level.map->pairs[i];

        if (is_opaque(level.map, pair->key))
            mf_twig_add(out, pair);
        else if (!is_copy(&level, pair->key))
            add_expanded(p, out, pair->key, pair->at, pair->value, level.inside);
    }
    for (int64_t k = 0; level.data && k < level.n && !p->is_full; k++) {
        const char *key = mf_arena_printf(p->scratch, "%lld", (long long)(level.start + k));
        const struct mf_twig_pair *own = mf_twig_pair(level.map, key);
        struct place inside = level.inside;
        const struct mf_twig *copy = copy_of(p, &level, k, own ? own->value : NULL, &inside);

        add_expanded(p, out, key, own ? own->at : level.repeat_at, copy, inside);
    }
    return out;
}

/* ---- slots: `default` is for each of them ---- */

static const struct mf_twig *expand_slots(struct mf_profiling *p, const struct mf_twig *root)
{
    const struct mf_twig_pair *slots = mf_twig_pair(root, "slots");
    const struct mf_twig *defaults = slots ? mf_twig_get(slots->value, "default") : NULL;
    struct mf_twig *own, *whole;

    if (!defaults)
        return root;
    own = mf_arena_alloc(p->scratch, sizeof(*own));
    own->at = slots->value->at;
    if (!mf_twig_room(p, own, slots->value->count, own->at))
        return root;
    for (uint32_t i = 0; i < slots->value->count; i++) {
        struct mf_twig_pair pair = slots->value->pairs[i];

        if (strcmp(pair.key, "default") == 0)
            continue;
        if (mf_twig_is_map(pair.value))
            pair.value = mf_twig_merge(p, pair.value, defaults);
        mf_twig_add(own, &pair);
    }
    whole = mf_arena_alloc(p->scratch, sizeof(*whole));
    *whole = *root;
    whole->count = 0;
    if (!mf_twig_room(p, whole, root->count, root->at))
        return root;
    for (uint32_t i = 0; i < root->count; i++) {
        struct mf_twig_pair pair = root->pairs[i];

        if (&root->pairs[i] == slots)
            pair.value = own;
        mf_twig_add(whole, &pair);
    }
    return whole;
}

const struct mf_twig *mf_profile_expand(struct mf_profiling *p, const struct mf_twig *root)
{
    struct place place = {0};
    const struct mf_twig *tree = expand_slots(p, root);

    place.root = tree;
    tree = expand(p, tree, place);
    mf_map_done(&p->elements);
    return p->is_full ? NULL : tree;
}
