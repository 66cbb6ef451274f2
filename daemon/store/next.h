/*
 * The store that is to follow another one, filled beside it. It has three
 * names in turn: store.making while it is filled, store.next-NAME once it is
 * whole and durable, then store, for which the old one becomes
 * store.before-NAME. A cut at any moment leaves the old store or the new one:
 * next_settle(), before a store is opened, throws the first away and goes on
 * with the second.
 */
#ifndef FOB_STORE_NEXT_H
#define FOB_STORE_NEXT_H

#include "daemon/store/store.h"

struct next;

/* Never NULL but when memory runs out, which next_end() tells. */
struct next *next_new(const char *vault);
void next_free(struct next *next); /* what is in it is not ended */
void next_put(struct next *next, enum table table, struct bytes key,
	      struct bytes value);

/*
 * On disk as store.next-NAME when it returns 0; -errno: there is none.
 * STORE_ERR_DOUBT: it has the name, and nobody knows whether after a cut, too.
 */
int next_end(struct next *next, const char *name);

/* Removes what was not ended. 0 or -errno. */
int next_remove(const char *vault);

/* Puts an ended one in place. The store is closed. 0, STORE_ERR_*, -errno. */
int next_settle(const char *vault);

#endif
