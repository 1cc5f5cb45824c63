/* SPDX-License-Identifier: LGPL-3.0-or-later */

/*
 * The composer: libyaml's events to a tree.
 *
 * libyaml's own document builder knows no limits, loses positions and stops at
 * nothing that only we forbid, so the tree is built here, without recursion: a
 * frame per open list or map, and one stack of finished entries that becomes an
 * array in the arena when its list or map ends.
 *
 * libyaml is quadratic in the depth of nested brackets; looking at each event as
 * it comes stops it at MF_TREE_DEPTH, long before that hurts.
 */

#include "engine/config/tree.h"

#include <string.h>

#include <yaml.h>

#include "engine/base/alloc.h"
#include "engine/base/map.h"
#include "engine/base/text.h"
#include "engine/config/compose.h"

/* libyaml counts characters, we count bytes. Marks come nearly in order, so a moving pair of
 * counters is enough. */
struct marks {
    const char *text;
    size_t start, end;
    bool is_ascii;
    size_t chars, bytes; /* bytes from `start` */
};

struct anchor {
    struct mf_tree *tree; /* `nodes` is 0 while it is open */
    uint32_t height;      /* levels of it, through aliases */
};

/* A list or map that is not finished. */
struct frame {
    struct mf_tree *tree;
    size_t first;        /* of its entries on the stack */
    struct mf_tree *key; /* waiting for its value; NULL when the key was wrong */
    bool has_key;
    struct anchor *anchor; /* gets the height at the end; NULL if there is none */
    uint32_t end;          /* of the last thing in it */
    uint32_t height;       /* levels below, through aliases */
};

struct composer {
    const struct mf_source *source;
    const char *tag; /* that may stand here; NULL: none */
    struct mf_arena *arena;
    struct mf_diags *diags;
    yaml_parser_t parser;
    struct marks marks;
    struct frame frames[MF_TREE_DEPTH];
    unsigned depth;
    struct mf_tree_pair *stack; /* entries of all open frames; a list's have no key */
    size_t stack_count, stack_cap;
    struct mf_map anchors; /* name to struct anchor */
    uint32_t nodes, aliased;
    struct mf_tree *root;
    bool is_damaged; /* a fault that leaves no usable tree */
};

static uint32_t byte_of(struct marks *m, size_t index)
{
    if (m->is_ascii)
        return (uint32_t)(m->start + index > m->end ? m->end : m->start + index);
    while (m->chars < index && m->start + m->bytes < m->end) {
        m->bytes++;
        while (m->start + m->bytes < m->end && (m->text[m->start + m->bytes] & 0xC0) == 0x80)
            m->bytes++;
        m->chars++;
    }
    while (m->chars > index) {
        m->bytes--;
        while ((m->text[m->start + m->bytes] & 0xC0) == 0x80)
            m->bytes--;
        m->chars--;
    }
    return (uint32_t)(m->start + m->bytes);
}

static struct mf_span span_of(struct composer *c, const yaml_event_t *event)
{
    uint32_t start = byte_of(&c->marks, event->start_mark.index);

    return (struct mf_span){c->source->number, start, byte_of(&c->marks, event->end_mark.index)};
}

/* The anchor or tag in front of a value belongs to libyaml's event, but not to the value. */
static uint32_t skip_properties(const struct composer *c, uint32_t pos, uint32_t end)
{
    const char *text = c->source->text;

    while (pos < end) {
        if (text[pos] == '&' || text[pos] == '!') {
            while (pos < end && !strchr(" \t\r\n", text[pos]))
                pos++;
        } else if (text[pos] == '#') {
            while (pos < end && text[pos] != '\n' && text[pos] != '\r')
                pos++;
        } else if (strchr(" \t\r\n", text[pos])) {
            pos++;
        } else {
            break;
        }
    }
    return pos;
}

static struct mf_tree *new_tree(struct composer *c, enum mf_tree_kind kind)
{
    struct mf_tree *tree = mf_arena_alloc(c->arena, sizeof *tree);

    tree->kind = (uint8_t)kind;
    return tree;
}

