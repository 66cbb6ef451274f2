/* What is known here, gathered for the doctor, and what it finds in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/checklist.h"
#include "daemon/core/missing.h"
#include "daemon/core/view/doctor.h"

#define BATCH 32 /* findings in one reply; each has 1.2 KiB at most */

struct examination {
	struct doctor_facts facts;
	struct doctor_device *devices; /* parallel to set.authors */
	struct doctor_group *groups;   /* parallel to roster.groups */
	struct doctor_entry *entries;
	char (*names)[TEXT_MAX + 1]; /* of groups */
};

static void examination_deinit(struct examination *e)
{
	free(e->devices);
	free(e->groups);
	free(e->entries);
	free(e->names);
}

static int reserve(const struct node *node, struct examination *e)
{
	e->devices = calloc(node->set.n_authors + 1u, sizeof(*e->devices));
	e->groups = calloc(node->roster.n_groups + 1u, sizeof(*e->groups));
	e->names = calloc(node->roster.n_groups + 1u, sizeof(*e->names));
	e->entries = calloc(node->vault.n + 1u, sizeof(*e->entries));
	return e->devices && e->groups && e->names && e->entries ? 0 : -ENOMEM;
}

/* --- devices --------------------------------------------------------------- */

static void fill_device(struct node *node, uint32_t author,
			struct doctor_device *ret)
{
	const struct set_author *a = &node->set.authors[author];
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	const struct sync_peer *peer = sync_peer_of(&node->sync, author);
	const struct item *add = a->add == NONE ? NULL :
						  set_head(&node->set, a->add);

	ret->name = node_device_name(node, author);
	ret->self = author == node->self_author;
	ret->member = a->member;
	ret->keeper = a->role == FOB__ROLE__KEEPER;
	ret->suspended = node->roster.devices[author].suspended;
	ret->forked = a->forked;
	ret->unequal = peer && peer->up && peer->unequal;
	ret->added = add ? add->head->time : 0;
	ret->last_seen = status ? status->time : 0;
	if (ret->self || (peer && peer->up))
		ret->last_seen = (uint64_t)node->wall;
}

static int fill_devices(struct node *node, struct examination *e)
{
	AUTO_FREE struct missing *missing =
		calloc(node->set.n_authors + 1u, sizeof(*missing));

	if (!missing || missing_look(node, missing) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < node->set.n_authors; i++) {
		const struct sync_peer *peer = sync_peer_of(&node->sync, i);
		struct doctor_device *to = &e->devices[i];

		fill_device(node, i, to);
		to->broken = missing[i].broken;
		to->recent = missing[i].recent;
		if (peer && peer->up)
			continue; /* what it held is on its way */
		to->told = missing[i].told;
		to->told_at = missing[i].told_at;
		to->here = missing[i].here;
	}
	return 0;
}

/* The newest that any device tells of. */
static uint64_t last_drill(const struct node *node)
{
	uint64_t drill = node->drill;

	for (uint32_t i = 0; i < node->set.n_authors; i++) {
		const struct device_status *status =
			statuses_find(&node->statuses, i);

		if (status && node->set.authors[i].member &&
		    status->drill > drill)
			drill = status->drill;
	}
	return drill;
}

/* --- entries --------------------------------------------------------------- */

static uint32_t place_of(const struct node *node, uint32_t group)
{
	for (uint32_t i = 0; i < node->roster.n_groups; i++)
		if (node->roster.groups[i].group == group)
			return i;
	return 0;
}

/* Other devices that can read, and hold every current version. */
static uint32_t copies_of(const struct node *node, uint32_t record)
{
	struct record_versions versions;
	int least = 0, copies;

	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < versions.n; i++) {
		copies = peer_copies(node, versions.items[i], false);
		least = i == 0 || copies < least ? copies : least;
	}
	return (uint32_t)least;
}

static void fill_entries(const struct node *node, struct examination *e)
{
	for (uint32_t i = 0; i < node->vault.n; i++) {
		const struct vault_entry *entry = &node->vault.entries[i];
		struct doctor_entry *to = &e->entries[e->facts.n_entries];

		if (entry->trashed)
			continue;
		to->entry = entry;
		to->copies = copies_of(node, entry->record);
		to->group = place_of(node, entry->group);
		to->owed = checklist_open(node, entry);
		e->facts.n_entries++;
	}
}

/* --- all of it ------------------------------------------------------------- */

