/*
 * PNG (ISO/IEC 15948) into grey: every colour type and depth, transparent
 * ones, interlaced ones. libpng decodes; sizes are checked before it starts.
 */
#ifndef FOB_SCAN_FROM_PNG_H
#define FOB_SCAN_FROM_PNG_H

#include "client/scan/picture.h"

bool from_png_detect(struct bytes file);

/* As picture_read; what is in ret afterwards is the caller's to free. */
int from_png(struct bytes file, uint8_t background, struct picture *ret);

#endif
