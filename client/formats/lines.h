/*
 * The lines of a text that people and applications have handled: a byte
 * order mark, CR LF, spaces and double quotes around a line fall away, blank
 * lines and those that begin with # are passed over. It points into the
 * text and owns nothing.
 */
#ifndef FOB_FORMATS_LINES_H
#define FOB_FORMATS_LINES_H

#include "proto/base.h"

struct lines {
	struct bytes rest;
	uint64_t number; /* of the line that was last given out, from 1 */
};

void lines_init(struct lines *lines, struct bytes text);

/* False at the end of the text. */
bool lines_next(struct lines *lines, struct bytes *ret_line);

/* Does the line begin with this (ASCII, lower case), in any case? */
bool lines_begins(struct bytes line, const char *prefix);

#endif
