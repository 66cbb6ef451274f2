/*
 * Texts as QR pictures one after another, for the camera of a phone: a
 * screen of the terminal each, turned by keys. The terminal is as it was
 * afterwards, also when a signal ends it.
 */
#ifndef FOB_CLIENT_SERIES_H
#define FOB_CLIENT_SERIES_H

#include "client/parsed.h"

/* The lines of the parsed data. 0 or a status that was told. */
int series_show(struct fob *fob, const struct parsed *parsed);

#endif
