/*
 * What the handlers of requests about entries share: finding the one entry
 * that a query means, telling of it in a reply, changing it and writing the
 * next version.
 *
 * Functions that may have answered the client say ACCOUNT_ANSWERED; what a
 * handler gets from one of them and does not know better goes through
 * account_end() and is what the handler returns. A struct account points
 * into itself, into the list of accounts and into the node: it must not
 * move, and is good until the next write.
 */
#ifndef FOB_CORE_ACCOUNT_H
#define FOB_CORE_ACCOUNT_H

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
	char group[TEXT_HEX_SIZE(GROUP_ID_SIZE)];
};

/* Text that is put together; what does not fit is left out. */
struct saying {
	char text[1024];
	size_t n;
};

void saying_add(struct saying *saying, const char *part);
void saying_number(struct saying *saying, uint64_t number);
/* "issuer/account", or the one that is there, or the start of the id. */
void saying_name(struct saying *saying, const struct vault_entry *entry);

const char *account_type(uint32_t type);
const char *account_algorithm(uint32_t algorithm);
/* "main", or the id in hex. */
void account_group(const struct node *node, uint32_t group,
		   char ret[static TEXT_HEX_SIZE(GROUP_ID_SIZE)]);

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
/*
 * To be changed: answers conflict when a version is unreadable here, since
 * the next one would take the place of what nobody has seen, or when version
 * (may be empty) is not the one that is here.
 */
int account_open_to_change(struct step *step, struct call *call,
			   const struct vault_entry *entry,
			   ProtobufCBinaryData version, struct opened *ret);

/* The part of that which looks at unreadable versions. */
int account_whole(struct step *step, struct call *call,
		  const struct vault_entry *entry, const struct opened *opened);

struct record_stamp account_stamp(struct node *node,
				  const struct record *record);

/* Fresh vid for a seed. */
void account_vid(struct step *step, uint8_t ret[static VID_SIZE]);

/* A seed apart from the record that it was in, to be put there again. */
struct seed {
	Fob__OtpValue value;
	uint8_t secret[SECRET_MAX];
	uint8_t vid[VID_SIZE];
};
void seed_wipe(struct seed *seed);
#define AUTO_SEED CLEANUP(seed_wipe)
/* from's secret has at most SECRET_MAX bytes. */
void seed_copy(struct seed *seed, const Fob__OtpValue *from);

/*
 * One field. 0, -ENOMEM, or RECORD_ERR_* with what is wrong in ret_reason.
 * used marks it as used.
 */
int account_set(struct record *record, const Fob__FieldValue *field,
		struct record_stamp stamp, struct saying *ret_reason);

/* record_check, with "field: reason" in ret_reason. 0 or RECORD_ERR_FIELD. */
int account_check(const struct record *record, struct saying *ret_reason);

/* How a failed write_entry ends, and the words for it. */
enum status account_write_status(int r, const char **ret_reason);

/* Writes the next version; answers what went wrong. */
int account_write(struct step *step, struct call *call,
		  const struct vault_entry *entry, const struct opened *opened);
/* The same with account_check before it. */
int account_write_checked(struct step *step, struct call *call,
			  const struct vault_entry *entry,
			  const struct opened *opened);

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

/*
 * How far our clock is ahead of the median of the devices connected now, in
 * ms; 0 and not known when there is none.
 */
int64_t node_clock_offset(const struct node *node, bool *ret_known);

#endif