static struct mf_tree *empty_map(struct composer *c)
{
    struct mf_tree *tree = new_tree(c, MF_TREE_MAP);

    tree->at =
        (struct mf_span){c->source->number, (uint32_t)c->marks.start, (uint32_t)c->marks.start};
    tree->nodes = 1;
    return tree;
}

static bool check_size(struct composer *c, struct mf_span at)
{
    if (c->nodes < MF_TREE_NODES) {
        c->nodes++;
        return true;
    }
    mf_diag(c->diags, MF_ERROR, MF_CODE_NODES, at,
            "the file has more than %u keys and values, the limit of one file", MF_TREE_NODES);
    return false;
}

/* `at` is the whole value; the tag is the first word in it that begins with `!`. */
static void refuse_tag(struct composer *c, struct mf_span at, const char *tag)
{
    const char *text = c->source->text;
    struct mf_diag *diag;

    if (strcmp(tag, "!") == 0 || (c->tag && strcmp(tag, c->tag) == 0))
        return; /* "not plain" and the like: says nothing that we would look at */
    while (text[at.start] != '!' && at.start < c->marks.end)
        at.start++;
    at.end = at.start;
    while (at.end < c->marks.end && !strchr(" \t\r\n", text[at.end]))
        at.end++;
    if (strncmp(tag, "tag:yaml.org,2002:", 18) == 0)
        diag = mf_diag(c->diags, MF_ERROR, MF_CODE_TAG, at, "the tag `!!%s` is not used here",
                       tag + 18);
    else
        diag = mf_diag(c->diags, MF_ERROR, MF_CODE_TAG, at, "the tag `%s` is not used here", tag);
    if (strcmp(tag, "!secret") == 0)
        mf_diag_help(diag, "write `${secret:NAME}`");
    else if (strcmp(tag, "!env_var") == 0)
        mf_diag_help(diag, "write `${env:NAME}`");
    else if (strncmp(tag, "!include", 8) == 0)
        mf_diag_help(diag, "use `include:` at the top of the file");
    else
        mf_diag_help(diag, "leave it out: the option decides on the type of its value");
}

static uint32_t add_nodes(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void finish_list(struct composer *c, struct frame *frame)
{
    size_t count = c->stack_count - frame->first;
    struct mf_tree *tree = frame->tree;

    tree->items = count ? mf_arena_alloc(c->arena, count * sizeof *tree->items) : NULL;
    tree->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const struct mf_tree_pair *entry = &c->stack[frame->first + i];

        tree->items[i] = (struct mf_tree_item){entry->value, entry->via};
    }
}

/* ---- placing what is finished ---- */

static void push_entry(struct composer *c, const struct mf_tree_pair *entry)
{
    mf_grow(&c->stack, &c->stack_cap, c->stack_count, sizeof *c->stack);
    c->stack[c->stack_count++] = *entry;
}

static struct mf_tree *check_key(struct composer *c, struct mf_tree *key, struct mf_span via)
{
    struct mf_span at = via.file ? via : key->at;
    struct mf_diag *diag;

    if (key->kind != MF_TREE_SCALAR) {
        diag = mf_diag(c->diags, MF_ERROR, MF_CODE_KEY, at, "a key must be a text, this is %s",
                       mf_tree_kind_name(key));
        mf_diag_help(diag, "a text that begins with `{` or `[` needs quotes");
        return NULL;
    }
    if (key->count == 0 && key->is_plain) {
        diag = mf_diag(c->diags, MF_ERROR, MF_CODE_KEY, at, "the key before the `:` is missing");
        mf_diag_help(diag, "a text that begins with `:` needs quotes");
        return NULL;
    }
    if (strlen(key->text) != key->count) {
        mf_diag(c->diags, MF_ERROR, MF_CODE_KEY, at, "a key cannot hold the character `\\0`");
        return NULL;
    }
    return key;
}

