/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The schema of flow files.
 *
 * Each kind is one definition, `kind.deadband`, which leaves room for what depends on the place of
 * a node: `node.deadband` stands under `nodes:` and may have `from`, `to.deadband` and
 * `then.deadband` may have `name`.
 *
 * A node is tried as the kind whose key it has, so that an editor shows faults of
 * that kind only. Keys that some kind also has as an option do not tell the kind; for
 * nodes that have no others, any kind that fits will do.
 */

#include "engine/graph/schema.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/graph/compile_priv.h"
#include "engine/graph/guard.h"
#include "engine/graph/registry.h"

#define REF(name) "{\"$ref\":\"#/$defs/" name "\"}"
#define NAME "[a-z][a-z0-9_]*"

static void put_quoted(struct mf_buf *buf, const char *text)
{
    mf_text_quote_json(buf, text, strlen(text));
}

/* `,` between the members of a list. */
static void put_comma(struct mf_buf *buf, size_t *count)
{
    if ((*count)++)
        mf_buf_putc(buf, ',');
}

static const struct mf_option *find_option(const struct mf_option *table, const char *name)
{
    for (const struct mf_option *option = table; option && option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

static const struct mf_option *find_primary(const struct mf_option *table)
{
    for (const struct mf_option *option = table; option && option->name; option++)
        if (option->flags & MF_OPT_PRIMARY)
            return option;
    return NULL;
}

/* ---- one kind ---- */

/* What nodes and links have in common here. */
struct subject {
    const char *name, *summary;
    const struct mf_option *options;
    bool is_node, can_act;
};

/* The value after the kind: nothing, or the main option. */
static void put_main(const struct subject *subject, const struct mf_option *main,
                     struct mf_buf *buf)
{
    struct mf_buf fragment = {0};

    mf_buf_puts(buf, "{\"description\":");
    put_quoted(buf, subject->summary ? subject->summary : "");
    if (main) {
        main->type->schema(main, &fragment);
        mf_buf_printf(buf, ",\"anyOf\":[{\"type\":\"null\"},%s]}", mf_buf_text(&fragment));
    } else {
        mf_buf_puts(buf, ",\"type\":\"null\"}");
    }
    mf_buf_done(&fragment);
}

/* The main option stands after the kind or under its own name, not both. */
static void put_one_main(const struct subject *subject, const struct mf_option *main,
                         struct mf_buf *buf)
{
    mf_buf_puts(buf, ",\"if\":{\"properties\":{");
    put_quoted(buf, subject->name);
    mf_buf_puts(buf, ":{\"type\":\"null\"}}},\"then\":{\"required\":[");
    if (main->flags & MF_OPT_REQUIRED)
        put_quoted(buf, main->name);
    mf_buf_puts(buf, "]},\"else\":{\"properties\":{");
    put_quoted(buf, main->name);
    mf_buf_puts(buf, ":false}}");
}

/* A main option that is called as its kind has no other place than behind it. */
static void put_named_main(const struct subject *subject, const struct mf_option *main,
                           struct mf_buf *buf)
{
    if (strcmp(main->name, subject->name) != 0)
        put_one_main(subject, main, buf);
    else if (main->flags & MF_OPT_REQUIRED) {
        mf_buf_puts(buf, ",\"not\":{\"properties\":{");
        put_quoted(buf, subject->name);
        mf_buf_puts(buf, ":{\"type\":\"null\"}}}");
    }
}

static void put_option(const struct subject *subject, const struct mf_option *option,
                       struct mf_buf *buf)
{
    if (strcmp(option->name, subject->name) == 0)
        return;
    mf_buf_putc(buf, ',');
    put_quoted(buf, option->name);
    mf_buf_putc(buf, ':');
    mf_schema_option(option, buf);
}

/* The options of every node but those that the kind has a meaning of its own for. */
static void put_common(const struct subject *subject, struct mf_buf *buf)
{
    for (const char *const *name = mf_flow_common; *name; name++) {
        if (strcmp(*name, "from") == 0 || find_option(subject->options, *name) ||
            strcmp(*name, subject->name) == 0)
            continue;
        mf_buf_putc(buf, ',');
        put_quoted(buf, *name);
        mf_buf_printf(buf, ":{\"$ref\":\"#/$defs/common.%s\"}", *name);
    }
}

static void put_guard(const struct subject *subject, struct mf_buf *buf)
{
    for (const struct mf_option *option = mf_guard_options; option->name; option++) {
        if (find_option(subject->options, option->name))
            continue;
        mf_buf_putc(buf, ',');
        put_quoted(buf, option->name);
        mf_buf_printf(buf, ":{\"$ref\":\"#/$defs/guard.%s\"}", option->name);
    }
}

static void put_kind(const struct subject *subject, struct mf_buf *buf)
{
    const struct mf_option *main = find_primary(subject->options);
    struct mf_buf required = {0};

    mf_buf_printf(buf, ",\"%s.%s\":{\"type\":\"object\",\"properties\":{",
                  subject->is_node ? "kind" : "link_kind", subject->name);
    put_quoted(buf, subject->name);
    mf_buf_putc(buf, ':');
    put_main(subject, main, buf);
    for (const struct mf_option *option = subject->options; option && option->name; option++)
        put_option(subject, option, buf);
    if (subject->is_node)
        put_common(subject, buf);
    if (subject->can_act)
        put_guard(subject, buf);
    mf_buf_puts(buf, "},\"required\":[");
    put_quoted(buf, subject->name);
    mf_schema_required(subject->options, false, &required);
    mf_buf_printf(buf, "%s]", mf_buf_text(&required));
    if (main)
        put_named_main(subject, main, buf);
    mf_buf_putc(buf, '}');
    mf_buf_done(&required);
}

/* ---- places of nodes ---- */

enum place { PLACE_NODE, PLACE_TO, PLACE_THEN, PLACES };

static const struct {
    const char *name;
    const char *properties;
} places[] = {
    [PLACE_NODE] = {"node", "\"from\":" REF("common.from")},
    [PLACE_TO] = {"to", "\"name\":" REF("name")},
    [PLACE_THEN] = {"then", "\"name\":" REF("name")},
};

static void put_place(const struct mf_kind *kind, enum place place, struct mf_buf *buf)
{
    bool needs_name = place == PLACE_THEN && (kind->flags & MF_KIND_STATEFUL);

    mf_buf_printf(buf,
                  ",\"%s.%s\":{\"$ref\":\"#/$defs/kind.%s\",\"properties\":{%s},\"required\":[%s],"
                  "\"unevaluatedProperties\":false}",
                  places[place].name, kind->name, kind->name, places[place].properties,
                  needs_name ? "\"name\"" : "");
}

/* A key that is nothing else tells the kind. */
static bool tells_kind(const char *name)
{
    if (mf_is_common_option(name) || mf_is_guard_option(name) || strcmp(name, "name") == 0)
        return false;
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        if (strcmp((*kind)->name, name) != 0 && find_option((*kind)->options, name))
            return false;
    return true;
}

/* Keys that tell the kind, as a condition: none of them is there. */
static void put_none(struct mf_buf *buf)
{
    size_t count = 0;

    mf_buf_puts(buf, "{\"not\":{\"anyOf\":[");
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        if (tells_kind((*kind)->name)) {
            put_comma(buf, &count);
            mf_buf_printf(buf, "{\"required\":[\"%s\"]}", (*kind)->name);
        }
    mf_buf_puts(buf, count ? "]}}" : "{\"required\":[\"\"]}]}}");
}

static void put_any(const char *place, struct mf_buf *buf)
{
    size_t count = 0;

    mf_buf_puts(buf, "{\"anyOf\":[");
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        if (!tells_kind((*kind)->name)) {
            put_comma(buf, &count);
            mf_buf_printf(buf, "{\"$ref\":\"#/$defs/%s.%s\"}", place, (*kind)->name);
        }
    mf_buf_puts(buf, count ? "]}" : "false]}");
}

/* A node at a place: `properties` is there for editors, which offer the kinds. */
static void put_node(enum place place, struct mf_buf *buf)
{
    const char *name = places[place].name;
    size_t count = 0;

    mf_buf_printf(buf, ",\"%s\":{\"type\":\"object\",\"properties\":{", name);
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++) {
        put_comma(buf, &count);
        mf_buf_printf(buf, "\"%s\":{\"description\":", (*kind)->name);
        put_quoted(buf, (*kind)->summary ? (*kind)->summary : "");
        mf_buf_putc(buf, '}');
    }
    mf_buf_puts(buf, "},\"allOf\":[");
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++)
        if (tells_kind((*kind)->name))
            mf_buf_printf(buf,
                          "{\"if\":{\"required\":[\"%s\"]},\"then\":{\"$ref\":\"#/$defs/%s.%s\"}},",
                          (*kind)->name, name, (*kind)->name);
    mf_buf_puts(buf, "{\"if\":");
    put_none(buf);
    mf_buf_puts(buf, ",\"then\":");
    put_any(name, buf);
    mf_buf_puts(buf, "}]}");
}

