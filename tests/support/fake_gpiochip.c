/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* See fake_gpiochip.h. The handlers run on a thread of umockdev, while the caller of ioctl() waits
 * for them. */

#include "tests/support/fake_gpiochip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <umockdev.h>

static UMockdevTestbed *testbed;
static struct fake_gpiochip chips[FAKE_CHIPS];
static unsigned chip_count, fifo_count;

/* A request, which has a handler of its own. */
struct held {
    struct fake_gpiochip *chip;
    struct gpio_v2_line_request request;
};

static uint8_t *struct_of(UMockdevIoctlClient *client, size_t size)
{
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
    UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, size, NULL);

    assert(data);
    return data->data;
}

static gboolean done(UMockdevIoctlClient *client, int code)
{
    umockdev_ioctl_client_complete(client, code ? -1 : 0, code);
    return TRUE;
}

/* ---- a request ---- */

static bool is_inverted(const struct held *held)
{
    return held->request.config.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW;
}

static void get_values(const struct held *held, struct gpio_v2_line_values *values)
{
    values->bits = 0;
    for (unsigned i = 0; i < held->request.num_lines; i++)
        if (values->mask >> i & 1)
            values->bits |=
                (uint64_t)(held->chip->lines[held->request.offsets[i]].wire != is_inverted(held))
                << i;
}

static void set_values(const struct held *held, const struct gpio_v2_line_values *values)
{
    for (unsigned i = 0; i < held->request.num_lines; i++)
        if (values->mask >> i & 1)
            held->chip->lines[held->request.offsets[i]].wire =
                (values->bits >> i & 1) != is_inverted(held);
}

static gboolean line_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer of)
{
    const struct held *held = of;
    unsigned long request = umockdev_ioctl_client_get_request(client);
    bool is_get = request == GPIO_V2_LINE_GET_VALUES_IOCTL;

    if (!is_get && request != GPIO_V2_LINE_SET_VALUES_IOCTL)
        return done(client, ENOTTY); /* as a character device says to FIONBIO */
    if (held->chip->is_gone)
        return done(client, ENODEV);
    if (is_get)
        get_values(held, (void *)struct_of(client, sizeof(struct gpio_v2_line_values)));
    else if (!(held->request.config.flags & GPIO_V2_LINE_FLAG_OUTPUT))
        return done(client, EPERM);
    else
        set_values(held, (void *)struct_of(client, sizeof(struct gpio_v2_line_values)));
    return done(client, 0);
}

/* ---- a chip ---- */

static void get_info(const struct fake_gpiochip *chip, struct gpiochip_info *info)
{
    memcpy(info->name, chip->name, sizeof(info->name));
    memcpy(info->label, chip->label, sizeof(info->label));
    info->lines = FAKE_CHIP_LINES;
}

static void get_line_info(const struct fake_gpiochip *chip, struct gpio_v2_line_info *info)
{
    memcpy(info->name, chip->lines[info->offset].name, sizeof(info->name));
    memcpy(info->consumer, chip->lines[info->offset].consumer, sizeof(info->consumer));
    info->flags = chip->lines[info->offset].flags;
    if (chip->lines[info->offset].is_used)
        info->flags |= GPIO_V2_LINE_FLAG_USED;
}

static void set_first_values(const struct held *held)
{
    const struct gpio_v2_line_config *config = &held->request.config;

    for (unsigned i = 0; i < config->num_attrs; i++) {
        struct gpio_v2_line_values values = {.mask = config->attrs[i].mask,
                                             .bits = config->attrs[i].attr.values};

        if (config->attrs[i].attr.id == GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES)
            set_values(held, &values);
    }
}

/* A FIFO can be polled, and umockdev takes its ioctls. */
static int open_request(const struct held *held)
{
    char name[64], path[400];
    char *root = umockdev_testbed_get_root_dir(testbed);
    UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
    bool is_made;

    snprintf(name, sizeof(name), "/dev/gpio-request-%u", fifo_count++);
    snprintf(path, sizeof(path), "%s%s", root, name);
    g_free(root);
    is_made = mkfifo(path, 0600) == 0;
    assert(is_made);
    g_signal_connect(handler, "handle-ioctl", G_CALLBACK(line_ioctl), (gpointer)(uintptr_t)held);
    is_made = umockdev_testbed_attach_ioctl(testbed, name, handler, NULL);
    assert(is_made);
    for (unsigned i = 0; i < held->request.num_lines; i++)
        snprintf(held->chip->lines[held->request.offsets[i]].fifo, sizeof(name), "%s", name);
    return open(name, O_RDWR | O_CLOEXEC);
}

