/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See serial.h. */

#include "nodes/net/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

static const struct {
    int64_t baud;
    speed_t speed;
} speeds[] = {
    {1200, B1200},     {2400, B2400},     {4800, B4800},     {9600, B9600},
    {19200, B19200},   {38400, B38400},   {57600, B57600},   {115200, B115200},
    {230400, B230400}, {460800, B460800}, {921600, B921600},
};

static speed_t speed_of(int64_t baud)
{
    for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++)
        if (speeds[i].baud == baud)
            return speeds[i].speed;
    return B0;
}

bool mf_serial_has_baud(int64_t baud)
{
    return speed_of(baud) != B0;
}

static int set_line(int fd, const struct mf_serial *serial)
{
    struct termios line;

    if (tcgetattr(fd, &line) < 0)
        return -1;
    cfmakeraw(&line);
    line.c_cflag |= CLOCAL | CREAD;
    line.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | PARODD | CRTSCTS);
    if (serial->stop_bits == 2)
        line.c_cflag |= CSTOPB;
    if (serial->parity != MF_PARITY_NONE)
        line.c_cflag |= PARENB;
    if (serial->parity == MF_PARITY_ODD)
        line.c_cflag |= PARODD;
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    if (cfsetspeed(&line, speed_of(serial->baud)) < 0 || tcsetattr(fd, TCSANOW, &line) < 0)
        return -1;
    return tcflush(fd, TCIOFLUSH);
}

int mf_serial_open(const struct mf_serial *serial, struct mf_error *err)
{
    int fd = open(serial->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return mf_fail_sys(err, errno == EACCES ? MF_EDENIED : MF_ELINK, errno, "cannot open `%s`",
                           serial->device);
    if (set_line(fd, serial) == 0)
        return fd;
    mf_fail_sys(err, MF_EINVAL, errno, "`%s` does not take %lld baud and its parity",
                serial->device, (long long)serial->baud);
    close(fd);
    return err->code;
}

void mf_serial_flush(int fd)
{
    tcflush(fd, TCIFLUSH);
}
