#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/migrate.h"
#include "daemon/core/recover.h"
#include "daemon/core/reset.h"

struct node *node_new(const struct node_config *config)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->config = *config;
	node->self_author = NONE;
	node->next_call = LOAD_CALL;
	node->next_dial = 1;
	node->next_slot = 1;
	set_init(&node->set);
	roster_init(&node->roster);
	keyring_init(&node->keyring);
	vault_init(&node->vault);
	sync_init(&node->sync, &node->set);
	statuses_init(&node->statuses);
	return node;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	meet_free(node);
	reset_free(node);
	vouch_free(node);
	call_free_all(node);
	recover_free(node);
	snapshot_free_all(node);
	migration_free(node);
	sync_deinit(&node->sync);
	statuses_deinit(&node->statuses);
	vault_deinit(&node->vault);
	keyring_deinit(&node->keyring);
	roster_deinit(&node->roster);
	set_deinit(&node->set);
	secret_free(node->self);
	secret_free(node->unlock_key);
	free(node->device_row);
	free(node->told_forked);
	free(node->by_seq);
	for (size_t i = 0; i < node->n_parked; i++)
		free(node->parked[i].row);
	free(node->parked);
	free(node->addresses);
	free(node->by_hand);
	free(node->dials);
	gap_deinit(&node->gaps);
	logbook_deinit(&node->logbook);
	flow_deinit(&node->flow);
	free(node->fresh);
	free(node->dirty);
	free(node->is_dirty);
	free(node->indexing);
	sodium_memzero(node->nets, sizeof(node->nets));
	free(node);
}

/* Each draw of a step has its own seed: entropy and the draw's number. */
void step_random(struct step *step, void *ret, size_t n)
{
	uint8_t seed[randombytes_SEEDBYTES], number[8];

	step->draws++;
	for (size_t i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(step->draws >> (8 * i));
	crypto_generichash(seed, sizeof(seed), number, sizeof(number),
			   step->event->entropy, sizeof(step->event->entropy));
	randombytes_buf_deterministic(ret, n, seed);
	sodium_memzero(seed, sizeof(seed));
}

void step_trace(struct step *step, enum trace_what what, const uint8_t *device,
		const uint8_t *item, uint64_t number)
{
	struct effect *effect = effects_add(step->effects, EFFECT_TRACE);

	effect->trace.what = what;
	effect->trace.number = number;
	effect->trace.has_device = device != NULL;
	effect->trace.has_item = item != NULL;
	if (device)
		memcpy(effect->trace.device, device, DEVICE_ID_SIZE);
	if (item)
		memcpy(effect->trace.item, item, ID_SIZE);
}

void step_put_local(struct step *step, const char *key, struct bytes value)
{
	effects_put(step->effects, TABLE_LOCAL,
		    (struct bytes){ (const uint8_t *)key, strlen(key) }, value);
}

void step_delete_local(struct step *step, const char *key)
{
	effects_delete(step->effects, TABLE_LOCAL,
		       (struct bytes){ (const uint8_t *)key, strlen(key) });
}

bool node_may_read(const struct node *node)
{
	return node->state == NODE_UNLOCKED;
}

bool node_has_vault(const struct node *node)
{
	return node->state != NODE_EMPTY && node->state != NODE_RECOVERING &&
	       node->state != NODE_JOINING;
}

uint64_t node_stamp(struct node *node, uint64_t old)
{
	uint64_t now = node->wall > 0 ? (uint64_t)node->wall : 0;

	if (node->stamp < now)
		node->stamp = now;
	/* A stamp from elsewhere moves our clock by minutes at most. */
	if (old > node->stamp && old <= now + SKEW_MAX_MS)
		node->stamp = old;
	node->stamp++;
	return old >= node->stamp ? old + 1 : node->stamp;
}

const char *node_device_name(const struct node *node, uint32_t author)
{
	const struct device_status *status;

	if (author != NONE && author == node->self_author)
		return node->name;
	status = statuses_find(&node->statuses, author);
	return status && status->name[0] ? status->name : "?";
}

/* --- the step --------------------------------------------------------------- */

static void idle_lock(struct step *step)
{
	struct node *node = step->node;

	if (node->state != NODE_UNLOCKED || !node->config.idle_lock_ms)
		return;
	if (node->mono - node->last_use >= node->config.idle_lock_ms)
		node_lock(step);
}

static int node_time(struct step *step)
{
	int r;

	idle_lock(step);
	r = call_timeouts(step);
	if (r == 0)
		r = meet_timeouts(step);
	if (r == 0)
		r = compact_tick(step);
	return r == 0 ? peer_timers(step) : r;
}

static int node_event(struct step *step)
{
	switch (step->event->type) {
	case EVENT_ROW:
		return start_row(step);
	case EVENT_START:
		return start_begin(step);
	case EVENT_TIMER:
		return 0; /* every step looks at the time */
	case EVENT_CLIENT:
		return call_message(step);
	case EVENT_CLIENT_GONE:
		call_client_gone(step);
		return 0;
	case EVENT_LOADED:
		return load_event(step);
	case EVENT_KDF:
		return call_event(step);
	case EVENT_NEXT:
		migration_ended(step);
		return 0;
	case EVENT_MEET_UP:
	case EVENT_MEET_BYTES:
	case EVENT_MEET_DOWN:
		return meet_event(step);
	default:
		return peer_event(step);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void node_timer(struct step *step)
{
	const struct node *node = step->node;
	uint64_t at = UINT64_MAX;

	at = earlier(at, call_deadline(node));
	at = earlier(at, meet_deadline(node));
	at = earlier(at, peer_deadline(node));
	at = earlier(at, compact_deadline(node));
	if (node->state == NODE_UNLOCKED && node->config.idle_lock_ms)
		at = earlier(at, node->last_use + node->config.idle_lock_ms);
	effects_add(step->effects, EFFECT_TIMER)->number = at;
}

static bool node_connected(const struct node *node)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].up)
			return true;
	return false;
}

