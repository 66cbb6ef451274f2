/*
 * What a recovery gathers: what of it goes to disk when, what is left of it
 * when it is cut, and what is forgotten.
 */
#include "daemon/core/recover.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/secret.h"

bool recover_gathers(const struct node *node)
{
	return node->recover && !node->recover->made;
}

void recover_free(struct node *node)
{
	struct recover *recover = node->recover;

	if (!recover)
		return;
	effects_deinit(&recover->held);
	snapshot_reader_deinit(recover->reader);
	secret_free(recover->reader);
	for (size_t i = 0; i < recover->n_statuses; i++)
		free(recover->statuses[i]);
	secret_free(recover);
	node->recover = NULL;
}

void recover_client_gone(struct node *node, uint32_t conn)
{
	if (node->recover && node->recover->client == conn)
		node->recover->gone = true;
}

/* --- rows ----------------------------------------------------------------------- */

static bool is_row(const struct effect *effect)
{
	return effect->type == EFFECT_PUT || effect->type == EFFECT_DELETE ||
	       effect->type == EFFECT_SOFT_PUT;
}

/* Of the vault, as every keeper has it, and not of the device to come. */
static bool is_shared(const struct effect *effect)
{
	return effect->table == TABLE_ITEM || effect->table == TABLE_BLOB ||
	       effect->table == TABLE_STATUS;
}

static void move(struct effects *to, struct effect *from)
{
	struct effect *moved = effects_add(to, from->type);

	*moved = *from;
	from->data = NULL;
	from->data_len = 0;
}

/* Takes the rows out of the step: to wait, or (held NULL) to be forgotten. */
static void take_rows(struct step *step, struct effects *held)
{
	struct effects *effects = step->effects;
	size_t n = 0;

	for (size_t i = 0; i < effects->n; i++) {
		struct effect *effect = &effects->list[i];

		if (!is_row(effect)) {
			effects->list[n++] = *effect;
			continue;
		}
		if (held) {
			step->node->recover->bytes += effect->data_len;
			move(held, effect);
			continue;
		}
		if (effect->data && effect->secret)
			sodium_memzero(effect->data, effect->data_len);
		free(effect->data);
	}
	effects->n = n;
	if (held && held->failed)
		effects->failed = true;
}

/* What waited goes first: later rows of the same name are to win. */
static void release_rows(struct step *step, struct effects *held)
{
	struct effects later = *step->effects;

	*step->effects = *held;
	effects_init(held);
	for (size_t i = 0; i < later.n; i++)
		move(step->effects, &later.list[i]);
	step->effects->failed |= later.failed;
	later.n = 0;
	effects_deinit(&later);
}

/* --- what is kept ------------------------------------------------------------------ */

#define BEGUN_ROW "recovery"
#define BEGUN_VERSION 1

/* version || the kit's public keys, which stand in the vault as well */
static void put_begun(struct step *step)
{
	struct node *node = step->node;
	const struct kit *kit = &node->recover->kit;
	uint8_t row[1 + 2 * KEY_SIZE] = { BEGUN_VERSION };

	memcpy(row + 1, kit->sign_public, KEY_SIZE);
	memcpy(row + 1 + KEY_SIZE, kit->wrap_public, KEY_SIZE);
	step_put_local(step, BEGUN_ROW, BYTES(row));
	memcpy(node->begun, row + 1, sizeof(node->begun));
	node->state = NODE_RECOVERING;
	node->recover->stored = true;
}

int recover_row(struct node *node, struct bytes row)
{
	if (row.n != 1 + sizeof(node->begun) || row.p[0] != BEGUN_VERSION)
		return -EBADMSG;
	memcpy(node->begun, row.p + 1, sizeof(node->begun));
	node->state = NODE_RECOVERING;
	return 0;
}

/* Or a later kit, if what is here knows of it already. */
bool recover_begun_by(const struct node *node, const struct kit *kit)
{
	if (!memcmp(node->begun, kit->sign_public, KEY_SIZE) &&
	    !memcmp(node->begun + KEY_SIZE, kit->wrap_public, KEY_SIZE))
		return true;
	return write_kit(node, kit) != NULL;
}

/*
 * Somebody who knows the public keys of the kit could serve a vault of their
 * own. So nothing is kept before it has shown that the kit is its own, and
 * that who serves it is one of its devices; and nothing of a file that may
 * yet turn out to be damaged.
 */
static bool is_ours(const struct node *node)
{
	const struct recover *recover = node->recover;

	return !recover->reader && node->set.pinned &&
	       write_kit(node, &recover->kit) &&
	       (recover->fetch.stage != FETCH_SYNCS ||
		fetch_server(node) != NONE);
}

