/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See where.h. */

#include "nodes/gpio/where.h"

#include <ctype.h>
#include <string.h>

#include "engine/base/num.h"
#include "engine/base/text.h"
#include "nodes/gpio/fake.h"
#include "nodes/gpio/line.h"
#include "nodes/gpio/link.h"

static const char chip_prefix[] = "gpiochip", fake_line_prefix[] = "GPIO";

static bool where_read(struct mf_load *load, const struct mf_option *option,
                       const struct mf_tree *tree, void *ret)
{
    const char *text = mf_type_scalar(load, option, tree), *slash;
    struct mf_gpio_where *where = ret;
    int64_t number;

    if (!text)
        return false;
    slash = strrchr(text, '/');
    if (!slash || slash == text || !slash[1] || strpbrk(text, " \t") || mf_gpio_is_chip(slash + 1))
        return mf_type_mismatch(load, option, tree, option->type->syntax);
    where->link = mf_arena_strndup(load->arena, text, (size_t)(slash - text));
    where->line = mf_arena_strdup(load->arena, slash + 1);
    if (!mf_num_read_int(where->line, strlen(where->line), &number))
        return strlen(where->line) < MF_GPIO_NAME ||
               mf_type_mismatch(load, option, tree, "a name of at most 31 bytes behind the slash");
    if (number >= 0 && number < MF_GPIO_CHIP_LINES)
        return true;
    return mf_type_mismatch(load, option, tree, "a number from 0 to 4095 behind the slash");
}

static void where_schema(const struct mf_option *option, struct mf_buf *buf)
{
    mf_buf_puts(buf, "{\"type\":\"string\",\"pattern\":\"^[^ ]+/[^ /]+$|\\\\$\\\\{\"}");
}

const struct mf_type mf_type_gpio_where = {
    .name = "GPIO line",
    .syntax = "a chip or link and the line, such as `gpiochip0/27`",
    .size = sizeof(struct mf_gpio_where),
    .read = where_read,
    .schema = where_schema,
};

bool mf_gpio_is_chip(const char *name)
{
    size_t digits = strlen(chip_prefix);

    if (*name == '/' || mf_text_starts(name, MF_GPIO_FAKE_PREFIX))
        return true;
    return mf_text_starts(name, chip_prefix) && name[digits] &&
           strspn(name + digits, "0123456789") == strlen(name + digits);
}

const char *mf_gpio_where_key(const struct mf_gpio_where *where, const void *link_config,
                              struct mf_arena *arena)
{
    const struct mf_gpio_link_config *link = link_config;
    const char *line = where->line;
    int64_t number;

    if (mf_text_starts(link->chip, MF_GPIO_FAKE_PREFIX) && mf_text_starts(line, fake_line_prefix) &&
        isdigit((unsigned char)line[strlen(fake_line_prefix)]))
        line += strlen(fake_line_prefix);
    if (mf_num_read_int(line, strlen(line), &number))
        return mf_arena_printf(arena, "%lld", (long long)number);
    return where->line;
}
