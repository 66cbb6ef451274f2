#include "daemon/core/view/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"

#define FORMAT(text, rest) __attribute__((format(printf, text, rest)))

/* One examination. The first failure stops it. */
struct doctor {
	const struct doctor_facts *facts;
	struct findings *found;
	bool failed;
};

const char *doctor_severity(enum doctor_severity severity)
{
	static const char *const names[] = {
		[DOCTOR_INFO] = "info",
		[DOCTOR_WARN] = "warn",
		[DOCTOR_BAD] = "bad",
	};

	return names[severity];
}

void findings_deinit(struct findings *findings)
{
	free(findings->list);
	*findings = (struct findings){ 0 };
}

/* --- findings -------------------------------------------------------------- */

static bool find_room(struct doctor *doctor)
{
	struct findings *found = doctor->found;
	size_t cap = found->cap ? 2 * found->cap : 16;
	struct finding *grown;

	if (found->n < found->cap)
		return true;
	grown = realloc(found->list, cap * sizeof(*grown));
	if (!grown)
		return false;
	found->list = grown;
	found->cap = cap;
	return true;
}

/* The next finding; a scrap when memory has run out. */
static struct finding *find(struct doctor *doctor, const char *check,
			    enum doctor_severity severity)
{
	static const struct finding empty;
	struct finding *finding;

	if (doctor->failed || !find_room(doctor)) {
		doctor->failed = true;
		return NULL;
	}
	finding = &doctor->found->list[doctor->found->n++];
	*finding = empty;
	finding->check = check;
	finding->severity = severity;
	return finding;
}

/* A text that is cut ends with a whole character. */
static void cut(char *text, size_t size, int n)
{
	if (n < 0 || (size_t)n < size)
		return;
	size--;
	while (size > 0 && ((uint8_t)text[size - 1] & 0xc0) == 0x80)
		text[--size] = '\0';
	if (size > 0 && (uint8_t)text[size - 1] >= 0xc0)
		text[size - 1] = '\0';
}

static void about(struct finding *finding, const char *subject)
{
	int n;

	if (!finding)
		return;
	n = snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	cut(finding->subject, sizeof(finding->subject), n);
}

FORMAT(2, 3)
static void message(struct finding *finding, const char *format, ...)
{
	va_list args;
	int n;

	if (!finding)
		return;
	va_start(args, format);
	n = vsnprintf(finding->message, sizeof(finding->message), format, args);
	va_end(args);
	cut(finding->message, sizeof(finding->message), n);
}

FORMAT(2, 3)
static void fix(struct finding *finding, const char *format, ...)
{
	va_list args;
	int n;

	if (!finding)
		return;
	va_start(args, format);
	n = vsnprintf(finding->fix, sizeof(finding->fix), format, args);
	va_end(args);
	cut(finding->fix, sizeof(finding->fix), n);
}

/* Whole days since then; 0 for what is in the future. */
static unsigned days(const struct doctor_facts *facts, uint64_t then)
{
	if (then >= facts->now)
		return 0;
	return (unsigned)((facts->now - then) / (uint64_t)DAY_MS);
}

/* "issuer/account", or the one that is there, or the id. */
static void name_of(const struct vault_entry *entry,
		    char ret[static 2 * TEXT_MAX + 2])
{
	bool both = entry->issuer[0] && entry->account[0];
	size_t n = 0;

	snprintf(ret, 2 * TEXT_MAX + 2, "%s%s%s", entry->issuer,
		 both ? "/" : "", entry->account);
	if (ret[0])
		return;
	for (size_t i = 0; i < sizeof(entry->id); i++)
		n += (size_t)snprintf(ret + n, 3, "%02x", entry->id[i]);
}

#define NAME_SIZE (2 * TEXT_MAX + 2)

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
	finding = find(several->doctor, several->check, several->severity);
	name_of(entry, name);
	about(finding, name);
	return finding;
}

static void the_rest(struct several *several, const char *of_what)
{
	struct finding *finding;

	if (several->n <= DOCTOR_EACH)
		return;
	finding = find(several->doctor, several->check, several->severity);
	message(finding, "and %zu more %s", several->n - DOCTOR_EACH, of_what);
	fix(finding, "fob list");
}

