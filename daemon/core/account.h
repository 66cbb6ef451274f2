/*
 * What the handlers of requests about entries share: finding the one entry
 * that a query means, and telling of it in a reply.
 *
 * Functions that may have answered the client say ACCOUNT_ANSWERED; what a
 * handler gets from one of them and does not know better goes through
 * account_end() and is what the handler returns. A struct account points
 * into itself, into the list of accounts and into the node: it must not
 * move, and is good until the next write.
 */
#ifndef FOB_CORE_ACCOUNT_H
#define FOB_CORE_ACCOUNT_H

#include "daemon/core/clock.h"
#include "daemon/core/saying.h"
#include "daemon/core/state.h"
#include "proto/text.h"

/* Beside 0, CALL_LOAD and negative errno. */
#define ACCOUNT_ANSWERED 64

/* What one reply of a long answer holds at most. */
#define ACCOUNT_BATCH 64
#define ACCOUNT_BATCH_BYTES (32 * 1024)

/* A prefix of an item's or a seed's id, in hex digits. */
#define ACCOUNT_PREFIX_MIN 4

struct account {
	Fob__Account message;
	char *holders[HOLDER_SLOTS];
	char group[TEXT_MAX + 1];
};

const char *account_type(uint32_t type);
const char *account_algorithm(uint32_t algorithm);
/* "main", its name, or the id in hex when that is not known here. */
void account_group(const struct node *node, uint32_t group,
		   char ret[static TEXT_MAX + 1]);
/* ask_group.c: its name, when this device can open it. */
bool group_name(const struct node *node, uint32_t group,
		char ret[static TEXT_MAX + 1]);
/* A new one that only this device reads. 0, WRITE_ERR_* or negative. */
int group_make(struct step *step, const char *name, uint32_t *ret_group);
/* The group of that name or id, or NONE. */
uint32_t account_group_named(const struct node *node, const char *name);

/* copies and holders: other devices that hold every current version. */
void account_fill(const struct node *node, const struct vault_entry *entry,
		  struct account *ret);

/* What a handler returns. */
int account_end(int r);

/* A group by name or id; "" is NONE, any. 0 or ACCOUNT_ANSWERED. */
int account_find_group(struct step *step, struct call *call, const char *name,
		       uint32_t *ret);

/*
 * The one entry that matches. Otherwise not-found, or ambiguous with the
 * first of the candidates, is answered.
 */
int account_find(struct step *step, struct call *call,
		 const struct vault_query *query,
		 const struct vault_entry **ret);
/* The same among all that are not in the trash. */
int account_find_text(struct step *step, struct call *call, const char *text,
		      const struct vault_entry **ret);

/* The one with this record id that is not in the trash; NULL: none, or two. */
const struct vault_entry *
account_by_id(const struct node *node, const uint8_t id[static RECORD_ID_SIZE]);

/* A version that shows: held, an ENTRY, view-valid. */
bool account_version(const struct node *node, uint32_t item);
/* The version of an entry whose id begins so; else that is answered. */
int account_find_version(struct step *step, struct call *call,
			 const struct vault_entry *entry, const char *prefix,
			 uint32_t *ret);

/* Answers with these entries, in as many replies as it takes. */
int account_reply(struct step *step, struct call *call, const uint32_t *entries,
		  size_t n);

/* call_open, or failed is answered. */
int account_open(struct step *step, struct call *call,
		 const struct vault_entry *entry, struct opened *ret);
/* Is it something that is hidden until a passphrase is given again? */
bool account_hidden(const char *key);

/*
 * The fields that are set, those that are hidden without their value.
 * ret_fields and ret_list: FIELDS_MAX of each. Returns how many.
 */
size_t account_fields(const struct record *record, bool reveal,
		      Fob__FieldValue *ret_fields, Fob__FieldValue **ret_list);

/* Does hex, of at least ACCOUNT_PREFIX_MIN digits, begin the id? */
bool account_prefix(const char *hex, const uint8_t *id, size_t n);

#endif