/* ---- links ---- */

static void put_links(struct mf_buf *buf)
{
    size_t count = 0;

    for (const struct mf_link_kind *const *kind = mf_registry()->links; *kind; kind++)
        put_kind(
            &(struct subject){(*kind)->name, (*kind)->summary, (*kind)->options, .is_node = false},
            buf);
    mf_buf_puts(buf, ",\"link\":{\"type\":\"object\",\"anyOf\":[");
    for (const struct mf_link_kind *const *kind = mf_registry()->links; *kind; kind++) {
        put_comma(buf, &count);
        mf_buf_printf(buf, "{\"$ref\":\"#/$defs/link_kind.%s\",\"unevaluatedProperties\":false}",
                      (*kind)->name);
    }
    mf_buf_puts(buf, count ? "]}" : "false]}");
}

/* ---- what is written down here because no table has it ---- */

/* The formatter would fold the members. */
/* clang-format off */

#define NAMES(value) \
    "\"type\":[\"object\",\"null\"],\"propertyNames\":" REF("name") "," \
    "\"additionalProperties\":" value

/* Definitions of the language itself. */
static const char language[] =
    ",\"name\":{\"type\":\"string\",\"pattern\":\"^" NAME "$\"}"
    ",\"scalar\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}"
    ",\"path\":{\"type\":[\"string\",\"number\",\"boolean\"],\"minLength\":1}"
    ",\"version\":{\"description\":\"The version of the flow language.\",\"enum\":[1,\"1\"]}"
    ",\"common.to\":{\"description\":\"Sinks that take the value of this node.\","
        "\"anyOf\":[" REF("to") ",{\"type\":\"array\",\"items\":" REF("to") "}]}"
    ",\"common.then\":{\"description\":\"A chain of steps behind this node.\","
        "\"anyOf\":[" REF("then") ",{\"type\":\"array\",\"items\":" REF("then") "}]}"
    ",\"include_path\":{\"$ref\":\"#/$defs/path\","
        "\"not\":{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\"}}"
    ",\"include\":{\"description\":\"Files and patterns of files that belong to this flow.\","
        "\"anyOf\":[" REF("include_path") ",{\"type\":\"array\",\"items\":" REF("include_path")
        "}]}"
    ",\"vars\":{\"description\":\"Texts for ${name}.\"," NAMES(REF("scalar")) "}"
    ",\"links\":{\"description\":\"Connections that nodes share.\"," NAMES(REF("link")) "}"
    ",\"nodes\":{\"description\":\"The graph.\",\"type\":[\"object\",\"null\"],"
        "\"propertyNames\":{\"pattern\":\"^" NAME "(\\\\." NAME ")*$\"},"
        "\"additionalProperties\":" REF("node") "}"
    ",\"use\":{\"description\":\"Parts, under the names of their uses.\"," NAMES(REF("part_use"))
        "}"
    ",\"part_use\":{\"type\":\"object\",\"properties\":{"
        "\"part\":{\"$ref\":\"#/$defs/path\",\"description\":\"The file of the part.\"}},"
        "\"required\":[\"part\"],\"additionalProperties\":" REF("scalar") "}"
    ",\"outputs\":{\"description\":\"What users of the part may name.\"," NAMES(REF("path")) "}"
    ",\"flow_file\":{\"properties\":{"
        "\"moat-flow\":" REF("version") ",\"title\":" REF("scalar") ",\"doc\":{},"
        "\"include\":" REF("include") ",\"vars\":" REF("vars") ",\"links\":" REF("links") ","
        "\"nodes\":" REF("nodes") ",\"use\":" REF("use") "},"
        "\"patternProperties\":{\"^x-\":{}},\"additionalProperties\":false}"
    ",\"part_file\":{\"properties\":{"
        "\"moat-flow\":" REF("version") ",\"title\":" REF("scalar") ",\"doc\":{},"
        "\"part\":{\"description\":\"The title of this part.\"},"
        "\"params\":" REF("params") ",\"vars\":" REF("vars") ",\"nodes\":" REF("nodes") ","
        "\"use\":" REF("use") ",\"outputs\":" REF("outputs") "},"
        "\"patternProperties\":{\"^x-\":{}},\"additionalProperties\":false}";