static void fill_groups(const struct node *node, struct examination *e)
{
	for (uint32_t i = 0; i < node->roster.n_groups; i++) {
		const struct roster_group *group = &node->roster.groups[i];

		account_group(node, group->group, e->names[i]);
		e->groups[i].id = node->set.groups[group->group].id;
		e->groups[i].name = e->names[i];
		e->groups[i].readers = group->readers;
		e->facts.poisoned =
			e->facts.poisoned ||
			keyring_poisoned(&node->keyring, group->group);
	}
}

static size_t held_aside(const struct node *node)
{
	size_t n = node->set.n_held;

	for (unsigned i = 0; i < CLASS_MAX; i++)
		n -= node->set.n_carried[i];
	return n;
}

/* ms since 1970, here, when the last of those came; 0: none. */
static uint64_t aside_since(const struct node *node)
{
	uint64_t newest = 0;

	for (uint32_t i = 0; i < node->set.n_items; i++) {
		const struct set_item *item = &node->set.items[i];

		if ((item->flags & (SET_HELD | SET_CARRIED)) == SET_HELD &&
		    item->first_seen * UINT64_C(1000) > newest)
			newest = item->first_seen * UINT64_C(1000);
	}
	return newest;
}

static int gather(struct node *node, uint32_t copies, struct examination *e)
{
	struct doctor_facts *facts = &e->facts;
	int r = reserve(node, e);

	if (r < 0)
		return r;
	facts->now = node->wall > 0 ? (uint64_t)node->wall : 0;
	facts->copies = copies ? copies : DOCTOR_COPIES;
	r = fill_devices(node, e);
	if (r < 0)
		return r;
	fill_groups(node, e);
	fill_entries(node, e);
	facts->devices = e->devices;
	facts->n_devices = node->set.n_authors;
	facts->groups = e->groups;
	facts->n_groups = node->roster.n_groups;
	facts->entries = e->entries;
	facts->drill = last_drill(node);
	facts->snapshot = node->snapshot_at;
	facts->clock_offset = node_clock_offset(node, &facts->clock_known);
	facts->quarantined = held_aside(node);
	facts->quarantined_at = facts->quarantined ? aside_since(node) : 0;
	facts->gap = gap_fresh(node);
	facts->old_gap = gap_any(node);
	facts->lost = compact_lost(node);
	facts->keyless = missing_keys(node);
	facts->frozen = node->set.frozen;
	facts->full = node->sync.full;
	return 0;
}

static void fill_message(struct finding *from, Fob__Finding *to)
{
	fob__finding__init(to);
	to->check = (char *)(uintptr_t)from->check;
	to->severity = (char *)(uintptr_t)doctor_severity(from->severity);
	to->subject = from->subject;
	to->message = from->message;
	to->fix = from->fix;
}

static int answer(struct step *step, struct call *call,
		  struct findings *findings)
{
	Fob__Finding messages[BATCH], *list[BATCH];
	size_t at = 0;
	int r;

	do {
		Fob__Reply reply = FOB__REPLY__INIT;
		size_t n = size_min(findings->n - at, BATCH);

		for (size_t i = 0; i < n; i++) {
			fill_message(&findings->list[at + i], &messages[i]);
			list[i] = &messages[i];
		}
		at += n;
		reply.findings = list;
		reply.n_findings = n;
		reply.more = at < findings->n;
		r = call_reply(step, call, &reply);
	} while (r == 0 && at < findings->n);
	return r;
}

void doctor_snapshot_made(struct step *step)
{
	struct node *node = step->node;
	uint8_t row[8];

	node->snapshot_at = node->wall > 0 ? (uint64_t)node->wall : 0;
	for (unsigned i = 0; i < sizeof(row); i++)
		row[i] = (uint8_t)(node->snapshot_at >> (56 - 8 * i));
	step_put_local(step, "snapshot", BYTES(row));
}

void doctor_snapshot_row(struct node *node, struct bytes row)
{
	node->snapshot_at = 0;
	for (size_t i = 0; i < 8 && row.n == 8; i++)
		node->snapshot_at = node->snapshot_at << 8 | row.p[i];
}

int ask_doctor(struct step *step, struct call *call)
{
	CLEANUP(examination_deinit) struct examination e = { 0 };
	AUTO_FINDINGS struct findings findings = { 0 };
	int r = gather(step->node, call->request->doctor->copies, &e);

	if (r == 0)
		r = doctor_examine(&e.facts, &findings);
	return r < 0 ? r : answer(step, call, &findings);
}
