/* What of an entry has no place in a format, though its codes have. */
#include <string.h>

#include "client/formats/export.h"
#include "client/formats/latin.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

/* steam:// is nothing but the secret; beside it stands one name. */
static bool loses_issuer(const struct target *target, const struct entry *entry)
{
	return target->write == proton_write &&
	       entry->type == FOB__OTP_TYPE__STEAM &&
	       strcmp(entry_get(entry, ENTRY_ISSUER), "Steam") != 0;
}

/* Its issuer alone tells the kind of code. */
static const char *issuer_given(const struct target *target,
				const struct entry *entry)
{
	if (target->write != freeotp_plus_write ||
	    entry->type != FOB__OTP_TYPE__STEAM ||
	    *entry_get(entry, ENTRY_ISSUER))
		return NULL;
	return "with Steam for its issuer, which it lacks";
}

static const char *letters_lost(const struct target *target,
				const struct entry *entry)
{
	if (target->write != pdf_write ||
	    (latin_holds(text_of(entry_get(entry, ENTRY_ISSUER))) &&
	     latin_holds(text_of(entry_get(entry, ENTRY_ACCOUNT)))))
		return NULL;
	return "letters that are not Latin are a ? on the page, and right in "
	       "its code";
}

static bool loses_icon(const struct target *target, const struct entry *entry)
{
	const char *icon = entry_get(entry, ENTRY_ICON);

	return *icon && (target->write != stratum_write || *icon == '@');
}

/* Seen with KeePassXC 2.7.4; later ones take a day. */
#define KEEPASSXC_PERIOD 60

static const char *period_lost(const struct target *target,
			       const struct entry *entry)
{
	if ((target->write != keepassxc_xml_write &&
	     target->write != keepassxc_csv_write) ||
	    entry->period <= KEEPASSXC_PERIOD)
		return NULL;
	return "its period: older versions of KeePassXC take 60 s at most, "
	       "and make wrong codes";
}

static const char *tags_lost(const struct target *target,
			     const struct entry *entry)
{
	if (entry->n_tags <= target->tags)
		return NULL;
	return target->tags == 0 ? "without its tags" :
				   "with the first of its tags only";
}

int export_report_lost(struct export *export, uint64_t position,
		       const struct entry *entry)
{
	const struct target *target = export->target;
	const char *lost[] = {
		tags_lost(target, entry),
		!target->note && entry->texts[ENTRY_NOTE] ? "without its note" :
							    NULL,
		!target->favourite && entry->favourite ?
			"without the mark of a favourite" :
			NULL,
		!(target->pins & 1u << entry->type) && entry->texts[ENTRY_PIN] ?
			"without its PIN" :
			NULL,
		loses_issuer(target, entry) ? "without its issuer" : NULL,
		issuer_given(target, entry),
		loses_icon(target, entry) ? "without its icon" : NULL,
		letters_lost(target, entry),
		period_lost(target, entry),
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lost); i++)
		if (lost[i])
			r = import_warn(&export->import, position, lost[i]);
	return r;
}
