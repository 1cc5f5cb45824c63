/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Reads what lua_dump() writes: functions with code, constants, and the lines and names for debug.
 * Only a handful of instructions matter here; the others are passed over.
 */

#include "lua/uses.h"

#include <string.h>

#include "engine/base/alloc.h"
#include "engine/base/buf.h"

/* Numbers of instructions in Lua 5.4. */
enum {
    OP_LOADK = 3,
    OP_GETTABUP = 11,
    OP_GETFIELD = 14,
    OP_SETTABUP = 15,
    OP_CONCAT = 53,
    OP_JMP = 56,
    OP_EQ = 57,
    OP_TESTSET = 67,
    OP_RETURN = 70,
    OP_RETURN1 = 72,
    OP_CLOSURE = 79,
    OP_VARARGPREP = 81,
};

enum { JUMP_ZERO = (1 << 24) - 1 }; /* what a jump to the next instruction holds */

enum {
    DEPTH = 200,      /* functions within functions: Lua's own limit */
    ABSOLUTE = -0x80, /* in the list of lines: the difference is too large for a byte */
    SHORT_STRING = 4, /* types of constants */
    LONG_STRING = 20,
    NUMBER_FLOAT = 19,
    NUMBER_INTEGER = 3,
};

struct text {
    const char *at; /* NULL: not a text */
    size_t len;
};

struct upvalue {
    struct text name;
    bool in_stack;
    uint8_t index;
};

struct function {
    const struct function *outer;
    const unsigned char *code; /* instructions of four bytes */
    size_t code_count;
    struct text *constants;
    size_t constant_count;
    struct upvalue *upvalues;
    size_t upvalue_count;
    const unsigned char *lines; /* a difference for each instruction */
    size_t line_count;
    const unsigned char *absolute; /* pairs of numbers */
    size_t absolute_count;
    uint32_t first_line;
    uint8_t params;
    bool is_run; /* what the script calls `run` */
    size_t child_count;
    struct function **children;
};

struct reader {
    const unsigned char *at, *end;
    bool is_broken;
    void (*found)(void *arg, const struct mf_lua_use *use);
    void *arg;
    struct mf_buf names; /* the two texts of the use at hand */
};

/* ---- bytes ---- */

static unsigned read_byte(struct reader *r)
{
    if (r->at == r->end) {
        r->is_broken = true;
        return 0;
    }
    return *r->at++;
}

/* Seven bits a byte, the highest first; the last one is marked. */
static size_t read_size(struct reader *r)
{
    size_t size = 0;
    unsigned byte;

    do {
        byte = read_byte(r);
        if (size > SIZE_MAX >> 7)
            r->is_broken = true;
        size = size << 7 | (byte & 0x7f);
    } while (!(byte & 0x80) && !r->is_broken);
    return size;
}

static const unsigned char *skip(struct reader *r, size_t count, size_t size)
{
    const unsigned char *at = r->at;

    if (r->is_broken || count > (size_t)(r->end - r->at) / size) {
        r->is_broken = true;
        return at;
    }
    r->at += count * size;
    return at;
}

/* How many follow, each of at least `size` bytes: never more than there are bytes. */
static size_t read_count(struct reader *r, size_t size)
{
    size_t count = read_size(r);

    if (count > (size_t)(r->end - r->at) / size)
        r->is_broken = true;
    return r->is_broken ? 0 : count;
}

static struct text read_text(struct reader *r)
{
    size_t size = read_size(r);
    struct text text = {NULL, 0};

    if (size) {
        text.len = size - 1;
        text.at = (const char *)skip(r, text.len, 1);
    }
    return text;
}

/* ---- functions ---- */

static void read_constants(struct reader *r, struct function *f)
{
    f->constant_count = read_count(r, 1);
    f->constants = mf_calloc_array(f->constant_count + 1, sizeof(*f->constants));
    for (size_t i = 0; i < f->constant_count && !r->is_broken; i++)
        switch (read_byte(r)) {
        case SHORT_STRING:
        case LONG_STRING:
            f->constants[i] = read_text(r);
            break;
        case NUMBER_FLOAT:
        case NUMBER_INTEGER:
            skip(r, 1, 8);
            break;
        default: /* nil, false, true */
            break;
        }
}

static void read_upvalues(struct reader *r, struct function *f)
{
    f->upvalue_count = read_count(r, 3);
    f->upvalues = mf_calloc_array(f->upvalue_count + 1, sizeof(*f->upvalues));
    for (size_t i = 0; i < f->upvalue_count; i++) {
        f->upvalues[i].in_stack = read_byte(r);
        f->upvalues[i].index = (uint8_t)read_byte(r);
        read_byte(r);
    }
}

