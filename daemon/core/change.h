/*
 * Changing one entry: opening it for that, the stamps and fresh seed ids of
 * a change, what a person may put in, and writing the next version. Answers
 * clients as account.h does.
 */
#ifndef FOB_CORE_CHANGE_H
#define FOB_CORE_CHANGE_H

#include "daemon/core/account.h"

/*
 * To be changed: answers conflict when a version is unreadable here, since
 * the next one would take the place of what nobody has seen, or when version
 * (may be empty) is not the one that is here.
 */
int change_open(struct step *step, struct call *call,
		const struct vault_entry *entry, ProtobufCBinaryData version,
		struct opened *ret);

/* The part of that which looks at unreadable versions. */
int change_whole(struct step *step, struct call *call,
		 const struct vault_entry *entry, const struct opened *opened);

struct record_stamp change_stamp(struct node *node,
				 const struct record *record);

/* Fresh vid for a seed. */
void change_vid(struct step *step, uint8_t ret[static VID_SIZE]);

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
int change_set(struct record *record, const Fob__FieldValue *field,
	       struct record_stamp stamp, struct saying *ret_reason);

/* record_check, with "field: reason" in ret_reason. 0 or RECORD_ERR_FIELD. */
int change_check(const struct record *record, struct saying *ret_reason);

/* How a failed write_entry ends, and the words for it. */
enum status change_status(int r, const char **ret_reason);

/* Writes the next version; answers what went wrong. */
int change_write(struct step *step, struct call *call,
		 const struct vault_entry *entry, const struct opened *opened);
/* The same with change_check before it. */
int change_write_checked(struct step *step, struct call *call,
			 const struct vault_entry *entry,
			 const struct opened *opened);

#endif
