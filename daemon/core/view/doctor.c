#include "daemon/core/view/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/view/doctor_inner.h"
#include "proto/text.h"

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
struct finding *doctor_find(struct doctor *doctor, const char *check,
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

/* The first of texts, with the others where it says %s; NULL ends them. */
void doctor_say(char *ret, size_t size, const char *const *texts)
{
	const char *at = texts[0];
	size_t n = 0;

	for (; *at && n + 1 < size; at++) {
		size_t length;

		if (at[0] != '%' || at[1] != 's') {
			ret[n++] = *at;
			continue;
		}
		at++;
		length = size_min(strlen(*++texts), size - 1 - n);
		memcpy(ret + n, *texts, length);
		n += length;
	}
	/* What is cut ends with a whole character. */
	while (*at && n > 0 && ((uint8_t)ret[n - 1] & 0xc0) == 0x80)
		n--;
	if (*at && n > 0 && (uint8_t)ret[n - 1] >= 0xc0)
		n--;
	ret[n] = '\0';
}

const char *doctor_number(char ret[static 21], uint64_t number)
{
	size_t at = 20;

	do {
		ret[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return ret + at;
}

void doctor_about(struct finding *finding, const char *subject)
{
	if (finding)
		doctor_say(finding->subject, sizeof(finding->subject),
			   TEXTS("%s", subject));
}

void doctor_message(struct finding *finding, const char *const *texts)
{
	if (finding)
		doctor_say(finding->message, sizeof(finding->message), texts);
}

void doctor_fix(struct finding *finding, const char *const *texts)
{
	if (finding)
		doctor_say(finding->fix, sizeof(finding->fix), texts);
}

/* Whole days since then; 0 for what is in the future. */
unsigned doctor_days(const struct doctor_facts *facts, uint64_t then)
{
	if (then >= facts->now)
		return 0;
	return (unsigned)((facts->now - then) / (uint64_t)DAY_MS);
}

/* "issuer/account", or the one that is there, or the id. */
void doctor_name(const struct vault_entry *entry, char ret[static NAME_SIZE])
{
	bool both = entry->issuer[0] && entry->account[0];

	doctor_say(ret, NAME_SIZE,
		   TEXTS("%s%s%s", entry->issuer, both ? "/" : "",
			 entry->account));
	if (!ret[0])
		text_hex_encode(ret, NAME_SIZE, BYTES(entry->id));
}

/* --- devices --------------------------------------------------------------- */

size_t doctor_others(const struct doctor_facts *facts, bool keepers)
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
	if (!d->last_seen && doctor_days(facts, d->added) >= 1) {
		finding = doctor_find(doctor, "silent", DOCTOR_WARN);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("%s was added %s days ago and never seen: its join "
			      "did not end, or it is switched off",
			      d->name, NUMBER(doctor_days(facts, d->added))));
		doctor_fix(finding, TEXTS("fob device revoke '%s'", d->name));
		return;
	}
	if (!d->last_seen ||
	    doctor_days(facts, d->last_seen) < DOCTOR_SILENT_DAYS)
		return;
	finding = doctor_find(doctor, "silent", DOCTOR_WARN);
	doctor_about(finding, d->name);
	doctor_message(
		finding,
		TEXTS("%s was not heard of for %s days: it may be lost, and what it "
		      "holds is old",
		      d->name, NUMBER(doctor_days(facts, d->last_seen))));
	doctor_fix(finding,
		   TEXTS("switch it on, or: fob device revoke '%s'", d->name));
}

static void check_state(struct doctor *doctor, const struct doctor_device *d)
{
	struct finding *finding;

	if (d->self && !d->member) {
		finding = doctor_find(doctor, "revoked", DOCTOR_BAD);
		doctor_about(finding, d->name);
		doctor_message(finding,
			       TEXTS("this device was revoked: it gets nothing "
				     "more and writes nothing more"));
		doctor_fix(finding, TEXTS("fob device leave, then fob join"));
	}
	if (d->member && d->suspended) {
		finding = doctor_find(doctor, "suspended", DOCTOR_WARN);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("%s is suspended and that is not settled: it gets no "
			      "entries, and what it writes does not show",
			      d->name));
		doctor_fix(
			finding,
			TEXTS("fob device lift '%s', or: fob device revoke --kit '%s'",
			      d->name, d->name));
	}
	if (d->member && d->forked) {
		finding = doctor_find(doctor, "forked", DOCTOR_WARN);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("%s runs from a copy: a restored backup, a clone, or "
			      "its keys were stolen, and who has the copy acts "
			      "as this device",
			      d->name));
		doctor_fix(
			finding,
			TEXTS("find out which; if you do not know: fob device revoke "
			      "'%s'",
			      d->name));
	}
	if (d->member && d->unequal) {
		finding = doctor_find(doctor, "unequal", DOCTOR_WARN);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("%s and this device hold different sets after a "
			      "complete comparison: it withholds, or is full",
			      d->name));
		doctor_fix(finding,
			   TEXTS("fob sync --wait; if that stays so, look into "
				 "the log of fobd on '%s'",
				 d->name));
	}
}