/* What follows from the event, until nothing more does. */
static int node_settle(struct step *step)
{
	int r;

	gap_tick(step->node, node_connected(step->node));
	r = take_settle(step);
	if (r == 0)
		r = reset_settle(step);
	if (r == 0)
		r = peer_fresh(step);
	if (r == 0)
		r = node_time(step);
	/* Time may have made us write: rotations, statuses. */
	if (r == 0)
		r = take_settle(step);
	if (r == 0)
		r = peer_fresh(step);
	if (r == 0)
		r = join_progress(step);
	if (r == 0)
		r = call_run_waiting(step, CALL_PARK);
	if (r == 0)
		r = call_run_waiting(step, CALL_INDEX);
	if (r == 0)
		r = take_settle(step);
	if (r == 0)
		r = peer_fresh(step);
	flow_settle(step);
	if (r == 0)
		r = peer_flush(step);
	return r == 0 ? alarm_settle(step) : r;
}

/* Nobody who makes items is to know where they go in our tables. */
static void node_seed(struct step *step)
{
	uint8_t key[HASH_KEY_SIZE];

	if (step->node->seeded)
		return;
	step->node->seeded = true;
	step_random(step, key, sizeof(key));
	set_seed(&step->node->set, key);
	sodium_memzero(key, sizeof(key));
}

int node_step(struct node *node, const struct event *event,
	      struct effects *effects)
{
	struct step step = { .node = node, .event = event, .effects = effects };
	int r;

	effects_clear(effects);
	if (event->mono > node->mono)
		node->mono = event->mono;
	node->wall = event->wall;
	node->sync.now = node->mono;
	node_seed(&step);
	r = node_event(&step);
	if (r == 0 && node->started)
		r = node_settle(&step);
	if (r == 0)
		r = recover_settle(&step);
	if (r == 0 && node->started)
		node_timer(&step);
	if (effects->failed)
		return -ENOMEM;
	REQUIRE(r <= 0);
	return r;
}
