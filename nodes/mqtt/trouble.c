/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * From what the library lets us hear to a sentence. The texts looked for are
 * those of libmosquitto 2.0 and OpenSSL 1.1 to 3.5.
 */

#include "nodes/mqtt/trouble.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/alloc.h"
#include "nodes/mqtt/client.h"

enum fact {
    FACT_WRONG_NAME = 1 << 0, /* the certificate is for another host */
    FACT_UNKNOWN_CA = 1 << 1, /* nobody we trust has signed it */
    FACT_NOT_TLS = 1 << 2,    /* the other side speaks something else */
    FACT_WANTS_CERT = 1 << 3, /* it wants to see ours */
    FACT_CA_FILE = 1 << 4,    /* ours cannot be read */
    FACT_CERT_FILE = 1 << 5,
    FACT_KEY_FILE = 1 << 6,
    FACT_OUR_CERT = 1 << 7, /* it does not like ours */
};

/* Answers to CONNECT: of version 3 below 128, of version 5 above. */
enum {
    V3_VERSION = 1,
    V3_CLIENT_ID,
    V3_UNAVAILABLE,
    V3_PASSWORD,
    V3_DENIED,
    V5_VERSION = 132,
    V5_CLIENT_ID = 133,
    V5_PASSWORD = 134,
    V5_DENIED = 135,
    V5_UNAVAILABLE = 136,
    V5_BUSY = 137,
    V5_BANNED = 138,
    V5_SHUTTING_DOWN = 139,
    V5_KEEPALIVE = 141,
    V5_TAKEN_OVER = 142,
    V5_TOO_LARGE = 149,
};

static const struct {
    const char *part; /* of a line of the log */
    unsigned fact;
} known_lines[] = {
    {"host name verification failed", FACT_WRONG_NAME},
    {"certificate verify failed", FACT_UNKNOWN_CA},
    {"wrong version number", FACT_NOT_TLS},
    {"packet length too long", FACT_NOT_TLS},
    {"certificate required", FACT_WANTS_CERT},
    {"handshake failure", FACT_WANTS_CERT},
    {"bad certificate", FACT_OUR_CERT},
    {"alert unknown ca", FACT_OUR_CERT},
    {"Unable to load CA certificates", FACT_CA_FILE},
    {"Unable to load client certificate", FACT_CERT_FILE},
    {"Unable to load client key", FACT_KEY_FILE},
    {"Client certificate/key are inconsistent", FACT_KEY_FILE},
};

void mf_mqtt_trouble_init(struct mf_mqtt_trouble *trouble, const struct mf_mqtt_setup *setup)
{
    *trouble = (struct mf_mqtt_trouble){
        .host = mf_strdup(setup->host),
        .client_id = mf_strdup(setup->client_id),
        .login = mf_strdup(setup->login),
        .port = setup->port,
        .version = setup->version,
        .keepalive = setup->keepalive,
        .is_tls = setup->is_tls,
    };
}

void mf_mqtt_trouble_done(struct mf_mqtt_trouble *trouble)
{
    mf_free(trouble->host);
    mf_free(trouble->client_id);
    mf_free(trouble->login);
}

void mf_mqtt_trouble_clear(struct mf_mqtt_trouble *trouble)
{
    trouble->facts = 0;
    trouble->heard[0] = 0;
    trouble->connack = trouble->disconnect = 0;
    trouble->is_lost = trouble->is_silent = trouble->was_short = false;
}

void mf_mqtt_trouble_hear(struct mf_mqtt_trouble *trouble, const char *log_line)
{
    for (size_t i = 0; i < sizeof(known_lines) / sizeof(known_lines[0]); i++)
        if (strstr(log_line, known_lines[i].part))
            trouble->facts |= known_lines[i].fact;
    snprintf(trouble->heard, sizeof(trouble->heard), "%s", log_line);
}

