/* Purging one entry, or all of the trash. */
#include <errno.h>
#include <string.h>

#include "daemon/core/change.h"
#include "daemon/core/compact.h"
#include "daemon/core/purge.h"

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* More than one PURGE when there are more current versions than it names. */
static int purge_some(struct step *step, uint32_t record,
		      const struct record_versions *versions)
{
	struct node *node = step->node;
	const struct set_record *which = &node->set.records[record];
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Purge purge = FOB__PURGE__INIT;
	ProtobufCBinaryData heads[PARENTS_MAX];
	uint8_t ids[PARENTS_MAX][ID_SIZE], group[GROUP_ID_SIZE];
	uint8_t id[RECORD_ID_SIZE];
	uint32_t item;

	for (size_t i = 0; i < versions->n; i++) {
		memcpy(ids[i], node->set.items[versions->items[i]].id, ID_SIZE);
		heads[i] = (ProtobufCBinaryData){ ID_SIZE, ids[i] };
	}
	memcpy(group, node->set.groups[which->group].id, sizeof(group));
	memcpy(id, which->id, sizeof(id));
	purge.group = (ProtobufCBinaryData){ sizeof(group), group };
	purge.record = (ProtobufCBinaryData){ sizeof(id), id };
	purge.heads = heads;
	purge.n_heads = versions->n;
	head.kind = FOB__KIND__PURGE;
	head.purge = &purge;
	return write_head(step, &head, (struct bytes){ NULL, 0 }, &item);
}

int purge_write(struct step *step, uint32_t record)
{
	struct node *node = step->node;
	struct record_versions versions;
	int r = 0;

	do {
		record_current(&node->set, &node->roster, record, &versions);
		if (versions.n > 0)
			r = purge_some(step, record, &versions);
	} while (r == 0 && versions.more);
	return r;
}

bool purge_confirmed(struct step *step, const struct call *call)
{
	const struct client *client = call_client(step->node, call->conn);

	return client && client->fresh_kind == FOB__CONFIRM__CONFIRM_PURGE &&
	       client->fresh_until > step->node->mono;
}

static int failed(struct step *step, struct call *call, int r)
{
	enum status status;
	const char *reason;

	if (r <= 0)
		return r;
	status = change_status(r, &reason);
	return answered(call_fail(step, call, status, "%s", reason));
}

int purge_trash(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct saying message = { .n = 0 };
	Fob__Reply reply = FOB__REPLY__INIT;
	size_t n = 0;
	int r = 0;

	if (!purge_confirmed(step, call))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 FOB__CONFIRM__CONFIRM_PURGE);
	for (uint32_t i = 0; i < node->vault.n && r == 0; i++) {
		if (!node->vault.entries[i].trashed)
			continue;
		r = purge_write(step, node->vault.entries[i].record);
		n += r == 0;
	}
	r = failed(step, call, r);
	if (r != 0)
		return r;
	saying_number(&message, n);
	saying_add(&message, n == 1 ? " entry is gone for good" :
				      " entries are gone for good");
	reply.message = message.text;
	return call_reply(step, call, &reply);
}

/* In the trash or not; what is not comes first. */
static int purge_find(struct step *step, struct call *call,
		      const struct vault_entry **ret)
{
	struct vault_query query = { .text = call->request->purge->query,
				     .group = NONE };
	uint32_t found;

	if (vault_match(&step->node->vault, &query, &found, 1) == 0)
		query.trashed = true;
	return account_find(step, call, &query, ret);
}

int ask_purge(struct step *step, struct call *call)
{
	const Fob__PurgeAsk *ask = call->request->purge;
	const struct vault_entry *entry = NULL;
	uint8_t id[RECORD_ID_SIZE];
	uint32_t record;
	int r = purge_find(step, call, &entry);

	if (r != 0)
		return account_end(r);
	record = entry->record;
	memcpy(id, entry->id, sizeof(id));
	r = failed(step, call, purge_write(step, record));
	if (r == 0)
		r = logbook_add(step, LOGBOOK_PURGE, BYTES(id), 0);
	if (r == 0 && ask->now)
		r = compact_now(step, record);
	return account_end(r == 0 ? call_ok(step, call) : r);
}
