/* The recovery kit: a drill with it, and a new one in its place. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"

/* --- the drill ------------------------------------------------------------------ */

static void kit_time(uint8_t ret[static 8], uint64_t time)
{
	for (unsigned i = 0; i < 8; i++)
		ret[i] = (uint8_t)(time >> (56 - 8 * i));
}

void kit_drilled(struct step *step)
{
	struct node *node = step->node;
	uint8_t row[8];

	node->drill = node->wall > 0 ? (uint64_t)node->wall : 0;
	kit_time(row, node->drill);
	step_put_local(step, "drill", BYTES(row));
	node->status_owed = true;
}

void kit_drill_row(struct node *node, struct bytes row)
{
	node->drill = 0;
	for (size_t i = 0; i < 8 && row.n == 8; i++)
		node->drill = node->drill << 8 | row.p[i];
}

const struct item *kit_replaced(const struct node *node, const struct kit *kit)
{
	const struct set *set = &node->set;

	for (uint32_t i = 0; i < set->n_recoveries; i++) {
		if (memcmp(set->recoveries[i].sign, kit->sign_public,
			   KEY_SIZE) != 0)
			continue;
		for (uint32_t k = 0; k < set->n_recoveries; k++)
			if (set->recoveries[k].generation ==
			    set->recoveries[i].generation + 1)
				return set_head(set, set->recoveries[k].item);
	}
	return NULL;
}

/* The current kit out of the words. 0, or 1 when it was replied. */
static int kit_take(struct step *step, struct call *call, struct kit *ret)
{
	const ProtobufCBinaryData *seed = &call->request->kit->seed;
	int r;

	if (seed->len != KEY_SIZE)
		return revoke_kit(step, call, seed, ret);
	kit_derive(ret, seed->data);
	if (write_kit(step->node, ret))
		return 0;
	if (step->node->set.frozen)
		r = call_fail(step, call, STATUS_CONFLICT,
			      "two kits were made at once, so neither counts: "
			      "fob migrate makes a new vault");
	else if (kit_replaced(step->node, ret))
		r = call_fail(step, call, STATUS_REFUSED,
			      "these words are those of an older kit: another "
			      "one has taken its place");
	else
		return revoke_kit(step, call, seed, ret);
	return r < 0 ? r : 1;
}

/* --- a new kit ------------------------------------------------------------------ */

struct replacement {
	Fob__Head head;
	Fob__Recovery recovery;
	uint8_t nobody[DEVICE_ID_SIZE];
	uint8_t cosign[SIGNATURE_SIZE];
	ProtobufCBinaryData valid[RECOVERY_VALID_MAX];
};

/* What the old kit has made so far stays: all of it that is carried. */
static bool replacement_list(const struct node *node, uint32_t generation,
			     struct replacement *what)
{
	static const uint8_t nobody[DEVICE_ID_SIZE];
	const struct set *set = &node->set;

	for (uint32_t i = 0; i < set->n_heads; i++) {
		const Fob__Head *head = set->heads[i]->head;
		struct set_item *item = &set->items[set->heads_item[i]];

		if (memcmp(head->author.data, nobody, sizeof(nobody)) != 0 ||
		    head->generation != generation ||
		    head->kind == FOB__KIND__RECOVERY ||
		    !(item->flags & SET_CARRIED))
			continue;
		if (what->recovery.n_valid == RECOVERY_VALID_MAX)
			return false;
		what->valid[what->recovery.n_valid++] =
			(ProtobufCBinaryData){ ID_SIZE, item->id };
	}
	return true;
}

static int replacement_fill(const struct node *node,
			    const struct set_recovery *old, struct kit *next,
			    struct replacement *what)
{
	int r;

