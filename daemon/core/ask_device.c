/* Requests about devices and the connections to them, and the vault's state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/state.h"
#include "daemon/core/warnings.h"
#include "proto/text.h"

/* Text of one reply, freed with it. */
struct strings {
	char **list;
	size_t n, cap;
};

static void strings_deinit(struct strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->list[i]);
	free(strings->list);
}

/* A copy that lives as long as strings; NULL when memory runs out. */
static char *strings_add(struct strings *strings, const char *text)
{
	char **grown, *copy;

	if (strings->n == strings->cap) {
		size_t cap = strings->cap ? 2 * strings->cap : 16;

		grown = realloc(strings->list, cap * sizeof(*grown));
		if (!grown)
			return NULL;
		strings->list = grown;
		strings->cap = cap;
	}
	copy = malloc(strlen(text) + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, strlen(text) + 1);
	strings->list[strings->n++] = copy;
	return copy;
}

static struct sync_peer *session(const struct node *node, uint32_t author)
{
	/* sync_peer_of() only looks. */
	return sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
}

static uint64_t last_seen(const struct node *node, uint32_t author)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	const struct sync_peer *peer = session(node, author);

	if (peer && peer->up)
		return (uint64_t)node->wall;
	return status ? status->time : 0;
}

static bool in_sync(const struct node *node, uint32_t author)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	const struct sync_peer *peer = session(node, author);
	uint8_t root[ID_SIZE];

	if (peer)
		return peer->in_sync;
	if (!status)
		return false;
	set_root_all((struct set *)(uintptr_t)&node->set, root);
	return !memcmp(root, status->root, ID_SIZE);
}

static const char *first_address(const struct node *node, uint32_t author)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);

	for (size_t i = 0; i < node->n_by_hand; i++)
		if (!memcmp(node->by_hand[i].device,
			    node->set.authors[author].id, DEVICE_ID_SIZE))
			return node->by_hand[i].address;
	return status && status->n_addresses ? status->addresses[0] : "";
}

static const char *role_name(const struct node *node, uint32_t author)
{
	return node->set.authors[author].role == FOB__ROLE__KEEPER ? "keeper" :
								     "device";
}

/* --- status ---------------------------------------------------------------------- */

static const char *const states[] = {
	[NODE_EMPTY] = "empty",	      [NODE_RECOVERING] = "recovering",
	[NODE_JOINING] = "joining",   [NODE_LOCKED] = "locked",
	[NODE_UNLOCKED] = "unlocked", [NODE_KEEPER] = "keeper",
};

static int fill_peer(const struct node *node, uint32_t author,
		     struct strings *strings, Fob__PeerInfo *ret)
{
	const struct sync_peer *peer = session(node, author);

	fob__peer_info__init(ret);
	ret->id = (ProtobufCBinaryData){ DEVICE_ID_SIZE,
					 node->set.authors[author].id };
	ret->name = strings_add(strings, node_device_name(node, author));
	ret->address = strings_add(strings, first_address(node, author));
	ret->role = strings_add(strings, role_name(node, author));
	if (!ret->name || !ret->address || !ret->role)
		return -ENOMEM;
	ret->connected = peer && peer->up;
	ret->in_sync = in_sync(node, author);
	ret->last_seen = last_seen(node, author);
	ret->clock_offset_ms = peer && peer->clock_known ? peer->clock_offset :
							   0;
	return 0;
}

struct peer_list {
	Fob__PeerInfo list[DEVICES_CREATED_MAX];
	Fob__PeerInfo *pointers[DEVICES_CREATED_MAX];
	size_t n;
};

static int fill_peers(const struct node *node, struct strings *strings,
		      struct peer_list *ret)
{
	int r = 0;

	for (uint32_t i = 0;
	     i < node->set.n_authors && ret->n < DEVICES_CREATED_MAX; i++) {
		if (!node->set.authors[i].member || i == node->self_author)
			continue;
		r = fill_peer(node, i, strings, &ret->list[ret->n]);
		if (r < 0)
			return r;
		ret->pointers[ret->n] = &ret->list[ret->n];
		ret->n++;
	}
	return 0;
}

static void count_entries(const struct node *node, Fob__VaultStatus *ret)
{
	ret->indexed = node_may_read(node) && index_complete(node);
	ret->entries = node->set.n_records;
	if (!ret->indexed)
		return;
	ret->entries = 0;
	for (uint32_t i = 0; i < node->vault.n; i++) {
		const struct vault_entry *entry = &node->vault.entries[i];

		ret->entries += !entry->trashed;
		ret->trashed += entry->trashed;
		ret->conflicts += !entry->trashed && entry->conflict;
	}
}

