/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A Modbus device made of libmodbus, for tests: modbus_server tcp | modbus_server rtu TTY UNIT
 *
 * Says "port N" or "ready" when it can be asked. It has a thousand of each: holding register n
 * holds n, input registers 0 and 1 are the float 230.5, coil n is on where n is odd.
 * What is written stays. It ends when its standard input does.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/num.h"

enum { COUNT = 1000, CLIENTS = 16 };

static modbus_mapping_t *make_registers(void)
{
    modbus_mapping_t *map = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);

    if (!map)
        exit(1);
    for (int i = 0; i < COUNT; i++) {
        map->tab_registers[i] = (uint16_t)i;
        map->tab_bits[i] = map->tab_input_bits[i] = (uint8_t)(i & 1);
    }
    map->tab_input_registers[0] = 0x4366;
    map->tab_input_registers[1] = 0x8000;
    return map;
}

/* False: the client is gone. */
static int serve_once(modbus_t *modbus, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int len = modbus_receive(modbus, query);

    if (len > 0)
        modbus_reply(modbus, query, len, map);
    return len >= 0;
}

static void serve_tcp(modbus_t *modbus, modbus_mapping_t *map, int listener)
{
    struct pollfd fds[2 + CLIENTS] = {{.fd = 0, .events = POLLIN},
                                      {.fd = listener, .events = POLLIN}};
    int count = 2;

    while (poll(fds, (nfds_t)count, -1) >= 0 || errno == EINTR) {
        if (fds[0].revents)
            return;
        for (int i = count; i-- > 2;) {
            if (!fds[i].revents)
                continue;
            modbus_set_socket(modbus, fds[i].fd);
            if (serve_once(modbus, map))
                continue;
            close(fds[i].fd);
            fds[i] = fds[--count];
        }
        if (fds[1].revents && count < 2 + CLIENTS)
            fds[count++] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
    }
}

static int tcp(modbus_mapping_t *map)
{
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", 0);
    struct sockaddr_in at;
    socklen_t size = sizeof(at);
    int listener = modbus ? modbus_tcp_listen(modbus, CLIENTS) : -1;

    if (listener < 0 || getsockname(listener, (struct sockaddr *)&at, &size) < 0)
        return 1;
    printf("port %u\n", ntohs(at.sin_port));
    fflush(stdout);
    serve_tcp(modbus, map, listener);
    modbus_free(modbus);
    return 0;
}

static int rtu(modbus_mapping_t *map, const char *tty, const char *unit)
{
    modbus_t *modbus = modbus_new_rtu(tty, 19200, 'E', 8, 1);
    int64_t number;

    if (!modbus || !mf_num_read_int(unit, strlen(unit), &number) ||
        modbus_set_slave(modbus, (int)number) < 0 || modbus_connect(modbus) < 0) {
        fprintf(stderr, "%s: %s\n", tty, modbus_strerror(errno));
        modbus_free(modbus);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (struct pollfd fds[2] = {{.fd = 0, .events = POLLIN},
                                 {.fd = modbus_get_socket(modbus), .events = POLLIN}};
         poll(fds, 2, -1) >= 0 && !fds[0].revents;)
        if (fds[1].revents)
            serve_once(modbus, map);
    modbus_free(modbus);
    return 0;
}

int main(int argc, char **argv)
{
    modbus_mapping_t *map = make_registers();
    int rc = 2;

    if (argc == 2 && strcmp(argv[1], "tcp") == 0)
        rc = tcp(map);
    else if (argc == 4 && strcmp(argv[1], "rtu") == 0)
        rc = rtu(map, argv[2], argv[3]);
    else
        fputs("modbus_server tcp | modbus_server rtu TTY UNIT\n", stderr);
    modbus_mapping_free(map);
    return rc;
}
