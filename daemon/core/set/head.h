/*
 * Is a head well-formed? The rules that need nothing but the head itself.
 *
 * proto/README.md, "Items", is the text of these rules. They decide what an
 * item is, so that all devices must agree on each of them: a rule here can
 * never be tightened or loosened. Nothing is owned here.
 */
#ifndef FOB_CORE_SET_HEAD_H
#define FOB_CORE_SET_HEAD_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

/* Is it a kind whose payload this version knows? */
bool head_known(uint32_t kind);
/* The greatest length of a head of this kind, bytes. */
size_t head_limit(uint32_t kind);
/* Is the author the recovery key (16 zeros)? */
bool head_by_recovery(const Fob__Head *head);

/*
 * Sizes, counts, the payload of the kind and only that one, the keys on
 * their curves. Inner signatures are not asked.
 */
bool head_well_formed(const Fob__Head *head);

/* Four keys of the right size, on their curves, none of low order. */
bool head_certificate_ok(const Fob__Certificate *certificate);

#endif