	fob__head__init(&what->head);
	fob__recovery__init(&what->recovery);
	what->recovery.recovery_sign =
		(ProtobufCBinaryData){ KEY_SIZE, next->sign_public };
	what->recovery.recovery_wrap =
		(ProtobufCBinaryData){ KEY_SIZE, next->wrap_public };
	what->recovery.generation = old->generation + 1;
	what->recovery.valid = what->valid;
	if (!replacement_list(node, old->generation, what))
		return 1;
	/* As write_by_kit() will have it: the next key signs all of it. */
	what->head.kind = FOB__KIND__RECOVERY;
	what->head.recovery = &what->recovery;
	what->head.author =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, what->nobody };
	what->head.generation = old->generation;
	what->head.time = node->wall > 0 ? (uint64_t)node->wall : 0;
	r = item_cosign(what->cosign, &what->head, node->set.vault_id,
			next->sign_secret);
	what->recovery.cosign =
		(ProtobufCBinaryData){ SIGNATURE_SIZE, what->cosign };
	return r;
}

/* The RECOVERY, and keys that are wrapped for the new kit. */
static int kit_replace(struct step *step, const struct kit *kit,
		       struct kit *next)
{
	struct node *node = step->node;
	AUTO_FREE struct replacement *what = calloc(1, sizeof(*what));
	uint32_t index;
	int r;

	if (!what)
		return -ENOMEM;
	r = replacement_fill(node, write_kit(node, kit), next, what);
	if (r == 0)
		r = write_by_kit(step, &what->head, kit, &index);
	for (uint32_t i = 0; i < node->roster.n_groups && r == 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		/* Whoever reads the others pays for them. */
		if (roster_reads(&node->roster, group, node->self_author))
			r = write_debts(step, group);
	}
	return r;
}

static int kit_made(struct step *step, struct call *call, uint8_t *seed)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Made made = FOB__MADE__INIT;

	made.vault = (ProtobufCBinaryData){ ID_SIZE, node->set.vault_id };
	made.device = (ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	made.recovery_seed = (ProtobufCBinaryData){ KEY_SIZE, seed };
	reply.made = &made;
	return call_reply(step, call, &reply);
}

static int kit_new(struct step *step, struct call *call, const struct kit *kit)
{
	const ProtobufCBinaryData *given = &call->request->kit->next;
	AUTO_SECRET uint8_t *seed = secret_alloc(KEY_SIZE);
	AUTO_KIT struct kit next;
	int r;

	memset(&next, 0, sizeof(next));
	if (!seed)
		return -ENOMEM;
	if (given->len != 0 && given->len != KEY_SIZE)
		return call_fail(step, call, STATUS_USAGE,
				 "a kit is made of 32 bytes");
	if (given->len)
		memcpy(seed, given->data, KEY_SIZE);
	else
		step_random(step, seed, KEY_SIZE);
	kit_derive(&next, seed);
	if (!memcmp(next.sign_public, kit->sign_public, KEY_SIZE))
		return call_fail(step, call, STATUS_USAGE,
				 "that is the kit that is to be replaced");
	r = kit_replace(step, kit, &next);
	if (r < 0)
		return r;
	if (r > 0)
		return call_fail(step, call, STATUS_FAILED,
				 "the kit could not be replaced: is this "
				 "device still a member? fob devices tells");
	step_trace(step, TRACE_KIT, NULL, NULL, 0);
	return kit_made(step, call, seed);
}

/* Does this client hold a passphrase that was given again just now? */
static bool kit_fresh(struct step *step, const struct call *call)
{
	const struct client *client = call_client(step->node, call->conn);

	return client && client->fresh_kind == FOB__CONFIRM__CONFIRM_RECOVERY &&
	       client->fresh_until > step->node->mono;
}

int ask_kit(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__KitAsk *ask = call->request->kit;
	AUTO_KIT struct kit kit;
	bool new = !strcmp(ask->op, "new");
	int r;

	memset(&kit, 0, sizeof(kit));
	if (!new &&strcmp(ask->op, "verify") != 0)
		return call_fail(step, call, STATUS_USAGE, "verify or new");
	if (new && node->state == NODE_KEEPER)
		return call_fail(step, call, STATUS_REFUSED,
				 "a keeper holds no keys, so it cannot wrap "
				 "them for a new kit");
	if (new && !node_may_read(node))
		return call_need(step, call, FOB__NEED__NEED_UNLOCK, 0);
	if (new && !kit_fresh(step, call))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 FOB__CONFIRM__CONFIRM_RECOVERY);
	r = kit_take(step, call, &kit);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (new)
		return kit_new(step, call, &kit);
	kit_drilled(step);
	return call_ok(step, call);
}