/* Puts a finished value, or an alias of one, where it belongs. `end` is where it ends here. */
static void place(struct composer *c, struct mf_tree *tree, struct mf_span via, uint32_t height,
                  uint32_t end)
{
    struct frame *frame;

    if (c->depth == 0) {
        c->root = tree;
        return;
    }
    frame = &c->frames[c->depth - 1];
    frame->end = end;
    if (height + 1 > frame->height)
        frame->height = height + 1;
    if (frame->tree->kind == MF_TREE_LIST) {
        push_entry(c, &(struct mf_tree_pair){NULL, tree, via});
    } else if (!frame->has_key) {
        frame->key = check_key(c, tree, via);
        frame->has_key = true;
    } else {
        frame->has_key = false;
        if (frame->key) {
            push_entry(c, &(struct mf_tree_pair){frame->key, tree, via});
        }
    }
}

static struct anchor *add_anchor(struct composer *c, const char *name, struct mf_tree *tree)
{
    struct anchor *anchor = mf_arena_alloc(c->arena, sizeof *anchor);

    anchor->tree = tree;
    /* Defining a name again is allowed; aliases below mean the new one. */
    mf_map_set(&c->anchors, mf_arena_strdup(c->arena, name), anchor);
    return anchor;
}

/* ---- events ---- */

static bool on_scalar(struct composer *c, const yaml_event_t *event)
{
    const yaml_char_t *name = event->data.scalar.anchor, *tag = event->data.scalar.tag;
    yaml_scalar_style_t style = event->data.scalar.style;
    struct mf_tree *tree = new_tree(c, MF_TREE_SCALAR);
    struct mf_span at = span_of(c, event);
    uint32_t end = at.end;

    if (tag)
        refuse_tag(c, at, (const char *)tag);
    if (name || tag)
        at.start = skip_properties(c, at.start, at.end);
    tree->is_block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    /* libyaml ends a block text where the next thing begins. */
    while (tree->is_block && at.end > at.start && strchr(" \t\r\n", c->source->text[at.end - 1]))
        at.end--;
    if (!check_size(c, at))
        return false;
    tree->is_plain = style == YAML_PLAIN_SCALAR_STYLE;
    tree->count = (uint32_t)event->data.scalar.length;
    tree->text = tree->count ? mf_arena_strndup(c->arena, (const char *)event->data.scalar.value,
                                                event->data.scalar.length)
                             : "";
    tree->at = at;
    tree->nodes = 1;
    if (name)
        add_anchor(c, (const char *)name, tree);
    place(c, tree, (struct mf_span){0}, 0, tree->is_block ? at.end : end);
    return true;
}

static bool on_start(struct composer *c, const yaml_event_t *event)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *name =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    struct mf_tree *tree = new_tree(c, is_map ? MF_TREE_MAP : MF_TREE_LIST);
    struct mf_span at = span_of(c, event);
    struct anchor *anchor = NULL;

    if (tag)
        refuse_tag(c, at, (const char *)tag);
    if (name || tag)
        at.start = skip_properties(c, at.start, (uint32_t)c->marks.end);
    if (!check_size(c, at))
        return false;
    if (c->depth == MF_TREE_DEPTH) {
        mf_diag(c->diags, MF_ERROR, MF_CODE_DEPTH, at,
                "lists and maps are nested more than %d levels deep", MF_TREE_DEPTH);
        return false;
    }
    tree->at = at;
    tree->is_flow = is_map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                           : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    if (name)
        anchor = add_anchor(c, (const char *)name, tree);
    c->frames[c->depth++] =
        (struct frame){.tree = tree, .first = c->stack_count, .anchor = anchor, .end = at.start};
    return true;
}

