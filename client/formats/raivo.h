/*
 * Raivo OTP's export: a JSON list in which every value is text. It comes in
 * a zip archive with a password, which is not opened here. Source:
 * DataExportFeature and Password of raivo-otp/ios-application.
 */
#ifndef FOB_FORMATS_RAIVO_H
#define FOB_FORMATS_RAIVO_H

#include "client/formats/import.h"

bool raivo_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int raivo_read(struct bytes file, struct import *import);

#endif
