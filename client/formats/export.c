#include "client/formats/export.h"

#include <errno.h>
#include <string.h>

#include "client/formats/google.h"
#include "client/formats/paper.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TAG_PREFIX "tag/"

#define TOTP (1u << FOB__OTP_TYPE__TOTP)
#define HOTP (1u << FOB__OTP_TYPE__HOTP)
#define STEAM (1u << FOB__OTP_TYPE__STEAM)
#define MOTP (1u << FOB__OTP_TYPE__MOTP)
#define YANDEX (1u << FOB__OTP_TYPE__YANDEX)
#define EVERY (TOTP | HOTP | STEAM | MOTP | YANDEX)
#define MANY GROUP_TAGS_MAX

#define STEAM_WOULD "Steam would make it another kind of code"

static bool refuse(struct fault *ret_fault, const char *what, const char *why)
{
	*ret_fault = (struct fault){ what, why };
	return false;
}

static bool called_steam(const struct entry *entry)
{
	return strcmp(entry_get(entry, ENTRY_ISSUER), "Steam") == 0;
}

/*
 * Readers of URIs, ours too, take whatever has the issuer Steam for Steam's
 * own kind of code.
 */
static bool not_steam(const struct entry *entry, struct fault *ret_fault)
{
	return entry->type != FOB__OTP_TYPE__TOTP || !called_steam(entry) ||
	       refuse(ret_fault, "issuer", STEAM_WOULD);
}

/* There is nothing but the issuer that tells, whatever the type. */
static bool freeotp_carries(const struct entry *entry, struct fault *ret_fault)
{
	return entry->type == FOB__OTP_TYPE__STEAM || !called_steam(entry) ||
	       refuse(ret_fault, "issuer", STEAM_WOULD);
}

/* Stratum has other bounds for counters than for time. */
static bool stratum_carries(const struct entry *entry, struct fault *ret_fault)
{
	return entry->type != FOB__OTP_TYPE__HOTP || entry->digits <= 8 ||
	       refuse(ret_fault, "digits", "must be 6 to 8");
}

static bool code_carries(const struct entry *entry, struct fault *ret_fault)
{
	return not_steam(entry, ret_fault) && paper_carries(entry, ret_fault);
}

static const struct target targets[] = {
	{ "uri", EVERY, 4, 10, 0, YANDEX, false, false, true, false,
	  TARGET_TEXT, not_steam, list_write },
	{ "aegis", EVERY, 4, 10, MANY, EVERY, true, true, true, true,
	  TARGET_TEXT, NULL, aegis_write },
	{ "2fas", TOTP | HOTP | STEAM, 4, 10, 1, 0, false, false, true, true,
	  TARGET_TEXT, NULL, twofas_write },
	{ "bitwarden", TOTP | STEAM, 5, 10, 1, 0, true, true, true, true,
	  TARGET_TEXT, not_steam, bitwarden_write },
	{ "ente", TOTP | HOTP | STEAM, 4, 10, MANY, 0, true, true, true, true,
	  TARGET_TEXT, not_steam, ente_write },
	{ "stratum", EVERY, 5, 10, MANY, EVERY, false, false, true, true,
	  TARGET_TEXT, stratum_carries, stratum_write },
	{ "proton", TOTP | STEAM, 4, 10, 0, 0, true, false, true, true,
	  TARGET_TEXT, not_steam, proton_write },
	{ "freeotp-plus", TOTP | HOTP | STEAM, 5, 8, 0, 0, false, false, true,
	  false, TARGET_TEXT, freeotp_carries, freeotp_plus_write },
	{ "keepassxc-csv", TOTP | STEAM, 4, 10, 1, 0, true, false, true, false,
	  TARGET_TEXT, not_steam, keepassxc_csv_write },
	{ "keepassxc-xml", TOTP | STEAM, 4, 10, 1, 0, true, false, true, false,
	  TARGET_TEXT, not_steam, keepassxc_xml_write },
	{ "google", TOTP | HOTP, 6, 8, 0, 0, false, false, true, false,
	  TARGET_TEXT, google_carries, list_write_google },
	{ "html", EVERY, 4, 10, 0, EVERY, false, false, true, false,
	  TARGET_TEXT, code_carries, html_write },
	{ "pdf", EVERY, 4, 10, 0, EVERY, false, false, true, false,
	  TARGET_BINARY, code_carries, pdf_write },
	{ "png", EVERY, 4, 10, 0, YANDEX, false, false, true, false,
	  TARGET_EACH, code_carries, png_write },
};

