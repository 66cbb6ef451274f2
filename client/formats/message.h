/*
 * An entry as the message that the daemon takes. A message points into the
 * entry and owns nothing: it is good as long as the entry is.
 */
#ifndef FOB_FORMATS_MESSAGE_H
#define FOB_FORMATS_MESSAGE_H

#include "client/formats/entry.h"
#include "proto/local.pb-c.h"

/* Tags; note, pin, icon, favourite. */
#define MESSAGE_FIELDS (GROUP_TAGS_MAX + 4)

struct message {
	Fob__NewEntry entry;
	Fob__OtpValue otp;
	Fob__FieldValue fields[MESSAGE_FIELDS];
	Fob__FieldValue *list[MESSAGE_FIELDS];
};

/* Fills in message->entry. Do not move the message afterwards. */
void message_fill(struct message *message, const struct entry *entry);

#endif