int ask_status(struct step *step, struct call *call)
{
	struct node *node = step->node;
	CLEANUP(strings_deinit) struct strings strings = { 0 };
	AUTO_WARNINGS struct warnings warnings = { .n = 0 };
	CLEANUP(strings_deinit) struct strings listen = { 0 };
	AUTO_FREE struct peer_list *peers = calloc(1, sizeof(*peers));
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__VaultStatus status = FOB__VAULT_STATUS__INIT;
	uint8_t root[ID_SIZE];
	bool known;

	if (!peers || fill_peers(node, &strings, peers) < 0 ||
	    warnings_gather(node, &warnings) < 0)
		return -ENOMEM;
	if (node->set.pinned) {
		set_root_all(&node->set, root);
		status.root = (ProtobufCBinaryData){ ID_SIZE, root };
		status.vault =
			(ProtobufCBinaryData){ ID_SIZE, node->set.vault_id };
	}
	if (node->self)
		status.device =
			(ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	status.state = strings_add(&strings, states[node->state]);
	status.name = node->name;
	status.role = strings_add(&strings,
				  node->config.keeper ? "keeper" : "device");
	status.version = node->config.version;
	status.items = node->set.n_held;
	status.quarantined = node->set.n_held - node->set.n_carried[0] -
			     node->set.n_carried[1] - node->set.n_carried[2];
	status.clock = (uint64_t)node->wall;
	status.clock_offset_ms = node_clock_offset(node, &known);
	status.clock_known = known;
	for (size_t i = 0; i < node->n_addresses; i++)
		if (!strings_add(&listen, node->addresses[i]))
			return -ENOMEM;
	if (!status.state || !status.role)
		return -ENOMEM;
	status.listen = listen.list;
	status.n_listen = listen.n;
	status.peers = peers->pointers;
	status.n_peers = peers->n;
	count_entries(node, &status);
	reply.vault = &status;
	reply.warnings = warnings.list;
	reply.n_warnings = warnings.n;
	return call_reply(step, call, &reply);
}

/* --- devices ----------------------------------------------------------------------- */

/* "0", "0.1", "-1.2": the ordinals of a rank. */
static char *rank_text(struct strings *strings, const struct rank *rank)
{
	char text[PATH_MAX_DEPTH * 12 + 1] = "";
	size_t n = 0;

	for (size_t i = 0; i < rank->depth && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lld",
				      i ? "." : "",
				      (long long)rank->path[i].ordinal);
	return strings_add(strings, text);
}

struct device_out {
	Fob__Device message;
	struct strings strings, groups, addresses, revokes;
};

static void device_out_deinit(struct device_out *out)
{
	strings_deinit(&out->strings);
	strings_deinit(&out->groups);
	strings_deinit(&out->addresses);
	strings_deinit(&out->revokes);
}

static int device_lists(const struct node *node, uint32_t author,
			struct device_out *ret)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	char group[TEXT_MAX + 1];

	for (uint32_t i = 0; i < node->roster.n_groups; i++) {
		account_group(node, node->roster.groups[i].group, group);
		if (roster_reads(&node->roster, node->roster.groups[i].group,
				 author) &&
		    !strings_add(&ret->groups, group))
			return -ENOMEM;
	}
	for (size_t i = 0; i < node->n_by_hand; i++)
		if (!memcmp(node->by_hand[i].device,
			    node->set.authors[author].id, DEVICE_ID_SIZE) &&
		    !strings_add(&ret->addresses, node->by_hand[i].address))
			return -ENOMEM;
	for (uint32_t i = 0; status && i < status->n_addresses; i++)
		if (!strings_add(&ret->addresses, status->addresses[i]))
			return -ENOMEM;
	/* Honest devices make no more; others are not to make this endless. */
	for (uint32_t i = 0;
	     i < node->set.n_authors && ret->revokes.n < DEVICES_CREATED_MAX;
	     i++)
		if (roster_outranks(&node->roster, author, i) &&
		    !strings_add(&ret->revokes, node_device_name(node, i)))
			return -ENOMEM;
	return 0;
}