static void pass_rows(struct step *step)
{
	struct recover *recover = step->node->recover;
	struct effects *held = &recover->held;
	size_t n = 0;

	for (size_t i = 0; i < held->n; i++) {
		struct effect *effect = &held->list[i];

		if (!is_shared(effect)) {
			held->list[n++] = *effect;
			continue;
		}
		recover->bytes -= effect->data_len;
		move(step->effects, effect);
	}
	held->n = n;
}

static void gather(struct step *step)
{
	struct recover *recover = step->node->recover;

	take_rows(step, &recover->held);
	if (!is_ours(step->node))
		return;
	if (!recover->stored)
		put_begun(step);
	pass_rows(step);
}

/* --- forgetting ------------------------------------------------------------------- */

static void forget_lines(struct step *step)
{
	struct node *node = step->node;

	for (size_t i = 0; node->lines && i < RESCUE_LINES; i++)
		if (node->lines->list[i].conn)
			rescue_hang_up(step, &node->lines->list[i]);
	sync_deinit(&node->sync);
	sync_init(&node->sync, &node->set);
	node->sync.now = node->mono;
}

static void forget_keys(struct node *node)
{
	secret_free(node->self);
	secret_free(node->unlock_key);
	free(node->device_row);
	node->self = NULL;
	node->unlock_key = NULL;
	node->device_row = NULL;
	node->self_author = NONE;
	sodium_memzero(node->slots, sizeof(node->slots));
	sodium_memzero(node->nets, sizeof(node->nets));
	node->n_slots = node->n_nets = 0;
	node->next_slot = 1;
	node->drill = 0;
	memset(node->name, 0, sizeof(node->name));
}

/* The node is as empty as it was, in memory as well. */
static void forget(struct step *step)
{
	struct node *node = step->node;

	forget_lines(step);
	forget_keys(node);
	statuses_deinit(&node->statuses);
	vault_deinit(&node->vault);
	vault_init(&node->vault);
	keyring_deinit(&node->keyring);
	roster_deinit(&node->roster);
	roster_init(&node->roster);
	set_deinit(&node->set);
	set_init(&node->set);
	gap_deinit(&node->gaps);
	logbook_deinit(&node->logbook);
	node->compact = (struct compact){ .at = 0 };
	flow_deinit(&node->flow);
	free(node->dials);
	free(node->by_hand);
	free(node->told_forked);
	node->dials = NULL;
	node->by_hand = NULL;
	node->told_forked = NULL;
	node->n_told_forked = 0;
	node->told_poisoned = node->told_frozen = false;
	node->told_lost = node->told_gap = false;
	node->n_dials = node->n_by_hand = 0;
	node->n_fresh = node->n_dirty = node->n_indexing = 0;
	if (node->is_dirty)
		memset(node->is_dirty, 0, node->cap_is_dirty);
	node->seen_heads = 0;
	node->stored_bytes = node->keys_at = node->soft_at = 0;
	node->status_owed = node->checking = node->seeded = false;
	node->check_cursor = 0;
	node->check_at = node->snapshot_at = 0;
	node->state = NODE_EMPTY;
}

/* What is on disk stays, and is read again: no key is left in memory. */
static void give_up(struct step *step)
{
	take_rows(step, NULL);
	if (!step->node->recover->stored) {
		forget(step);
		return;
	}
	forget_lines(step);
	effects_add(step->effects, EFFECT_RENEW);
}

void recover_forget(struct step *step)
{
	effects_add(step->effects, EFFECT_CLEAR);
	effects_add(step->effects, EFFECT_RENEW);
}

int recover_settle(struct step *step)
{
	struct node *node = step->node;
	struct recover *recover = node->recover;

	if (!recover)
		return 0;
	if (recover->gone && !recover->made) {
		give_up(step);
	} else if (recover->made) {
		if (recover->stored)
			step_delete_local(step, BEGUN_ROW);
		release_rows(step, &recover->held);
	} else {
		gather(step);
		return 0;
	}
	recover_free(node);
	return 0;
}

/* --- statuses --------------------------------------------------------------------- */

/* The rest makes room: it may be a flood. */
int recover_statuses(struct step *step)
{
	struct recover *recover = step->node->recover;
	int r = 0;

	for (size_t i = 0; i < recover->n_statuses; i++) {
		if (r == 0)
			r = statement_keep(
				step, (struct bytes){ recover->statuses[i],
						      recover->status_len[i] });
		free(recover->statuses[i]);
		recover->statuses[i] = NULL;
	}
	recover->n_statuses = 0;
	return r;
}

int recover_status(struct step *step, struct bytes packed)
{
	struct recover *recover = step->node->recover;
	uint8_t *copy;
	int r;

	if (!recover)
		return 0;
	r = recover->n_statuses == LIST_MAX ? recover_statuses(step) : 0;
	if (r < 0)
		return r;
	copy = malloc(packed.n + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, packed.p, packed.n);
	recover->statuses[recover->n_statuses] = copy;
	recover->status_len[recover->n_statuses++] = packed.n;
	return 0;
}