#define TYPE_IS_ONE_OF(types) \
    "\"required\":[\"type\"],\"properties\":{\"type\":{\"enum\":[" types "]}}"

/* Parameters of a part: a unit is for numbers, a range for numbers and times. */
static const char params[] =
    ",\"params\":{\"description\":\"What users of the part give it.\","
        "\"type\":[\"object\",\"null\"],"
        "\"propertyNames\":{\"pattern\":\"^(?!part$)" NAME "$\"},"
        "\"additionalProperties\":" REF("param") "}"
    ",\"param\":{\"type\":[\"object\",\"null\"],\"properties\":{"
        "\"type\":{\"enum\":[\"any\",\"text\",\"number\",\"int\",\"bool\",\"duration\","
            "\"quantity\",\"node\"]},"
        "\"unit\":" REF("unit_text") ",\"default\":" REF("scalar") ",\"doc\":{},"
        "\"range\":{\"type\":\"string\",\"pattern\":\"^[^.]*(\\\\.[^.]+)*\\\\.\\\\.\"}},"
        "\"additionalProperties\":false,\"allOf\":["
        "{\"if\":{\"required\":[\"unit\"]},\"then\":{"
            TYPE_IS_ONE_OF("\"number\",\"int\",\"quantity\"") "}},"
        "{\"if\":{\"required\":[\"range\"]},\"then\":{"
            TYPE_IS_ONE_OF("\"number\",\"int\",\"quantity\",\"duration\"") "}}]}";