static void on_end(struct composer *c, const yaml_event_t *event)
{
    struct frame *frame = &c->frames[--c->depth];
    struct mf_tree *tree = frame->tree;
    struct mf_span at = span_of(c, event);
    uint32_t nodes = 1;

    if (tree->kind == MF_TREE_MAP) {
        size_t count = c->stack_count - frame->first;

        mf_compose_pairs(tree, count ? c->stack + frame->first : NULL, count, c->arena, c->diags);
        for (uint32_t i = 0; i < tree->count; i++)
            nodes =
                add_nodes(nodes, add_nodes(tree->pairs[i].key->nodes, tree->pairs[i].value->nodes));
    } else {
        finish_list(c, frame);
        for (uint32_t i = 0; i < tree->count; i++)
            nodes = add_nodes(nodes, tree->items[i].value->nodes);
    }
    c->stack_count = frame->first;
    /* Only brackets have an end of their own; a pair in a list, `[a: b]`, has none. */
    tree->at.end =
        tree->is_flow && strchr("[{", c->source->text[tree->at.start]) ? at.end : frame->end;
    tree->nodes = nodes;
    if (frame->anchor)
        frame->anchor->height = frame->height;
    place(c, tree, (struct mf_span){0}, frame->height, tree->at.end);
}

static void refuse_alias(struct composer *c, struct mf_span at, const char *name)
{
    struct mf_diag *diag =
        mf_diag(c->diags, MF_ERROR, MF_CODE_ANCHOR, at,
                "`*%.100s` repeats nothing: no `&%.100s` stands above", name, name);
    struct mf_nearest nearest;

    mf_nearest_init(&nearest, name);
    for (size_t i = 0; i < c->anchors.count; i++)
        mf_nearest_add(&nearest, c->anchors.entries[i].key);
    if (nearest.best)
        mf_diag_help(diag, "did you mean `*%s`?", nearest.best);
    else
        mf_diag_help(diag, "if no alias is meant, put the text in quotes");
    c->is_damaged = true;
}

/* Stands for what an alias failed to repeat, without causing more faults: a text as a key, else a
 * map, which `<<` likes as well. The tree is not handed out. */
static struct mf_tree *substitute(struct composer *c)
{
    const struct frame *frame = c->depth ? &c->frames[c->depth - 1] : NULL;
    struct mf_tree *tree;

    if (!frame || frame->tree->kind != MF_TREE_MAP || frame->has_key)
        return empty_map(c);
    tree = new_tree(c, MF_TREE_SCALAR);
    tree->text = "";
    tree->nodes = 1;
    return tree;
}

static bool on_alias(struct composer *c, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = mf_map_get(&c->anchors, name);
    struct mf_span at = span_of(c, event);
    struct mf_diag *diag;

    if (!anchor || anchor->tree->nodes == 0) {
        if (anchor) {
            diag = mf_diag(c->diags, MF_ERROR, MF_CODE_RECURSION, at,
                           "`*%.100s` stands inside of what it repeats", name);
            mf_diag_related(diag, anchor->tree->at, "`&%.100s` begins here", name);
            c->is_damaged = true;
        } else {
            refuse_alias(c, at, name);
        }
        place(c, substitute(c), at, 0, at.end);
        return true;
    }
    if (c->depth + anchor->height > MF_TREE_DEPTH) {
        mf_diag(c->diags, MF_ERROR, MF_CODE_DEPTH, at,
                "with what `*%.100s` repeats, lists and maps are nested more than %d levels deep",
                name, MF_TREE_DEPTH);
        return false;
    }
    c->aliased = add_nodes(c->aliased, anchor->tree->nodes);
    if (c->aliased > MF_TREE_ALIASED) {
        mf_diag(c->diags, MF_ERROR, MF_CODE_NODES, at,
                "the aliases of this file repeat more than %u keys and values, the limit",
                MF_TREE_ALIASED);
        return false;
    }
    place(c, anchor->tree, at, anchor->height, at.end);
    return true;
}

/* Whether only blanks, comments and `...` follow; `is_closed` says that one was read. libyaml is
 * not asked to read on: it would collect the directives of a next document without bound. */