static void read_debug(struct reader *r, struct function *f)
{
    size_t count;

    f->line_count = read_count(r, 1);
    f->lines = skip(r, f->line_count, 1);
    f->absolute_count = read_count(r, 2);
    f->absolute = r->at;
    for (size_t i = 0; i < 2 * f->absolute_count; i++)
        read_size(r);
    count = read_count(r, 3); /* locals */
    for (size_t i = 0; i < count && !r->is_broken; i++) {
        read_text(r);
        read_size(r);
        read_size(r);
    }
    count = read_count(r, 1);
    for (size_t i = 0; i < count && !r->is_broken; i++) {
        struct text name = read_text(r);

        if (i < f->upvalue_count)
            f->upvalues[i].name = name;
    }
}

static void free_function(struct function *f)
{
    for (size_t i = 0; i < f->child_count; i++)
        if (f->children[i])
            free_function(f->children[i]);
    mf_free(f->children);
    mf_free(f->constants);
    mf_free(f->upvalues);
    mf_free(f);
}

static struct function *read_function(struct reader *r, const struct function *outer,
                                      unsigned depth)
{
    struct function *f = mf_zalloc(sizeof(*f));

    f->outer = outer;
    if (depth == DEPTH) {
        r->is_broken = true;
        return f;
    }
    read_text(r); /* source */
    f->first_line = (uint32_t)read_size(r);
    read_size(r);
    f->params = (uint8_t)read_byte(r);
    skip(r, 2, 1); /* variable arguments, stack size */
    f->code_count = read_count(r, 4);
    f->code = skip(r, f->code_count, 4);
    read_constants(r, f);
    read_upvalues(r, f);
    f->child_count = read_count(r, 1);
    f->children = mf_calloc_array(f->child_count + 1, sizeof(struct function *));
    for (size_t i = 0; i < f->child_count && !r->is_broken; i++)
        f->children[i] = read_function(r, f, depth + 1);
    read_debug(r, f);
    return f;
}

/* ---- code ---- */

struct instruction {
    unsigned op, a, b, c, bx;
};

static struct instruction instruction_at(const struct function *f, size_t i)
{
    uint32_t code;

    memcpy(&code, f->code + 4 * i, 4);
    return (struct instruction){.op = code & 0x7f,
                                .a = code >> 7 & 0xff,
                                .b = code >> 16 & 0xff,
                                .c = code >> 24 & 0xff,
                                .bx = code >> 15};
}

static uint32_t line_of(const struct function *f, size_t at)
{
    struct reader absolute = {.at = f->absolute, .end = f->absolute + 20 * f->absolute_count};
    uint32_t line = f->first_line;

    for (size_t i = 0; i <= at && i < f->line_count; i++) {
        signed char step = (signed char)f->lines[i];

        if (step != ABSOLUTE) {
            line = (uint32_t)((int)line + step);
        } else {
            read_size(&absolute);
            line = (uint32_t)read_size(&absolute);
        }
    }
    return line;
}

static struct text constant_at(const struct function *f, size_t i)
{
    return i < f->constant_count ? f->constants[i] : (struct text){NULL, 0};
}

static bool is_text(struct text text, const char *what)
{
    return text.at && text.len == strlen(what) && memcmp(text.at, what, text.len) == 0;
}

static bool is_globals(const struct function *f, unsigned upvalue)
{
    return upvalue < f->upvalue_count && is_text(f->upvalues[upvalue].name, "_ENV");
}

/* Is this register, or upvalue, the first parameter of run()? */
static bool is_input_register(const struct function *f, unsigned index)
{
    return f->is_run && f->params > 0 && index == 0;
}

static bool is_input_upvalue(const struct function *f, unsigned upvalue)
{
    if (upvalue >= f->upvalue_count || !f->outer)
        return false;
    if (f->upvalues[upvalue].in_stack)
        return is_input_register(f->outer, f->upvalues[upvalue].index);
    return is_input_upvalue(f->outer, f->upvalues[upvalue].index);
}

static void report(struct reader *r, const struct function *f, size_t at, enum mf_lua_use_kind kind,
                   struct text name, struct text field)
{
    struct mf_lua_use use = {kind, .line = line_of(f, at), .is_within = f->outer};
    size_t start;

    mf_buf_clear(&r->names);
    mf_buf_put(&r->names, name.at, name.len);
    mf_buf_putc(&r->names, '\0');
    start = r->names.len;
    if (field.at)
        mf_buf_put(&r->names, field.at, field.len);
    mf_buf_putc(&r->names, '\0');
    use.name = r->names.data;
    use.field = field.at ? r->names.data + start : NULL;
    r->found(r->arg, &use);
}

/* What is done with a global that was put into a register. */
static void look_behind(struct reader *r, const struct function *f, size_t at, struct text name,
                        unsigned reg)
{
    struct instruction next;

    if (at + 1 >= f->code_count)
        return;
    next = instruction_at(f, at + 1);
    if (next.op == OP_GETFIELD && next.b == reg && constant_at(f, next.c).at)
        report(r, f, at + 1, MF_LUA_FIELD, name, constant_at(f, next.c));
    else if (next.op == OP_LOADK && next.a == reg + 1 && constant_at(f, next.bx).at)
        report(r, f, at + 1, MF_LUA_CALLS, name, constant_at(f, next.bx));
}

