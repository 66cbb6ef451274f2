/*
 * Putting a device out, or aside. With the rank for it (or the kit) it is
 * revoked and the keys are rotated before the answer; without, it is
 * suspended, and the answer says so.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/checklist.h"

/* Tips of one chain that one REVOKE names; an honest device has one. */
#define TIPS_MAX 24

struct tips {
	ProtobufCBinaryData list[TIPS_MAX];
	size_t n;
};

static void tips_add(const struct node *node, uint32_t item, struct tips *ret)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} id = { .in = node->set.items[item].id };

	if (ret->n < TIPS_MAX)
		ret->list[ret->n++] = (ProtobufCBinaryData){ ID_SIZE, id.out };
}

/* Back along the chain to what was here before that time, by our clock. */
static uint32_t tips_before(const struct node *node, uint32_t item,
			    uint64_t since)
{
	while (item != NONE && node->set.items[item].flags & SET_HELD &&
	       (uint64_t)node->set.items[item].first_seen * 1000 >= since)
		item = node->set.items[item].prev;
	if (item == NONE || !(node->set.items[item].flags & SET_HELD))
		return NONE;
	return item;
}

/* What of the device's chain is accepted: all that is here, or up to since. */
static void tips_fill(const struct node *node, uint32_t device, unsigned class,
		      uint64_t since, struct tips *ret)
{
	uint32_t tips[TIPS_MAX];
	size_t n = set_tips(&node->set, device, class, tips, TIPS_MAX);

	ret->n = 0;
	n = size_min(n, TIPS_MAX);
	for (size_t i = 0; i < n; i++) {
		uint32_t item = since ? tips_before(node, tips[i], since) :
					tips[i];

		if (item != NONE)
			tips_add(node, item, ret);
	}
}

struct revocation {
	Fob__Head head;
	Fob__Revoke revoke;
	Fob__Suspend suspend;
	struct tips tips[CLASS_MAX];
	uint8_t target[DEVICE_ID_SIZE];
};

static void revocation_init(const struct node *node, uint32_t device,
			    uint64_t since, struct revocation *ret)
{
	fob__head__init(&ret->head);
	fob__revoke__init(&ret->revoke);
	fob__suspend__init(&ret->suspend);
	memcpy(ret->target, node->set.authors[device].id, DEVICE_ID_SIZE);
	for (unsigned i = 0; i < CLASS_MAX; i++)
		tips_fill(node, device, i, since, &ret->tips[i]);
	ret->revoke.target =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, ret->target };
	ret->revoke.tips0 = ret->tips[0].list;
	ret->revoke.n_tips0 = ret->tips[0].n;
	ret->revoke.tips1 = ret->tips[1].list;
	ret->revoke.n_tips1 = ret->tips[1].n;
	ret->revoke.tips2 = ret->tips[2].list;
	ret->revoke.n_tips2 = ret->tips[2].n;
	ret->suspend.target = ret->revoke.target;
	ret->suspend.tips1 = ret->tips[1].list;
	ret->suspend.n_tips1 = ret->tips[1].n;
	ret->suspend.tips2 = ret->tips[2].list;
	ret->suspend.n_tips2 = ret->tips[2].n;
}

/* A REVOKE of the device, by the kit when there is one, else by us. */
static int revoke_for(struct step *step, uint32_t device, uint64_t since,
		      uint32_t reason, const struct kit *kit)
{
	AUTO_FREE struct revocation *what = calloc(1, sizeof(*what));
	uint32_t index;

	if (!what)
		return -ENOMEM;
	revocation_init(step->node, device, since, what);
	what->revoke.reason = reason;
	what->head.kind = FOB__KIND__REVOKE;
	what->head.revoke = &what->revoke;
	if (kit)
		return write_by_kit(step, &what->head, kit, &index);
	return write_head(step, &what->head, (struct bytes){ NULL, 0 }, &index);
}

static int revoke_write(struct step *step, uint32_t device, uint64_t since,
			const struct kit *kit)
{
	return revoke_for(step, device, since, REVOKE_LOST, kit);
}

/*
 * REVOKEs by the target that are to stay stand in our name from now on, so
 * that no other revoker's tips can make them void.
 */
static int revoke_again(struct step *step, uint32_t target, uint64_t since,
			const struct kit *kit)
{
	struct node *node = step->node;
	uint32_t n = node->set.n_authors;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		uint32_t revoke = node->set.authors[i].revoke;

		if (revoke == NONE || i == target ||
		    node->set.items[revoke].author != target)
			continue;
		if (since &&
		    (uint64_t)node->set.items[revoke].first_seen * 1000 >=
			    since)
			continue;
		r = revoke_write(step, i, 0, kit);
	}
	return r;
}

