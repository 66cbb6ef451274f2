/*
 * Numbers that are written as text: columns of tables, text in XML. Pure.
 */
#ifndef FOB_FORMATS_NUMBER_H
#define FOB_FORMATS_NUMBER_H

#include "client/formats/entry.h"

/* Decimal digits and nothing else; false also for more than 64 bits. */
bool number_read(struct bytes text, uint64_t *ret);

/*
 * For a number of an entry: absent or empty text leaves it alone. What is no
 * number, is 0, or is too large becomes one that entry_check refuses, since a
 * 0 would become the usual value later.
 */
void number_take(struct bytes text, uint32_t *field);

/* The same for a counter, which may be 0; false when it is no number. */
bool number_counter(struct bytes text, uint64_t *field);

#endif