static void check_rest(struct composer *c, uint32_t pos, bool is_closed)
{
    const char *text = c->source->text;
    struct mf_diag *diag;

    while (pos < c->marks.end) {
        if (text[pos] == '#') {
            while (pos < c->marks.end && text[pos] != '\n' && text[pos] != '\r')
                pos++;
        } else if (strchr(" \t\r\n", text[pos])) {
            pos++;
        } else if (strncmp(text + pos, "...", 3) == 0) {
            is_closed = true;
            pos += 3;
        } else {
            break;
        }
    }
    if (pos >= c->marks.end)
        return;
    c->is_damaged = true;
    if (!is_closed && strncmp(text + pos, "---", 3) != 0) {
        mf_compose_fault(
            c->source, c->marks.start, c->marks.end,
            &(struct mf_yaml_fault){"did not find expected <document start>", NULL, pos, pos},
            c->diags);
        return;
    }
    diag = mf_diag(c->diags, MF_ERROR, MF_CODE_DOCUMENTS,
                   (struct mf_span){c->source->number, pos, pos + (is_closed ? 1 : 3)},
                   "a second YAML document begins here; a flow file holds one");
    mf_diag_help(diag, "remove this line, or move what follows to a file of its own");
}

enum step { GO_ON, DONE, STOPPED };

static enum step on_event(struct composer *c, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(c, event) ? GO_ON : STOPPED;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return on_start(c, event) ? GO_ON : STOPPED;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(c, event);
        return GO_ON;
    case YAML_ALIAS_EVENT:
        return on_alias(c, event) ? GO_ON : STOPPED;
    case YAML_DOCUMENT_END_EVENT:
        check_rest(c, span_of(c, event).end, !event->data.document_end.implicit);
        return DONE;
    case YAML_STREAM_END_EVENT:
        return DONE;
    default:
        return GO_ON;
    }
}

static void report_fault(struct composer *c)
{
    const yaml_parser_t *p = &c->parser;
    struct mf_yaml_fault fault = {p->problem ? p->problem : "not YAML", p->context};

    /* The reader's faults have an offset of their own; they are found beforehand, all but none. */
    fault.at = byte_of(&c->marks, p->problem_mark.index);
    fault.context_at = p->context ? byte_of(&c->marks, p->context_mark.index) : fault.at;
    mf_compose_fault(c->source, c->marks.start, c->marks.end, &fault, c->diags);
}

static enum step run(struct composer *c)
{
    enum step step = GO_ON;

    while (step == GO_ON) {
        yaml_event_t event;

        if (!yaml_parser_parse(&c->parser, &event)) {
            report_fault(c);
            return STOPPED;
        }
        step = on_event(c, &event);
        yaml_event_delete(&event);
    }
    return step;
}

struct mf_tree *mf_compose(const struct mf_source *source, size_t start, size_t end,
                           struct mf_arena *arena, struct mf_diags *diags)
{
    return mf_compose_tagged(source, start, end, NULL, arena, diags);
}

struct mf_tree *mf_compose_tagged(const struct mf_source *source, size_t start, size_t end,
                                  const char *tag, struct mf_arena *arena, struct mf_diags *diags)
{
    struct composer *c;
    struct mf_tree *tree = NULL;
    bool is_ascii;

    if (end > source->len)
        end = source->len;
    if (start > end)
        start = end;
    if (!mf_compose_check(source, start, end, &is_ascii, diags))
        return NULL;
    c = mf_zalloc(sizeof *c);
    c->source = source;
    c->tag = tag;
    c->arena = arena;
    c->diags = diags;
    c->marks = (struct marks){source->text, start, end, is_ascii, 0, 0};
    if (!yaml_parser_initialize(&c->parser)) {
        mf_diag(diags, MF_ERROR, MF_CODE_SIZE, (struct mf_span){source->number, 0, 0},
                "no memory is left to read the file");
    } else {
        yaml_parser_set_encoding(&c->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&c->parser, (const unsigned char *)source->text + start,
                                     end - start);
        if (run(c) == DONE && !c->is_damaged) {
            tree = c->root ? c->root : empty_map(c);
            if (tree->kind == MF_TREE_SCALAR && tree->is_plain && tree->count == 0)
                tree = empty_map(c);
        }
        yaml_parser_delete(&c->parser);
    }
    mf_map_done(&c->anchors);
    mf_free(c->stack);
    mf_free(c);
    return tree;
}
