/*
 * JPEG (ISO/IEC 10918-1) into grey: baseline and progressive, grey, YCbCr,
 * RGB and CMYK. libjpeg decodes, and shrinks large ones while it does.
 */
#ifndef FOB_SCAN_FROM_JPEG_H
#define FOB_SCAN_FROM_JPEG_H

#include "client/scan/picture.h"

bool from_jpeg_detect(struct bytes file);

/* As picture_read; what is in ret afterwards is the caller's to free. */
int from_jpeg(struct bytes file, struct picture *ret);

#endif
