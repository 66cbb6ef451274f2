/*
 * Starting the daemon when nobody is at its usual socket: through the user's
 * systemd socket unit, where that is installed, and in no other way.
 */
#ifndef FOB_CLIENT_START_H
#define FOB_CLIENT_START_H

#include "proto/base.h"

/* True when the unit is there and systemd took the order. */
bool start_daemon(void);

#endif