static const char *added_by(const struct node *node, uint32_t author,
			    uint64_t *ret_time)
{
	uint32_t add = node->set.authors[author].add;
	const struct item *item = add == NONE ? NULL :
						set_head(&node->set, add);
	uint32_t sponsor = add == NONE ? NONE : node->set.items[add].author;

	*ret_time = item ? item->head->time : 0;
	if (sponsor == NONE)
		return "recovery kit";
	return sponsor == author ? "" : node_device_name(node, sponsor);
}

static int device_fill(const struct node *node, uint32_t author,
		       struct device_out *ret)
{
	const struct set_author *a = &node->set.authors[author];
	const struct sync_peer *peer = session(node, author);
	Fob__Device *out = &ret->message;
	uint64_t added;

	fob__device__init(out);
	out->id = (ProtobufCBinaryData){ DEVICE_ID_SIZE,
					 node->set.authors[author].id };
	out->name = strings_add(&ret->strings, node_device_name(node, author));
	out->role = strings_add(&ret->strings, role_name(node, author));
	out->rank = rank_text(&ret->strings, &a->rank);
	out->state = strings_add(&ret->strings,
				 !a->member ? "revoked" :
				 node->roster.devices[author].suspended ?
					      "suspended" :
					      "member");
	out->added_by =
		strings_add(&ret->strings, added_by(node, author, &added));
	if (!out->name || !out->role || !out->rank || !out->state ||
	    !out->added_by || device_lists(node, author, ret) < 0)
		return -ENOMEM;
	out->added = added;
	out->self = author == node->self_author;
	out->connected = peer && peer->up;
	out->last_seen = out->self ? (uint64_t)node->wall :
				     last_seen(node, author);
	out->in_sync = out->self || in_sync(node, author);
	out->never_seen = !out->self && !peer &&
			  !statuses_find(&node->statuses, author);
	out->groups = ret->groups.list;
	out->n_groups = ret->groups.n;
	out->addresses = ret->addresses.list;
	out->n_addresses = ret->addresses.n;
	out->can_revoke = ret->revokes.list;
	out->n_can_revoke = ret->revokes.n;
	return 0;
}

int ask_devices(struct step *step, struct call *call)
{
	struct node *node = step->node;
	int r = 0;

	for (uint32_t i = 0; i < node->set.n_authors && r == 0; i++) {
		CLEANUP(device_out_deinit) struct device_out out = { 0 };
		Fob__Reply reply = FOB__REPLY__INIT;
		Fob__Device *list[1] = { &out.message };

		if (!node->set.authors[i].reached)
			continue;
		r = device_fill(node, i, &out);
		if (r < 0)
			return r;
		reply.more = true;
		reply.n_devices = 1;
		reply.devices = list;
		r = call_reply(step, call, &reply);
	}
	return r < 0 ? r : call_ok(step, call);
}

/* A member by name, id or id prefix. 0, or 1 when it was replied. */
int device_find(struct step *step, struct call *call, const char *text,
		uint32_t *ret)
{
	struct node *node = step->node;
	char hex[TEXT_HEX_SIZE(DEVICE_ID_SIZE)];
	uint32_t found = NONE, n = 0;
	int r = 0;

	for (uint32_t i = 0; i < node->set.n_authors; i++) {
		const struct set_author *author = &node->set.authors[i];

		text_hex_encode(hex, sizeof(hex), BYTES(author->id));
		if (!author->member ||
		    (!text_same(text_of(text),
				text_of(node_device_name(node, i))) &&
		     (strlen(text) < 8 ||
		      strncmp(hex, text, strlen(text)) != 0)))
			continue;
		found = i;
		n++;
	}
	if (n == 0)
		r = call_fail(step, call, STATUS_NOT_FOUND,
			      "no device of the name \"%s\": fob devices "
			      "lists them",
			      text);
	else if (n > 1)
		r = call_fail(step, call, STATUS_AMBIGUOUS,
			      "%u devices are called \"%s\": say its id",
			      (unsigned)n, text);
	else
		*ret = found;
	return r < 0 ? r : n != 1;
}