/* Whether it is a member still or not: others may hold what it held. */
static void check_missing(struct doctor *doctor, const struct doctor_device *d)
{
	const char *fix = "switch on the devices and keepers that may have "
			  "them; fob sync --wait";
	struct finding *finding;

	if (d->told) {
		finding = doctor_find(doctor, "incomplete", DOCTOR_WARN);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("when %s was last heard of, %s days ago, it held %s "
			      "items, of which %s at most are here: the others "
			      "were withheld, or never left it",
			      d->name,
			      NUMBER(doctor_days(doctor->facts, d->told_at)),
			      NUMBER(d->told), NUMBER(d->here)));
		doctor_fix(finding, TEXTS(fix));
	}
	if (d->broken) {
		/* One that is out may have named what never was. */
		finding = doctor_find(doctor, "incomplete",
				      d->recent ? DOCTOR_WARN : DOCTOR_INFO);
		doctor_about(finding, d->name);
		doctor_message(
			finding,
			TEXTS("%s items that %s wrote are not here, though "
			      "later ones are: they were withheld, or are "
			      "damaged where they came from",
			      NUMBER(d->broken), d->name));
		doctor_fix(finding, TEXTS(fix));
	}
}

static void check_only(struct doctor *doctor)
{
	bool keeper = doctor_others(doctor->facts, true) > 0;
	struct finding *finding;

	if (doctor_others(doctor->facts, false) > 0 ||
	    doctor->facts->copies < 2)
		return;
	finding = doctor_find(doctor, "copies",
			      keeper ? DOCTOR_WARN : DOCTOR_BAD);
	doctor_message(
		finding,
		TEXTS(keeper ? "this is the only device that can read: "
			       "without it, codes come back with the "
			       "recovery kit and a keeper only" :
			       "this is the only device: whatever happens "
			       "to it happens to all accounts"));
	doctor_fix(finding, TEXTS("fob invite"));
}

static void check_devices(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;

	check_only(doctor);
	for (size_t i = 0; i < facts->n_devices; i++) {
		check_state(doctor, &facts->devices[i]);
		check_silent(doctor, &facts->devices[i]);
		check_missing(doctor, &facts->devices[i]);
	}
}

/* --- the vault as a whole -------------------------------------------------- */

static void check_kit(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->frozen) {
		finding = doctor_find(doctor, "kit", DOCTOR_BAD);
		doctor_message(
			finding,
			TEXTS("there are two recovery kits for one: somebody else "
			      "has had the words, and recovery is frozen"));
		doctor_fix(finding, TEXTS("fob migrate"));
		return;
	}
	if (facts->drill &&
	    doctor_days(facts, facts->drill) < DOCTOR_DRILL_DAYS)
		return;
	finding = doctor_find(doctor, "kit", DOCTOR_WARN);
	if (facts->drill)
		doctor_message(
			finding,
			TEXTS("the recovery kit was proven %s days ago: paper gets "
			      "lost, look whether it is still there",
			      NUMBER(doctor_days(facts, facts->drill))));
	else
		doctor_message(
			finding,
			TEXTS("nobody has proven yet that the words of the "
			      "recovery kit are at hand and right"));
	doctor_fix(finding, TEXTS("fob kit verify"));
}

static void check_snapshot(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->snapshot &&
	    doctor_days(facts, facts->snapshot) < DOCTOR_SNAPSHOT_DAYS)
		return;
	finding = doctor_find(doctor, "snapshot", DOCTOR_WARN);
	if (facts->snapshot)
		doctor_message(
			finding,
			TEXTS("the last snapshot of this device is %s days old: "
			      "what came since is not in it",
			      NUMBER(doctor_days(facts, facts->snapshot))));
	else
		doctor_message(
			finding,
			TEXTS("this device has made no snapshot: there is "
			      "nothing to recover from but other devices"));
	doctor_fix(finding, TEXTS("fob snapshot -o FILE, or snapshot-dir in "
				  "fobd.conf makes them daily"));
}

