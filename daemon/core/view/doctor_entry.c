/* What the doctor finds in entries, and between them. */
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/view/doctor_inner.h"

/*
 * What entries have in common is told of the first of them, one finding
 * each, and of the rest as a number.
 */
struct several {
	struct doctor *doctor;
	const char *check;
	enum doctor_severity severity;
	size_t n;
};

static struct finding *one_more(struct several *several,
				const struct vault_entry *entry,
				char name[static NAME_SIZE])
{
	struct finding *finding;

	if (several->n++ >= DOCTOR_EACH)
		return NULL;
	finding =
		doctor_find(several->doctor, several->check, several->severity);
	doctor_name(entry, name);
	doctor_about(finding, name);
	return finding;
}

static void the_rest(struct several *several, const char *of_what)
{
	struct finding *finding;

	if (several->n <= DOCTOR_EACH)
		return;
	finding =
		doctor_find(several->doctor, several->check, several->severity);
	doctor_message(finding,
		       TEXTS("and %s more %s", NUMBER(several->n - DOCTOR_EACH),
			     of_what));
	doctor_fix(finding, TEXTS("fob list"));
}

/* --- entries --------------------------------------------------------------- */

void doctor_copies(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several several = { doctor, "copies", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	if (!doctor_others(facts, false))
		return; /* that is told already, once */
	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct doctor_entry *e = &facts->entries[i];
		struct finding *finding;

		if (e->copies + 1 >= facts->copies)
			continue;
		finding = one_more(&several, e->entry, name);
		doctor_message(
			finding,
			TEXTS("%s is on %s of %s devices: it is lost with the last "
			      "of them",
			      name, NUMBER(e->copies + 1),
			      NUMBER(facts->copies)));
		doctor_fix(finding, TEXTS("fob sync --wait"));
	}
	the_rest(&several, "entries");
}

void doctor_rotation(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several several = { doctor, "rotate", DOCTOR_BAD, 0 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < facts->n_entries; i++) {
		struct finding *finding;

		if (!facts->entries[i].owed)
			continue;
		finding = one_more(&several, facts->entries[i].entry, name);
		doctor_message(
			finding,
			TEXTS("a device that is gone has seen the secret of %s: "
			      "whoever has it makes the same codes",
			      name));
		doctor_fix(finding,
			   TEXTS("change it at the site, then: fob edit '%s' "
				 "--secret-stdin",
				 name));
	}
	the_rest(&several, "accounts whose secrets were seen");
}

void doctor_whole(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several incomplete = { doctor, "incomplete", DOCTOR_WARN, 0 };
	struct several conflict = { doctor, "conflict", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct vault_entry *entry = facts->entries[i].entry;
		struct finding *finding;

		if (entry->incomplete) {
			finding = one_more(&incomplete, entry, name);
			doctor_message(
				finding,
				TEXTS("a part of %s is not here, or opens with no "
				      "key of this device",
				      name));
			doctor_fix(finding, TEXTS("fob sync --wait"));
		}
		if (entry->conflict) {
			finding = one_more(&conflict, entry, name);
			doctor_message(
				finding,
				TEXTS("two devices gave %s different secrets: only "
				      "one of the codes is right",
				      name));
			doctor_fix(finding,
				   TEXTS("fob conflicts, then: fob resolve "
					 "'%s' --keep VERSION",
					 name));
		}
	}
	the_rest(&incomplete, "entries");
	the_rest(&conflict, "entries");
}

void doctor_backup(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several none = { doctor, "backup-codes", DOCTOR_INFO, 0 };
	struct several used = { doctor, "backup-codes", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct vault_entry *entry = facts->entries[i].entry;
		struct finding *finding;

		if (!entry->n_seeds || entry->codes_left)
			continue;
		finding = one_more(entry->codes ? &used : &none, entry, name);
		if (entry->codes)
			doctor_message(finding,
				       TEXTS("all backup codes of %s are used",
					     name));
		else
			doctor_message(
				finding,
				TEXTS("%s has no backup codes: without its secret "
				      "only the site can let you in",
				      name));
		doctor_fix(finding, TEXTS("fob backup-codes '%s' add -", name));
	}
	the_rest(&used, "accounts");
	the_rest(&none, "accounts");
}

void doctor_contact(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several never = { doctor, "contact", DOCTOR_INFO, 0 };
	struct several old = { doctor, "contact", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct vault_entry *entry = facts->entries[i].entry;
		uint64_t since = entry->contact ? entry->contact :
						  entry->created;
		struct finding *finding;

		if (doctor_days(facts, since) < DOCTOR_CONTACT_DAYS)
			continue;
		finding = one_more(entry->contact ? &old : &never, entry, name);
		doctor_message(
			finding,
			TEXTS("the mail address and telephone number that %s has of "
			      "you were %s %s days: an old one locks you out",
			      name,
			      entry->contact ? "not looked at for" :
					       "never looked at in",
			      NUMBER(doctor_days(facts, since))));
		doctor_fix(finding,
			   TEXTS("look at the site, then: fob edit '%s' "
				 "--contact-checked",
				 name));
	}
	the_rest(&old, "accounts");
	the_rest(&never, "accounts");
}

/*
 * Copies that no revocation reaches. One that was made before the secret was
 * changed makes no codes any more.
 */