int ask_rename(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__RenameAsk *ask = call->request->rename;
	struct bytes name = text_of(ask->name);
	uint32_t author = node->self_author;
	int r = 0;

	if (!name.n || name.n > DEVICE_NAME_MAX || !text_line(name))
		return call_fail(step, call, STATUS_USAGE,
				 "name: 1 to %d bytes of UTF-8 without "
				 "control characters",
				 DEVICE_NAME_MAX);
	if (ask->device[0])
		r = device_find(step, call, ask->device, &author);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (author != node->self_author)
		return call_fail(step, call, STATUS_REFUSED,
				 "a device names itself: run fob device "
				 "rename on %s",
				 node_device_name(node, author));
	memset(node->name, 0, sizeof(node->name));
	memcpy(node->name, name.p, name.n);
	step_put_local(step, "name", name);
	node->status_owed = true;
	node->status_at = 0;
	return call_ok(step, call);
}

/* --- addresses by hand ------------------------------------------------------------- */

static void by_hand_key(const struct by_hand *by_hand,
			char ret[static 5 + TEXT_HEX_SIZE(DEVICE_ID_SIZE)])
{
	memcpy(ret, "peer/", 5);
	text_hex_encode(ret + 5, TEXT_HEX_SIZE(DEVICE_ID_SIZE),
			BYTES(by_hand->device));
}

static void by_hand_drop(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	char key[5 + TEXT_HEX_SIZE(DEVICE_ID_SIZE)];

	for (size_t i = node->n_by_hand; i-- > 0;) {
		if (memcmp(node->by_hand[i].device,
			   node->set.authors[author].id, DEVICE_ID_SIZE))
			continue;
		by_hand_key(&node->by_hand[i], key);
		step_delete_local(step, key);
		node->n_by_hand--;
		memmove(&node->by_hand[i], &node->by_hand[i + 1],
			(node->n_by_hand - i) * sizeof(*node->by_hand));
	}
}

/* All addresses of a device are one row, one a line. */
static void by_hand_put(struct step *step, const struct by_hand *one)
{
	const struct node *node = step->node;
	char key[5 + TEXT_HEX_SIZE(DEVICE_ID_SIZE)];
	char text[ADDRESSES_MAX * sizeof(one->address)];
	size_t n = 0;

	for (size_t i = 0; i < node->n_by_hand; i++) {
		const struct by_hand *each = &node->by_hand[i];
		size_t length = strlen(each->address);

		if (memcmp(each->device, one->device, DEVICE_ID_SIZE))
			continue;
		REQUIRE(n + 1 + length <= sizeof(text));
		if (n > 0)
			text[n++] = '\n';
		memcpy(text + n, each->address, length);
		n += length;
	}
	by_hand_key(one, key);
	step_put_local(step, key, (struct bytes){ (const uint8_t *)text, n });
}