static int take_request(struct fake_gpiochip *chip, struct gpio_v2_line_request *request)
{
    struct held *held;

    chip->asked++;
    chip->last = *request;
    if (chip->refuses)
        return chip->refuses;
    for (unsigned i = 0; i < request->num_lines; i++)
        if (chip->lines[request->offsets[i]].is_used)
            return EBUSY;
    if (chip->is_mute &&
        request->config.flags & (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING))
        return ENXIO;
    held = g_new0(struct held, 1);
    held->chip = chip;
    held->request = *request;
    for (unsigned i = 0; i < request->num_lines; i++) {
        chip->lines[request->offsets[i]].is_used = true;
        chip->lines[request->offsets[i]].flags = request->config.flags;
        chip->lines[request->offsets[i]].seq = 0;
        memcpy(chip->lines[request->offsets[i]].consumer, request->consumer,
               sizeof(request->consumer));
    }
    set_first_values(held);
    request->fd = open_request(held);
    return request->fd < 0 ? EIO : 0;
}

static gboolean chip_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer of)
{
    struct fake_gpiochip *chip = of;

    if (chip->is_gone)
        return done(client, ENODEV);
    if (chip->is_old && umockdev_ioctl_client_get_request(client) != GPIO_GET_CHIPINFO_IOCTL)
        return done(client, EINVAL);
    switch (umockdev_ioctl_client_get_request(client)) {
    case GPIO_GET_CHIPINFO_IOCTL:
        get_info(chip, (void *)struct_of(client, sizeof(struct gpiochip_info)));
        return done(client, 0);
    case GPIO_V2_GET_LINEINFO_IOCTL:
        get_line_info(chip, (void *)struct_of(client, sizeof(struct gpio_v2_line_info)));
        return done(client, 0);
    case GPIO_V2_GET_LINE_IOCTL:
        return done(client, take_request(chip, (void *)struct_of(client, sizeof(chip->last))));
    default:
        return done(client, ENOTTY);
    }
}

/* ---- for tests ---- */

void fake_gpiochips_begin(void)
{
    testbed = umockdev_testbed_new();
    memset(chips, 0, sizeof(chips));
    chip_count = 0;
}

void fake_gpiochips_end(void)
{
    g_object_unref(testbed);
}

struct fake_gpiochip *fake_gpiochip_add(const char *name, const char *label)
{
    struct fake_gpiochip *chip = &chips[chip_count];
    UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
    char node[64], *device;
    bool is_made;

    assert(chip_count < FAKE_CHIPS);
    memset(chip, 0, sizeof(*chip));
    snprintf(chip->name, sizeof(chip->name), "%s", name);
    snprintf(chip->label, sizeof(chip->label), "%s", label);
    for (unsigned i = 0; i < FAKE_CHIP_LINES; i++)
        snprintf(chip->lines[i].name, sizeof(chip->lines[i].name), "PIN%u", i);
    device = g_strdup_printf("P: /devices/%s\nN: %s\nE: DEVNAME=/dev/%s\nE: SUBSYSTEM=gpio\n"
                             "A: dev=254:0\n\n",
                             name, name, name);
    is_made = umockdev_testbed_add_from_string(testbed, device, NULL);
    assert(is_made);
    g_free(device);
    chip_count++;
    snprintf(node, sizeof(node), "/dev/%s", name);
    g_signal_connect(handler, "handle-ioctl", G_CALLBACK(chip_ioctl), chip);
    is_made = umockdev_testbed_attach_ioctl(testbed, node, handler, NULL);
    assert(is_made);
    return chip;
}

void fake_gpiochip_event(struct fake_gpiochip *chip, unsigned line, bool is_rising, int64_t time,
                         uint32_t skip)
{
    struct gpio_v2_line_event event = {
        .timestamp_ns = (uint64_t)time,
        .id = is_rising ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE,
        .offset = line,
        .line_seqno = chip->lines[line].seq += skip + 1,
    };
    int fd = open(chip->lines[line].fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t put = write(fd, &event, sizeof(event));

    assert(put == sizeof(event));
    close(fd);
}