/* --- devices --------------------------------------------------------------- */

static size_t others(const struct doctor_facts *facts, bool keepers)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->n_devices; i++)
		n += facts->devices[i].member && !facts->devices[i].self &&
		     facts->devices[i].keeper == keepers;
	return n;
}

static void check_silent(struct doctor *doctor, const struct doctor_device *d)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (!d->member || d->self)
		return;
	if (!d->last_seen && days(facts, d->added) >= 1) {
		finding = find(doctor, "silent", DOCTOR_WARN);
		about(finding, d->name);
		message(finding,
			"%s was added %u days ago and never seen: its join "
			"did not end, or it is switched off",
			d->name, days(facts, d->added));
		fix(finding, "fob device revoke '%s'", d->name);
		return;
	}
	if (!d->last_seen || days(facts, d->last_seen) < DOCTOR_SILENT_DAYS)
		return;
	finding = find(doctor, "silent", DOCTOR_WARN);
	about(finding, d->name);
	message(finding,
		"%s was not heard of for %u days: it may be lost, and what it "
		"holds is old",
		d->name, days(facts, d->last_seen));
	fix(finding, "switch it on, or: fob device revoke '%s'", d->name);
}

static void check_state(struct doctor *doctor, const struct doctor_device *d)
{
	struct finding *finding;

	if (d->self && !d->member) {
		finding = find(doctor, "revoked", DOCTOR_BAD);
		about(finding, d->name);
		message(finding, "this device was revoked: it gets nothing "
				 "more and writes nothing more");
		fix(finding, "fob device leave, then fob join");
	}
	if (d->member && d->suspended) {
		finding = find(doctor, "suspended", DOCTOR_WARN);
		about(finding, d->name);
		message(finding,
			"%s is suspended and that is not settled: it gets no "
			"entries, and what it writes does not show",
			d->name);
		fix(finding,
		    "fob device lift '%s', or: fob device revoke --kit '%s'",
		    d->name, d->name);
	}
	if (d->member && d->forked) {
		finding = find(doctor, "forked", DOCTOR_WARN);
		about(finding, d->name);
		message(finding,
			"%s runs from a copy: a restored backup, a clone, or "
			"its keys were stolen",
			d->name);
		fix(finding,
		    "find out which; if you do not know: fob device revoke "
		    "'%s'",
		    d->name);
	}
	if (d->member && d->unequal) {
		finding = find(doctor, "unequal", DOCTOR_WARN);
		about(finding, d->name);
		message(finding,
			"%s and this device hold different sets after a "
			"complete comparison: it withholds, or is full",
			d->name);
		fix(finding, "fob sync --wait; look into its log");
	}
}

static void check_only(struct doctor *doctor)
{
	bool keeper = others(doctor->facts, true) > 0;
	struct finding *finding;

	if (others(doctor->facts, false) > 0 || doctor->facts->copies < 2)
		return;
	finding = find(doctor, "copies", keeper ? DOCTOR_WARN : DOCTOR_BAD);
	message(finding, keeper ? "this is the only device that can read: "
				  "without it, codes come back with the "
				  "recovery kit and a keeper only" :
				  "this is the only device: whatever happens "
				  "to it happens to all accounts");
	fix(finding, "fob invite");
}

static void check_devices(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;

	check_only(doctor);
	for (size_t i = 0; i < facts->n_devices; i++) {
		check_state(doctor, &facts->devices[i]);
		check_silent(doctor, &facts->devices[i]);
	}
}

/* --- the vault as a whole -------------------------------------------------- */

static void check_kit(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->frozen) {
		finding = find(doctor, "kit", DOCTOR_BAD);
		message(finding,
			"there are two recovery kits for one: somebody else "
			"has had the words, and recovery is frozen");
		fix(finding, "fob migrate");
		return;
	}
	if (facts->drill && days(facts, facts->drill) < DOCTOR_DRILL_DAYS)
		return;
	finding = find(doctor, "kit", DOCTOR_WARN);
	if (facts->drill)
		message(finding,
			"the recovery kit was proven %u days ago: paper gets "
			"lost, look whether it is still there",
			days(facts, facts->drill));
	else
		message(finding, "nobody has proven yet that the words of the "
				 "recovery kit are at hand and right");
	fix(finding, "fob kit verify");
}