static int by_hand_add(struct step *step, uint32_t author, const char *address)
{
	struct node *node = step->node;
	struct by_hand *grown;

	grown = realloc(node->by_hand, (node->n_by_hand + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	node->by_hand = grown;
	grown += node->n_by_hand++;
	memset(grown, 0, sizeof(*grown));
	memcpy(grown->device, node->set.authors[author].id, DEVICE_ID_SIZE);
	memcpy(grown->address, address,
	       size_min(strlen(address), sizeof(grown->address) - 1));
	by_hand_put(step, grown);
	if (author < node->n_dials)
		node->dials[author].next = node->dials[author].delay = 0;
	return 0;
}

int peer_by_hand(struct step *step, uint32_t author, const char *address)
{
	by_hand_drop(step, author);
	return by_hand_add(step, author, address);
}

/* A name may stand for several addresses. One too many is left out. */
static int by_hand_also(struct step *step, uint32_t author, const char *address)
{
	const struct node *node = step->node;
	size_t n = 0;

	for (size_t i = 0; i < node->n_by_hand; i++) {
		if (memcmp(node->by_hand[i].device,
			   node->set.authors[author].id, DEVICE_ID_SIZE))
			continue;
		if (strcmp(node->by_hand[i].address, address) == 0)
			return 0;
		n++;
	}
	return n < ADDRESSES_MAX ? by_hand_add(step, author, address) : 0;
}

static int peer_list_reply(struct step *step, struct call *call)
{
	struct node *node = step->node;
	CLEANUP(strings_deinit) struct strings strings = { 0 };
	AUTO_FREE struct peer_list *peers = calloc(1, sizeof(*peers));
	Fob__Reply reply = FOB__REPLY__INIT;

	if (!peers || fill_peers(node, &strings, peers) < 0)
		return -ENOMEM;
	reply.peers = peers->pointers;
	reply.n_peers = peers->n;
	return call_reply(step, call, &reply);
}

/* ADDR:PORT with digits only; names are the client's to resolve. */
static bool address_ok(const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned long port = 0;

	if (!colon || colon == text || strlen(text) >= 64 ||
	    !text_line(text_of(text)))
		return false;
	for (const char *p = colon + 1; *p; p++) {
		if (*p < '0' || *p > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned long)(*p - '0');
	}
	return port > 0 && port <= 65535;
}

int ask_peer(struct step *step, struct call *call)
{
	const Fob__PeerAsk *ask = call->request->peer;
	uint32_t author = NONE;
	bool also = !strcmp(ask->op, "also");
	int r;

	if (!strcmp(ask->op, "list"))
		return peer_list_reply(step, call);
	r = device_find(step, call, ask->name, &author);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (author == step->node->self_author)
		return call_fail(step, call, STATUS_USAGE,
				 "%s is this device itself", ask->name);
	if (!strcmp(ask->op, "rm")) {
		by_hand_drop(step, author);
		return call_ok(step, call);
	}
	if ((!also && strcmp(ask->op, "add") != 0) || !address_ok(ask->address))
		return call_fail(step, call, STATUS_USAGE,
				 "an address is ADDR:PORT, as in "
				 "192.0.2.7:47362 or [2001:db8::7]:47362");
	r = also ? by_hand_also(step, author, ask->address) :
		   peer_by_hand(step, author, ask->address);
	return r < 0 ? r : call_ok(step, call);
}

/* --- sync, copies ------------------------------------------------------------------- */

static void sync_count(const struct node *node, size_t *ret_up,
		       size_t *ret_equal)
{
	*ret_up = *ret_equal = 0;
	for (size_t i = 0; i < PEERS_MAX; i++) {
		const struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn || !peer->up || peer->rescue)
			continue;
		++*ret_up;
		*ret_equal += peer->in_sync;
	}
}

static int sync_start(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].up &&
		    !node->sync.peers[i].rescue) {
			node->sync.peers[i].in_sync = false;
			r = sync_run_now(&node->sync, &node->sync.peers[i]);
		}
	/* Whoever asks has just switched something on: no wait from before. */
	for (uint32_t i = 0; i < node->n_dials; i++)
		node->dials[i].next = node->dials[i].delay = 0;
	return r;
}

int ask_sync(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__SyncAsk *ask = call->request->sync;
	size_t up, equal;
	int r;

	if (call->stage == 0) {
		r = sync_start(step);
		if (r < 0 || !ask->wait)
			return r < 0 ? r : call_ok(step, call);
		call->stage = 1;
		call->deadline = node->mono + (ask->timeout_ms ?
						       ask->timeout_ms :
						       REQUEST_DEADLINE_MS);
		return CALL_PARK;
	}
	sync_count(node, &up, &equal);
	if (up && up == equal)
		return call_ok(step, call);
	if (call->stage != CALL_LATE)
		return CALL_PARK;
	if (!up)
		return call_fail(step, call, STATUS_TIMEOUT,
				 "no other device is connected: is it on, and "
				 "does fob peer list show a good address?");
	return call_fail(step, call, STATUS_TIMEOUT,
			 "%zu of %zu connected devices hold the same set so "
			 "far; it goes on by itself",
			 equal, up);
}

static uint32_t wait_item(const struct node *node, const uint8_t *id)
{
	for (uint32_t i = 0; i < node->set.n_records; i++)
		if (!memcmp(node->set.records[i].id, id, RECORD_ID_SIZE))
			return node->set.records[i].last;
	return NONE;
}

int ask_wait(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__WaitAsk *ask = call->request->wait;
	uint32_t item = ask->id.len == RECORD_ID_SIZE ?
				wait_item(node, ask->id.data) :
				NONE;
	int copies;

	if (item == NONE)
		return call_fail(step, call, STATUS_NOT_FOUND,
				 "no entry of that id");
	copies = peer_copies(node, item, ask->count_keepers);
	if (copies >= (int)ask->copies)
		return call_ok(step, call);
	if (call->stage == CALL_LATE)
		return call_fail(
			step, call, STATUS_TIMEOUT,
			"held by %d of %u other devices in time; it goes "
			"on spreading",
			copies, (unsigned)ask->copies);
	if (call->stage == 0)
		call->deadline = node->mono + (ask->timeout_ms ?
						       ask->timeout_ms :
						       REQUEST_DEADLINE_MS);
	call->stage = 1;
	return CALL_PARK;
}
