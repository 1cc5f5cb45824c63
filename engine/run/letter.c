/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See letter.h. What caused a letter is not kept: the numbers of events begin anew. */

#include "engine/run/letter.h"

#include <string.h>

#include "engine/base/alloc.h"

enum { TIME, QUALITY, REASON, LABEL, NODE, TOPIC, VALUE };
_Static_assert(VALUE + 1 == MF_LETTER_ITEMS, "an item for each field");

struct mf_letter mf_letter_own(const struct mf_letter *letter)
{
    struct mf_letter copy = *letter;

    copy.msg = mf_msg_copy(&letter->msg);
    copy.topic = mf_value_copy(letter->topic);
    copy.label = mf_strdup(letter->label);
    copy.node_name = mf_strdup(letter->node_name);
    return copy;
}

void mf_letter_disown(struct mf_letter *letter)
{
    mf_msg_drop(&letter->msg);
    mf_value_drop(letter->topic);
    mf_free((void *)(uintptr_t)letter->label);
    mf_free((void *)(uintptr_t)letter->node_name);
    memset(letter, 0, sizeof(*letter));
}

void mf_letter_build(struct mf_builder *list, const struct mf_letter *letter)
{
    const struct mf_msg *msg = &letter->msg;

    mf_build_take_item(list, mf_value_int(msg->time));
    mf_build_take_item(list, mf_value_int(msg->quality));
    mf_build_take_item(list, msg->reason ? mf_value_new_text(msg->reason) : mf_value_null());
    mf_build_take_item(list, mf_value_new_text(letter->label));
    mf_build_take_item(list, mf_value_new_text(letter->node_name));
    mf_build_take_item(list, mf_value_copy(letter->topic));
    mf_build_take_item(list, mf_value_copy(msg->value));
}

static char *text_at(const struct mf_value *list, size_t at)
{
    size_t len;
    const char *text = mf_value_text(mf_value_at(list, at), &len);

    return mf_strndup(text, len);
}

/* A reason that this program does not know is one nevertheless. */
static const char *reason_at(const struct mf_value *list, size_t at)
{
    const char *known;
    char *text;

    if (mf_value_at(list, at)->type != MF_TEXT)
        return NULL;
    text = text_at(list, at);
    known = mf_reason_by_name(text);
    mf_free(text);
    return known ? known : mf_reason_device;
}

static bool is_letter(const struct mf_value *list, size_t at)
{
    const struct mf_value *quality;

    if (list->type != MF_LIST || mf_value_count(list) < at + MF_LETTER_ITEMS)
        return false;
    quality = mf_value_at(list, at + QUALITY);
    return mf_value_at(list, at + TIME)->type == MF_INT && quality->type == MF_INT &&
           quality->integer >= MF_GOOD && quality->integer <= MF_BAD &&
           mf_value_at(list, at + LABEL)->type == MF_TEXT &&
           mf_value_at(list, at + NODE)->type == MF_TEXT &&
           MF_T(mf_value_at(list, at + TOPIC)->type) & (MF_T(MF_NULL) | MF_T(MF_TEXT));
}

bool mf_letter_read(const struct mf_value *list, size_t at, struct mf_letter *ret)
{
    if (!is_letter(list, at))
        return false;
    *ret = (struct mf_letter){
        .msg = {.value = mf_value_copy(*mf_value_at(list, at + VALUE)),
                .time = mf_value_at(list, at + TIME)->integer,
                .quality = (uint8_t)mf_value_at(list, at + QUALITY)->integer,
                .reason = reason_at(list, at + REASON)},
        .topic = mf_value_copy(*mf_value_at(list, at + TOPIC)),
        .label = text_at(list, at + LABEL),
        .node_name = text_at(list, at + NODE),
        .is_retry = true,
        .input = UINT32_MAX,
    };
    return true;
}
