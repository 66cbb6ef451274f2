/*
 * The table of formats that can be read. A format is one file, one line
 * here, and one test; README.md in this folder says how.
 */
#ifndef FOB_FORMATS_FORMATS_H
#define FOB_FORMATS_FORMATS_H

#include "client/formats/import.h"

struct format {
	const char *name;

	/* Does the content look like it? Cheap, and never by the file's name. */
	bool (*detect)(struct bytes file);

	/* 0, -ENOMEM, or IMPORT_ERR_FILE with import->error set. */
	int (*read)(struct bytes file, struct import *import);
};

/* By position from 0; NULL after the last. */
const struct format *formats_at(size_t i);

/* NULL when there is none. */
const struct format *formats_find(const char *name);
const struct format *formats_detect(struct bytes file);

#endif