static void check_snapshot(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->snapshot &&
	    days(facts, facts->snapshot) < DOCTOR_SNAPSHOT_DAYS)
		return;
	finding = find(doctor, "snapshot", DOCTOR_WARN);
	if (facts->snapshot)
		message(finding,
			"the last snapshot of this device is %u days old: "
			"what came since is not in it",
			days(facts, facts->snapshot));
	else
		message(finding, "this device has made no snapshot: there is "
				 "nothing to recover from but other devices");
	fix(finding, "fob snapshot");
}

static void check_clock(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	int64_t offset = facts->clock_offset;
	uint64_t away = (uint64_t)(offset < 0 ? -offset : offset);
	struct finding *finding;

	if (!facts->clock_known || away <= CLOCK_ALARM_MS)
		return;
	finding = find(doctor, "clock",
		       away > DOCTOR_CLOCK_BAD_MS ? DOCTOR_BAD : DOCTOR_WARN);
	message(finding,
		"the clock here is %llu s %s that of the other devices: sites "
		"may refuse its codes",
		(unsigned long long)((away + 500) / 1000),
		offset < 0 ? "behind" : "ahead of");
	fix(finding, "set the clock: timedatectl set-ntp true");
}

static void check_store(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->full) {
		finding = find(doctor, "full", DOCTOR_BAD);
		message(finding, "the store is full: this device takes in no "
				 "new entries from others");
		fix(finding, "make room on the disk; fob trash empty");
	}
	if (facts->poisoned) {
		finding = find(doctor, "key", DOCTOR_BAD);
		message(finding, "a device made a key that not all can open: "
				 "it is replaced, but that device is broken, "
				 "or not yours any more");
		fix(finding, "fob devices; fob device revoke NAME");
	}
	if (facts->lost > 0) {
		finding = find(doctor, "lost", DOCTOR_BAD);
		message(finding,
			"the content of %zu current versions is on no device "
			"that was asked: entries may be incomplete",
			facts->lost);
		fix(finding, "switch all devices on, or: fob recover from a "
			     "snapshot");
	}
}

static void check_membership(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->gap) {
		finding = find(doctor, "incomplete", DOCTOR_WARN);
		message(finding, "membership is incomplete: other devices "
				 "know something, perhaps a revocation, that "
				 "has not come here");
		fix(finding, "fob sync --wait");
	}
	if (facts->quarantined > 0) {
		finding = find(doctor, "quarantine", DOCTOR_WARN);
		message(finding,
			"%zu items were written too late to count, by devices "
			"that are revoked or suspended",
			facts->quarantined);
		fix(finding, "fob quarantine");
	}
}

/* --- entries --------------------------------------------------------------- */

static void check_copies(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several several = { doctor, "copies", DOCTOR_WARN, 0 };
	char name[NAME_SIZE];

	if (!others(facts, false))
		return; /* that is told already, once */
	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct doctor_entry *e = &facts->entries[i];
		struct finding *finding;

		if (e->copies + 1 >= facts->copies)
			continue;
		finding = one_more(&several, e->entry, name);
		message(finding,
			"%s is on %u of %u devices: it is lost with the last "
			"of them",
			name, e->copies + 1, facts->copies);
		fix(finding, "fob sync --wait");
	}
	the_rest(&several, "entries");
}

static void check_rotation(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct several several = { doctor, "rotate", DOCTOR_BAD, 0 };
	char name[NAME_SIZE];

	for (size_t i = 0; i < facts->n_entries; i++) {
		struct finding *finding;

		if (!facts->entries[i].owed)
			continue;
		finding = one_more(&several, facts->entries[i].entry, name);
		message(finding,
			"a device that is gone has seen the secret of %s: "
			"whoever has it makes the same codes",
			name);
		fix(finding,
		    "change it at the site, then: fob edit '%s' "
		    "--secret-stdin",
		    name);
	}
	the_rest(&several, "accounts whose secrets were seen");
}

