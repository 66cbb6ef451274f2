#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

#define KDF_MS 300
#define SPINS_MAX 20000 /* steps of a node in one virtual millisecond */

static uint64_t node_mono(const struct world *world, int node)
{
	const struct world_node *n = &world->nodes[node];

	return n->mono + world->now - n->booted;
}

/* FNV-1a, 64 bits: Fowler, Noll, Vo; eight bytes at a time. */
static void digest(struct world *world, const void *p, size_t n)
{
	const uint8_t *bytes = p;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, size_min(8, n - i));
		world->digest =
			(world->digest ^ word) * UINT64_C(0x100000001b3);
	}
}

static void digest_event(struct world *world, int node,
			 const struct event *event)
{
	const uint64_t words[] = {
		world->now,    (uint64_t)node << 32 | (uint64_t)event->type,
		event->conn,   event->token,
		event->data.n, (uint64_t)event->wall
	};

	digest(world, words, sizeof(words));
	if (event->data.n)
		digest(world, event->data.p, event->data.n);
}

/* --- ids that were answered for --------------------------------------------- */

static void ids_add(struct world_ids *ids, const uint8_t id[static ID_SIZE])
{
	if (ids->n == ids->cap) {
		ids->cap = 2 * ids->cap + 64;
		ids->ids = realloc(ids->ids, ids->cap * sizeof(*ids->ids));
		REQUIRE(ids->ids);
	}
	memcpy(ids->ids[ids->n++], id, ID_SIZE);
}

void world_copy_ids(const struct world_ids *from, struct world_ids *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < from->n; i++)
		ids_add(ret, from->ids[i]);
}

/* The items that this transaction adds are promised once it is through. */
static void note_items(struct world_node *n)
{
	for (size_t i = 0; i < n->disk.n_undo; i++) {
		const struct disk_undo *undo = &n->disk.undo[i];
		const struct disk_row *row;
		struct item_row parsed;
		uint8_t id[ID_SIZE];

		if (undo->table != TABLE_ITEM || undo->was_there)
			continue;
		row = disk_get(&n->disk, TABLE_ITEM,
			       (struct bytes){ undo->row.key,
					       undo->row.key_len });
		if (!row)
			continue;
		REQUIRE(item_row_parse((struct bytes){ row->data, row->n },
				       &parsed));
		item_hash(id, parsed.body.p, parsed.body.n);
		ids_add(&n->promised, id);
	}
}

/* Has this node's promise to be kept by all? */
static bool binds(const struct world *world, int node,
		  const uint8_t id[static ID_SIZE])
{
	const struct node *core = world->nodes[node].node;

	return !world->revoked || (core && set_carries(&core->set, id));
}

static void check_held(struct world *world, const struct node *core, int by)
{
	const struct world_ids *ids = &world->nodes[by].promised;

	for (size_t i = 0; i < ids->n && !world_garbles(world); i++)
		if (binds(world, by, ids->ids[i]))
			EXPECT(world, set_holds(&core->set, ids->ids[i]));
}

void world_check_promises(struct world *world)
{
	for (int i = 0; i < world->n_nodes; i++) {
		const struct node *core = world->nodes[i].node;

		if (!core || !core->set.pinned)
			continue;
		for (int k = 0; k < world->n_nodes; k++)
			check_held(world, core, k);
	}
}

/* --- effects ------------------------------------------------------------------ */

static void move(struct effects *list, struct effect *effect)
{
	struct effect *moved = effects_add(list, effect->type);

	REQUIRE(!list->failed);
	*moved = *effect;
	effect->data = NULL;
	effect->data_len = 0;
}

/* --- keys and nonces ------------------------------------------------------------ */

static uint64_t short_hash(struct bytes a, struct bytes b)
{
	crypto_generichash_state state;
	uint64_t hash;

	crypto_generichash_init(&state, NULL, 0, 16);
	crypto_generichash_update(&state, a.p, a.n);
	crypto_generichash_update(&state, b.p, b.n);
	uint8_t bytes[16];
	crypto_generichash_final(&state, bytes, sizeof(bytes));
	memcpy(&hash, bytes, sizeof(hash));
	return hash ? hash : 1;
}

static struct world_nonce *nonce_slot(const struct world_nonces *nonces,
				      uint64_t key)
{
	size_t at = key & (nonces->size - 1);

	while (nonces->slots[at].key && nonces->slots[at].key != key)
		at = (at + 1) & (nonces->size - 1);
	return &nonces->slots[at];
}

