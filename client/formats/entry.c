#include "client/formats/entry.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TAG_PREFIX "tag/"
#define TAG_NAME_MAX (FIELD_KEY_MAX - (sizeof(TAG_PREFIX) - 1))
#define YANDEX_SECRET_MIN 16

/* What a text may hold. */
struct rule {
	const char *name;
	size_t max;
	bool lines; /* line ends and tabs are welcome */
};

static const struct rule rules[ENTRY_TEXTS] = {
	[ENTRY_ISSUER] = { "issuer", TEXT_MAX, false },
	[ENTRY_ACCOUNT] = { "account", TEXT_MAX, false },
	[ENTRY_PIN] = { "pin", PIN_MAX, false },
	[ENTRY_NOTE] = { "note", FIELD_VALUE_MAX, true },
	[ENTRY_ICON] = { "icon", FIELD_VALUE_MAX, false },
};

static const struct rule tag_rule = { "tag", TAG_NAME_MAX, false };

static int refuse(struct fault *ret_fault, const char *field, const char *why)
{
	*ret_fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

static void free_text(char **text)
{
	if (*text) {
		sodium_memzero(*text, strlen(*text));
		free(*text);
	}
	*text = NULL;
}

static void free_secret(struct entry *entry)
{
	if (entry->secret)
		sodium_memzero(entry->secret, entry->secret_n);
	free(entry->secret);
	entry->secret = NULL;
	entry->secret_n = 0;
}

void entry_init(struct entry *entry)
{
	*entry = (struct entry){ .type = FOB__OTP_TYPE__TOTP };
	entry_settle(entry);
}

void entry_deinit(struct entry *entry)
{
	if (!entry)
		return;
	free_secret(entry);
	for (size_t i = 0; i < ENTRY_TEXTS; i++)
		free_text(&entry->texts[i]);
	for (size_t i = 0; i < entry->n_tags; i++)
		free_text(&entry->tags[i]);
	free(entry->tags);
	sodium_memzero(entry, sizeof(*entry));
}

const char *entry_get(const struct entry *entry, enum entry_text which)
{
	return entry->texts[which] ? entry->texts[which] : "";
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes text)
{
	while (text.n > 0 && is_space(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n > 0 && is_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

static int check_text(const struct rule *rule, struct bytes text,
		      struct fault *ret_fault)
{
	if (text.n > rule->max)
		return refuse(ret_fault, rule->name, "is too long");
	if (!text_utf8(text))
		return refuse(ret_fault, rule->name, "is not UTF-8");
	if (rule->lines ? !text_lines(text) : !text_line(text))
		return refuse(ret_fault, rule->name,
			      "holds a control character");
	return 0;
}

/* A C string of two parts, or NULL. */
static char *join(const char *prefix, struct bytes text)
{
	size_t n = strlen(prefix);
	char *copy = malloc(n + text.n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, prefix, n);
	if (text.n)
		memcpy(copy + n, text.p, text.n);
	copy[n + text.n] = '\0';
	return copy;
}

int entry_set(struct entry *entry, enum entry_text which, struct bytes text,
	      struct fault *ret_fault)
{
	const struct rule *rule = &rules[which];
	char *copy = NULL;
	int r;

	if (!rule->lines)
		text = trim(text);
	r = check_text(rule, text, ret_fault);
	if (r != 0)
		return r;
	if (text.n > 0) {
		copy = join("", text);
		if (!copy)
			return -ENOMEM;
	}
	free_text(&entry->texts[which]);
	entry->texts[which] = copy;
	return 0;
}

int entry_set_secret(struct entry *entry, struct bytes secret,
		     struct fault *ret_fault)
{
	uint8_t *copy;

	if (secret.n == 0)
		return refuse(ret_fault, "secret", "is empty");
	if (secret.n > SECRET_MAX)
		return refuse(ret_fault, "secret", "is too long");
	copy = malloc(secret.n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, secret.p, secret.n);
	free_secret(entry);
	entry->secret = copy;
	entry->secret_n = secret.n;
	return 0;
}

static bool has_tag(const struct entry *entry, const char *key)
{
	for (size_t i = 0; i < entry->n_tags; i++)
		if (strcmp(entry->tags[i], key) == 0)
			return true;
	return false;
}

int entry_add_tag(struct entry *entry, struct bytes name,
		  struct fault *ret_fault)
{
	CLEANUP(free_text) char *key = NULL;
	char **tags;
	int r;

	name = trim(name);
	if (name.n == 0)
		return refuse(ret_fault, "tag", "is empty");
	r = check_text(&tag_rule, name, ret_fault);
	if (r != 0)
		return r;
	key = join(TAG_PREFIX, name);
	if (!key)
		return -ENOMEM;
	if (has_tag(entry, key))
		return 0;
	if (entry->n_tags == GROUP_TAGS_MAX)
		return refuse(ret_fault, "tag", "is one too many");
	tags = realloc(entry->tags, (entry->n_tags + 1) * sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	entry->tags = tags;
	entry->tags[entry->n_tags++] = key;
	key = NULL;
	return 0;
}

static void fix(struct entry *entry, uint32_t algorithm, uint32_t digits,
		uint32_t period)
{
	entry->algorithm = algorithm;
	entry->digits = digits;
	entry->period = period;
}

void entry_settle(struct entry *entry)
{
	if (entry->algorithm == 0)
		entry->algorithm = FOB__ALGORITHM__SHA1;
	if (entry->digits == 0)
		entry->digits = 6;
	if (entry->period == 0)
		entry->period = 30;
	if (entry->type == FOB__OTP_TYPE__STEAM)
		fix(entry, FOB__ALGORITHM__SHA1, 5, 30);
	else if (entry->type == FOB__OTP_TYPE__MOTP)
		fix(entry, FOB__ALGORITHM__MD5, 6, 10);
	else if (entry->type == FOB__OTP_TYPE__YANDEX)
		fix(entry, FOB__ALGORITHM__SHA256, 8, 30);
	if (entry->type == FOB__OTP_TYPE__HOTP)
		entry->period = 0;
	else
		entry->counter = 0;
}

static int check_numbers(const struct entry *entry, struct fault *ret_fault)
{
	bool hotp = entry->type == FOB__OTP_TYPE__HOTP;
	bool motp = entry->type == FOB__OTP_TYPE__MOTP;

	if (entry->algorithm == 0 || entry->algorithm > FOB__ALGORITHM__MD5 ||
	    (entry->algorithm == FOB__ALGORITHM__MD5) != motp)
		return refuse(ret_fault, "algorithm",
			      "must be SHA1, SHA256 or SHA512");
	if (entry->digits < DIGITS_MIN || entry->digits > DIGITS_MAX)
		return refuse(ret_fault, "digits", "must be 4 to 10");
	if (!hotp && (entry->period == 0 || entry->period > PERIOD_MAX))
		return refuse(ret_fault, "period", "must be 1 to 86400");
	return 0;
}

int entry_check(const struct entry *entry, struct fault *ret_fault)
{
	if (entry->type == 0 || entry->type > FOB__OTP_TYPE__YANDEX)
		return refuse(ret_fault, "type", "is not known");
	if (!entry->secret)
		return refuse(ret_fault, "secret", "is missing");
	if (entry->type == FOB__OTP_TYPE__YANDEX &&
	    entry->secret_n < YANDEX_SECRET_MIN)
		return refuse(ret_fault, "secret",
			      "of Yandex has at least 16 bytes");
	return check_numbers(entry, ret_fault);
}

bool entry_lacks_pin(const struct entry *entry)
{
	return (entry->type == FOB__OTP_TYPE__MOTP ||
		entry->type == FOB__OTP_TYPE__YANDEX) &&
	       !entry->texts[ENTRY_PIN];
}