static void check_whole(struct doctor *doctor)
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
			message(finding,
				"a part of %s is not here, or opens with no "
				"key of this device",
				name);
			fix(finding, "fob sync --wait");
		}
		if (entry->conflict) {
			finding = one_more(&conflict, entry, name);
			message(finding,
				"two devices gave %s different secrets: only "
				"one of the codes is right",
				name);
			fix(finding, "fob resolve '%s' --keep VERSION", name);
		}
	}
	the_rest(&incomplete, "entries");
	the_rest(&conflict, "entries");
}

static void check_backup(struct doctor *doctor)
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
			message(finding, "all backup codes of %s are used",
				name);
		else
			message(finding,
				"%s has no backup codes: without its secret "
				"only the site can let you in",
				name);
		fix(finding, "fob backup-codes '%s' add -", name);
	}
	the_rest(&used, "accounts");
	the_rest(&none, "accounts");
}

static void check_contact(struct doctor *doctor)
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

		if (days(facts, since) < DOCTOR_CONTACT_DAYS)
			continue;
		finding = one_more(entry->contact ? &old : &never, entry, name);
		message(finding,
			"the mail address and telephone number that %s has of "
			"you were %s %u days: an old one locks you out",
			name,
			entry->contact ? "not looked at for" :
					 "never looked at in",
			days(facts, since));
		fix(finding,
		    "look at the site, then: fob edit '%s' "
		    "--contact-checked",
		    name);
	}
	the_rest(&old, "accounts");
	the_rest(&never, "accounts");
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

static void check_resets(struct doctor *doctor)
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
		message(finding,
			"whatever can reset %s can only be reset through %s "
			"itself: locked out of one is locked out of all",
			name, name);
		fix(finding, "fob backup-codes '%s' add -", name);
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
		name_of(facts->entries[at].entry, ret_name);
		return facts->groups[facts->entries[at].group].readers;
	}
	for (at = 0; at < facts->n_groups; at++) {
		if (memcmp(facts->groups[at].id, apart->id, GROUP_ID_SIZE) != 0)
			continue;
		snprintf(ret_name, NAME_SIZE, "group %s",
			 facts->groups[at].name);
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
		finding = find(doctor, "apart", DOCTOR_BAD);
		name_of(e->entry, name);
		about(finding, name);
		message(finding,
			"%s reads both %s and %s, which are to be apart: who "
			"has it has both",
			d->name, name, other);
		fix(finding,
		    "fob group deny GROUP '%s'; fob edit '%s' "
		    "--group GROUP",
		    d->name, name);
	}
}

static void check_apart(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;

	for (size_t i = 0; i < facts->n_entries; i++) {
		const struct doctor_entry *e = &facts->entries[i];

		for (uint32_t k = 0; k < e->entry->n_aparts; k++)
			check_pair(doctor, e, &e->entry->aparts[k]);
	}
}

/* --- all of it ------------------------------------------------------------- */

/* Stable, so that what is as bad stays in the order of the checks. */
static void sort(struct findings *found)
{
	struct finding held;

	for (size_t i = 1; i < found->n; i++) {
		size_t at = i;

		if (found->list[i - 1].severity >= found->list[i].severity)
			continue;
		held = found->list[i];
		for (; at > 0 && found->list[at - 1].severity < held.severity;
		     at--)
			found->list[at] = found->list[at - 1];
		found->list[at] = held;
	}
}

int doctor_examine(const struct doctor_facts *facts, struct findings *ret)
{
	struct doctor doctor = { .facts = facts, .found = ret };

	check_devices(&doctor);
	check_kit(&doctor);
	check_store(&doctor);
	check_membership(&doctor);
	check_clock(&doctor);
	check_rotation(&doctor);
	check_apart(&doctor);
	check_copies(&doctor);
	check_whole(&doctor);
	check_resets(&doctor);
	check_snapshot(&doctor);
	check_backup(&doctor);
	check_contact(&doctor);
	if (doctor.failed)
		return -ENOMEM;
	sort(ret);
	return 0;
}
