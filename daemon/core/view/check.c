/*
 * What a person may put into an entry: stricter than what record_parse takes
 * from other devices, since here somebody can still be told.
 */
#include "daemon/core/view/otp.h"
#include "daemon/core/view/plain.h"
#include "daemon/core/view/record.h"

#include <string.h>

#include "proto/text.h"

enum content { LINE, LINES, FLAG };

static const struct rule {
	const char *key;  /* one that ends in '/' begins the key */
	const char *name; /* what the person calls it */
	enum content content;
	size_t max;
} rules[] = {
	{ "issuer", "issuer", LINE, TEXT_MAX },
	{ "account", "account", LINE, TEXT_MAX },
	{ "note", "note", LINES, FIELD_VALUE_MAX },
	{ "tag/", "tag", FLAG, 1 },
	{ "url", "url", LINE, FIELD_VALUE_MAX },
	{ "serial", "serial", LINE, FIELD_VALUE_MAX },
	{ "pin", "pin", LINE, PIN_MAX },
	{ "icon", "icon", LINE, FIELD_VALUE_MAX },
	{ "favourite", "favourite", FLAG, 1 },
	{ "backup-code/", "backup-code", LINE, FIELD_VALUE_MAX },
	{ "apart/", "apart", FLAG, 1 },
	{ "exported/", "exported", LINE, FIELD_VALUE_MAX },
	{ "resets/", "resets", LINE, FIELD_VALUE_MAX },
	{ "contact-checked", "contact-checked", LINE, FIELD_VALUE_MAX },
};

static bool rule_fits(const struct rule *rule, const char *key)
{
	size_t n = strlen(rule->key);

	if (rule->key[n - 1] != '/')
		return strcmp(rule->key, key) == 0;
	return strncmp(rule->key, key, n) == 0;
}

static const struct rule *rule_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rule_fits(&rules[i], key))
			return &rules[i];
	return NULL;
}

static const char *wrong_text(const struct rule *rule, struct bytes value)
{
	if (value.n > rule->max)
		return "is too long";
	if (!text_utf8(value))
		return "is not valid UTF-8";
	if (rule->content == LINES ? !text_lines(value) : !text_line(value))
		return "has control characters";
	if (rule->content == FLAG && value.n != 0 &&
	    !(value.n == 1 && (value.p[0] == '0' || value.p[0] == '1')))
		return "is neither 0 nor 1";
	return NULL;
}

/* A key of its own kind needs a name after the slash. */
static const char *wrong_field(const struct rule *rule, const Fob__Field *field)
{
	struct bytes value = { field->value.data, field->value.len };

	if (rule->key[strlen(rule->key) - 1] == '/' &&
	    strlen(field->key) == strlen(rule->key))
		return "is empty";
	return field->unset ? NULL : wrong_text(rule, value);
}

static const struct reason {
	const char *field, *text;
} reasons[] = {
	{ "type", "is not a type of code that is known" },
	{ "algorithm", "is not one that this type of code uses" },
	{ "digits", "is not a number of digits that this type of code has" },
	{ "period", "is not a period that this type of code has" },
	{ "secret", "is empty, too short or too long" },
	{ "pin", "is missing or too long" },
};

static const char *reason_of(const char *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].field, field) == 0)
			return reasons[i].text;
	return "is not acceptable";
}

static int check_live(const struct record *record, const char **ret_field)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(record, live);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct otp otp = {
			.type = live[i]->type,
			.algorithm = live[i]->algorithm,
			.digits = live[i]->digits,
			.period = live[i]->period,
			.counter = live[i]->counter,
			.secret = { live[i]->secret.data, live[i]->secret.len },
			.pin = record_text(record, "pin"),
		};

		r = otp_check(&otp, ret_field);
	}
	return r;
}

int record_check(const struct record *record, const char **ret_field,
		 const char **ret_reason)
{
	const Fob__Plain *plain = record->plain;
	const char *field;

	for (size_t i = 0; i < plain->n_fields; i++) {
		const struct rule *rule = rule_of(plain->fields[i]->key);
		const char *reason =
			rule ? wrong_field(rule, plain->fields[i]) : NULL;

		if (reason) {
			*ret_field = rule->name;
			*ret_reason = reason;
			return RECORD_ERR_FIELD;
		}
	}
	if (check_live(record, &field) == 0)
		return 0;
	*ret_field = field;
	*ret_reason = reason_of(field);
	return RECORD_ERR_FIELD;
}