static void nonces_grow(struct world_nonces *nonces)
{
	struct world_nonces old = *nonces;

	nonces->size = old.size ? 2 * old.size : 256;
	nonces->slots = calloc(nonces->size, sizeof(*nonces->slots));
	REQUIRE(nonces->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].key)
			*nonce_slot(nonces, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

/* One key with one nonce seals one text. */
static void check_nonce(struct world *world, struct bytes row)
{
	struct item_row parsed;
	Fob__Body *body;
	Fob__Head *head;

	REQUIRE(item_row_parse(row, &parsed));
	body = fob__body__unpack(NULL, parsed.body.n, parsed.body.p);
	REQUIRE(body);
	head = fob__head__unpack(NULL, body->head.len, body->head.data);
	REQUIRE(head);
	if (head->entry) {
		struct bytes kid = { head->entry->kid.data,
				     head->entry->kid.len };
		struct bytes nonce = { head->entry->nonce.data,
				       head->entry->nonce.len };
		uint64_t item = short_hash(parsed.body, kid);
		struct world_nonce *slot;

		if (2 * (world->nonces.n + 1) > world->nonces.size)
			nonces_grow(&world->nonces);
		slot = nonce_slot(&world->nonces, short_hash(kid, nonce));
		world_count(world, TALLY_CHECK_NONCE);
		EXPECT(world, !slot->key || slot->item == item);
		world->nonces.n += !slot->key;
		*slot = (struct world_nonce){ short_hash(kid, nonce), item };
	}
	fob__head__free_unpacked(head, NULL);
	fob__body__free_unpacked(body, NULL);
}

static void write_row(struct world *world, int node,
		      const struct effect *effect)
{
	struct disk *disk = &world->nodes[node].disk;
	struct bytes key = { effect->key, effect->key_len };
	struct bytes data = { effect->data, effect->data_len };

	if (effect->type == EFFECT_DELETE) {
		disk_delete(disk, effect->table, key);
		return;
	}
	world_no_canary(world, data, "what goes to disk");
	if (effect->table == TABLE_ITEM)
		check_nonce(world, data);
	disk_put(disk, effect->table, key, data);
}

static void write_soft(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->soft.n; i++)
		write_row(world, node, &n->soft.list[i]);
	effects_clear(&n->soft);
}

static void set_timer(struct world *world, int node, uint64_t at)
{
	struct world_node *n = &world->nodes[node];
	uint64_t now = node_mono(world, node);

	if (at == n->timer)
		return;
	n->timer = at;
	if (at != UINT64_MAX)
		world_plan(world, DUE_TIMER, node, at > now ? at - now : 0);
}

static void next_kdf(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];
	struct world_due *due;
	uint8_t key[KEY_SIZE];

	if (n->kdf_runs || n->kdfs.n == 0)
		return;
	struct effect *first = &n->kdfs.list[0];
	crypto_generichash(key, sizeof(key), first->data, first->data_len,
			   first->salt, sizeof(first->salt));
	due = world_plan(world, DUE_KDF, node, KDF_MS);
	due->token = first->token;
	due->data = world_copy(key, sizeof(key));
	due->n = sizeof(key);
	n->kdf_runs = true;
	free(first->data);
	n->kdfs.n--;
	memmove(first, first + 1, n->kdfs.n * sizeof(*first));
}

static void carry_one(struct world *world, int node, struct effect *effect)
{
	struct world_node *n = &world->nodes[node];

	switch (effect->type) {
	case EFFECT_PUT:
	case EFFECT_DELETE:
		write_row(world, node, effect);
		return;
	case EFFECT_SOFT_PUT:
		move(&n->soft, effect);
		if (!n->soft_planned)
			world_plan(world, DUE_SOFT, node, SOFT_WRITE_MS);
		n->soft_planned = true;
		return;
	case EFFECT_CLEAR:
		effects_clear(&n->soft);
		disk_clear(&n->disk);
		n->promised.n = 0; /* it was for nobody but itself */
		return;
	case EFFECT_NEXT_PUT:
	case EFFECT_NEXT_END:
	case EFFECT_NEXT_DROP:
		world_next(world, node, effect);
		return;
	case EFFECT_LOAD:
		move(&n->loads, effect);
		return;
	case EFFECT_KDF:
		move(&n->kdfs, effect);
		next_kdf(world, node);
		return;
	case EFFECT_KEYS:
		REQUIRE(effect->data_len == sizeof(n->keys));
		memcpy(&n->keys, effect->data, sizeof(n->keys));
		n->has_keys = true;
		return;
	case EFFECT_TIMER:
		set_timer(world, node, effect->number);
		return;
	case EFFECT_TRACE:
		world_trace_effect(world, node, &effect->trace);
		if (world->tally && effect->trace.what == TRACE_WROTE)
			check_wrote(world, node, effect->trace.item);
		return;
	default:
		move(&n->held, effect);
	}
}

