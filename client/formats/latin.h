/*
 * Text for what knows Latin letters only: ISO 8859-1, a byte a letter, and a
 * ? for every other.
 */
#ifndef FOB_FORMATS_LATIN_H
#define FOB_FORMATS_LATIN_H

#include "client/formats/document.h"

/* text: valid UTF-8. */
void latin_put(struct document *document, struct bytes text);

/* Is nothing of it a ? that was none? */
bool latin_holds(struct bytes text);

#endif