const struct target *export_at(size_t i)
{
	return i < ARRAY_SIZE(targets) ? &targets[i] : NULL;
}

const struct target *export_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	return NULL;
}

void export_init(struct export *export, const struct target *target)
{
	*export = (struct export){ .target = target };
	import_init(&export->import);
}

void export_deinit(struct export *export)
{
	if (export)
		import_deinit(&export->import);
}

static bool carries(const struct target *target, const struct entry *entry,
		    struct fault *ret_fault)
{
	if (entry_check(entry, ret_fault) != 0)
		return false;
	if (!(target->types & 1u << entry->type))
		return refuse(ret_fault, "this kind of code",
			      "has no place in the format");
	if (entry->digits < target->digits_min ||
	    entry->digits > target->digits_max)
		return refuse(ret_fault, "so many digits",
			      "have no place in the format");
	return !target->carries || target->carries(entry, ret_fault);
}

int export_add(struct export *export, uint64_t position, struct entry *entry)
{
	struct fault fault = { NULL, NULL };
	const char *name = entry_get(entry, ENTRY_ISSUER);
	int r;

	if (*name == '\0')
		name = entry_get(entry, ENTRY_ACCOUNT);
	if (!carries(export->target, entry, &fault))
		return import_skip(&export->import, position, fault,
				   text_of(name));
	r = export_report_lost(export, position, entry);
	return r ? r : import_add(&export->import, position, entry);
}

static bool is(const Fob__FieldValue *field, const char *key)
{
	return strcmp(field->key, key) == 0;
}

/* That it went out before is the vault's own to know. */
static bool is_note_of_export(const Fob__FieldValue *field)
{
	static const char prefix[] = "exported/";

	return strncmp(field->key, prefix, sizeof(prefix) - 1) == 0;
}

/* Sets *lost for a field that no other application has a place for. */
static int take_field(struct entry *entry, const Fob__FieldValue *field,
		      bool *lost, struct fault *fault)
{
	struct bytes value = { field->value.data, field->value.len };
	size_t n = strlen(TAG_PREFIX);

	if (is(field, "note"))
		return entry_set(entry, ENTRY_NOTE, value, fault);
	if (is(field, "icon"))
		return entry_set(entry, ENTRY_ICON, value, fault);
	if (is(field, "pin"))
		return entry_set(entry, ENTRY_PIN, value, fault);
	if (strncmp(field->key, TAG_PREFIX, n) == 0)
		return entry_add_tag(entry, text_of(field->key + n), fault);
	if (is(field, "favourite"))
		entry->favourite = value.n > 0;
	else if (!is(field, "issuer") && !is(field, "account") &&
		 !is_note_of_export(field))
		*lost = true;
	return 0;
}

static int take(struct entry *entry, const Fob__NewEntry *message, bool *lost,
		struct fault *fault)
{
	const Fob__OtpValue *otp = message->otp;
	int r = entry_set(entry, ENTRY_ISSUER, text_of(message->issuer), fault);

	if (r == 0)
		r = entry_set(entry, ENTRY_ACCOUNT, text_of(message->account),
			      fault);
	for (size_t i = 0; r == 0 && i < message->n_fields; i++)
		r = take_field(entry, message->fields[i], lost, fault);
	if (r != 0)
		return r;
	if (!otp) {
		*fault = (struct fault){ "it", "makes no codes" };
		return ENTRY_ERR_INVALID;
	}
	entry->type = otp->type;
	entry->algorithm = otp->algorithm;
	entry->digits = otp->digits;
	entry->period = otp->period;
	entry->counter = otp->counter;
	return entry_set_secret(
		entry, (struct bytes){ otp->secret.data, otp->secret.len },
		fault);
}

int export_message(struct export *export, uint64_t position,
		   const Fob__NewEntry *message)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { NULL, NULL };
	bool lost = false;
	int r;

	entry_init(&entry);
	r = take(&entry, message, &lost, &fault);
	if (r == ENTRY_ERR_INVALID)
		return import_skip(&export->import, position, fault,
				   text_of(message->issuer));
	if (r == 0 && lost && carries(export->target, &entry, &fault))
		r = import_warn(&export->import, position,
				"without its backup codes and fields of its "
				"own");
	return r ? r : export_add(export, position, &entry);
}

int export_write(const struct export *export, struct document *document)
{
	int r = export->target->write(export, document);

	return r == 0 && document->failed ? -ENOMEM : r;
}
