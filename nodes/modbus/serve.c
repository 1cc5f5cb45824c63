/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See serve.h. */

#include "nodes/modbus/serve.h"

#include <math.h>
#include <string.h>

/* ---- reading ---- */

/* The part of a register that lies within [from, end). */
static void copy_part(const struct mf_modbus_served *served, const uint16_t *own, unsigned from,
                      unsigned end, uint16_t *words)
{
    for (unsigned i = 0; i < served->number.words; i++) {
        unsigned address = served->value.at.address + i;

        if (address >= from && address < end)
            words[address - from] = own[i];
    }
}

/* Whether each address of what is to be read is a register's. */
static bool is_covered(const struct mf_modbus_serve *serve, uint8_t unit,
                       const struct mf_modbus_request *request)
{
    const struct mf_modbus_table *table = serve->table;
    unsigned next = request->address, end = next + request->count;

    for (unsigned i = mf_modbus_table_find(table, unit, request->area, next);
         next < end && mf_modbus_table_has(table, i, unit, request->area) &&
         table->list[i]->value.at.address <= next;
         i++)
        next = table->list[i]->value.at.address + table->list[i]->number.words;
    return next >= end || serve->fills_gaps;
}

/* The request itself gives it the value that it reads back. */
static bool is_written_by(const struct mf_modbus_request *request,
                          const struct mf_modbus_served *served)
{
    unsigned at = (unsigned)served->value.at.address;

    return !served->from.is_given && at >= request->write_address &&
           at < request->write_address + (unsigned)request->write_count;
}

/* False: one of them has no value that may be shown, and will not have one by a write that is
 * `to_come`. */
static bool read_words(const struct mf_modbus_serve *serve, uint8_t unit,
                       const struct mf_modbus_request *request, bool to_come, uint16_t *words)
{
    const struct mf_modbus_table *table = serve->table;
    unsigned from = request->address, end = from + request->count;
    uint16_t own[MF_MODBUS_VALUE_WORDS];

    memset(words, 0, request->count * sizeof(*words));
    for (unsigned i = mf_modbus_table_find(table, unit, request->area, from);
         mf_modbus_table_has(table, i, unit, request->area) &&
         table->list[i]->value.at.address < end;
         i++) {
        if (serve->values.read(serve->values.arg, table->list[i], own))
            copy_part(table->list[i], own, from, end, words);
        else if (!to_come || !is_written_by(request, table->list[i]))
            return false;
    }
    return true;
}

/* ---- writing ---- */

bool mf_modbus_is_allowed(const struct mf_modbus_served *served, const struct mf_value *value)
{
    double number;

    if (!(MF_T(value->type) & MF_T_NUMERIC))
        return true;
    number = mf_value_as_number(value);
    return isfinite(number) &&
           (!served->has_range || (number >= served->range.low && number <= served->range.high));
}

/* Registers are written whole; *ret_first is the first of them. */
static uint8_t check_write(const struct mf_modbus_serve *serve, uint8_t unit,
                           const struct mf_modbus_request *request, unsigned *ret_first,
                           unsigned *ret_count)
{
    const struct mf_modbus_table *table = serve->table;
    unsigned next = request->write_address, end = next + request->write_count;
    unsigned first = mf_modbus_table_find(table, unit, request->area, next), i = first;

    for (; next < end; i++) {
        const struct mf_modbus_served *served;
        struct mf_value value;
        struct mf_error err;
        bool fits;

        if (!mf_modbus_table_has(table, i, unit, request->area))
            return MF_MODBUS_ILLEGAL_ADDRESS;
        served = table->list[i];
        if (served->value.at.address != next || next + served->number.words > end ||
            served->out < 0)
            return MF_MODBUS_ILLEGAL_ADDRESS;
        if (mf_modbus_decode(&served->number, request->words + (next - request->write_address),
                             &value, &err) < 0)
            return MF_MODBUS_ILLEGAL_VALUE;
        fits = mf_modbus_is_allowed(served, &value);
        mf_value_drop(value);
        if (!fits)
            return MF_MODBUS_ILLEGAL_VALUE;
        next += served->number.words;
    }
    *ret_first = first;
    *ret_count = i - first;
    return 0;
}

static void write_words(const struct mf_modbus_serve *serve,
                        const struct mf_modbus_request *request, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        const struct mf_modbus_served *served = serve->table->list[i];
        unsigned offset = (unsigned)served->value.at.address - request->write_address;
        struct mf_value value;
        struct mf_error err;

        if (mf_modbus_decode(&served->number, request->words + offset, &value, &err) < 0)
            continue; /* it was looked at a moment ago */
        serve->counts->written++;
        serve->values.write(serve->values.arg, served, value);
    }
}

/* ---- a request ---- */

static uint8_t answer(const struct mf_modbus_serve *serve, uint8_t unit,
                      const struct mf_modbus_request *request, uint16_t *words)
{
    unsigned first = 0, count = 0;
    uint8_t wrong = 0;

    if (request->reads && !is_covered(serve, unit, request))
        return MF_MODBUS_ILLEGAL_ADDRESS;
    if (request->writes)
        wrong = check_write(serve, unit, request, &first, &count);
    if (wrong)
        return wrong;
    /* Who is refused must be able to rely on it that nothing was written. */
    if (request->reads && request->writes && !read_words(serve, unit, request, true, words))
        return MF_MODBUS_FAILURE;
    write_words(serve, request, first, count);
    if (request->reads && !read_words(serve, unit, request, false, words))
        return MF_MODBUS_FAILURE;
    return 0;
}

size_t mf_modbus_serve(const struct mf_modbus_serve *serve, uint8_t unit, const uint8_t *pdu,
                       size_t len, uint8_t *reply)
{
    uint16_t words[MF_MODBUS_READ_BITS];
    struct mf_modbus_request request;
    uint8_t wrong = mf_modbus_request_read(pdu, len, &request);

    serve->counts->requests++;
    if (!wrong)
        wrong = answer(serve, unit, &request, words);
    if (!wrong)
        return mf_modbus_answer(&request, words, reply);
    serve->counts->exceptions++;
    return mf_modbus_answer_exception(pdu[0], wrong, reply);
}