int revoke_by_kit(struct step *step, uint32_t device, const struct kit *kit)
{
	int r = revoke_again(step, device, 0, kit);

	return r ? r : revoke_write(step, device, 0, kit);
}

int revoke_replaced(struct step *step, uint32_t device, const struct kit *kit)
{
	int r = revoke_again(step, device, 0, kit);

	return r ? r : revoke_for(step, device, 0, REVOKE_RENEWED, kit);
}

static int revoke_suspend(struct step *step, uint32_t device, uint64_t since)
{
	AUTO_FREE struct revocation *what = calloc(1, sizeof(*what));
	uint32_t index;

	if (!what)
		return -ENOMEM;
	revocation_init(step->node, device, since, what);
	what->head.kind = FOB__KIND__SUSPEND;
	what->head.suspend = &what->suspend;
	return write_head(step, &what->head, (struct bytes){ NULL, 0 }, &index);
}

/* Whoever causes a debt pays it: new keys for all that it could read. */
int revoke_rotate(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (uint32_t i = 0; i < node->roster.n_groups && r == 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (!roster_reads(&node->roster, group, node->self_author))
			continue;
		r = write_debts(step, group);
		if (r == WRITE_ERR_NO_KEY)
			r = 0; /* another reader of it pays */
	}
	return r;
}

/* --- the answer ------------------------------------------------------------------ */

struct added {
	char *names[DEVICES_CREATED_MAX];
	size_t n;
};

/* Members that it let in: the person may want those out as well. */
static void added_find(const struct node *node, uint32_t device,
		       struct added *ret)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++) {
		uint32_t add = node->set.authors[i].add;

		if (!node->set.authors[i].member || i == device ||
		    add == NONE || node->set.items[add].author != device ||
		    ret->n == DEVICES_CREATED_MAX)
			continue;
		ret->names[ret->n++] =
			(char *)(uintptr_t)node_device_name(node, i);
	}
}

static int revoke_reply(struct step *step, struct call *call, uint32_t device,
			const char *effect)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Revoked revoked = FOB__REVOKED__INIT;
	AUTO_FREE uint32_t *list = malloc((node->vault.n + 1) * sizeof(*list));
	struct added added = { .n = 0 };
	char name[DEVICE_NAME_MAX + 1] = { 0 }, text[16] = { 0 };
	size_t n;
	int r;

	if (!list)
		return -ENOMEM;
	added_find(node, device, &added);
	memcpy(name, node_device_name(node, device),
	       size_min(strlen(node_device_name(node, device)),
			DEVICE_NAME_MAX));
	memcpy(text, effect, size_min(strlen(effect), sizeof(text) - 1));
	revoked.device = name;
	revoked.effect = text;
	revoked.added = added.names;
	revoked.n_added = added.n;
	reply.more = true;
	reply.revoked = &revoked;
	r = call_reply(step, call, &reply);
	if (r < 0)
		return r;
	n = checklist_list(node, device, list, node->vault.n);
	return account_end(account_reply(step, call, list, n));
}

/*
 * The checklist is told once the list of accounts is what it is without that
 * device: what is only its own then is no account any more.
 */
enum { REVOKE_SUSPENDED, REVOKE_REVOKED, REVOKE_EFFECTS };

static int revoke_told(struct step *step, struct call *call)
{
	static const char *const effects[] = { "suspended", "revoked" };
	unsigned stage = (unsigned)call->stage - 1;

	if (!index_complete(step->node))
		return CALL_INDEX;
	return revoke_reply(step, call, stage / REVOKE_EFFECTS,
			    effects[stage % REVOKE_EFFECTS]);
}

static int revoke_tell(struct step *step, struct call *call, uint32_t device,
		       unsigned effect)
{
	call->stage = (int)(device * REVOKE_EFFECTS + effect + 1);
	return revoke_told(step, call);
}

static int revoke_failed(struct step *step, struct call *call, int r)
{
	if (r < 0)
		return r;
	return call_fail(step, call, STATUS_FAILED,
			 "the revocation could not be written: is this device "
			 "still a member? fob devices tells");
}

static int revoke_do(struct step *step, struct call *call, uint32_t device,
		     const struct kit *kit)
{
	struct node *node = step->node;
	uint64_t since = call->request->revoke->since;
	int r = 0;

	if (!kit &&
	    !roster_outranks(&node->roster, node->self_author, device)) {
		r = revoke_suspend(step, device, since);
		if (r == 0)
			r = revoke_rotate(step);
		return r ? revoke_failed(step, call, r) :
			   revoke_tell(step, call, device, REVOKE_SUSPENDED);
	}
	r = revoke_again(step, device, since, kit);
	if (r == 0)
		r = revoke_write(step, device, since, kit);
	if (r == 0)
		r = revoke_rotate(step);
	return r ? revoke_failed(step, call, r) :
		   revoke_tell(step, call, device, REVOKE_REVOKED);
}

