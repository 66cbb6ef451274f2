/*
 * A java.util.HashMap of texts as Java serialises it: the one shape that
 * FreeOTP 2 writes, everything else is refused. Source: Java Object
 * Serialization Specification, chapter 6. It owns the texts and wipes them.
 */
#ifndef FOB_FORMATS_JAVA_H
#define FOB_FORMATS_JAVA_H

#include "client/formats/buffer.h"
#include "client/formats/import.h"

struct java_pair {
	struct bytes key, value; /* in the map's buffer; UTF-8 */
};

struct java_map {
	struct buffer text;	 /* owned */
	struct java_pair *pairs; /* owned */
	size_t n;
};

bool java_is_map(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_FILE; ret must be zeroed before. */
int java_read(struct bytes file, struct import *import, struct java_map *ret);

void java_free(struct java_map *map);
#define AUTO_JAVA CLEANUP(java_free)

/* p is NULL when there is none. */
struct bytes java_get(const struct java_map *map, struct bytes key);

#endif