static int explain_tls(const struct mf_mqtt_trouble *t, struct mf_error *err)
{
    if (t->facts & FACT_CA_FILE)
        return mf_fail(err, MF_EINVAL, "the file of `ca` holds no CA certificates in PEM form");
    if (t->facts & FACT_CERT_FILE)
        return mf_fail(err, MF_EINVAL, "the file of `cert` holds no certificate in PEM form");
    if (t->facts & FACT_KEY_FILE)
        return mf_fail(err, MF_EINVAL,
                       "the file of `key` holds no key for `cert`, or one with a password, which "
                       "nobody could type");
    if (t->facts & FACT_WRONG_NAME)
        return mf_fail(err, MF_EDENIED,
                       "the broker's certificate is not for `%s`: the address of the link must be "
                       "a name that stands in the certificate",
                       t->host);
    if (t->facts & FACT_UNKNOWN_CA)
        return mf_fail(err, MF_EDENIED,
                       "the broker's certificate cannot be verified: set `ca` to the certificate "
                       "of the CA that signed it (or it has run out)");
    if (t->facts & FACT_OUR_CERT)
        return mf_fail(err, MF_EDENIED,
                       "the broker does not accept the certificate of `cert`: is it signed by the "
                       "CA that the broker trusts?");
    if (t->facts & FACT_WANTS_CERT)
        return mf_fail(err, MF_EDENIED,
                       "the broker refused the TLS connection: if it wants to see a certificate, "
                       "set `cert` and `key`");
    if (t->facts & FACT_NOT_TLS)
        return mf_fail(err, MF_EINVAL,
                       "nobody speaks TLS on %s, port %d: is the address to begin with `mqtt://`?",
                       t->host, t->port);
    return mf_fail(err, MF_ELINK, "TLS with %s, port %d, failed: %s", t->host, t->port,
                   t->heard[0] ? t->heard : "the other side closed the connection");
}

static int explain_denied(const struct mf_mqtt_trouble *t, struct mf_error *err)
{
    if (t->login)
        return mf_fail(err, MF_EDENIED,
                       "the broker refused the login `%s`: check `login` and `password`", t->login);
    return mf_fail(err, MF_EDENIED, "the broker wants a login: set `login` and `password`");
}

static int explain_connack(const struct mf_mqtt_trouble *t, const char *code_text,
                           struct mf_error *err)
{
    switch (t->connack) {
    case V3_VERSION:
    case V5_VERSION:
        return mf_fail(err, MF_EINVAL, "the broker does not speak MQTT %s: set `version: %s`",
                       t->version == 5 ? "5" : "3.1.1", t->version == 5 ? "3" : "5");
    case V3_CLIENT_ID:
    case V5_CLIENT_ID:
        return mf_fail(err, MF_EDENIED, "the broker refused the client id `%s`: set `client_id`",
                       t->client_id);
    case V3_PASSWORD:
    case V3_DENIED:
    case V5_PASSWORD:
    case V5_DENIED:
        return explain_denied(t, err);
    case V5_BANNED:
        return mf_fail(err, MF_EDENIED, "the broker has banned this client");
    case V3_UNAVAILABLE:
    case V5_UNAVAILABLE:
    case V5_BUSY:
        return mf_fail(err, MF_ELINK, "the broker is there, but cannot serve now");
    default:
        return mf_fail(err, MF_EDENIED, "the broker refused the connection: reason %d (%s)",
                       t->connack, code_text);
    }
}

static int explain_end(const struct mf_mqtt_trouble *t, const char *code_text, struct mf_error *err)
{
    switch (t->disconnect) {
    case V5_TAKEN_OVER:
        return mf_fail(err, MF_EDENIED,
                       "another client came with the same id `%s` and took the session over: give "
                       "one of the two another `client_id`",
                       t->client_id);
    case V5_SHUTTING_DOWN:
        return mf_fail(err, MF_ELINK, "the broker is shutting down");
    case V5_KEEPALIVE:
        return mf_fail(err, MF_ELINK, "the broker has not heard of us for too long");
    case V5_TOO_LARGE:
        return mf_fail(err, MF_ELINK, "the broker closed the connection: a message was too large");
    default:
        break;
    }
    if (t->is_silent)
        return mf_fail(err, MF_ETIMEOUT, "the broker has not answered a ping within %d s",
                       t->keepalive);
    /* Not every broker says that a session was taken over. */
    if (t->is_lost && t->was_short)
        return mf_fail(err, MF_ELINK,
                       "the broker closed the connection as soon as it was made: has another "
                       "client the same id `%s`? (`client_id`)",
                       t->client_id);
    if (t->is_lost)
        return mf_fail(err, MF_ELINK, "the broker closed the connection");
    return mf_fail(err, MF_ELINK, "the connection to the broker broke: %s", code_text);
}

int mf_mqtt_trouble_explain(const struct mf_mqtt_trouble *trouble, bool was_open,
                            const char *code_text, struct mf_error *err)
{
    if (trouble->connack)
        return explain_connack(trouble, code_text, err);
    if (was_open)
        return explain_end(trouble, code_text, err);
    if (trouble->is_tls)
        return explain_tls(trouble, err);
    if (trouble->is_lost)
        return mf_fail(err, MF_ELINK,
                       "%s, port %d, closed the connection without an answer: does that port want "
                       "TLS (`mqtts://`)?",
                       trouble->host, trouble->port);
    return mf_fail(err, MF_ELINK, "%s, port %d: %s", trouble->host, trouble->port, code_text);
}