static void walk(struct reader *r, const struct function *f);

static void look_at(struct reader *r, const struct function *f, size_t at)
{
    static const struct text input = {"input", 5}, none = {NULL, 0};
    struct instruction it = instruction_at(f, at);
    struct text name;

    if (it.op == OP_GETTABUP && is_globals(f, it.b)) {
        name = constant_at(f, it.c);
        if (!name.at)
            return;
        report(r, f, at, MF_LUA_READS, name, none);
        look_behind(r, f, at, name, it.a);
    } else if (it.op == OP_SETTABUP && is_globals(f, it.a)) {
        name = constant_at(f, it.b);
        if (name.at)
            report(r, f, at, MF_LUA_SETS, name, none);
    } else if ((it.op == OP_GETFIELD && is_input_register(f, it.b)) ||
               (it.op == OP_GETTABUP && is_input_upvalue(f, it.b))) {
        name = constant_at(f, it.c);
        if (name.at)
            report(r, f, at, MF_LUA_FIELD, input, name);
    } else if (it.op == OP_CLOSURE && it.bx < f->child_count) {
        struct function *child = f->children[it.bx];

        if (at + 1 < f->code_count) {
            struct instruction next = instruction_at(f, at + 1);

            child->is_run = next.op == OP_SETTABUP && is_globals(f, next.a) && next.c == it.a &&
                            is_text(constant_at(f, next.b), "run");
        }
        walk(r, child);
    }
}

static void walk(struct reader *r, const struct function *f)
{
    for (size_t i = 0; i < f->code_count; i++)
        look_at(r, f, i);
}

/* ---- the whole ---- */

static int write_dump(lua_State *L, const void *data, size_t size, void *arg)
{
    mf_buf_put(arg, data, size);
    return 0;
}

/* Signature, version 5.4, format, a text that line ends would damage, sizes, test numbers. */
static bool read_head(struct reader *r)
{
    static const unsigned char head[] = "\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08";
    const unsigned char *at = skip(r, sizeof(head) - 1, 1);

    if (r->is_broken || memcmp(at, head, sizeof(head) - 1) != 0)
        return false;
    skip(r, 2, 8); /* an integer and a number as they lie in memory */
    read_byte(r);  /* upvalues of the main function */
    return !r->is_broken;
}

/* NULL: another form than the one we know. */
static struct function *read_top(lua_State *L, struct reader *r, struct mf_buf *dump)
{
    struct function *main = NULL;

    if (lua_dump(L, write_dump, dump, 0) != 0)
        return NULL;
    r->at = (const unsigned char *)mf_buf_text(dump);
    r->end = r->at + dump->len;
    if (read_head(r))
        main = read_function(r, NULL, 0);
    if (!main || !r->is_broken)
        return main;
    free_function(main);
    return NULL;
}

bool mf_lua_uses(lua_State *L, void (*found)(void *arg, const struct mf_lua_use *use), void *arg)
{
    struct mf_buf dump = {0};
    struct reader r = {.found = found, .arg = arg};
    struct function *main = read_top(L, &r, &dump);

    if (main) {
        walk(&r, main);
        free_function(main);
    }
    mf_buf_done(&r.names);
    mf_buf_done(&dump);
    return main;
}

/* The last instruction of each function is a return that no line stands for. */
static void walk_lines(const struct function *f, void (*line)(void *arg, uint32_t line), void *arg)
{
    for (size_t i = 0; i + 1 < f->code_count; i++)
        if (instruction_at(f, i).op != OP_VARARGPREP)
            line(arg, line_of(f, i));
    for (size_t i = 0; i < f->child_count; i++)
        walk_lines(f->children[i], line, arg);
}

void mf_lua_lines(lua_State *L, void (*line)(void *arg, uint32_t line), void *arg)
{
    struct mf_buf dump = {0};
    struct reader r = {0};
    struct function *main = read_top(L, &r, &dump);

    if (main) {
        walk_lines(main, line, arg);
        free_function(main);
    }
    mf_buf_done(&dump);
}

/* Only what is known to be harmless is. */
static bool is_harmless(uint32_t code)
{
    unsigned op = code & 0x7f;

    if (op == OP_JMP)
        return code >> 7 >= JUMP_ZERO; /* forward */
    return op <= OP_CONCAT || (op >= OP_EQ && op <= OP_TESTSET) ||
           (op >= OP_RETURN && op <= OP_RETURN1);
}

bool mf_lua_is_short(lua_State *L)
{
    struct mf_buf dump = {0};
    struct reader r = {0};
    struct function *function = read_top(L, &r, &dump);
    bool is_short = function;

    for (size_t i = 0; is_short && i < function->code_count; i++) {
        uint32_t code;

        memcpy(&code, function->code + 4 * i, 4);
        is_short = is_harmless(code);
    }
    if (function)
        free_function(function);
    mf_buf_done(&dump);
    return is_short;
}
