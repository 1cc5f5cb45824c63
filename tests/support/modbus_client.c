/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A Modbus client made of libmodbus, for tests:
 *
 *   modbus_client tcp PORT UNIT | modbus_client rtu TTY UNIT
 *
 * Each line of standard input is a question: AREA ADDRESS COUNT reads (h, i, c, d), AREA ADDRESS =
 * WORD… writes, with one word by the function for one. The answer is a line: the words, "ok", or
 * what libmodbus says.
 */

#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/num.h"

enum { LINE = 2048, WORDS = 200 };

static int number(const char *text)
{
    int64_t value;

    if (!text || !mf_num_read_int(text, strlen(text), &value))
        exit(2);
    return (int)value;
}

static void print_bits(const uint8_t *bits, int count)
{
    for (int i = 0; i < count; i++)
        printf("%s%u", i ? " " : "", bits[i]);
}

static void print_words(const uint16_t *words, int count)
{
    for (int i = 0; i < count; i++)
        printf("%s%u", i ? " " : "", words[i]);
}

static void ask_read(modbus_t *modbus, char area, int address, int count)
{
    uint16_t words[WORDS];
    uint8_t bits[WORDS];
    int got = -1;

    if (area == 'h')
        got = modbus_read_registers(modbus, address, count, words);
    else if (area == 'i')
        got = modbus_read_input_registers(modbus, address, count, words);
    else if (area == 'c')
        got = modbus_read_bits(modbus, address, count, bits);
    else
        got = modbus_read_input_bits(modbus, address, count, bits);
    if (got < 0)
        printf("%s", modbus_strerror(errno));
    else if (area == 'h' || area == 'i')
        print_words(words, got);
    else
        print_bits(bits, got);
}

static void ask_write(modbus_t *modbus, char area, int address, char **next)
{
    uint16_t words[WORDS];
    uint8_t bits[WORDS];
    int count = 0, got = -1;

    for (char *word; count < WORDS && (word = strtok_r(NULL, " \n", next)); count++) {
        words[count] = (uint16_t)number(word);
        bits[count] = words[count] != 0;
    }
    if (area == 'h' && count == 1)
        got = modbus_write_register(modbus, address, words[0]);
    else if (area == 'h')
        got = modbus_write_registers(modbus, address, count, words);
    else if (count == 1)
        got = modbus_write_bit(modbus, address, bits[0]);
    else
        got = modbus_write_bits(modbus, address, count, bits);
    printf("%s", got < 0 ? modbus_strerror(errno) : "ok");
}

int main(int argc, char **argv)
{
    modbus_t *modbus;
    char line[LINE];

    if (argc != 4)
        return 2;
    if (strcmp(argv[1], "tcp") == 0)
        modbus = modbus_new_tcp("127.0.0.1", number(argv[2]));
    else
        modbus = modbus_new_rtu(argv[2], 19200, 'E', 8, 1);
    if (!modbus || modbus_set_slave(modbus, number(argv[3])) < 0 || modbus_connect(modbus) < 0)
        return 1;
    modbus_set_response_timeout(modbus, 5, 0);
    while (fgets(line, sizeof(line), stdin)) {
        char *next, *area = strtok_r(line, " \n", &next);
        int address = number(strtok_r(NULL, " \n", &next));
        const char *word = strtok_r(NULL, " \n", &next);

        if (area && word && strcmp(word, "=") == 0)
            ask_write(modbus, *area, address, &next);
        else if (area)
            ask_read(modbus, *area, address, number(word));
        printf("\n");
        fflush(stdout);
    }
    modbus_free(modbus);
    return 0;
}