/* --- steps ---------------------------------------------------------------------- */

struct event world_event(enum event_type type)
{
	struct event event;

	memset(&event, 0, sizeof(event));
	event.type = type;
	return event;
}

static void spin_check(struct world *world, struct world_node *n)
{
	if (n->spin_at != world->now)
		n->spins = 0;
	n->spin_at = world->now;
	EXPECT(world, ++n->spins < SPINS_MAX);
}

/* Of a machine with a battery: never before 1970. */
static int64_t world_wall(const struct world *world, int node)
{
	int64_t wall = WORLD_WALL + (int64_t)world->now + world->wall +
		       world->nodes[node].skew;

	return wall < 0 ? 0 : wall;
}

static void step(struct world *world, int node, struct event *event)
{
	struct world_node *n = &world->nodes[node];
	int r;

	event->mono = node_mono(world, node);
	event->wall = world_wall(world, node);
	for (size_t i = 0; i < sizeof(event->entropy); i += 8) {
		uint64_t part = stream_next(n->own_entropy ? &n->entropy :
							     &world->core);

		memcpy(event->entropy + i, &part, sizeof(part));
	}
	digest_event(world, node, event);
	if (!n->starting)
		spin_check(world, n);
	r = world->step ? world->step(world, node, event) :
			  node_step(n->node, event, &n->effects);
	EXPECT(world, r == 0);
	for (size_t i = 0; i < n->effects.n; i++)
		carry_one(world, node, &n->effects.list[i]);
	effects_clear(&n->effects);
	if (n->node->self)
		memcpy(n->id, n->node->self->id, DEVICE_ID_SIZE);
}

static struct bytes row_of(const struct world_node *n, enum table table,
			   uint32_t seq)
{
	const struct disk_row *row;
	uint8_t key[4];

	item_row_key(key, seq);
	row = disk_get(&n->disk, table, BYTES(key));
	return row ? (struct bytes){ row->data, row->n } :
		     (struct bytes){ NULL, 0 };
}

static void answer_load(struct world *world, int node,
			const struct effect *load)
{
	struct world_node *n = &world->nodes[node];
	size_t count = load->data_len / sizeof(uint32_t);
	AUTO_FREE struct loaded *rows = calloc(count + 1, sizeof(*rows));
	struct event event = world_event(EVENT_LOADED);

	REQUIRE(rows && count <= LOAD_ITEMS);
	for (size_t i = 0; i < count; i++) {
		memcpy(&rows[i].seq, load->data + i * sizeof(uint32_t),
		       sizeof(uint32_t));
		rows[i].row = row_of(n, TABLE_ITEM, rows[i].seq);
		rows[i].blob = row_of(n, TABLE_BLOB, rows[i].seq);
		/* As the driver reads them: they may move when we write. */
		rows[i].row.p = world_copy(rows[i].row.p, rows[i].row.n);
		rows[i].blob.p = world_copy(rows[i].blob.p, rows[i].blob.n);
	}
	event.token = load->token;
	event.loaded = rows;
	event.n_loaded = count;
	step(world, node, &event);
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)rows[i].row.p);
		free((void *)(uintptr_t)rows[i].blob.p);
	}
}

void world_feed(struct world *world, int node, struct event *event)
{
	struct world_node *n = &world->nodes[node];

	step(world, node, event);
	while (n->loads.n > 0) {
		struct effects asked = n->loads;

		effects_init(&n->loads);
		for (size_t i = 0; i < asked.n; i++)
			answer_load(world, node, &asked.list[i]);
		effects_deinit(&asked);
	}
	if (n->next_ends) {
		struct event ended = world_event(EVENT_NEXT);

		n->next_ends = false;
		n->next_whole = true;
		step(world, node, &ended);
	}
}

