/*
 * Rules that no device reads two things: kept as a field of the entry that is
 * one of them, so all devices know it; fob doctor complains.
 */
#include <string.h>

#include "daemon/core/change.h"
#include "daemon/core/trust/bits.h"

#define PREFIX "apart/"
#define KEY_TEXT (sizeof(PREFIX) + TEXT_HEX_SIZE(GROUP_ID_SIZE))

/* One side of a rule: an entry, or a group. */
struct side {
	const struct vault_entry *entry; /* NULL: a group */
	uint32_t group;			 /* that it is, or is in */
	struct bytes id;
};

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

static int find_side(struct step *step, struct call *call, const char *text,
		     struct side *ret)
{
	const struct set *set = &step->node->set;
	uint32_t group = account_group_named(step->node, text);
	int r;

	*ret = (struct side){ .group = group };
	if (group != NONE && text[0]) {
		ret->id = BYTES(set->groups[group].id);
		return 0;
	}
	r = account_find_text(step, call, text, &ret->entry);
	if (r != 0)
		return r;
	ret->group = ret->entry->group;
	ret->id = BYTES(ret->entry->id);
	return 0;
}

static int change_rule(struct step *step, struct call *call,
		       const struct side *holder, const struct side *other,
		       bool remove)
{
	static const uint8_t yes[] = { '1' };
	AUTO_OPENED struct opened opened = { 0 };
	struct record_stamp stamp;
	char key[KEY_TEXT];
	int r = change_open(step, call, holder->entry,
			    (ProtobufCBinaryData){ 0 }, &opened);

	if (r != 0)
		return r;
	memcpy(key, PREFIX, sizeof(PREFIX) - 1);
	text_hex_encode(key + sizeof(PREFIX) - 1, TEXT_HEX_SIZE(GROUP_ID_SIZE),
			other->id);
	stamp = change_stamp(step->node, &opened.record);
	r = remove ? record_unset(&opened.record, key, stamp) :
		     record_set(&opened.record, key, BYTES(yes), stamp);
	if (r > 0)
		return answered(call_fail(
			step, call, remove ? STATUS_NOT_FOUND : STATUS_USAGE,
			remove ? "there is no such rule: fob apart lists them" :
				 "this entry has too many fields"));
	if (r == 0)
		r = change_write(step, call, holder->entry, &opened);
	return r == 0 ? call_ok(step, call) : r;
}

static int change(struct step *step, struct call *call, bool remove)
{
	const Fob__ApartAsk *ask = call->request->apart;
	struct side a, b, held;
	int r;

	if (!step->node->set.authors[step->node->self_author].member)
		return call_revoked(step, call);
	r = find_side(step, call, ask->a, &a);
	if (r == 0)
		r = find_side(step, call, ask->b, &b);
	if (r != 0)
		return r;
	if (!a.entry && !b.entry)
		return answered(call_fail(
			step, call, STATUS_USAGE,
			"one of the two must be an account: the rule is kept "
			"with it"));
	if (a.entry && a.entry == b.entry)
		return answered(call_fail(step, call, STATUS_USAGE,
					  "that is twice the same account"));
	if (!a.entry) {
		held = a;
		a = b;
		b = held;
	}
	/* It may stand at the other one, as it was said the other way. */
	if (remove && b.entry) {
		bool here = false;

		for (uint32_t i = 0; i < a.entry->n_aparts; i++)
			here = here ||
			       (a.entry->aparts[i].n == b.id.n &&
				!memcmp(a.entry->aparts[i].id, b.id.p, b.id.n));
		if (!here)
			return change_rule(step, call, &b, &a, true);
	}
	return change_rule(step, call, &a, &b, remove);
}

/* --- the rules that there are ---------------------------------------------- */

static const struct vault_entry *entry_by_id(const struct vault *vault,
					     const uint8_t *id)
{
	for (uint32_t i = 0; i < vault->n; i++)
		if (!memcmp(vault->entries[i].id, id, RECORD_ID_SIZE) &&
		    !vault->entries[i].trashed)
			return &vault->entries[i];
	return NULL;
}

/* The group whose readers are meant, or NONE; and what people call it. */
static uint32_t other_side(const struct node *node,
			   const struct vault_apart *apart, struct saying *ret)
{
	const struct vault_entry *entry;
	char name[TEXT_MAX + 1];
	uint32_t group;

	if (apart->n == GROUP_ID_SIZE) {
		group = set_group(&node->set, apart->id);
		if (group == NONE)
			return NONE;
		account_group(node, group, name);
		saying_add(ret, name);
		return group;
	}
	entry = entry_by_id(&node->vault, apart->id);
	if (!entry)
		return NONE;
	saying_name(ret, entry);
	return entry->group;
}

static int tell_rule(struct step *step, struct call *call,
		     const struct vault_entry *entry,
		     const struct vault_apart *apart)
{
	const struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__ApartInfo info = FOB__APART_INFO__INIT, *list[] = { &info };
	struct saying a = { .n = 0 }, b = { .n = 0 };
	char *both[DEVICES_CREATED_MAX];
	uint32_t group = other_side(node, apart, &b);

	if (group == NONE)
		return 0; /* it is gone */
	saying_name(&a, entry);
	for (uint32_t i = 0;
	     i < node->set.n_authors && info.n_both < DEVICES_CREATED_MAX; i++)
		if (roster_reads(&node->roster, group, i) &&
		    roster_reads(&node->roster, entry->group, i))
			both[info.n_both++] =
				(char *)(uintptr_t)node_device_name(node, i);
	info.a = a.text;
	info.b = b.text;
	info.both = both;
	reply.more = true;
	reply.apart = list;
	reply.n_apart = 1;
	return call_reply(step, call, &reply);
}

static int list_rules(struct step *step, struct call *call)
{
	const struct vault *vault = &step->node->vault;
	int r = 0;

	for (uint32_t i = 0; i < vault->n; i++)
		for (uint32_t k = 0; r == 0 && !vault->entries[i].trashed &&
				     k < vault->entries[i].n_aparts;
		     k++)
			r = tell_rule(step, call, &vault->entries[i],
				      &vault->entries[i].aparts[k]);
	return r < 0 ? r : call_ok(step, call);
}

int ask_apart(struct step *step, struct call *call)
{
	const char *op = call->request->apart->op;

	if (!op[0] || strcmp(op, "list") == 0)
		return list_rules(step, call);
	if (strcmp(op, "add") == 0 || strcmp(op, "rm") == 0)
		return account_end(change(step, call, strcmp(op, "rm") == 0));
	return call_fail(step, call, STATUS_USAGE,
			 "apart: add, rm or list, not \"%s\"", op);
}
