/*
 * XML of other applications, read over expat into a small tree that is wiped
 * when it goes. A document type is refused, so nothing in a file can expand
 * into more; depth and number of elements are bounded. Namespaces are not
 * looked at: a name is what stands behind its colon. Everything may be asked
 * of a NULL element, which has nothing.
 */
#ifndef FOB_FORMATS_XML_H
#define FOB_FORMATS_XML_H

#include "client/formats/buffer.h"
#include "client/formats/import.h"

#define XML_DEPTH 64
#define XML_ELEMENTS_MAX 1000000

struct xml {
	struct xml *next, *child, *last, *parent;
	char *name;	    /* owned; without a prefix */
	char **attributes;  /* owned; names and values by turns, then NULL */
	struct buffer text; /* all that stands directly inside */
	size_t text_n;	    /* of it in use */
	uint64_t line;	    /* where it begins, from 1 */
};

/*
 * A cheap look, for detection: is this the first element, whatever prefix it
 * has?
 */
bool xml_begins(struct bytes text, const char *name);

/* 0, -ENOMEM, or IMPORT_ERR_FILE with a line in import->error. */
int xml_read(struct bytes text, struct import *import, struct xml **ret);

void xml_drop(struct xml **root); /* NULL is fine */
#define AUTO_XML CLEANUP(xml_drop)

/* The first element of this name inside, and the next one beside. */
const struct xml *xml_child(const struct xml *element, const char *name);
const struct xml *xml_next(const struct xml *element, const char *name);

/* Down through several names: "Data/Secret/PlainValue". */
const struct xml *xml_find(const struct xml *element, const char *path);

/* Absent: p is NULL. The text is without spaces and line ends around it. */
struct bytes xml_text(const struct xml *element);
struct bytes xml_attribute(const struct xml *element, const char *name);

#endif