void doctor_exported(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	const struct vault_entry *last = NULL;
	struct finding *finding;
	char name[NAME_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct vault_entry *entry = facts->entries[i].entry;

		if (entry->exported == 0 || entry->exported < entry->seeded)
			continue;
		n++;
		if (!last || entry->exported > last->exported)
			last = entry;
	}
	if (n == 0)
		return;
	doctor_name(last, name);
	finding = doctor_find(doctor, "exported", DOCTOR_INFO);
	doctor_message(
		finding,
		TEXTS("%s of %s accounts were exported, %s last, %s days "
		      "ago: who has such a file, page or key makes their "
		      "codes",
		      NUMBER(n), NUMBER(facts->n_entries), name,
		      NUMBER(doctor_days(facts, last->exported))));
	doctor_fix(finding, TEXTS("fob show '%s'", name));
}

/* --- reset paths ----------------------------------------------------------- */

static size_t entry_of(const struct doctor_facts *facts,
		       const uint8_t id[static RECORD_ID_SIZE])
{
	size_t i = 0;

	while (i < facts->n_entries &&
	       memcmp(facts->entries[i].entry->id, id, RECORD_ID_SIZE) != 0)
		i++;
	return i;
}

/*
 * reached: what can be reset from outside. An account that no other resets
 * stands for itself, and so does one that has backup codes left; from there
 * on along the arrows, until nothing changes.
 */
static void reach_all(const struct doctor_facts *facts, uint8_t *reached)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < facts->n_entries; i++) {
			const struct vault_entry *entry =
				facts->entries[i].entry;

			for (uint32_t k = 0; reached[i] && k < entry->n_resets;
			     k++) {
				size_t to = entry_of(facts, entry->resets[k]);

				if (to == facts->n_entries || reached[to])
					continue;
				reached[to] = 1;
				moved = true;
			}
		}
	}
}

void doctor_resets(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	AUTO_FREE uint8_t *reached = malloc(facts->n_entries + 1);
	struct several several = { doctor, "resets", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	if (!reached) {
		doctor->failed = true;
		return;
	}
	memset(reached, 1, facts->n_entries + 1);
	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct vault_entry *entry = facts->entries[i].entry;

		for (uint32_t k = 0; k < entry->n_resets; k++) {
			size_t to = entry_of(facts, entry->resets[k]);

			if (to < facts->n_entries &&
			    !facts->entries[to].entry->codes_left)
				reached[to] = 0;
		}
	}
	reach_all(facts, reached);
	for (size_t i = 0; i < facts->n_entries; i++) {
		struct finding *finding;

		if (reached[i])
			continue;
		finding = one_more(&several, facts->entries[i].entry, name);
		doctor_message(
			finding,
			TEXTS("whatever can reset %s can only be reset through %s "
			      "itself: locked out of one is locked out of all",
			      name, name));
		doctor_fix(finding, TEXTS("fob backup-codes '%s' add -", name));
	}
	the_rest(&several, "accounts");
}

/* --- apart ----------------------------------------------------------------- */

/* The readers of an entry's group or of a group, and its name; or NULL. */
static const uint64_t *readers_of(const struct doctor_facts *facts,
				  const struct vault_apart *apart,
				  char ret_name[static NAME_SIZE])
{
	size_t at;

	if (apart->n == RECORD_ID_SIZE) {
		at = entry_of(facts, apart->id);
		if (at == facts->n_entries)
			return NULL;
		doctor_name(facts->entries[at].entry, ret_name);
		return facts->groups[facts->entries[at].group].readers;
	}
	for (at = 0; at < facts->n_groups; at++) {
		if (memcmp(facts->groups[at].id, apart->id, GROUP_ID_SIZE) != 0)
			continue;
		doctor_say(ret_name, NAME_SIZE,
			   TEXTS("group %s", facts->groups[at].name));
		return facts->groups[at].readers;
	}
	return NULL;
}

static void check_pair(struct doctor *doctor, const struct doctor_entry *e,
		       const struct vault_apart *apart)
{
	const struct doctor_facts *facts = doctor->facts;
	const uint64_t *ours = facts->groups[e->group].readers, *theirs;
	char name[NAME_SIZE], other[NAME_SIZE];

	theirs = readers_of(facts, apart, other);
	for (size_t i = 0; theirs && i < facts->n_devices; i++) {
		const struct doctor_device *d = &facts->devices[i];
		struct finding *finding;

		if (!d->member || !bits_get(ours, (uint32_t)i) ||
		    !bits_get(theirs, (uint32_t)i))
			continue;
		finding = doctor_find(doctor, "apart", DOCTOR_BAD);
		doctor_name(e->entry, name);
		doctor_about(finding, name);
		doctor_message(
			finding,
			TEXTS("%s reads both %s and %s, which are to be apart: who "
			      "has it has both",
			      d->name, name, other));
		doctor_fix(finding,
			   TEXTS("fob group deny GROUP '%s'; fob edit '%s' "
				 "--group GROUP",
				 d->name, name));
	}
}

void doctor_apart(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct doctor_entry *e = &facts->entries[i];

		for (uint32_t k = 0; k < e->entry->n_aparts; k++)
			check_pair(doctor, e, &e->entry->aparts[k]);
	}
}
