#include "client/formats/message.h"

#include <string.h>

/* Not constant, because the generated structs have no const; never written. */
static char key_note[] = "note";
static char key_pin[] = "pin";
static char key_icon[] = "icon";
static char key_favourite[] = "favourite";
static char set[] = "1";

static void add_field(struct message *message, char *key, char *value)
{
	size_t n = message->entry.n_fields++;
	Fob__FieldValue *field = &message->fields[n];

	fob__field_value__init(field);
	field->key = key;
	field->value.data = (uint8_t *)value;
	field->value.len = strlen(value);
	message->list[n] = field;
}

static void fill_otp(Fob__OtpValue *otp, const struct entry *entry)
{
	fob__otp_value__init(otp);
	otp->type = entry->type;
	otp->secret.data = entry->secret;
	otp->secret.len = entry->secret_n;
	otp->algorithm = entry->algorithm;
	otp->digits = entry->digits;
	otp->period = entry->period;
	otp->counter = entry->counter;
}

void message_fill(struct message *message, const struct entry *entry)
{
	fob__new_entry__init(&message->entry);
	fill_otp(&message->otp, entry);
	message->entry.otp = &message->otp;
	message->entry.fields = message->list;
	if (entry->texts[ENTRY_ISSUER])
		message->entry.issuer = entry->texts[ENTRY_ISSUER];
	if (entry->texts[ENTRY_ACCOUNT])
		message->entry.account = entry->texts[ENTRY_ACCOUNT];
	if (entry->texts[ENTRY_NOTE])
		add_field(message, key_note, entry->texts[ENTRY_NOTE]);
	if (entry->texts[ENTRY_PIN])
		add_field(message, key_pin, entry->texts[ENTRY_PIN]);
	if (entry->texts[ENTRY_ICON])
		add_field(message, key_icon, entry->texts[ENTRY_ICON]);
	if (entry->favourite)
		add_field(message, key_favourite, set);
	for (size_t i = 0; i < entry->n_tags; i++)
		add_field(message, entry->tags[i], set);
}