/* --- what leaves ------------------------------------------------------------------ */

static void take_reply(struct world *world, int node,
		       const struct effect *effect)
{
	struct world_node *n = &world->nodes[node];
	Fob__Reply *reply =
		fob__reply__unpack(NULL, effect->data_len, effect->data);

	EXPECT(world, reply && effect->data_len <= FRAME_MAX);
	n->replies =
		realloc(n->replies, (n->n_replies + 1) * sizeof(*n->replies));
	REQUIRE(n->replies);
	n->replies[n->n_replies++] = reply;
	if (!reply->more)
		world_say(world, "%s  answers %u: %u%s", n->name, reply->id,
			  reply->status, reply->need ? ", more is needed" : "");
}

static void leave(struct world *world, int node, struct effect *effect)
{
	switch (effect->type) {
	case EFFECT_SEND:
	case EFFECT_MEET_SEND:
		net_send(world, node, effect);
		return;
	case EFFECT_CLOSE:
		net_close(world, node, effect->conn);
		return;
	case EFFECT_DIAL:
	case EFFECT_MEET_DIAL:
		net_dial(world, node, effect);
		return;
	case EFFECT_MEET_LISTEN:
		world->nodes[node].meets = effect->number != 0;
		return;
	case EFFECT_REPLY:
		take_reply(world, node, effect);
		return;
	case EFFECT_RENEW:
		world->nodes[node].renewing = true;
		return;
	default:
		EXPECT(world, effect->type == EFFECT_REPLY);
	}
}

/* With another vault beside, the test switches it off and on again. */
static void begin_anew(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	n->renewing = false;
	if (n->next_whole)
		return;
	world_say(world, "%s  begins anew", n->name);
	write_soft(world, node);
	disk_commit(&n->disk);
	world_kill(world, node);
	world_start(world, node);
}

static void release(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->held.n; i++)
		leave(world, node, &n->held.list[i]);
	effects_clear(&n->held);
	if (n->renewing)
		begin_anew(world, node);
}

void world_turn(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	if (n->disk.n_undo == 0) {
		release(world, node);
		return;
	}
	write_soft(world, node);
	n->committing = true;
	world_plan(world, DUE_COMMIT, node, world->sync_ms);
}

/* --- what is due -------------------------------------------------------------------- */

static void timer_due(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];
	struct event event = world_event(EVENT_TIMER);

	if (n->timer > node_mono(world, node))
		return; /* it was set anew */
	n->timer = UINT64_MAX;
	world_feed(world, node, &event);
}

static void kdf_due(struct world *world, const struct world_due *due)
{
	struct event event = world_event(EVENT_KDF);

	world->nodes[due->node].kdf_runs = false;
	event.token = due->token;
	event.passes = KDF_PASSES_MIN;
	memcpy(event.kdf, due->data, sizeof(event.kdf));
	world_feed(world, due->node, &event);
	next_kdf(world, due->node);
}

static void client_due(struct world *world, const struct world_due *due)
{
	struct event event = world_event(EVENT_CLIENT);

	event.conn = due->token;
	event.data = (struct bytes){ due->data, due->n };
	world_feed(world, due->node, &event);
}

static void dispatch(struct world *world, const struct world_due *due)
{
	switch (due->kind) {
	case DUE_TIMER:
		timer_due(world, due->node);
		break;
	case DUE_SOFT:
		world->nodes[due->node].soft_planned = false;
		write_soft(world, due->node);
		break;
	case DUE_KDF:
		kdf_due(world, due);
		break;
	case DUE_CLIENT:
		client_due(world, due);
		break;
	case DUE_UP:
	case DUE_DATA:
	case DUE_DOWN:
		net_due(world, due);
		break;
	case DUE_COMMIT:
		return;
	}
	/* A wire's event may have come to nothing, or its node be off. */
	if (world->nodes[due->node].node)
		world_turn(world, due->node);
}

static void commit_due(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	n->committing = false;
	note_items(n);
	disk_commit(&n->disk);
	release(world, node);
	while (n->inbox && !n->committing) {
		struct world_due *due = n->inbox;

		n->inbox = due->next;
		if (due->kind < DUE_UP || !net_over(world, due))
			dispatch(world, due);
		world_due_free(due);
	}
}

