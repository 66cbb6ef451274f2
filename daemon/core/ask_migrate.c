/* fob migrate: what would be carried over, and then a new vault of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/checklist.h"
#include "daemon/core/migrate.h"

#define LEFT_MAX 32 /* entries that are named in one reply */

enum { MIGRATE_WAITS = 1 }; /* call->stage */

/* --- the report ------------------------------------------------------------ */

struct report {
	Fob__Migration message;
	struct account left[LEFT_MAX];
	Fob__Account *list[LEFT_MAX];
	char group[LEFT_MAX][TEXT_MAX + 1];
	struct saying old;
	uint8_t vault[ID_SIZE], device[DEVICE_ID_SIZE];
};

/* The folder that the old vault will have: the day, and which vault it is. */
static void name_old(const struct node *node, struct saying *ret)
{
	char id[TEXT_HEX_SIZE(4)];

	*ret = (struct saying){ .n = 0 };
	text_hex_encode(id, sizeof(id),
			(struct bytes){ node->set.vault_id, 4 });
	saying_date(ret, node->wall > 0 ? (uint64_t)node->wall : 0);
	saying_add(ret, "-");
	saying_add(ret, id);
}

static void tell_old(const struct node *node, struct report *ret)
{
	struct saying name;

	name_old(node, &name);
	saying_add(&ret->old, node->config.folder);
	saying_add(&ret->old, node->config.folder[0] ? "/" : "");
	saying_add(&ret->old, "store.before-");
	saying_add(&ret->old, name.text);
	ret->message.old = ret->old.text;
}

/* What does not open has no name: its id and its group must do. */
static void report_unreadable(const struct node *node, uint32_t record,
			      struct report *ret)
{
	const struct set_record *from = &node->set.records[record];
	size_t n = ret->message.n_left;
	Fob__Account *account;

	ret->message.unreadable++;
	if (n == LEFT_MAX)
		return;
	account = &ret->left[n].message;
	fob__account__init(account);
	account->id = (ProtobufCBinaryData){ RECORD_ID_SIZE,
					     (uint8_t *)(uintptr_t)from->id };
	account_group(node, from->group, ret->group[n]);
	account->group = ret->group[n];
	ret->list[ret->message.n_left++] = account;
}

static void report_entry(const struct node *node,
			 const struct vault_entry *entry, struct report *ret)
{
	size_t n = ret->message.n_left;

	if (entry->trashed) {
		ret->message.trashed++;
		return;
	}
	ret->message.entries++;
	ret->message.conflicts += entry->conflict;
	ret->message.rotate += checklist_open(node, entry);
	if (!entry->incomplete)
		return;
	ret->message.incomplete++;
	if (n == LEFT_MAX)
		return;
	account_fill(node, entry, &ret->left[n]);
	ret->list[ret->message.n_left++] = &ret->left[n].message;
}

static void report_records(const struct node *node, struct report *ret)
{
	for (uint32_t i = 0; i < node->set.n_records; i++) {
		const struct vault_entry *entry = vault_find(&node->vault, i);
		struct record_versions versions;

		if (entry) {
			report_entry(node, entry, ret);
			continue;
		}
		record_current(&node->set, &node->roster, i, &versions);
		if (versions.n > 0)
			report_unreadable(node, i, ret);
	}
}

static int look(struct step *step, struct call *call)
{
	const struct node *node = step->node;
	AUTO_FREE struct report *report = calloc(1, sizeof(*report));
	Fob__Reply reply = FOB__REPLY__INIT;

	if (!report)
		return -ENOMEM;
	fob__migration__init(&report->message);
	report_records(node, report);
	report->message.quarantined = node->set.n_held;
	for (unsigned i = 0; i < CLASS_MAX; i++)
		report->message.quarantined -= node->set.n_carried[i];
	tell_old(node, report);
	report->message.left = report->list;
	reply.migration = &report->message;
	return call_reply(step, call, &reply);
}

/* --- making it ------------------------------------------------------------- */

static int give_up(struct step *step, struct call *call, enum status status,
		   const char *why)
{
	if (step->node->migration)
		migration_drop(step);
	return call_fail(step, call, status, "%s; nothing was changed", why);
}

static int begin(struct step *step, struct call *call)
{
	const Fob__MigrateAsk *ask = call->request->migrate;
	CLEANUP(kit_wipe) struct kit kit;
	int r;

	memset(&kit, 0, sizeof(kit));
	if (ask->seed.len != KEY_SIZE)
		return call_fail(step, call, STATUS_USAGE,
				 "the seed of the new kit has %d bytes",
				 KEY_SIZE);
	if (step->node->migration && step->node->migration->conn != call->conn)
		return call_fail(
			step, call, STATUS_CONFLICT,
			"another fob migrate is under way: wait until it ends");
	/* One of ours that stopped, to ask for a passphrase again. */
	if (step->node->migration)
		migration_drop(step);
	kit_derive(&kit, ask->seed.data);
	r = migration_begin(step, call, &kit);
	if (r > 0)
		return give_up(step, call, STATUS_FAILED,
			       "the new vault could not be begun");
	return r;
}

static int carry_all(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct migration *m = node->migration;
	struct saying old;
	struct effect *effect;

	for (; m->cursor < node->set.n_records; m->cursor++) {
		int r = migration_carry(step, call, m->cursor);

		if (r < 0 || r == CALL_LOAD)
			return r;
		if (r > 0)
			return give_up(step, call, STATUS_FAILED,
				       "an entry could not be written anew");
	}
	if (migration_stale(node))
		return give_up(step, call, STATUS_CONFLICT,
			       "the vault changed meanwhile: try again");
	name_old(node, &old);
	effect = effects_add(step->effects, EFFECT_NEXT_END);
	memcpy(effect->address, old.text, old.n + 1);
	call->stage = MIGRATE_WAITS;
	return CALL_PARK;
}

static int finish(struct step *step, struct call *call)
{
	struct migration *m = step->node->migration;
	AUTO_FREE struct report *report = NULL;
	Fob__Reply reply = FOB__REPLY__INIT;
	int r;

	if (!m->told)
		return CALL_PARK;
	if (m->error)
		return give_up(step, call, STATUS_FAILED,
			       "the new vault could not be written: the disk "
			       "is full or broken, the log of fobd says more");
	report = calloc(1, sizeof(*report));
	if (!report)
		return -ENOMEM;
	fob__migration__init(&report->message);
	memcpy(report->vault, m->next->set.vault_id, ID_SIZE);
	memcpy(report->device, m->next->self->id, DEVICE_ID_SIZE);
	tell_old(step->node, report);
	report->message.entries = m->carried;
	report->message.vault = (ProtobufCBinaryData){ ID_SIZE, report->vault };
	report->message.device =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, report->device };
	reply.migration = &report->message;
	r = call_reply(step, call, &reply);
	step_trace(step, TRACE_MIGRATED, report->device, NULL, m->carried);
	effects_add(step->effects, EFFECT_RENEW);
	return r;
}

int ask_migrate(struct step *step, struct call *call)
{
	const char *op = call->request->migrate->op;
	const struct migration *m = step->node->migration;
	int r;

	if (call->stage == MIGRATE_WAITS)
		return finish(step, call);
	if (strcmp(op, "look") == 0)
		return look(step, call);
	if (strcmp(op, "make") != 0)
		return call_fail(step, call, STATUS_USAGE,
				 "migrate: look or make, not \"%s\"", op);
	/* It runs again from here after each entry that was read. */
	if (!m || m->call != call->number) {
		r = begin(step, call);
		if (r || !step->node->migration)
			return r;
	}
	return carry_all(step, call);
}
