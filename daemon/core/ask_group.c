/*
 * Groups with chosen readers. Their names are for readers only: the item that
 * makes a group has none, since its key comes after it; a second one carries
 * the name, sealed under that key. All of it is one step.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/change.h"
#include "daemon/core/trust/title.h"

#define TIPS_MAX 24
#define NAME_MAX_BYTES 64
#define UNDO_MAX 64

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

static ProtobufCBinaryData id_of(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

/* --- names ----------------------------------------------------------------- */

static bool name_opens(const struct node *node, uint32_t group,
		       const Fob__Group *item, char ret[static TITLE_MAX + 1])
{
	struct bytes sealed = { item->name.data, item->name.len };
	struct title title = { .vault_id = node->set.vault_id,
			       .group = node->set.groups[group].id,
			       .kid = title_kid(sealed) };

	if (!title.kid)
		return false;
	title.key = keyring_secret(&node->keyring, title.kid);
	return title.key && title_open(ret, &title, sealed) == 0 &&
	       text_line(text_of(ret));
}

/* Is it a carried GROUP item of that group, by somebody who reads it? */
static const struct item *group_item(const struct node *node, uint32_t group,
				     uint32_t head)
{
	const struct set *set = &node->set;
	const struct set_item *item = &set->items[set->heads_item[head]];
	const Fob__Group *what;

	if (item->kind != FOB__KIND__GROUP || !(item->flags & SET_CARRIED))
		return NULL;
	what = set->heads[head]->head->group;
	if (what->group.len != GROUP_ID_SIZE ||
	    memcmp(what->group.data, set->groups[group].id, GROUP_ID_SIZE))
		return NULL;
	return set->heads[head];
}

bool group_name(const struct node *node, uint32_t group,
		char ret[static TEXT_MAX + 1])
{
	const struct set *set = &node->set;
	uint64_t newest = 0;
	bool found = false;

	_Static_assert(TITLE_MAX <= TEXT_MAX, "a name fits");
	for (uint32_t i = 0; i < set->n_heads; i++) {
		const struct item *item = group_item(node, group, i);
		uint32_t author;

		if (!item || !item->head->group->name.len ||
		    (found && item->head->time < newest))
			continue;
		author = set->items[set->heads_item[i]].author;
		if (author != NONE &&
		    !roster_reads(&node->roster, group, author))
			continue;
		if (!name_opens(node, group, item->head->group, ret))
			continue;
		newest = item->head->time;
		found = true;
	}
	return found;
}

/* --- writing --------------------------------------------------------------- */

/* A GROUP head with the ids that it names; what it points to is in here. */
struct grouping {
	Fob__Head head;
	Fob__Group group;
	uint8_t id[GROUP_ID_SIZE];
	uint8_t name[TITLE_SIZE];
	uint8_t devices[DEVICES_CREATED_MAX][DEVICE_ID_SIZE];
	ProtobufCBinaryData list[DEVICES_CREATED_MAX];
	ProtobufCBinaryData tips1[TIPS_MAX], tips2[TIPS_MAX], undo[UNDO_MAX];
};

static void grouping_init(struct grouping *g)
{
	fob__head__init(&g->head);
	fob__group__init(&g->group);
	g->head.kind = FOB__KIND__GROUP;
	g->head.group = &g->group;
}

static void grouping_of(const struct node *node, uint32_t group,
			struct grouping *g)
{
	grouping_init(g);
	memcpy(g->id, node->set.groups[group].id, sizeof(g->id));
	g->group.group = id_of(g->id, sizeof(g->id));
}

static size_t grouping_list(const struct node *node, struct grouping *g,
			    const uint32_t *devices, size_t n)
{
	n = size_min(n, DEVICES_CREATED_MAX);
	for (size_t i = 0; i < n; i++) {
		memcpy(g->devices[i], node->set.authors[devices[i]].id,
		       DEVICE_ID_SIZE);
		g->list[i] = id_of(g->devices[i], DEVICE_ID_SIZE);
	}
	return n;
}

static int grouping_write(struct step *step, struct grouping *g,
			  uint32_t *ret_item)
{
	return write_head(step, &g->head, (struct bytes){ NULL, 0 }, ret_item);
}

static int write_name(struct step *step, uint32_t group, struct bytes name)
{
	struct node *node = step->node;
	AUTO_FREE struct grouping *g = calloc(1, sizeof(*g));
	const struct keyring_key *key;
	uint8_t nonce[NONCE_SIZE];
	struct title title;
	uint32_t item;

	if (!g)
		return -ENOMEM;
	if (keyring_write_key(&node->keyring, group, &key) || !key->secret)
		return WRITE_ERR_NO_KEY;
	grouping_of(node, group, g);
	title = (struct title){ .vault_id = node->set.vault_id,
				.group = g->id,
				.kid = node->set.kids[key->kid].id,
				.key = key->secret };
	step_random(step, nonce, sizeof(nonce));
	g->group.name.len = title_seal(g->name, &title, name, nonce);
	g->group.name.data = g->name;
	return grouping_write(step, g, &item);
}