/* clang-format on */

void mf_schema_print(struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                     "\"title\":\"moat-flow\",\"description\":\"A flow file or a part.\","
                     "\"type\":\"object\",\"required\":[\"moat-flow\"],"
                     "\"if\":{\"required\":[\"part\"]},\"then\":" REF("part_file") ",\"else\":" REF(
                         "flow_file") ",\"$defs\":{");
    mf_schema_defs(buf);
    for (const struct mf_option *option = mf_common_options; option->name; option++) {
        mf_buf_printf(buf, ",\"common.%s\":", option->name);
        mf_schema_option(option, buf);
    }
    for (const struct mf_option *option = mf_guard_options; option->name; option++) {
        mf_buf_printf(buf, ",\"guard.%s\":", option->name);
        mf_schema_option(option, buf);
    }
    mf_buf_puts(buf, language);
    mf_buf_puts(buf, params);
    for (const struct mf_kind *const *kind = mf_registry()->nodes; *kind; kind++) {
        put_kind(&(struct subject){(*kind)->name, (*kind)->summary, (*kind)->options, true,
                                   mf_kind_can_act(*kind)},
                 buf);
        for (int place = 0; place < PLACES; place++)
            put_place(*kind, (enum place)place, buf);
    }
    for (int place = 0; place < PLACES; place++)
        put_node((enum place)place, buf);
    put_links(buf);
    mf_buf_puts(buf, "}}\n");
}