/* The kit out of a seed. 0, or 1 when it was replied that it is another's. */
int revoke_kit(struct step *step, struct call *call,
	       const ProtobufCBinaryData *seed, struct kit *ret)
{
	int r;

	if (seed->len == KEY_SIZE) {
		kit_derive(ret, seed->data);
		if (write_kit(step->node, ret))
			return 0;
	}
	r = call_fail(step, call, STATUS_REFUSED,
		      "these words do not open this vault: nothing was "
		      "changed");
	return r < 0 ? r : 1;
}

/*
 * Out by its own hand: whoever is connected hears it before we forget. One
 * that is out already only forgets.
 */
static int revoke_leave(struct step *step, struct call *call)
{
	struct node *node = step->node;
	int r = 0;

	if (node->set.authors[node->self_author].member)
		r = revoke_write(step, node->self_author, 0, NULL);
	if (r)
		return revoke_failed(step, call, r);
	r = peer_leave(step);
	if (r == 0)
		r = call_ok(step, call);
	effects_add(step->effects, EFFECT_WIPE);
	return r;
}

int ask_revoke(struct step *step, struct call *call)
{
	const Fob__RevokeAsk *ask = call->request->revoke;
	CLEANUP(kit_wipe) struct kit kit = { 0 };
	bool by_kit = ask->recovery_seed.len > 0;
	uint32_t device = NONE;
	int r = 0;

	if (call->stage > 0)
		return revoke_told(step, call);
	if (ask->leave)
		return revoke_leave(step, call);
	if (step->node->state == NODE_KEEPER)
		return call_fail(step, call, STATUS_REFUSED,
				 "a keeper puts nobody out but itself: fob "
				 "device leave");
	if (!step->node->set.authors[step->node->self_author].member)
		return call_revoked(step, call);
	r = device_find(step, call, ask->device, &device);
	if (r == 0 && by_kit)
		r = revoke_kit(step, call, &ask->recovery_seed, &kit);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (device == step->node->self_author)
		return call_fail(step, call, STATUS_USAGE,
				 "that is this device: fob device leave takes "
				 "it out of the vault");
	return revoke_do(step, call, device, by_kit ? &kit : NULL);
}

/* --- lifting a suspension ----------------------------------------------------------- */

static int lift_write(struct step *step, uint32_t suspend,
		      const struct kit *kit)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Lift lift = FOB__LIFT__INIT;
	uint8_t id[ID_SIZE];
	uint32_t index;

	memcpy(id, step->node->set.items[suspend].id, sizeof(id));
	lift.suspend = (ProtobufCBinaryData){ sizeof(id), id };
	head.kind = FOB__KIND__LIFT;
	head.lift = &lift;
	if (kit)
		return write_by_kit(step, &head, kit, &index);
	return write_head(step, &head, (struct bytes){ NULL, 0 }, &index);
}

int ask_lift(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__LiftAsk *ask = call->request->lift;
	CLEANUP(kit_wipe) struct kit kit = { 0 };
	bool by_kit = ask->recovery_seed.len > 0;
	uint32_t device = NONE;
	int r;

	r = device_find(step, call, ask->device, &device);
	if (r == 0 && by_kit)
		r = revoke_kit(step, call, &ask->recovery_seed, &kit);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (!node->roster.devices[device].suspended)
		return call_fail(step, call, STATUS_NOT_FOUND,
				 "%s is not suspended",
				 node_device_name(node, device));
	/* Several may have suspended it: each is lifted, while that helps. */
	for (unsigned i = 0;
	     i < DEVICES_CREATED_MAX && node->roster.devices[device].suspended;
	     i++) {
		uint32_t suspend = node->roster.devices[device].suspend;

		r = lift_write(step, suspend, by_kit ? &kit : NULL);
		if (r)
			return revoke_failed(step, call, r);
		if (node->roster.devices[device].suspended &&
		    node->roster.devices[device].suspend == suspend)
			return call_fail(step, call, STATUS_REFUSED,
					 "%s stays suspended: who suspended "
					 "it, a device that it did not let in, "
					 "or the kit can lift that",
					 node_device_name(node, device));
	}
	r = revoke_rotate(step);
	return r ? revoke_failed(step, call, r) : call_ok(step, call);
}