void world_sleep(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	REQUIRE(n->node && !n->asleep);
	world_say(world, "%s  sleeps", n->name);
	world_count(world, TALLY_SLEEP);
	n->asleep = true;
	n->slept = world->now;
	net_asleep(world, node);
}

void world_wake(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];
	struct world_due *list = n->inbox;

	REQUIRE(n->asleep);
	world_say(world, "%s  wakes up", n->name);
	n->asleep = false;
	n->booted += world->now - n->slept;
	n->inbox = NULL;
	while (list && n->node) {
		struct world_due *due = list;

		list = due->next;
		due->next = NULL;
		world_take(world, due);
	}
	if (n->timer != UINT64_MAX)
		world_plan(world, DUE_TIMER, node,
			   n->timer > node_mono(world, node) ?
				   n->timer - node_mono(world, node) :
				   0);
}

void world_take(struct world *world, struct world_due *due)
{
	struct world_node *n = &world->nodes[due->node];
	struct world_due **at = &n->inbox;

	if (!n->node || n->boot != due->boot ||
	    (due->kind >= DUE_UP && net_over(world, due))) {
		world_due_free(due);
		return;
	}
	if (due->kind == DUE_COMMIT && !n->asleep) {
		commit_due(world, due->node);
		world_due_free(due);
		return;
	}
	if (n->committing || n->asleep) {
		while (*at)
			at = &(*at)->next;
		*at = due;
		return;
	}
	dispatch(world, due);
	world_due_free(due);
}

/* --- starting and stopping ----------------------------------------------------------- */

int world_node(struct world *world)
{
	int node = world->n_nodes++;
	struct world_node *n = &world->nodes[node];

	REQUIRE(node < WORLD_NODES);
	snprintf(n->name, sizeof(n->name), "%c", 'a' + node);
	snprintf(n->address, sizeof(n->address), "10.0.0.%d:47362", node + 1);
	n->config.kdf_passes = KDF_PASSES_MIN;
	memcpy(n->config.version, "sim", 4);
	world_start(world, node);
	return node;
}

static void feed_table(struct world *world, int node, enum table table)
{
	struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->disk.tables[table].n; i++) {
		const struct disk_row *row = &n->disk.tables[table].rows[i];
		struct event event = world_event(EVENT_ROW);

		event.table = table;
		event.key = (struct bytes){ row->key, row->key_len };
		event.data = (struct bytes){ row->data, row->n };
		if (table == TABLE_ITEM)
			event.token =
				disk_get(&n->disk, TABLE_BLOB, event.key) ? 1 :
									    0;
		step(world, node, &event);
	}
}

void world_start(struct world *world, int node)
{
	static const enum table order[] = { TABLE_LOCAL, TABLE_ITEM,
					    TABLE_STATUS, TABLE_HOLDER };
	struct world_node *n = &world->nodes[node];
	const char *addresses[1] = { n->address };
	struct event event = world_event(EVENT_START);

	REQUIRE(!n->node);
	world_renew(world, node);
	n->boot++;
	n->booted = world->now;
	n->mono = 1000 + stream_below(&world->core, 1000000);
	n->timer = UINT64_MAX;
	n->has_keys = n->meets = n->kdf_runs = n->soft_planned = false;
	n->node = node_new(&n->config);
	REQUIRE(n->node);
	world_say(world, "%s  power on", n->name);
	n->starting = true;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		feed_table(world, node, order[i]);
	n->starting = false;
	world_feed(world, node, &event);
	world_check_kept(world, node);
	event = world_event(EVENT_LISTENING);
	event.addresses = addresses;
	event.n_addresses = 1;
	world_feed(world, node, &event);
	world_turn(world, node);
}

void world_kill(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];

	REQUIRE(n->node);
	world_say(world, "%s  power off", n->name);
	/* The commit under way is whole or not there at all. */
	world_count(world, TALLY_KILL);
	if (n->committing && stream_chance(&world->disk, 50)) {
		world_count(world, TALLY_KILL_COMMITTED);
		disk_commit(&n->disk);
	} else {
		if (n->committing)
			world_count(world, TALLY_KILL_ROLLED_BACK);
		disk_rollback(&n->disk);
	}
	n->committing = n->asleep = false;
	node_free(n->node);
	n->node = NULL;
	effects_clear(&n->held);
	effects_clear(&n->soft);
	effects_clear(&n->loads);
	effects_clear(&n->kdfs);
	while (n->inbox) {
		struct world_due *due = n->inbox;

		n->inbox = due->next;
		world_due_free(due);
	}
	n->boot++;
	net_gone(world, node);
}