/* Group, key and name. */
static int write_group(struct step *step, const uint32_t *devices, size_t n,
		       struct bytes name, uint32_t *ret_group)
{
	struct node *node = step->node;
	AUTO_FREE struct grouping *g = calloc(1, sizeof(*g));
	uint32_t item, group;
	int r;

	if (!g)
		return -ENOMEM;
	grouping_init(g);
	g->group.n_add = grouping_list(node, g, devices, n);
	g->group.add = g->list;
	r = grouping_write(step, g, &item);
	if (r)
		return r;
	group = set_group(&node->set, node->set.items[item].id);
	if (group == NONE ||
	    !roster_reads(&node->roster, group, node->self_author))
		return WRITE_ERR_REFUSED;
	r = write_debts(step, group);
	if (r == 0)
		r = write_name(step, group, name);
	if (r == 0)
		*ret_group = group;
	return r;
}

int group_make(struct step *step, const char *name, uint32_t *ret_group)
{
	return write_group(step, &step->node->self_author, 1, text_of(name),
			   ret_group);
}

static size_t fill_tips(const struct node *node, uint32_t device,
			unsigned class, ProtobufCBinaryData *ret)
{
	uint32_t tips[TIPS_MAX];
	size_t n = size_min(set_tips(&node->set, device, class, tips, TIPS_MAX),
			    TIPS_MAX);

	for (size_t i = 0; i < n; i++)
		ret[i] = id_of(node->set.items[tips[i]].id, ID_SIZE);
	return n;
}

/* The removals of this device from the group, which an add takes back. */
static size_t fill_undo(const struct node *node, uint32_t group,
			uint32_t device, ProtobufCBinaryData *ret)
{
	size_t n = 0;

	for (uint32_t i = 0; i < node->set.n_heads && n < UNDO_MAX; i++) {
		const struct item *item = group_item(node, group, i);
		const Fob__Group *what = item ? item->head->group : NULL;

		for (size_t k = 0; what && k < what->n_remove; k++)
			if (!memcmp(what->remove[k].data,
				    node->set.authors[device].id,
				    DEVICE_ID_SIZE)) {
				ret[n++] = id_of(item->id, ID_SIZE);
				break;
			}
	}
	return n;
}

static int write_change(struct step *step, uint32_t group, uint32_t device,
			bool grant)
{
	struct node *node = step->node;
	AUTO_FREE struct grouping *g = calloc(1, sizeof(*g));
	uint32_t item;
	size_t n;

	if (!g)
		return -ENOMEM;
	grouping_of(node, group, g);
	n = grouping_list(node, g, &device, 1);
	if (grant) {
		g->group.add = g->list;
		g->group.n_add = n;
		g->group.undo = g->undo;
		g->group.n_undo = fill_undo(node, group, device, g->undo);
	} else {
		g->group.remove = g->list;
		g->group.n_remove = n;
		g->group.tips1 = g->tips1;
		g->group.n_tips1 = fill_tips(node, device, 1, g->tips1);
		g->group.tips2 = g->tips2;
		g->group.n_tips2 = fill_tips(node, device, 2, g->tips2);
	}
	return grouping_write(step, g, &item);
}

/* --- what is asked --------------------------------------------------------- */

static int failed(struct step *step, struct call *call, int r)
{
	enum status status;
	const char *reason;

	if (r <= 0)
		return r;
	status = change_status(r, &reason);
	return answered(call_fail(step, call, status, "%s", reason));
}

/* A device that can read at all; keepers cannot. */
static int find_reader(struct step *step, struct call *call, const char *text,
		       uint32_t *ret)
{
	int r = device_find(step, call, text, ret);

	if (r)
		return r < 0 ? r : ACCOUNT_ANSWERED;
	if (step->node->roster.devices[*ret].reader)
		return 0;
	return answered(call_fail(step, call, STATUS_REFUSED,
				  "%s is a keeper, which reads nothing",
				  node_device_name(step->node, *ret)));
}

