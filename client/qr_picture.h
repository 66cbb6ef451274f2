/*
 * A text as a QR picture on standard output, drawn by the helper fob-qr.
 */
#ifndef FOB_CLIENT_QR_PICTURE_H
#define FOB_CLIENT_QR_PICTURE_H

#include "client/command.h"

/* 0 or a status that was told. */
int qr_picture(struct fob *fob, const char *text);

#endif