static bool is_quiet(struct world *world, void *arg)
{
	const int *node = arg;

	return !world->nodes[*node].committing;
}

void world_quiesce(struct world *world, int node)
{
	EXPECT(world, world_until(world, 10000, is_quiet, &node));
}

void world_replace_disk(struct world *world, int node, const struct disk *disk,
			const struct world_ids *promised)
{
	struct world_node *n = &world->nodes[node];

	REQUIRE(!n->node);
	disk_deinit(&n->disk);
	disk_copy(disk, &n->disk);
	free(n->promised.ids);
	world_copy_ids(promised, &n->promised);
}

/* --- looking ----------------------------------------------------------------------------- */

void world_root(const struct world *world, int node,
		uint8_t ret[static ID_SIZE])
{
	set_root_all(&world->nodes[node].node->set, ret);
}

bool world_equal(const struct world *world)
{
	uint8_t first[ID_SIZE], root[ID_SIZE];
	bool any = false;

	for (int i = 0; i < world->n_nodes; i++) {
		if (!world->nodes[i].node ||
		    !world->nodes[i].node->set.pinned || world->nodes[i].evil)
			continue;
		world_root(world, i, any ? root : first);
		if (any && memcmp(first, root, ID_SIZE) != 0)
			return false;
		any = true;
	}
	return true;
}

static bool is_evil(const struct world *world, const struct node *core,
		    const struct sync_peer *peer)
{
	for (int i = 0; i < world->n_nodes && peer->author != NONE; i++)
		if (world->nodes[i].evil &&
		    !memcmp(world->nodes[i].id,
			    core->set.authors[peer->author].id, DEVICE_ID_SIZE))
			return true;
	return false;
}

/* Nothing is under way, and each session knows that both are equal. */
static bool is_settled(struct world *world, void *arg UNUSED)
{
	if (!world_equal(world))
		return false;
	for (int i = 0; i < world->n_nodes; i++) {
		const struct world_node *n = &world->nodes[i];

		if (n->evil)
			continue;
		if (n->committing)
			return false;
		for (size_t k = 0; n->node && k < PEERS_MAX; k++) {
			const struct sync_peer *peer = &n->node->sync.peers[k];

			if (peer->conn && !is_evil(world, n->node, peer) &&
			    (!peer->in_sync || peer->run))
				return false;
		}
	}
	return true;
}

/* For whoever looks into why they did not settle. */
static void say_session(struct world *world, int node,
			const struct sync_peer *peer)
{
	const struct node *core = world->nodes[node].node;

	world_say(world,
		  "%s  with %s: %s%s%s%s, run %d, asked %u and %u, serves %zu, "
		  "%zu unacknowledged, owes %u, missing there %llu",
		  world->nodes[node].name,
		  peer->author == NONE ?
			  "?" :
			  world_device_name(world,
					    core->set.authors[peer->author].id),
		  peer->leader ? "leads" : "follows", peer->up ? "" : " not up",
		  peer->in_sync ? " in sync" : "",
		  peer->unequal ? " unequal" : "", (int)peer->run,
		  peer->n_asked, peer->n_blobs_asked, peer->n_serve,
		  peer->n_unacked, peer->owed,
		  (unsigned long long)peer->their_missing);
}

static void say_state(struct world *world)
{
	for (int i = 0; i < world->n_nodes; i++) {
		const struct node *core = world->nodes[i].node;
		uint8_t root[ID_SIZE];

		if (!core || !core->set.pinned)
			continue;
		world_root(world, i, root);
		world_say(world, "%s  root %02x%02x, held %u, carried %u %u %u",
			  world->nodes[i].name, root[0], root[1],
			  core->set.n_held, core->set.n_carried[0],
			  core->set.n_carried[1], core->set.n_carried[2]);
		for (size_t k = 0; k < PEERS_MAX; k++)
			if (core->sync.peers[k].conn)
				say_session(world, i, &core->sync.peers[k]);
	}
}

bool world_settle(struct world *world, uint64_t ms)
{
	bool settled = world_until(world, ms, is_settled, NULL);

	if (!settled)
		say_state(world);
	return settled;
}
