/* SPDX-License-Identifier: LGPL-3.0-or-later */
#pragma once

/*
 * What holds for everything behind nodes/mqtt/client.h: the same cases run against the real
 * library with a real broker, and against the broker in memory that stands in for both.
 */

/* `port` of a broker without a login and without retained messages. */
void mqtt_case_retained(int port, int version);
void mqtt_case_qos(int port, int version);
void mqtt_case_identifiers(int port);
void mqtt_case_session(int port, int version);
void mqtt_case_goodbye(int port, int version);
void mqtt_case_shared(int port);
/* All of them, for both versions. */
void mqtt_cases(int port);