static void check_clock(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	int64_t offset = facts->clock_offset;
	uint64_t away = (uint64_t)(offset < 0 ? -offset : offset);
	struct finding *finding;

	if (!facts->clock_known || away <= CLOCK_ALARM_MS)
		return;
	finding = doctor_find(doctor, "clock",
			      away > DOCTOR_CLOCK_BAD_MS ? DOCTOR_BAD :
							   DOCTOR_WARN);
	doctor_message(
		finding,
		TEXTS("the clock here is %s s %s that of the other devices: sites "
		      "may refuse its codes",
		      NUMBER((away + 500) / 1000),
		      offset < 0 ? "behind" : "ahead of"));
	doctor_fix(finding, TEXTS("set the clock: timedatectl set-ntp true"));
}

static void check_store(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->full) {
		finding = doctor_find(doctor, "full", DOCTOR_BAD);
		doctor_message(
			finding,
			TEXTS("the store is full: this device takes in no "
			      "new entries from others"));
		doctor_fix(finding,
			   TEXTS("make room on the disk; fob trash empty"));
	}
	if (facts->poisoned) {
		finding = doctor_find(doctor, "key", DOCTOR_BAD);
		doctor_message(
			finding,
			TEXTS("a device made a key that not all can open: "
			      "it is replaced, but that device is broken, "
			      "or not yours any more"));
		doctor_fix(finding,
			   TEXTS("fob devices; fob device revoke NAME"));
	}
	if (facts->lost > 0) {
		finding = doctor_find(doctor, "lost", DOCTOR_BAD);
		doctor_message(
			finding,
			TEXTS("the content of %s current versions is on no device "
			      "that was asked: entries may be incomplete",
			      NUMBER(facts->lost)));
		doctor_fix(
			finding,
			TEXTS("switch all devices on, or: fob recover from a "
			      "snapshot"));
	}
}

static void check_membership(struct doctor *doctor)
{
	const struct doctor_facts *facts = doctor->facts;
	struct finding *finding;

	if (facts->gap) {
		finding = doctor_find(doctor, "incomplete", DOCTOR_WARN);
		doctor_message(
			finding,
			TEXTS("membership is incomplete: other devices "
			      "know something, perhaps a revocation, that "
			      "has not come here"));
		doctor_fix(finding, TEXTS("fob sync --wait"));
	} else if (facts->old_gap) {
		finding = doctor_find(doctor, "incomplete", DOCTOR_INFO);
		doctor_message(
			finding,
			TEXTS("changes of membership are named that no device "
			      "has brought in a day: those of a device that "
			      "was revoked, or one that is away knows them"));
		doctor_fix(finding, TEXTS("switch on the devices that are "
					  "away; else nothing"));
	}
	if (facts->keyless > 0) {
		finding = doctor_find(doctor, "incomplete", DOCTOR_BAD);
		doctor_message(
			finding,
			TEXTS("%s entries are here in part or whole, and no key "
			      "that opens them: it was withheld, or is on its "
			      "way",
			      NUMBER(facts->keyless)));
		doctor_fix(finding,
			   TEXTS("switch on another device; fob sync --wait"));
	}
	if (facts->quarantined > 0) {
		bool old = doctor_days(facts, facts->quarantined_at) >=
			   DOCTOR_QUARANTINE_DAYS;

		finding = doctor_find(doctor, "quarantine",
				      old ? DOCTOR_INFO : DOCTOR_WARN);
		doctor_message(
			finding,
			TEXTS("%s items were written too late to count, by devices "
			      "that are revoked or suspended: what is yours "
			      "among them does not show",
			      NUMBER(facts->quarantined)));
		doctor_fix(finding, TEXTS("fob quarantine; fob quarantine "
					  "import ID takes one over"));
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
	doctor_rotation(&doctor);
	doctor_apart(&doctor);
	doctor_copies(&doctor);
	doctor_whole(&doctor);
	doctor_resets(&doctor);
	check_snapshot(&doctor);
	doctor_backup(&doctor);
	doctor_contact(&doctor);
	doctor_exported(&doctor);
	if (doctor.failed)
		return -ENOMEM;
	sort(ret);
	return 0;
}