static int create(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__GroupAsk *ask = call->request->group;
	struct bytes name = text_of(ask->name);
	uint32_t devices[DEVICES_CREATED_MAX] = { node->self_author };
	uint32_t group;
	size_t n = 1;
	int r = 0;

	if (!name.n || name.n > NAME_MAX_BYTES || !text_line(name))
		return answered(call_fail(
			step, call, STATUS_USAGE,
			"name: 1 to %d bytes of UTF-8 without control "
			"characters",
			NAME_MAX_BYTES));
	if (account_group_named(node, ask->name) != NONE)
		return answered(call_fail(step, call, STATUS_CONFLICT,
					  "there is a group \"%s\" already",
					  ask->name));
	for (size_t i = 0; i < ask->n_devices && r == 0; i++) {
		uint32_t device = NONE;

		if (n == DEVICES_CREATED_MAX)
			return answered(call_fail(step, call, STATUS_USAGE,
						  "a group begins with at most "
						  "%d devices",
						  DEVICES_CREATED_MAX));
		r = find_reader(step, call, ask->devices[i], &device);
		for (size_t k = 0; r == 0 && k < n; k++)
			if (devices[k] == device)
				device = NONE; /* named twice */
		if (r == 0 && device != NONE)
			devices[n++] = device;
	}
	if (r == 0)
		r = failed(step, call,
			   write_group(step, devices, n, name, &group));
	return r ? r : call_ok(step, call);
}

/* Groups of ours, by name; main has no readers to choose. */
static int find_chosen(struct step *step, struct call *call, uint32_t *ret)
{
	struct node *node = step->node;
	int r = account_find_group(step, call, call->request->group->name, ret);

	if (r != 0)
		return r;
	if (*ret == 0 || *ret == NONE)
		return answered(call_fail(
			step, call, STATUS_REFUSED,
			"all devices read main; fob device revoke puts one "
			"out"));
	if (!roster_reads(&node->roster, *ret, node->self_author))
		return answered(call_fail(step, call, STATUS_REFUSED,
					  "this device does not read that "
					  "group: one that does lets it in, "
					  "with fob group grant"));
	return 0;
}

static int change(struct step *step, struct call *call, bool grant)
{
	struct node *node = step->node;
	const Fob__GroupAsk *ask = call->request->group;
	uint32_t group = NONE, device = NONE;
	int r = find_chosen(step, call, &group);

	if (r == 0 && ask->n_devices != 1)
		return answered(
			call_fail(step, call, STATUS_USAGE,
				  "name the device: fob devices lists them"));
	if (r == 0)
		r = find_reader(step, call, ask->devices[0], &device);
	if (r != 0)
		return r;
	if (roster_reads(&node->roster, group, device) != grant) {
		r = write_change(step, group, device, grant);
		if (r == 0 &&
		    roster_reads(&node->roster, group, device) != grant)
			return answered(call_fail(
				step, call, STATUS_REFUSED,
				"%s stands above this device: who made the "
				"group, or a reader above %s, can do that",
				node_device_name(node, device),
				node_device_name(node, device)));
	}
	/* Whoever causes a debt pays it. */
	if (r == 0 && grant)
		r = write_grants(step, device);
	else if (r == 0 && device != node->self_author)
		r = write_debts(step, group);
	r = failed(step, call, r);
	return r ? r : call_ok(step, call);
}

static uint64_t count_entries(const struct node *node, uint32_t group)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < node->vault.n; i++)
		n += node->vault.entries[i].group == group &&
		     !node->vault.entries[i].trashed;
	return n;
}

static int tell(struct step *step, struct call *call, uint32_t group)
{
	const struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__GroupInfo info = FOB__GROUP_INFO__INIT, *list[] = { &info };
	char name[TEXT_MAX + 1], *readers[DEVICES_CREATED_MAX];

	account_group(node, group, name);
	info.id = id_of(node->set.groups[group].id, GROUP_ID_SIZE);
	info.name = name;
	info.readers = readers;
	for (uint32_t i = 0;
	     i < node->set.n_authors && info.n_readers < DEVICES_CREATED_MAX;
	     i++)
		if (roster_reads(&node->roster, group, i))
			readers[info.n_readers++] =
				(char *)(uintptr_t)node_device_name(node, i);
	info.reads = roster_reads(&node->roster, group, node->self_author);
	info.entries = count_entries(node, group);
	reply.more = true;
	reply.groups = list;
	reply.n_groups = 1;
	return call_reply(step, call, &reply);
}

static int list_groups(struct step *step, struct call *call)
{
	const struct node *node = step->node;
	int r = 0;

	for (uint32_t i = 0; i < node->roster.n_groups && r == 0; i++)
		r = tell(step, call, node->roster.groups[i].group);
	return r < 0 ? r : call_ok(step, call);
}

int ask_group(struct step *step, struct call *call)
{
	const char *op = call->request->group->op;
	bool grant = strcmp(op, "grant") == 0;

	if (!op[0] || strcmp(op, "list") == 0)
		return list_groups(step, call);
	if (!step->node->set.authors[step->node->self_author].member)
		return call_revoked(step, call);
	if (strcmp(op, "create") == 0)
		return account_end(create(step, call));
	if (grant || strcmp(op, "deny") == 0)
		return account_end(change(step, call, grant));
	return call_fail(step, call, STATUS_USAGE,
			 "group: list, create, grant or deny, not \"%s\"", op);
}
